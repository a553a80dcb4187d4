"""Explanations on the same footing: each gives an ideal network and a measure; users add theirs.

An explanation is a function from an `Analysis` to the tables of an ideal network. Those that come with the library are
in `rhoset.explaining.rivals`; `register` adds another, `compare` puts all that apply in one table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.explaining.analysis import Circuits, explained, structure
from rhoset.explaining.circuits import find_circuits
from rhoset.explaining.explanation import Explanation
from rhoset.explaining.faithfulness import affordable
from rhoset.explaining.spectrum import Spectrum, balanced_shares, spectrum, weighted_share
from rhoset.explaining.trained import Recipe, recipe
from rhoset.explaining.writing import WritingLaw, law_of
from rhoset.groups import Irrep, Subgroup
from rhoset.networks import Evaluation, Network, Tables
from rhoset.summaries import Shown


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
        return explained(Circuits(self.spectrum, find_circuits(self.spectrum, self.subgroups)))

    @cached_property
    def recipe(self) -> Recipe | None:
        """How the network was trained, where its metadata say it."""
        return recipe(self.network)

    @cached_property
    def writing_law(self) -> WritingLaw:
        """What it must write, given what it reads."""
        return law_of(self.spectrum, self.recipe)


@dataclass(frozen=True, eq=False, repr=False)
class Account(Shown):
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


@dataclass(frozen=True)
class _Known:
    function: Explainer
    applies: Callable[[Analysis], bool]
    on_request: bool


_REGISTRY: dict[str, _Known] = {}


def register(
    name: str, applies: Callable[[Analysis], bool] | None = None, *, on_request: bool = False
) -> Callable[[Explainer], Explainer]:
    """Decorator that adds an explanation under a name; see docs/extending.md for a worked example.

    `applies` says of which networks it can speak (all, when left out). One that takes long is used `on_request`, when
    it is named.

    Raises RhosetError (slug ``explanation-exists``) when the name is taken by another function.
    """

    def add(function: Explainer) -> Explainer:
        if name in _REGISTRY and _REGISTRY[name].function is not function:
            raise RhosetError(
                f"an explanation named {name!r} exists already: choose another name",
                slug="explanation-exists",
            )
        _REGISTRY[name] = _Known(function, applies or (lambda of: True), on_request)
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

    Raises RhosetError (slugs ``unknown-explanation``, ``explanation-shape``, and ``explanation-not-here`` where it
    cannot speak of this network).
    """
    known = _lookup(name)
    if not known.applies(of):
        raise RhosetError(
            f"explanation {name!r} cannot speak of {of.network!r}: what it needs is not known of this network",
            slug="explanation-not-here",
        )
    tables, numbers = known.function(of)
    network = of.network
    wanted = (network.width, network.order)
    for label in ("left", "right", "unembed"):
        shape = np.asarray(getattr(tables, label, None)).shape
        if shape != wanted:
            raise RhosetError(
                f"explanation {name!r} gives {label} of shape {shape}, expected Tables of {wanted}: one row a neuron",
                slug="explanation-shape",
            )
    share, ideal = shares_of(of, tables), tables.network(network)
    return Account(name, ideal, share, weighted_share(of.spectrum.energy, share), affordable(ideal), numbers)


def shares_of(of: Analysis, tables: Tables) -> NDArray[np.float64]:
    """(m,) share of each live neuron's balanced energy that the tables hold; 0 for dead ones."""
    live = np.flatnonzero(of.spectrum.energy.live)
    share = np.zeros(of.network.width)
    share[live] = balanced_shares(of.spectrum, live, tables[live])
    return share


def compare(of: Analysis | Network, names: Iterable[str] | None = None) -> tuple[Account, ...]:
    """Every explanation that applies and is quick (or those named) of one network, in one table."""
    of = analyse(of) if isinstance(of, Network) else of
    quick = (name for name, known in _REGISTRY.items() if not known.on_request and known.applies(of))
    chosen = quick if names is None else names
    return tuple(account(of, name) for name in chosen)


def _lookup(name: str) -> _Known:
    if name not in _REGISTRY:
        raise RhosetError(
            f"no explanation is named {name!r}: there are {', '.join(sorted(_REGISTRY))}",
            slug="unknown-explanation",
        )
    return _REGISTRY[name]
