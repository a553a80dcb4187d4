"""Planted networks with their group's irreps and subgroups, found once a test process."""

from __future__ import annotations

from functools import cache

from support.groups import named

from rhoset.explaining import Analysis, Circuit, Explanation, explain, slot_symmetries
from rhoset.groups import Irrep, Subgroup, irreps, subgroup_classes
from rhoset.networks import Network
from rhoset.networks.constructing import Planted, construct


@cache
def structure(name: str) -> tuple[tuple[Irrep, ...], tuple[Subgroup, ...]]:
    group = named(name)
    return tuple(irreps(group)), tuple(subgroup_classes(group))


@cache
def planted(name: str, *plans: str, noise: float = 0.0, seed: int = 1, width: int = 0) -> Planted:
    return construct(named(name), plans, noise=noise, seed=seed, width=width or None)


_OF_TABLE: dict[bytes, tuple[tuple[Irrep, ...], tuple[Subgroup, ...]]] = {}


def structure_of(network: Network) -> tuple[tuple[Irrep, ...], tuple[Subgroup, ...]]:
    """Irreps and subgroups of a network's own table."""
    key = network.table.tobytes()
    if key not in _OF_TABLE:
        _OF_TABLE[key] = tuple(irreps(network.group)), tuple(subgroup_classes(network.group))
    return _OF_TABLE[key]


def explained(name: str, network: Network) -> Explanation:
    found, subgroups = structure(name)
    return explain(network, real_irreps=found, subgroups=subgroups)


def analysis_of(name: str, network: Network) -> Analysis:
    found, subgroups = structure(name)
    return Analysis(network, found, subgroups)


def slot_names(circuit: Circuit) -> dict[int, tuple[int, int]]:
    """Each neuron's slot, the least among those that write the same."""
    pairs = slot_symmetries(circuit.left_set, circuit.right_set)
    return {
        int(i): min((int(p[b]), int(q[c])) for p, q in pairs)
        for i, b, c in zip(circuit.neurons, circuit.rows, circuit.columns)
    }
