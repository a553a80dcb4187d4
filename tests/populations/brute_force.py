"""The observables by their definitions: complex characters of any small group, arrays over G³, no Fourier transform.

Nothing of `rhoset.groups` but the table is used. Characters come from the class algebra (Burnside 1911): the rows
|C| χ(C) / χ(1) are the common eigenvectors of the class multiplication matrices.
"""

from __future__ import annotations

import numpy as np


def conjugacy(table: np.ndarray) -> np.ndarray:
    """(n,) label of each element's class."""
    n = len(table)
    inverse = [int(np.flatnonzero(table[x] == identity(table))[0]) for x in range(n)]
    labels = -np.ones(n, dtype=int)
    for x in range(n):
        if labels[x] < 0:
            orbit = {int(table[table[g, x], inverse[g]]) for g in range(n)}
            labels[list(orbit)] = labels.max() + 1
    return labels


def identity(table: np.ndarray) -> int:
    return next(e for e in range(len(table)) if (table[e] == np.arange(len(table))).all())


def complex_characters(table: np.ndarray) -> np.ndarray:
    """(classes, n) characters of the complex irreps, the trivial one first."""
    n, labels = len(table), conjugacy(table)
    count = labels.max() + 1
    sizes = np.bincount(labels)
    constants = np.zeros((count, count, count))  # i, j → k: C_i C_j = Σ a_ijk C_k
    for x in range(n):
        for y in range(n):
            constants[labels[x], labels[y], labels[table[x, y]]] += 1
    constants /= sizes
    # Σ_k a_ijk ω_k = ω_i ω_j: ω is an eigenvector of every matrix a_i, hence of a random sum of them
    mixed = np.tensordot(np.random.default_rng(5).standard_normal(count), constants, axes=1)
    _, vectors = np.linalg.eig(mixed)
    omega = (vectors / vectors[labels[identity(table)]]).T
    ratio = omega / sizes
    dims = np.sqrt(n / (sizes * np.abs(ratio) ** 2).sum(axis=1))
    found = (dims[:, None] * ratio)[:, labels]
    gram = found @ found.conj().T / n
    assert np.abs(gram - np.eye(count)).max() < 1e-9, "these are no characters"
    order = np.argsort(-np.abs(found.sum(axis=1)))
    return found[order]


def conjugate_pairs(characters: np.ndarray) -> list[list[np.ndarray]]:
    """The classes [ρ] = {ρ, ρ̄} of the nontrivial characters."""
    pairs: list[list[np.ndarray]] = []
    for chi in characters[1:]:
        for pair in pairs:
            if np.abs(pair[0].conj() - chi).max() < 1e-8:
                pair.append(chi)
                break
        else:
            pairs.append([chi])
    return pairs


def logits(left, right, unembed, bias, phi):
    """(n, n, n) f(a, b)(c), centred over c."""
    n, m = left.shape
    f = np.zeros((n, n, n))
    for a in range(n):
        for b in range(n):
            f[a, b] = bias
            for i in range(m):
                f[a, b] += phi(left[a, i] + right[b, i]) * unembed[i]
            f[a, b] -= f[a, b].mean()
    return f


def spectral_weight(table, f, pair) -> float:
    """b_[ρ]² = Σ_{ρ' in [ρ]} |⟨f, ψ_ρ'⟩|² / (‖f‖² ‖ψ‖²) with ψ(a, b, c) = χ(abc⁻¹), over all of G³."""
    n = len(table)
    inverse = np.array([int(np.flatnonzero(table[x] == identity(table))[0]) for x in range(n)])
    a, b, c = np.meshgrid(*[np.arange(n)] * 3, indexing="ij")
    argument = table[table[a, b], inverse[c]]
    total = 0.0
    for chi in pair:
        psi = chi[argument]
        total += abs((f * psi.conj()).sum()) ** 2 / (np.abs(psi) ** 2).sum()
    return float(total / (f**2).sum())


def isotypic_energy(table, x, pair) -> float:
    """‖Σ_ρ' P_ρ' x°‖², P_ρ x(g) = (d/n) Σ_h χ(h)* x(h⁻¹g)."""
    n = len(table)
    x = x - x.mean()
    part = np.zeros(n, dtype=complex)
    for chi in pair:
        degree = chi[identity(table)]
        for h in range(n):
            moved = np.empty(n)
            moved[table[h]] = x  # moved[h g] = x[g]
            part += degree / n * chi[h].conj() * moved
    assert np.abs(part.imag).max() < 1e-9
    return float((part.real**2).sum())


def purity(table, u, v, w, pair) -> float:
    energy = sum(((x - x.mean()) ** 2).sum() for x in (u, v, w))
    return sum(isotypic_energy(table, x, pair) for x in (u, v, w)) / energy


def least_count(weights, delta) -> int:
    """N_δ by trying all subsets."""
    from itertools import combinations

    for size in range(len(weights) + 1):
        for chosen in combinations(weights, size):
            if sum(chosen) >= (1 - delta) * sum(weights) - 1e-15:
                return size
    raise AssertionError
