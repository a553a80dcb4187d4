"""The explanations that come with the library, one function each: a rival is one more of them.

"irreps", "cosets", "circuits", "writing law"; for cyclic and dihedral groups "circles" and its rivals "approximate
cosets" and "remainders"; for networks whose training pairs are known "training pairs", for both "circles and pairs".
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rhoset.explaining.circles import circle_tables, circles, is_circular
from rhoset.explaining.cosets import coset_concentration, coset_tables
from rhoset.explaining.deciding import decided
from rhoset.explaining.overtones import scaled_off_own
from rhoset.explaining.reading import read_by_pairs
from rhoset.explaining.registry import Analysis, register, shares_of
from rhoset.explaining.remainders import approximate_coset_tables, remainder_tables, remainders
from rhoset.explaining.sparsity import irrep_agreement, irrep_tables
from rhoset.explaining.spectrum import weighted_share
from rhoset.explaining.writing import filtered, mean_by_product
from rhoset.networks import Tables


def with_harmonics(of: Analysis) -> float | None:
    """The share that the account "circles" explains, without what its network does; None for other groups.

    Cost 2n²m and mnΣd².
    """
    if not is_circular(of.irreps):
        return None
    return weighted_share(of.spectrum.energy, shares_of(of, circle_tables(of.spectrum, of.explanation)[0]))


@register("irreps")
def _irreps(of: Analysis) -> tuple[Tables, dict[str, float]]:
    tables = irrep_tables(of.spectrum)
    energy = of.spectrum.energy
    live = energy.live
    agreement = irrep_agreement(of.spectrum)[live]
    numbers = {
        "agreement": float(agreement.mean()) if live.any() else 0.0,
        "rank": float(energy.rank[live].mean()) if live.any() else 0.0,
    }
    return tables, numbers


@register("cosets")
def _cosets(of: Analysis) -> tuple[Tables, dict[str, float]]:
    found = coset_concentration(of.spectrum, of.subgroups)
    live = of.spectrum.energy.live
    held = live & (found.left >= 0) & (found.right >= 0)
    count = max(int(live.sum()), 1)
    numbers = {
        "concentrated": float(held.sum()) / count,
        "conjugate": float(found.conjugate.sum()) / count,
        "mean_within": float((found.left_mean + found.right_mean)[held].mean() / 2) if held.any() else 0.0,
        "largest_within": float((found.left_largest + found.right_largest)[held].mean() / 2) if held.any() else 0.0,
    }
    return coset_tables(of.network, found), numbers


@register("circuits")
def _circuits(of: Analysis) -> tuple[Tables, dict[str, float]]:
    ideal = of.explanation.ideal
    numbers = {
        "circuits": float(len(of.explanation.circuits)),
        "quadratures": float(len(of.explanation.quadratures)),
        "left_over": float(len(of.explanation.left_over)),
    }
    return Tables.of(ideal), numbers


@register("writing law")
def _writing_law(of: Analysis) -> tuple[Tables, dict[str, float]]:
    """Readings in the neuron's own irrep; what is written follows from them by one scalar an irrep."""
    tables = irrep_tables(of.spectrum)
    live = of.spectrum.energy.live
    means = mean_by_product(tables.left.T, tables.right.T, of.network)
    written, scalars = filtered(of.irreps, means, of.spectrum.tables.unembed, live)
    shares = of.writing_law.shares()
    numbers = {"scalars": float(np.count_nonzero(scalars)), "unembed": shares["group"], "unembed_by_own": shares["own"]}
    return replace(tables, unembed=written * live[:, None] + _row_means(of)), numbers


@register("circles", applies=lambda of: is_circular(of.irreps))
def _circles(of: Analysis) -> tuple[Tables, dict[str, float]]:
    """Of cyclic and dihedral groups: waves that are read, and their harmonics that are written."""
    tables, scalars = circle_tables(of.spectrum, of.explanation)
    found = circles(of.explanation)
    weights = np.array([len(circle.neurons) for circle in found], dtype=np.float64)
    numbers = {"circles": float(len(found)), "scalars": float(np.count_nonzero(scalars))}
    for j in range(3):
        for name, shares in (("harmonic", [c.harmonics[j] for c in found]), ("read", [c.read[j] for c in found])):
            numbers[f"{name}_{j + 1}"] = float(np.average(shares, weights=weights)) if found else 0.0
    return tables, numbers


