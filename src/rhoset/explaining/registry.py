"""Explanations on the same footing: each gives an ideal network and a measure; users add theirs.

An explanation is a function from an `Analysis` to the tables of an ideal network. Three come with the library,
"irreps", "cosets" and "circuits"; `register` adds another, `compare` puts all in one table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.explaining.analysis import explain, structure
from rhoset.explaining.cosets import coset_concentration, coset_tables
from rhoset.explaining.explanation import Explanation
from rhoset.explaining.faithfulness import affordable
from rhoset.explaining.sparsity import irrep_agreement, irrep_tables
from rhoset.explaining.spectrum import Spectrum, balanced_shares, spectrum, weighted_share
from rhoset.groups import Irrep, Subgroup
from rhoset.networks import Evaluation, Network, Tables


@dataclass(frozen=True, eq=False)
class Analysis:
    """A network with what every explanation of it needs, each computed once.

    Parameters
    ----------
    network
        Any network on a group.
    irreps, subgroups
        Real irreps of its group and one subgroup of each class.
    """

    network: Network
    irreps: tuple[Irrep, ...]
    subgroups: tuple[Subgroup, ...]

    @cached_property
    def spectrum(self) -> Spectrum:
        """Fourier coefficients and energies."""
        return spectrum(self.network, self.irreps)

    @cached_property
    def explanation(self) -> Explanation:
        """The explanation by circuits."""
        return explain(self.network, real_irreps=self.irreps, subgroups=self.subgroups)


@dataclass(frozen=True, eq=False)
class Account:
    """What one explanation says of one network.

    Attributes
    ----------
    name
        Of the explanation.
    ideal
        The network that is left when the explanation is taken at its word.
    share
        (m,) share of each neuron's balanced energy that `ideal` holds.
    explained
        The same over all live neurons, weighted by importance.
    result
        Accuracy, loss and least margin of `ideal`.
    numbers
        Further measures under names of the explanation's own.
    """

    name: str
    ideal: Network
    share: NDArray[np.float64]
    explained: float
    result: Evaluation
    numbers: dict[str, float] = field(default_factory=dict)


Explainer = Callable[[Analysis], tuple[Tables, dict[str, float]]]
"""From an analysis to the ideal network's tables, (m, n), and numbers of its own."""

_REGISTRY: dict[str, Explainer] = {}


def register(name: str) -> Callable[[Explainer], Explainer]:
    """Decorator that adds an explanation under a name; see docs/explain.md for a worked example.

    Raises RhosetError (slug ``explanation-exists``) when the name is taken by another function.
    """

    def add(function: Explainer) -> Explainer:
        if _REGISTRY.get(name, function) is not function:
            raise RhosetError(
                f"an explanation named {name!r} exists already: choose another name",
                slug="explanation-exists",
            )
        _REGISTRY[name] = function
        return function

    return add


def unregister(name: str) -> None:
    """Remove an explanation that a user added; unknown names are an error
    (slug ``unknown-explanation``)."""
    _lookup(name)
    del _REGISTRY[name]


def explanations() -> tuple[str, ...]:
    """Names of all explanations, in the order in which they were added."""
    return tuple(_REGISTRY)


def analyse(network: Network) -> Analysis:
    """The analysis of a network; finds the group's irreps and subgroups, see `structure`."""
    return Analysis(network, *structure(network))


def account(of: Analysis, name: str) -> Account:
    """One explanation's account of one network; cost that of the explanation plus n³m.

    Raises RhosetError (slugs ``unknown-explanation``, ``explanation-shape``).
    """
    tables, numbers = _lookup(name)(of)
    network, energy = of.network, of.spectrum.energy
    wanted = (network.width, network.order)
    for label in ("left", "right", "unembed"):
        shape = np.asarray(getattr(tables, label, None)).shape
        if shape != wanted:
            raise RhosetError(
                f"explanation {name!r} gives {label} of shape {shape}, expected Tables of {wanted}: one row a neuron",
                slug="explanation-shape",
            )
    live = np.flatnonzero(energy.live)
    share = np.zeros(network.width)
    share[live] = balanced_shares(of.spectrum, live, tables[live])
    ideal = tables.network(network)
    return Account(name, ideal, share, weighted_share(energy, share), affordable(ideal), numbers)


def compare(of: Analysis | Network, names: Iterable[str] | None = None) -> tuple[Account, ...]:
    """Every explanation (or those named) of one network, in one table."""
    of = analyse(of) if isinstance(of, Network) else of
    return tuple(account(of, name) for name in (explanations() if names is None else names))


def _lookup(name: str) -> Explainer:
    if name not in _REGISTRY:
        raise RhosetError(
            f"no explanation is named {name!r}: there are {', '.join(sorted(_REGISTRY))}",
            slug="unknown-explanation",
        )
    return _REGISTRY[name]


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
