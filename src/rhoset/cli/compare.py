"""`rhoset compare`: two populations, with intervals and tests."""

from __future__ import annotations

import click

from rhoset.cli._command import command as make_command
from rhoset.cli._networks import require_there
from rhoset.cli._output import Output, Payload
from rhoset.summaries import counted


@make_command(example="rhoset compare runs/s5-relu runs/s5-square")
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option("--no-distances", is_flag=True, help="Do not compare the networks as functions.")
@click.option("--scale-free", is_flag=True, help="Distances of logits divided by their norm.")
@click.option("--automorphisms", is_flag=True, help="Distances up to automorphisms of the group.")
def command(out: Output, a: str, b: str, no_distances: bool, scale_free: bool, automorphisms: bool) -> Payload:
    """What differs between two runs or sweeps, A and B.

    Shares of key sets, irreps and circuits with exact intervals (Clopper-Pearson) and Fisher's test; margins, losses
    and costs of proofs with Mann and Whitney's; the networks as functions, on their logits. Each family of tests is
    corrected (Holm). Where no difference was found it says so, with the least difference that would have been seen.
    """
    require_there(a, b)
    from rhoset.populations.comparing import both_records, compare_records

    with out.counting("measuring") as tell:
        said_a, said_b = both_records(a, b, tell, lambda name: out.attempt(name, alone=name in (a, b)))
        found = compare_records(
            said_a, said_b, distances=not no_distances, scale_free=scale_free, automorphisms=automorphisms
        )
    out.say(f"A: {a}, {counted(found.sizes[0], 'network')}; B: {b}, {counted(found.sizes[1], 'network')}")
    out.table(
        ["share of networks", "A", "A 95 %", "B", "B 95 %", "p", "p corrected"],
        [
            [
                t.name,
                f"{t.counts[0]}/{t.totals[0]}",
                _interval(t.intervals[0]),
                f"{t.counts[1]}/{t.totals[1]}",
                _interval(t.intervals[1]),
                t.p,
                t.p_adjusted,
            ]
            for t in found.shares
        ],
    )
    out.say()
    if found.numbers:
        out.table(
            ["median", "unit", "A", "B", "P(A > B)", "p", "p corrected"],
            [[t.name, t.unit, *t.medians, t.greater, t.p, t.p_adjusted] for t in found.numbers],
        )
        out.say()
    d = found.distances
    if d is not None:
        out.table(
            ["distance", "within A", "within B", "A to B", "p"],
            [[d.unit or "scale-free", d.within[0], d.within[1], d.between, d.p]],
        )
        out.say()
    for sentence in found.said:
        out.say(sentence)
    return {"a": a, "b": b, **found.to_json()}


def _interval(bounds: tuple[float, float]) -> str:
    return f"{bounds[0]:.0%}–{bounds[1]:.0%}"