@register("approximate cosets", applies=lambda of: is_circular(of.irreps))
def _approximate_cosets(of: Analysis) -> tuple[Tables, dict[str, float]]:
    """Of cyclic and dihedral groups: tables that are constant on arcs of a neuron's circle; exact cosets elsewhere."""
    tables = coset_tables(of.network, coset_concentration(of.spectrum, of.subgroups))
    found, arcs = approximate_coset_tables(of.explanation)
    held = arcs > 0
    tables.put(np.flatnonzero(held), found[held])
    live = max(int(of.spectrum.energy.live.sum()), 1)
    return tables, {"held": float(held.sum()) / live, "arcs": float(arcs[held].mean()) if held.any() else 0.0}


@register("remainders", applies=lambda of: is_circular(of.irreps))
def _remainders(of: Analysis) -> tuple[Tables, dict[str, float]]:
    """Of cyclic and dihedral groups: simple neurons, of which each frequency's say κ_f χ_f(x⁻¹zy⁻¹) together."""
    return remainder_tables(of.explanation), remainders(of.explanation)


@register("training pairs", applies=lambda of: _decays(of), on_request=True)
def _training_pairs(of: Analysis) -> tuple[Tables, dict[str, float]]:
    """Readings in the neuron's own irrep, with what the training pairs add to them by the reading law; what is written
    is what they and the training pairs decide."""
    tables = irrep_tables(of.spectrum)
    return _by_pairs(of, tables, tables)


@register("circles and pairs", applies=lambda of: is_circular(of.irreps) and _decays(of), on_request=True)
def _circles_and_pairs(of: Analysis) -> tuple[Tables, dict[str, float]]:
    """Readings of "circles", with what the training pairs add to them by the reading law; what is written is what they
    and the training pairs decide."""
    return _by_pairs(of, circle_tables(of.spectrum, of.explanation)[0], Tables.of(of.explanation.ideal))


def _by_pairs(of: Analysis, tables: Tables, own: Tables) -> tuple[Tables, dict[str, float]]:
    """`tables`, or those of `own` with the pairs' readings off the own irreps, whichever is nearer to what the network
    reads; and the unembed that they and the training pairs decide.

    The reading law is taken at the network itself, where the errors of all weights add to it; what they add is as large
    in irreps that the network hardly uses. So each irrep has a scalar, as where the group decides what is read.
    """
    trained = of.recipe
    if trained is None:
        return tables, {}
    live, numbers = np.any(tables.unembed != 0, axis=1)[:, None], {"fraction": trained.fraction}
    read = read_by_pairs(of.network, trained)
    if read is not None:
        dominant, held = of.spectrum.energy.dominant, live[:, 0]
        left, right, scalars = scaled_off_own(Tables.of(of.network), (read[0].T, read[1].T), of.irreps, dominant, held)
        by_pairs = replace(tables, left=own.left + left, right=own.right + right)
        tables = min(tables, by_pairs, key=lambda said: _unread(of, said))
        numbers["scalars"] = float(np.count_nonzero(scalars)) if tables is by_pairs else 0.0
    found = decided(of.network, trained, tables.left.T, tables.right.T)
    if found is None:  # too large, or a penalty that has no convex problem
        return tables, numbers
    numbers |= {"distance": found.distance, "steps": float(found.steps)}
    return replace(tables, unembed=found.unembed * live), numbers


def _unread(of: Analysis, said: Tables) -> float:
    """Energy of left and right that these tables miss."""
    own = Tables.of(of.network)
    return float(((own.left - said.left) ** 2).sum() + ((own.right - said.right) ** 2).sum())


def _decays(of: Analysis) -> bool:
    return of.recipe is not None and of.recipe.decay > 0


def _row_means(of: Analysis) -> NDArray[np.float64]:
    unembed = of.network.unembed.astype(np.float64)
    return np.asarray(unembed.mean(axis=1, keepdims=True) * of.spectrum.energy.live[:, None])
