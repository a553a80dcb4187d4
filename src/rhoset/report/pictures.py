"""Pictures by name: which figures there are of a run, a network, a circuit, a ρ-set, a training."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rhoset.errors import RhosetError
from rhoset.explaining import Step
from rhoset.report.charts import network as one
from rhoset.report.charts import overview, solid
from rhoset.report.charts.figure import Figure
from rhoset.report.palette import irrep_colours
from rhoset.report.views import NetworkView, RunView

Drawn = Callable[[RunView, NetworkView], Figure | None]

RUN: dict[str, Callable[[RunView], Figure | None]] = {
    "cost": lambda run: overview.cost_figure(run.networks),
    "costs": lambda run: overview.costs_figure(run.networks),
    "irreps": lambda run: overview.learned_figure(run.irreps, run.networks, irrep_colours(run.irreps, run.networks)),
    "reasons": lambda run: overview.reasons_figure(run.networks),
}
"""Figures of several networks: bound against cost, how many proofs for what cost, learned irreps, why some are dear."""

NETWORK: dict[str, Drawn] = {
    "energy": lambda run, n: one.energy_figure(n.energy, run.irreps, irrep_colours(run.irreps, run.networks)),
    "margins": lambda run, n: (
        None if n.margins is None else one.margins_figure(n.margins, irrep_colours(run.irreps, run.networks))
    ),
    "account": lambda run, n: None if n.account is None else one.loss_figure(n.account),
    "solid": lambda run, n: solid.solid_figure(n.circuits[0].left) if n.circuits else None,
    "slots": lambda run, n: one.slots_figure(n.circuits[0]) if n.circuits else None,
    "quadrature": lambda run, n: one.quadrature_figure(n.quadratures[0]) if n.quadratures else None,
    "training": lambda run, n: None if n.history is None else one.history_figure(n.history),
    "formation": lambda run, n: (
        None if n.history is None else one.shares_figure(n.history, run.irreps, irrep_colours(run.irreps, run.networks))
    ),
    "frontier": lambda run, n: None if n.frontier is None else one.frontier_figure(n.frontier),
}
"""Figures of one network; ``solid``, ``slots`` and ``quadrature`` are of its strongest circuit or quadrature. What is
added here has a name for `rhoset plot --kind` and `rs.plot`."""


def require_kind(kind: str | None) -> None:
    """Raise RhosetError (slug ``unknown-picture``) for a name that no figure has."""
    if kind is not None and kind not in RUN and kind not in NETWORK:
        raise RhosetError(
            f"no picture is called {kind!r}: give one of {', '.join((*RUN, *NETWORK))}", slug="unknown-picture"
        )


def picture(run: RunView, kind: str | None = None) -> Figure:
    """A figure of a run by its name; without one, ``energy`` of a single network and ``cost`` (where there are
    certificates) or ``irreps`` of several.

    Raises RhosetError: slug ``unknown-picture``, or ``no-picture`` where there is nothing to show.
    """
    if kind is None:
        several = "cost" if any(n.certificates for n in run.networks) else "irreps"
        kind = "energy" if len(run.networks) == 1 else several
    require_kind(kind)
    if kind in RUN:
        found = RUN[kind](run)
    else:
        if len(run.networks) != 1:
            raise RhosetError(
                f"the picture {kind!r} is of one network: choose one, as in RUN#3", slug="several-networks"
            )
        found = NETWORK[kind](run, run.networks[0])
    if found is None or not found.rows:
        raise RhosetError(f"there is nothing to draw for the picture {kind!r} of {run.title}", slug="no-picture")
    return found


def steps_figure(steps: Sequence[Step]) -> Figure:
    """Accuracy, explained share and certified bound over the saved steps of one training."""
    rows = []
    for step in steps:
        values = {
            "accuracy": step.result.accuracy,
            "explained by circuits": step.explained,
            "proved accuracy": step.bound,
        }
        for name, value in values.items():
            if value is not None:
                rows.append(
                    {
                        "step": step.step,
                        "what": name,
                        "share": value,
                        "circuits": step.circuits,
                        "loss": step.result.loss,
                    }
                )
    return Figure("formation", rows, f"Accuracy, circuits and bound at {len(steps)} steps of a training")
