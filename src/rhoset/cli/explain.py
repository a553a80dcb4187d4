"""`rhoset explain`: irreps, circuits and the idealised network of each network."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rhoset.cli._command import command as make_command
from rhoset.cli._networks import network_files, one_by_one, share_cores
from rhoset.cli._output import Output, Payload, Recorded
from rhoset.cli._types import WORKERS
from rhoset.processes import processes
from rhoset.summaries import percentage

if TYPE_CHECKING:
    from rhoset.explaining import Analysis
    from rhoset.networks import Network


EACH = 0.05
"""Seconds of one network of S5."""

NEEDS = ("rhoset.explaining",)
"""What it loads."""

SWINGS = 0.1
"""A network is said to swing where the law at the network holds so much less of unembed than what the pairs decide."""

SHOWN = 10
"""Rows of a table, and findings, that are printed for one network, so that it fits a screen; ``--json`` has all."""


@make_command(example="rhoset explain runs/s5 --compare", name="explain")
@click.argument("networks", metavar="NET...", nargs=-1, required=True)
@click.option("--compare", is_flag=True, help="Irreps, cosets and circuits side by side.")
@click.option("--faithful", is_flag=True, help="Replace and remove circuits and irreps in turn.")
@click.option("--neurons", is_flag=True, help="One line for each neuron.")
@click.option("--minimal", is_flag=True, help="Accuracy without each part, and which sets of parts are enough.")
@click.option("--division", is_flag=True, help="Which outputs each irrep tells from the right one.")
@click.option("--equivariance", is_flag=True, help="How nearly equivariant: left, right, both.")
@click.option("--laws", is_flag=True, help="What readings and training pairs decide (seconds each).")
@click.option("--workers", type=WORKERS, help="Processes [the cores, for many networks].")
def command(
    out: Output,
    networks: tuple[str, ...],
    compare: bool,
    faithful: bool,
    neurons: bool,
    workers: int | None,
    **more: bool,
) -> Payload:
    """Irreps, cosets and circuits of networks.

    NET is a network file, a run folder, a folder of network files, or RUN#3. Says how much of the
    weights the explanation holds, what the network does when it is replaced by it, and why it is
    not better.
    """
    share_cores(networks, workers)
    files = network_files(out, networks)
    wanted = tuple(name for name, asked in more.items() if asked)
    asked = Asked(out.json, compare, faithful, neurons, wanted)
    said = []
    named = [(label, (label, path)) for label, path in files]
    many, alone = processes(workers, len(files), EACH), len(files) == 1 == len(networks)
    for entry, lines in one_by_one(out, "explaining", asked, named, many, alone, NEEDS):
        said.append(entry)
        for line in lines:
            out.say(line)
    return {"networks": said}


@dataclass(frozen=True)
class Asked:
    """What is to be said of each network."""

    json: bool
    compare: bool
    faithful: bool
    neurons: bool
    more: tuple[str, ...]
    """Of `_MORE`."""

    def __call__(self, file: tuple[str, Path]) -> tuple[dict[str, Any], list[str]]:
        """The entry of one network file, and the lines for a human."""
        from rhoset.explaining import analyse
        from rhoset.networks.files import read_labelled

        label, path = file
        of, out = analyse(read_labelled(label, path)), Recorded(json=self.json)
        entry = _one(out, label, of, self.compare, self.faithful)
        if self.neurons:
            entry["neurons"] = _neurons(out, of)
        for name in self.more:
            entry[name] = _MORE[name](out, of, path)
        return entry, out.lines


def _one(out: Output, label: str, of: Analysis, compare: bool, faithful: bool) -> dict[str, Any]:
    from rhoset.explaining import compare as compared
    from rhoset.explaining import diagnose, faithfulness, to_json, with_harmonics

    explanation = of.explanation
    accounts = compared(of) if compare else ()
    diagnosis = diagnose(explanation)
    said = to_json(explanation, label, diagnosis=diagnosis, accounts=accounts)
    out.say(
        f"{label}: {percentage(said['explained'])} of the weights explained;"
        f" idealised: accuracy {percentage(said['ideal_accuracy'], 2)}, loss {said['ideal_loss']:.3g}"
    )
    irreps = sorted(said["irreps"], key=lambda i: -i["energy"])
    defects = {q["label"]: q["defect"] for q in said["quadratures"]}
    if defects and not said["circuits"] and len(defects) == len(said["quadratures"]):
        rows = [[i["label"], i["neurons"], i["energy"], defects.get(i["label"], "–")] for i in irreps]
        out.table(["irrep", "neurons", "energy", "quadrature's defect"], rows, limit=2 * SHOWN)
    else:
        _circuits(out, said, irreps)
    said["explained_with_harmonics"] = waves = with_harmonics(of)
    if waves is not None and waves > said["explained"]:
        out.say(f"with the harmonics of the waves: {percentage(waves)} of the weights explained")
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


def _circuits(out: Output, said: dict[str, Any], irreps: list[dict[str, Any]]) -> None:
    """A table of irreps and one of circuits and quadratures."""
    out.table(["irrep", "neurons", "energy"], [[i["label"], i["neurons"], i["energy"]] for i in irreps], limit=SHOWN)
    rows = [
        [c["label"], f"{c['left_size']}×{c['right_size']}", c["kind"], c["neurons"], f"{c['filled']}/{c['slots']}"]
        for c in said["circuits"]
    ]
    for row, c in zip(rows, said["circuits"], strict=True):
        row[0] += c["name"].removeprefix(" ".join(row[:3]))  # a number where several are alike
    rows += [[q["label"], "–", "quadrature", q["neurons"], _defect(q["defect"])] for q in said["quadratures"]]
    out.table(["circuit", "ρ-sets", "kind", "neurons", "slots"], rows, limit=SHOWN)


def _defect(defect: float) -> str:
    return f"defect {defect:.2f}" if defect < 1 else "defect > 1"


def _neurons(out: Output, of: Analysis) -> list[dict[str, Any]]:
    """Each neuron's irrep, shares, rank and group."""
    explanation, energy = of.explanation, of.spectrum.energy
    names, member = explanation.neuron_groups()
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


