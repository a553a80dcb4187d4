"""Circuits as they form: the same explanation for each saved step of a training."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.explaining.analysis import explain, structure
from rhoset.explaining.explanation import Explanation
from rhoset.explaining.faithfulness import affordable, evaluate_ideal
from rhoset.groups import Irrep, Subgroup
from rhoset.networks import Evaluation, Network
from rhoset.networks.runs import steps_folder
from rhoset.summaries import Shown

COMPLETE = ("full", "split", "twisted")
"""Kinds whose slots are all filled, with even weights."""


@dataclass(frozen=True, eq=False, repr=False)
class Step(Shown):
    """One saved step.

    Attributes
    ----------
    step
        Number of optimiser steps.
    result, ideal
        Evaluation of the network and of its idealisation.
    energy
        (number of irreps,) share of the live neurons' energy.
    circuits, complete
        Number of circuits, and of those of the kinds in `COMPLETE`.
    explained
        Share of the weights that the ideal network holds.
    bound
        The certified bound, when the caller gave a way to compute it.
    """

    step: int
    result: Evaluation
    ideal: Evaluation
    energy: NDArray[np.float64]
    circuits: int
    complete: int
    explained: float
    bound: float | None = None


def explain_steps(
    saved: Iterable[tuple[int, Network]],
    *,
    bound: Callable[[Explanation], float] | None = None,
) -> tuple[Step, ...]:
    """Explain every saved step of one training, in the order given.

    Parameters
    ----------
    saved
        (step, network) pairs, all on one group.
    bound
        A certified accuracy bound of an explained network (`rhoset.prove` has one; this room does
        not import it).

    Raises
    ------
    RhosetError
        Two networks with different tables (slug ``mixed-groups``).

    Cost: that of `explain` and twice n³m a step; irreps and subgroups are found once.
    """
    shared: tuple[tuple[Irrep, ...], tuple[Subgroup, ...]] | None = None
    table: NDArray[np.int32] | None = None
    out = []
    for step, network in saved:
        if shared is None or table is None:
            shared = structure(network)
            table = network.table
        elif not np.array_equal(table, network.table):
            raise RhosetError(
                f"step {step}: its multiplication table differs from the first step's; the steps"
                " of one training have one table",
                slug="mixed-groups",
            )
        explanation = explain(network, real_irreps=shared[0], subgroups=shared[1])
        kinds = [circuit.kind for circuit in explanation.circuits]
        out.append(
            Step(
                step=step,
                result=affordable(network),
                ideal=evaluate_ideal(explanation),
                energy=explanation.energy.by_irrep(),
                circuits=len(kinds),
                complete=sum(kind in COMPLETE for kind in kinds),
                explained=explanation.explained,
                bound=None if bound is None else float(bound(explanation)),
            )
        )
    return tuple(out)


def snapshot_before(network: Path, step: int) -> Path | None:
    """The last snapshot of a network file's training that was made before a step; None where there is none."""
    saved = {int(path.stem): path for path in steps_folder(network).glob("*.safetensors") if path.stem.isdecimal()}
    return saved.get(max((made for made in saved if made < step), default=-1))
