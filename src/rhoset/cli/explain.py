"""`rhoset explain`: irreps, circuits and the idealised network of each network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from rhoset.cli._command import command as make_command
from rhoset.cli._networks import network_files, read_labelled
from rhoset.cli._output import Output, Payload

if TYPE_CHECKING:
    from rhoset.explaining import Analysis
    from rhoset.networks import Network


SHOWN = 10
"""Rows of a table, and findings, that are printed for one network, so that it fits a screen; ``--json`` has all."""


@make_command(example="rhoset explain runs/s5 --compare", name="explain")
@click.argument("networks", metavar="NET...", nargs=-1, required=True)
@click.option("--compare", is_flag=True, help="Irreps, cosets and circuits side by side.")
@click.option("--faithful", is_flag=True, help="Replace and remove circuits and irreps in turn.")
@click.option("--neurons", is_flag=True, help="One line for each neuron.")
def command(out: Output, networks: tuple[str, ...], compare: bool, faithful: bool, neurons: bool) -> Payload:
    """Irreps, cosets and circuits of networks.

    NET is a network file, a run folder, a folder of network files, or RUN#3. Says how much of the
    weights the explanation holds, what the network does when it is replaced by it, and why it is
    not better.
    """
    files = network_files(out, networks)
    known: dict[bytes, Any] = {}
    said = []
    shown = out if len(files) > 1 else replace(out, quiet=True)
    with shown.progress("explaining", len(files)) as update:
        for done, (label, path) in enumerate(files):
            with out.attempt(label, alone=len(files) == 1 and len(networks) == 1):
                of = _analysis(read_labelled(label, path), known)
                entry = _one(out, label, of, compare, faithful)
                if neurons:
                    entry["neurons"] = _neurons(out, of)
                said.append(entry)
            update(done + 1)
    return {"networks": said}


def _analysis(network: Network, known: dict[bytes, Any]) -> Analysis:
    """The network with its group's irreps and subgroups, found once a table."""
    from rhoset.explaining import Analysis, analyse
    from rhoset.explaining.large import LARGE_ORDER

    if network.order > LARGE_ORDER:  # what is found is the network's own
        return analyse(network)
    key = network.table.tobytes()
    if key not in known:
        known[key] = analyse(network)
    return Analysis(network, known[key].irreps, known[key].subgroups)


def _one(out: Output, label: str, of: Analysis, compare: bool, faithful: bool) -> dict[str, Any]:
    from rhoset.explaining import compare as compared
    from rhoset.explaining import diagnose, faithfulness, to_json

    explanation = of.explanation
    accounts = compared(of) if compare else ()
    diagnosis = diagnose(explanation)
    said = to_json(explanation, label, diagnosis=diagnosis, accounts=accounts)
    out.say(
        f"{label}: {said['explained']:.1%} of the weights explained;"
        f" idealised: accuracy {said['ideal_accuracy']:.2%}, loss {said['ideal_loss']:.3g}"
    )
    irreps = sorted(said["irreps"], key=lambda i: -i["energy"])
    out.table(["irrep", "neurons", "energy"], [[i["label"], i["neurons"], i["energy"]] for i in irreps], limit=SHOWN)
    rows = [
        [
            c["label"],
            f"{c['left_size']}×{c['right_size']}",
            c["kind"],
            c["neurons"],
            f"{c['filled']}/{c['slots']}",
        ]
        for c in said["circuits"]
    ]
    rows += [[q["label"], "–", "quadrature", q["neurons"], f"defect {q['defect']:.2f}"] for q in said["quadratures"]]
    out.table(["circuit", "ρ-sets", "kind", "neurons", "slots"], rows, limit=SHOWN)
    if accounts:
        out.table(
            ["explanation", "explained", "ideal accuracy", "ideal loss"],
            [[a.name, a.explained, a.result.accuracy, a.result.loss] for a in accounts],
        )
    if faithful:
        table = faithfulness(explanation)
        out.table(
            ["changed", "how", "neurons", "accuracy", "loss", "margin"],
            [[r.what, r.mode, r.neurons, r.result.accuracy, r.result.loss, r.result.margin] for r in table],
        )
        said["faithfulness"] = [
            {"what": r.what, "mode": r.mode, "neurons": r.neurons}
            | {"accuracy": r.result.accuracy, "loss": r.result.loss, "margin": r.result.margin}
            for r in table
        ]
    findings = diagnosis.text.splitlines()
    hidden = len(findings) - SHOWN
    if hidden > 1:
        findings[SHOWN - 1 : -1] = [f"… and {hidden} more findings; --json lists them all."]
    out.say("\n".join(findings))
    out.say()
    return said


def _neurons(out: Output, of: Analysis) -> list[dict[str, Any]]:
    """Each neuron's irrep, shares, rank and group."""
    from rhoset.explaining.contributions import neuron_groups

    explanation, energy = of.explanation, of.spectrum.energy
    names, member = neuron_groups(explanation)
    said = [
        {
            "neuron": i,
            "live": bool(energy.live[i]),
            "irrep": of.irreps[int(energy.dominant[i])].label,
            "left": float(energy.left[i, energy.dominant[i]]),
            "right": float(energy.right[i, energy.dominant[i]]),
            "unembed": float(energy.unembed[i, energy.dominant[i]]),
            "rank": float(energy.rank[i]),
            "part_of": names[int(member[i])],
            "explained": float(explanation.share[i]),
        }
        for i in range(of.network.width)
    ]
    out.table(list(said[0]) if said else [], [list(row.values()) for row in said])
    return said
