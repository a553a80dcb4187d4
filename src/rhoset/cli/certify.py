"""`rhoset certify`: proofs of accuracy, written beside the networks."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rhoset.cli._command import command as make_command
from rhoset.cli._networks import network_files, one_by_one, share_cores
from rhoset.cli._output import Output, Payload
from rhoset.cli._types import FOLDER, WORKERS, Number, Target
from rhoset.errors import RhosetError
from rhoset.processes import processes
from rhoset.verdicts import share_of_exhaustive

if TYPE_CHECKING:
    from rhoset.networks import Network
    from rhoset.prove import CertifyResult
    from rhoset.reproduce.baselines import BaselineResult
    from rhoset.verdicts import VerdictSummary

BASELINES = ("coset", "paper")
"""Methods of earlier work, whose certificates `rhoset_check_baselines` checks."""

METHODS = ("auto", "exhaustive", "gaps", "circles", "points", "lowrank", "irrep", "equivariant", "orbit", *BASELINES)


EACH = 0.015
"""Seconds of one network of S5."""


@dataclass(frozen=True)
class Asked:
    """What is to be done to each network."""

    options: Mapping[str, Any]
    """Of `rhoset.prove.certify`."""
    frontier: bool
    folder: Path | None

    def __call__(self, file: tuple[str, Path]) -> tuple[VerdictSummary, dict[str, Any] | None]:
        """Certify one network file under its label; the certificate's entry, and its curve where that is wanted."""
        from rhoset.networks.atomic import write_json
        from rhoset.networks.files import read_labelled
        from rhoset.networks.runs import certificate_path, frontier_path
        from rhoset.prove import certify_frontier

        label, path = file
        network = read_labelled(label, path)
        made = self._made(network, path)
        place = made.write(certificate_path(path, self.options["method"], self.folder))
        entry: VerdictSummary = {**made.summary(), "network": label, "path": str(place)}
        if not self.frontier:
            return entry, None
        points = certify_frontier(network, arithmetic=self.options["arithmetic"])
        curve = {"network": label, "points": [point.summary() for point in points]}
        written = write_json(frontier_path(path, self.folder), curve)
        return entry, {**curve, "path": str(written)}

    def _made(self, network: Network, path: Path) -> CertifyResult | BaselineResult:
        from rhoset.prove import certify_subject, subject

        options = {**self.options}
        if options["method"] in BASELINES:
            from rhoset.reproduce.baselines import certify_baseline

            return certify_baseline(network, options["method"], arithmetic=options["arithmetic"], path=path)
        return certify_subject(subject(network, options.pop("arithmetic"), path), **options)


