"""From a network to its explanation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rhoset.arguments import public
from rhoset.errors import RhosetError
from rhoset.explain import circuits as _circuits
from rhoset.explain import placement as _placement
from rhoset.explain import slots as _slots
from rhoset.explain import spectrum as _spectrum
from rhoset.explain.circuits import exact_tables, find_circuits, neuron_shares
from rhoset.explain.explanation import Circuit, Explanation, Quadrature
from rhoset.explain.large import LARGE_ORDER, find_irreps
from rhoset.explain.quadrature import find_quadratures, quadrature_shares, quadrature_tables
from rhoset.explain.spectrum import spectrum
from rhoset.groups import Group, Irrep, Subgroup, irreps, subgroup_classes
from rhoset.networks import Network


@public
def explain(
    network: Network,
    *,
    real_irreps: Sequence[Irrep] | None = None,
    subgroups: Sequence[Subgroup] | None = None,
) -> Explanation:
    """Irreps and circuits of a network and the idealised network they amount to.

    Parameters
    ----------
    network
        A network on a group (any activation; the circuits' reading of the weights does not use it).
    real_irreps, subgroups
        `rhoset.groups.irreps` and one subgroup of each class of `rhoset.groups.subgroup_classes`,
        when they are at hand.

    Raises
    ------
    RhosetError
        Where the network's table is no group's, or `real_irreps` are not those of this table
        (slug ``irreps-of-another-group``).

    Notes
    -----
    Groups of order above `rhoset.explain.large.LARGE_ORDER` are explained from the subgroups that
    the weights show, with the irreps that occur: M11 with 1,000 neurons takes 8 s and 1.4 GB.

    Cost about 3 n² m multiply-adds for the Fourier coefficients and m Σ p d for the points of the
    ρ-sets tried: 0.1 s for S5 of width 128. Deterministic.

    References
    ----------
    Wu, Jaburi, Drori, Gross, "Towards a unified and verified understanding of group-operation
    networks" (2024), sections 4 and 5.
    """
    group = network.group
    if real_irreps is not None:
        _check_irreps(group, real_irreps)
    if real_irreps is None or subgroups is None:
        found, classes = structure(network)
        real_irreps = found if real_irreps is None else real_irreps
        subgroups = classes if subgroups is None else subgroups
    found = tuple(real_irreps)
    analysed = spectrum(network, found)
    circuits = find_circuits(network, analysed, found, subgroups)
    energy = analysed.energy
    share = np.zeros(network.width)
    inside = np.zeros(network.width, dtype=bool)
    for circuit in circuits:
        share[circuit.neurons] = neuron_shares(network, analysed, circuit)
        inside[circuit.neurons] = True
    quadratures = find_quadratures(network, analysed, found, inside, _circuits.NEURON_SHARE)
    named = {irrep.name: irrep for irrep in found}
    for quadrature in quadratures:
        irrep = named[quadrature.irrep]
        share[quadrature.neurons] = quadrature_shares(network, analysed, irrep, quadrature)
        inside[quadrature.neurons] = True
    weight = np.where(energy.live, energy.importance, 0.0)
    total = float(weight.sum())
    return Explanation(
        network=network,
        irreps=found,
        energy=energy,
        circuits=circuits,
        quadratures=quadratures,
        ideal=ideal_network(network, circuits, quadratures, found),
        share=share,
        explained=float(weight @ share) / total if total > 0 else 0.0,
        left_over=np.flatnonzero(energy.live & ~inside).astype(np.int32),
        thresholds=thresholds(),
    )


def structure(network: Network) -> tuple[tuple[Irrep, ...], tuple[Subgroup, ...]]:
    """Irreps and subgroup classes that a network is explained with.

    All of them up to order `rhoset.explain.large.LARGE_ORDER`; above, those that the weights show,
    so they are the network's own then. Raises RhosetError as the groups' functions do.
    """
    group = network.group
    if group.order > LARGE_ORDER:
        occurring = find_irreps(network)
        return occurring.irreps, occurring.subgroups
    return tuple(irreps(group)), tuple(subgroup_classes(group))


def _check_irreps(group: Group, found: Sequence[Irrep]) -> None:
    """ρ(s)ρ(x) = ρ(sx) for the generators s; cost n Σd³ for each."""
    total = sum(irrep.rank for irrep in found)
    good = total == group.order or group.order > LARGE_ORDER
    for irrep in found:
        rho = irrep.matrices
        for s in group.generators:
            good = good and len(rho) == group.order
            good = good and np.allclose(rho[s] @ rho, rho[group.table[s]], atol=1e-6)
    if not good:
        raise RhosetError(
            f"{group.name}: the irreps given are not all the irreps of the network's table; use"
            " rhoset.groups.irreps(network.group)",
            slug="irreps-of-another-group",
        )


def ideal_network(
    network: Network,
    circuits: Sequence[Circuit],
    quadratures: Sequence[Quadrature] = (),
    irreps: Sequence[Irrep] = (),
) -> Network:
    """The given circuits' and quadratures' neurons in their exact form, all other neurons 0, the
    bias its mean. `irreps` must hold those of the quadratures. Cost m n."""
    n, m = network.order, network.width
    left, right, unembed = np.zeros((n, m)), np.zeros((n, m)), np.zeros((m, n))
    means = network.unembed.astype(np.float64).mean(axis=1)
    named = {irrep.name: irrep for irrep in irreps}
    exact = [(c.neurons, exact_tables(network, c)) for c in circuits]
    exact += [(q.neurons, quadrature_tables(network, named[q.irrep], q)) for q in quadratures]
    for neurons, (l, r, u) in exact:
        left[:, neurons], right[:, neurons] = l.T, r.T
        unembed[neurons] = u + (means[neurons] - u.mean(axis=1))[:, None]
    return Network(
        left=left,
        right=right,
        unembed=unembed,
        bias=np.full(n, float(network.bias.astype(np.float64).mean())),
        table=network.table,
        activation=network.activation,
        metadata=dict(network.metadata),
    )


def thresholds() -> dict[str, float]:
    """The named thresholds of the search and their values."""
    return {
        "dead_share": _spectrum.DEAD_SHARE,
        "point_fit": _placement.POINT_FIT,
        "by_chance": _placement.BY_CHANCE,
        "smaller_is_enough": _placement.SMALLER_IS_ENOUGH,
        "slack": _placement.SLACK,
        "neuron_share": _circuits.NEURON_SHARE,
        "min_filled": _circuits.MIN_FILLED,
        "empty": _slots.EMPTY,
        "even": _slots.EVEN,
        "same_reading": _slots.SAME_READING,
    }
