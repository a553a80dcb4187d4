"""Which populations are trained, and how many networks each has."""

from __future__ import annotations

from dataclasses import dataclass

MAIN = "S5"
"""The group of the paper's table."""


@dataclass(frozen=True)
class Population:
    """Networks on one group, with seeds 0 … models − 1."""

    group: str
    models: int
    preset: str = "wu2024-all-pairs"

    @property
    def folder(self) -> str:
        """Name of its run folder."""
        return self.group


@dataclass(frozen=True)
class Experiment:
    """The populations of one reproduction."""

    name: str
    populations: tuple[Population, ...]


_SMALL = ("S4", "A5", "C59", "D29", "Q16", "F21")
"""One group of each kind: symmetric, simple, cyclic and dihedral of prime degree, one with an irrep
of quaternionic type, a Frobenius group with irreps of complex type."""

FULL = Experiment("full", (Population(MAIN, 100), *(Population(name, 8) for name in _SMALL)))
"""About 40 minutes on two cores."""

QUICK = Experiment("quick", (Population(MAIN, 6), *(Population(name, 2) for name in _SMALL)))
"""About 3 minutes on two cores."""