@make_command(example="rhoset certify runs/s5#0 --method auto")
@click.argument("networks", metavar="NET...", nargs=-1, required=True)
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default="auto",
    show_default=True,
    help="What the proof may believe; auto takes the cheapest plan that serves; coset and paper are earlier work's.",
)
@click.option(
    "--target",
    type=Target(),
    metavar="ACCURACY",
    help="exact (the default: the true accuracy), or a number such as 0.95 to stop there.",
)
@click.option(
    "--budget",
    type=Number(0, open_low=True),
    metavar="SHARE",
    help="The best bound for at most this share of exhaustive work, such as 0.3.",
)
@click.option(
    "--objective",
    type=click.Choice(["time", "operations"]),
    default="time",
    show_default=True,
    help="What is cheap: search and check by the clock, or the length of the proof.",
)
@click.option(
    "--arithmetic",
    type=click.Choice(["real", "float32"]),
    default="real",
    show_default=True,
    help="What is spoken of: the exact real function, or float32 in every order of summation.",
)
@click.option(
    "--require",
    type=Number(0, 1),
    metavar="BOUND",
    help="Exit with 1 when a bound is below this.",
)
@click.option("--frontier", is_flag=True, help="Bound against cost over all methods as well, in NET.frontier.json.")
@click.option(
    "--out",
    "folder",
    metavar="DIR",
    type=FOLDER,
    help="Where to write the certificates; beside the networks when omitted.",
)
@click.option("--workers", type=WORKERS, help="Processes [the cores, for many networks].")
def command(
    out: Output,
    networks: tuple[str, ...],
    method: str,
    target: str | None,
    budget: float | None,
    objective: str,
    arithmetic: str,
    require: float | None,
    frontier: bool,
    folder: Path | None,
    workers: int | None,
) -> Payload:
    """Search for the cheapest proof of each network's accuracy and have it checked.

    NET is a network file, a run folder, a folder of network files, or RUN#3. The certificate is
    NET.METHOD.cert; `rhoset check` re-derives its bound. Operations and seconds are those of the
    check.
    """
    if folder is not None and folder.suffix == ".cert":
        raise RhosetError(
            f"--out {folder}: give a folder; the certificates in it are NET.{method}.cert", slug="bad-argument"
        )
    if method in BASELINES:
        given = {"--target": target, "--budget": budget, "--arithmetic float32": arithmetic == "float32" or None}
        refused = [name for name, value in given.items() if value is not None]
        if refused:
            raise RhosetError(
                f"{refused[0]} with --method {method}: a baseline has one plan, for the exact real function; leave it"
                " out, or give another method",
                slug="baseline-options",
            )
    share_cores(networks, workers)
    files = network_files(out, networks)
    _require_apart(files, method, folder)
    asked = Asked(
        {"method": method, "arithmetic": arithmetic, "target": target, "budget": budget, "objective": objective},
        frontier,
        folder,
    )
    entries: list[VerdictSummary] = []
    curves: list[dict[str, Any]] = []
    named = [(label, (label, path)) for label, path in files]
    many, alone = processes(workers, len(files), EACH), len(files) == 1 == len(networks)
    for entry, curve in one_by_one(out, "certifying", asked, named, many, alone):
        entries.append(entry)
        curves += [curve] if curve else []
    _show(out, entries, curves)
    if require is not None and any(e["accuracy_bound"] < require for e in entries):
        out.no()
        out.note(f"a bound is below the required {require}")
    payload: dict[str, Any] = {"certificates": entries}
    return {**payload, "frontier": curves} if frontier else payload


def _require_apart(files: Sequence[tuple[str, Path]], method: str, folder: Path | None) -> None:
    """Refuse (slug ``same-certificate``) networks whose certificates would replace one another in the folder."""
    from rhoset.networks.runs import certificate_path

    first = dict[str, tuple[str, Path]]()
    for label, path in files if folder else ():
        name = certificate_path(path, method).name
        before, file = first.setdefault(name, (label, path))
        if os.path.realpath(file) != os.path.realpath(path):
            raise RhosetError(
                f"{before} and {label} would both have {folder}/{name}: give each run a folder of its own, or leave"
                " out --out",
                slug="same-certificate",
            )


def _show(out: Output, entries: list[VerdictSummary], curves: list[dict[str, Any]]) -> None:
    headers = ["network", "method", "bound", "loss ≤", "cost", "check ms", "search s"]
    rows = [
        [
            e["network"],
            e["method"],
            e["accuracy_bound"],
            e["loss_bound"],
            share_of_exhaustive(e),
            1000 * e["seconds"],
            e["search_seconds"],
        ]
        for e in entries
    ]
    if rows:
        out.table(headers, rows)
    for e in entries:
        if e["operations"] == 0:
            out.note(f"{e['network']}: method {e['method']} finds nothing to go by here; its certificate is empty")
    if len(entries) == 1:
        if not out.quiet:
            out.say(entries[0]["statement"])
        out.say(entries[0]["path"])
    for curve in curves:
        out.say()
        out.say(f"{curve['network']}: bound against cost")
        points = [[p["method"], p["plan"], p["cost"], p["accuracy_bound"]] for p in curve["points"]]
        out.table(["method", "plan", "cost", "bound"], points)
