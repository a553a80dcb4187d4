"""From a network to its explanation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module

import numpy as np

from rhoset.arguments import public, take
from rhoset.errors import RhosetError
from rhoset.explaining.circuits import NEURON_SHARE, find_circuits
from rhoset.explaining.explanation import Explanation, Quadrature
from rhoset.explaining.large import LARGE_ORDER, find_irreps
from rhoset.explaining.quadrature import find_quadratures
from rhoset.explaining.spectrum import Spectrum, balanced_shares, spectrum, weighted_share
from rhoset.groups import Group, Irrep, Subgroup, irreps, subgroup_classes
from rhoset.groups.cache import remembered
from rhoset.networks import Network, Tables
from rhoset.networks.accept import SAID as NETWORK_SAID
from rhoset.networks.circuits import Circuit

SEARCH = (
    "spectrum", "placement", "circuits", "slots", "quadrature", "explanation", "pairs", "large.finding",
    "large.stabilizers",
)  # fmt: skip
"""Modules whose named numbers decide what is found; an explanation records them all."""


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
    Groups of order above `rhoset.explaining.large.LARGE_ORDER` are explained from the subgroups that
    the weights show, with the irreps that occur: M11 with 1,000 neurons takes 8 s and 1.4 GB.

    Cost about 3 n² m multiply-adds for the Fourier coefficients and m Σ p d for the points of the
    ρ-sets tried: 0.1 s for S5 of width 128. Deterministic.

    References
    ----------
    Wu, Jaburi, Drori, Gross, "Towards a unified and verified understanding of group-operation
    networks" (2024), sections 4 and 5.
    """
    return explained(circuits_of(network, real_irreps=real_irreps, subgroups=subgroups))


def explained(begun: Circuits) -> Explanation:
    """The explanation whose first half this is."""
    network, analysed, circuits = begun.network, begun.spectrum, begun.circuits
    energy = analysed.energy
    share = np.zeros(network.width)
    inside = np.zeros(network.width, dtype=bool)
    for circuit in circuits:
        inside[circuit.neurons] = True
    quadratures = find_quadratures(analysed, inside, NEURON_SHARE)
    parts: tuple[Circuit | Quadrature, ...] = (*circuits, *quadratures)
    for part in parts:
        share[part.neurons] = balanced_shares(analysed, part.neurons, part.tables())
        inside[part.neurons] = True
    return Explanation(
        network=network,
        irreps=analysed.irreps,
        energy=energy,
        circuits=circuits,
        quadratures=quadratures,
        ideal=ideal_network(network, parts),
        share=share,
        explained=weighted_share(energy, share),
        left_over=np.flatnonzero(energy.live & ~inside).astype(np.int32),
        thresholds=thresholds(),
    )


@dataclass(frozen=True, eq=False)
class Circuits:
    """The first half of an explanation, which proofs are built from."""

    spectrum: Spectrum
    circuits: tuple[Circuit, ...]

    @property
    def network(self) -> Network:
        """What was analysed."""
        return self.spectrum.network

    @property
    def irreps(self) -> tuple[Irrep, ...]:
        """All real irreps of the group."""
        return self.spectrum.irreps


def circuits_of(
    network: Network, *, real_irreps: Sequence[Irrep] | None = None, subgroups: Sequence[Subgroup] | None = None
) -> Circuits:
    """Arguments and errors as of `explain`."""
    if real_irreps is not None:
        _check_irreps(network.group, real_irreps)
    if real_irreps is None or subgroups is None:
        found, classes = structure(network)
        real_irreps = found if real_irreps is None else real_irreps
        subgroups = classes if subgroups is None else subgroups
    analysed = spectrum(network, tuple(real_irreps))
    return Circuits(analysed, find_circuits(analysed, subgroups))


def structure(network: Network) -> tuple[tuple[Irrep, ...], tuple[Subgroup, ...]]:
    """Irreps and subgroup classes that a network is explained with.

    All of them up to order `rhoset.explaining.large.LARGE_ORDER`; above, those that the weights show,
    so they are the network's own then. Kept as long as the group object is. Raises RhosetError as the groups'
    functions do.
    """
    group = network.group
    if group.order > LARGE_ORDER:
        occurring = find_irreps(network)
        return occurring.irreps, occurring.subgroups
    return remembered("structure", group, lambda: (tuple(irreps(group)), tuple(subgroup_classes(group))))


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


def ideal_network(network: Network, parts: Sequence[Circuit | Quadrature]) -> Network:
    """The given circuits' and quadratures' neurons in their exact form, all other neurons 0, the
    bias its mean. Cost m n."""
    tables = Tables.zeros(network.width, network.order)
    for part in parts:
        exact = part.tables()
        shift = network.unembed[part.neurons].astype(np.float64).mean(axis=1) - exact.unembed.mean(axis=1)
        tables.put(part.neurons, replace(exact, unembed=exact.unembed + shift[:, None]))
    return tables.network(network)


def thresholds() -> dict[str, float]:
    """Every named number of the search, in small letters, and its value."""
    return {
        name.lower(): value
        for module in SEARCH
        for name, value in vars(import_module(f"rhoset.explaining.{module}")).items()
        if name.isupper() and isinstance(value, int | float)
    }


take("Explanation", explain, f"an Explanation, or what is explained: {NETWORK_SAID}")
