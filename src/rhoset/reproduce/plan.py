"""Which populations are trained, and how many networks each has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

MAIN = "S5"
"""The group of the paper's table."""

SNAPSHOTS = 13
"""Log-spaced steps at which the main population's networks are kept, to show how they change towards the end."""


@dataclass(frozen=True)
class Population:
    """Networks on one group, with seeds 0 … models − 1.

    Parameters
    ----------
    group
        Its name, or ``perm:…``.
    models
        How many.
    settings
        Training settings that differ from the preset.
    label
        What tables and folders call it; the group's name unless given.
    """

    group: str
    models: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    preset: str = "wu2024"

    @property
    def name(self) -> str:
        """Name in the tables."""
        return self.label or self.group

    @property
    def folder(self) -> str:
        """Name of its run folder."""
        return "".join(c if c.isalnum() else "_" for c in self.name)


@dataclass(frozen=True)
class Experiment:
    """The populations of one reproduction."""

    name: str
    populations: tuple[Population, ...]

    def shortened(self, steps: int) -> Experiment:
        """The same with at most so many steps of training."""
        short = tuple(replace(p, settings={**p.settings, "max_steps": steps}) for p in self.populations)
        return replace(self, populations=short)


def _small(models: int) -> tuple[Population, ...]:
    """The paper's other groups, with the widths and decays of its folders (S4's width is ours)."""
    decay = {"weight_decay": 1e-4}
    return (
        Population("S4", models, {**decay, "width": 64}),
        Population("A5", models, decay),
        Population("S3wrC2", models, decay),
        Population("perm:(1 2)(3 4);(5 6)(7 8);(1 2 3)(5 6 7);(1 2)(5 6)", models, decay, label="SmallGroup(96,227)"),
        Population("AGL(1,11)", models, {**decay, "width": 256}),
        Population("GL(3,2)", models, {**decay, "width": 256}),
    )


DRAWN = Population(MAIN, 100, {"checkpoints": SNAPSHOTS}, preset="wu2024-replacement")
"""The recipe as the authors' code had it on the day of their networks."""

FULL_BATCH = Population(MAIN, 100, label=f"{MAIN}, full batch")
"""The recipe as their code stands today: every step sees all training pairs."""

FULL = Experiment("full", (DRAWN, FULL_BATCH, *_small(8)))
"""The paper's: 25,000 steps. 2.5 minutes of an H100 for each hundred networks on S5, about five hours of two cores."""

QUICK = Experiment("quick", (replace(DRAWN, models=6, settings={}), *_small(1)[:3])).shortened(4000)
"""Some minutes on two cores."""