def _minimal(out: Output, of: Analysis, _: Path) -> dict[str, Any]:
    """Accuracy without each part and each irrep, with it alone; the smallest sets that are enough."""
    from rhoset.explaining import minimality

    found = minimality(of.explanation)
    alike = sorted((r.neurons, r.accuracy, r.alone) for r in found.parts)
    alone = alike == sorted((r.neurons, r.accuracy, r.alone) for r in found.irreps)  # each irrep is one part
    for title, rows in (("part", found.parts), *([] if alone else [("irrep", found.irreps)])):
        out.table(
            [title, "neurons", "accuracy without", "alone"], [[r.part, r.neurons, r.accuracy, r.alone] for r in rows]
        )
    for chosen in found.sufficient[:SHOWN]:
        out.say(f"enough for {percentage(found.target, 2)}: {', '.join(chosen) or 'no part at all'}")
    if len(found.sufficient) > SHOWN:
        out.say(f"… {len(found.sufficient) - SHOWN} more")
    how = "all sets of parts tried" if found.exhaustive else "one part left out at a time"
    out.say(f"{'minimal' if found.minimal else 'not minimal'} ({how})")
    out.say()
    return asdict(found)


def _division(out: Output, of: Analysis, _: Path) -> dict[str, Any]:
    """Margins by class of x⁻¹zy⁻¹ and irrep; what is left when the worst of each irrep is added up."""
    from rhoset.explaining import division

    found = division(of.explanation)
    rows = sorted(found.classes, key=lambda row: row.total_least)
    out.table(
        ["x⁻¹zy⁻¹ like", "of", "margin, mean", "least", *(f"{part}: mean, least" for part in found.parts), "needs"],
        [
            [row.element, row.size, row.total_mean, row.total_least]
            + [f"{mean:z.2f}, {least:z.2f}" for mean, least in zip(row.mean, row.least, strict=True)]
            + [", ".join(row.needs) or "–"]
            for row in rows
        ],
        limit=SHOWN,
    )
    said = found.summary()
    out.say(
        f"least margin {said['joint']:.2f}; of the mean over the pairs {said['mean']:.2f};"
        f" with the worst of each part, output by output {said['apart']:.2f}, over all outputs {said['coarse']:.2f}"
    )
    out.say()
    return {"parts": list(found.parts), "classes": [vars(row) for row in found.classes], **said}


def _equivariance(out: Output, of: Analysis, _: Path) -> dict[str, Any]:
    """Shares of the logits that each symmetry keeps."""
    from rhoset.explaining import equivariance

    found = equivariance(of.network)
    said = {name: getattr(found, name) for name in ("left", "right", "both", "by_class", "margin")}
    out.table(["equivariant", "left", "right", "both", "by class", "margin of the mean"], [["", *said.values()]])
    out.say()
    return said


def _laws(out: Output, of: Analysis, path: Path) -> dict[str, Any]:
    """What each description holds of unembed, and what the reading law holds of left and right."""
    from rhoset.explaining import reading_law, writing_law

    before = _before(of.network, path)
    law = writing_law(of.network, decide=True, before=before)
    shares, trained = law.shares(), law.recipe
    every = trained is not None and trained.fraction == 1
    rows = [
        [what, shares[name], _known(shares.get(f"off_{name}"))]
        for name, what in WRITES
        if shares[name] == shares[name] and not (every and name == "decided_by_all")
    ]
    out.table(["unembed by", "share", f"of the {shares['off']:.2%} off own irreps"], rows)
    if trained is None:
        out.say("training pairs not known: laws over them are left out")
    else:
        out.say(
            f"trained on {'all' if every else f'{trained.fraction:.0%} of the'} pairs (known from {trained.source})"
        )
    if shares["decided"] - shares["law"] > SWINGS:
        out.say("the last steps still swing around the resting point: read off at the network, laws amplify that")
    reading = reading_law(of.network, before=before)
    read = None if reading is None else reading.shares()
    if read is not None:
        kink = f", slope ½ at ReLU's kink ({read['kink']:.1%} of the pairs)" if read["kink"] else ""
        out.say(f"reading law{kink}: left {read['left']:.4f} of the table, right {read['right']:.4f}")
    out.say()
    return {
        "writing": {name: value if value == value else None for name, value in shares.items()},
        "scalars": [
            {"irrep": irrep.name, "scalar": q, "energy": size, "held": held} for irrep, q, size, held in law.by_irrep()
        ],
        "distance": None if law.decided is None else law.decided.distance,
        "fitted": law.fitted,
        "fraction": None if trained is None else trained.fraction,
        "reading": read,
    }


def _before(network: Network, path: Path) -> Network | None:
    """The last snapshot of its training that is older than the network, if there is one that can be read."""
    from rhoset.errors import RhosetError
    from rhoset.explaining.steps import snapshot_before
    from rhoset.networks import read_network

    steps = network.metadata.get("steps", "")
    try:
        found = snapshot_before(path, int(steps)) if steps.isdecimal() else None
        return None if found is None else read_network(found)
    except (RhosetError, OSError):  # a snapshot adds to what is said; the network itself can be spoken of without
        return None


def _known(share: float | None) -> float | str:
    """A share of a small part, or nothing where there is none; how far below 0 it is says nothing."""
    return "" if share is None else "< 0" if share < 0 else share


WRITES = (
    ("own", "own irrep, a matrix for each neuron"),
    ("group", "readings, one scalar an irrep"),
    ("both", "own irrep, and scalars off it"),
    ("law", "law over the training pairs, at the network"),
    ("moving", "the same, with what moved since the last snapshot"),
    ("decided", "decided by readings and training pairs"),
    ("decided_by_all", "decided by readings and all pairs"),
)
"""Descriptions of unembed, in the order of the table."""

_MORE = {"minimal": _minimal, "division": _division, "equivariance": _equivariance, "laws": _laws}
