"""`rhoset check`: the independent checker on certificates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rhoset.cli._command import command as make_command
from rhoset.cli._networks import one_by_one, share_cores
from rhoset.cli._output import Output, Payload, Recorded
from rhoset.cli._types import WORKERS
from rhoset.processes import processes

if TYPE_CHECKING:
    from rhoset.verdicts import VerdictSummary

EACH = 0.01
"""Seconds of one certificate of S5."""

Named = tuple[str, Path]
"""A network: its label and its file."""


@dataclass(frozen=True)
class Asked:
    """What is to be done with each certificate."""

    alone: bool
    verified: bool
    json: bool

    def __call__(self, job: tuple[Path, Named | None]) -> tuple[VerdictSummary, list[str], bool]:
        """The entry of one certificate, about this network, the lines for a human, and whether the answer is no."""
        out = Recorded(json=self.json)
        return _checked(out, *job, self.alone, self.verified), out.lines, out.denied


@make_command(example="rhoset check runs/s5/networks/0000.auto.cert --network runs/s5#0")
@click.argument("certificates", metavar="CERT...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--network", "spec", metavar="NET", required=True, help="The network they speak of, or a run of them.")
@click.option("--verified", is_flag=True, help="Also run the checker extracted from the proofs (make proofs).")
@click.option("--workers", type=WORKERS, help="Processes [the cores, for many certificates].")
def command(out: Output, certificates: tuple[Path, ...], spec: str, verified: bool, workers: int | None) -> Payload:
    """Re-derive the bound of CERT from the weights and the multiplication table.

    NET may be a run or a folder: NAME.METHOD.cert is checked against its network NAME. Exit code 1
    when a certificate does not check. `python -m rhoset_check` does the same for one with nothing of
    rhoset imported. A certificate of a baseline (--method coset or paper) goes to
    rhoset_check_baselines, and the statement says so.
    """
    share_cores([spec], workers)
    from rhoset.networks.runs import open_networks

    alone, said = len(certificates) == 1, list["VerdictSummary"]()
    networks = _networks_of(certificates, open_networks(spec))
    named = [(str(one[0]), one) for one in zip(certificates, networks, strict=True)]
    asked, many = Asked(alone, verified, out.json), processes(workers, len(named), EACH)
    for entry, lines, denied in one_by_one(out, "checking", asked, named, many, alone):
        said.append(entry)
        for line in lines:
            out.say(line)
        if denied:
            out.no()
    if not alone and said:
        headers = ["certificate", "right", "inputs", "bound", "check ms"]
        rows = [[Path(e["path"]).name, e["right"], e["inputs"], e["accuracy_bound"], 1000 * e["seconds"]] for e in said]
        out.table(headers, rows)
    return {"certificates": said}


def _networks_of(certificates: Sequence[Path], known: Sequence[Named]) -> list[Named | None]:
    """For each certificate the only network, or that whose name the certificate's begins with: the longest, where there
    are several; None where there is none."""
    if len(known) == 1:
        return [known[0]] * len(certificates)
    named = {one[1].name.removesuffix(".safetensors"): one for one in reversed(known)}
    beginnings = (
        [part.name[:k] for k in range(len(part.name), 0, -1) if part.name[k:][:1] == "."] for part in certificates
    )
    return [next((named[name] for name in names if name in named), None) for names in beginnings]


def _checked(out: Output, certificate: Path, network: Named | None, alone: bool, verified: bool) -> VerdictSummary:
    """The entry of one certificate."""
    from rhoset.errors import RhosetError
    from rhoset.reading import require_file
    from rhoset.verdicts import check_summary
    from rhoset_check_baselines import BaselineVerdict

    require_file(certificate, "a certificate that rhoset certify wrote", "no-such-certificate")
    if network is None:
        raise RhosetError(
            f"{certificate}: no network of these has its name; a certificate is called NETWORK.METHOD.cert, or name"
            " one network with --network",
            slug="no-such-network",
        )
    label, path = network
    require_file(path, "a network file", "no-such-network")
    verdict, summary = check_summary(label, certificate, path)
    if verdict.status == "unreadable":
        at_fault = str(path if verdict.reason.startswith("network: ") else certificate)
        reason = verdict.reason if at_fault in verdict.reason else f"{at_fault}: {verdict.reason}"
        swapped = "; the certificate comes first, the network after --network" if path.suffix == ".cert" else ""
        raise RhosetError(f"{reason}{swapped}", slug="unreadable")
    if verified and isinstance(verdict, BaselineVerdict):
        raise RhosetError(
            f"--verified: method {verdict.method} is a baseline, and no checker of baselines is extracted from proofs;"
            " leave it out",
            slug="baseline-options",
        )
    if not verdict.valid:
        out.say(f"{'' if alone else f'{certificate}: '}REJECTED: {verdict.reason}")
        out.no()
    elif alone:
        out.say(verdict.statement())
    if not verified:
        return summary
    from rhoset.formalize import verify

    proved = verify(certificate, path)
    if proved["valid"]:
        out.say(
            f"The checker extracted from the proofs: {proved['right']} of {proved['inputs']} pairs are right "
            f"(rule {proved['rule']}; the exact real function of the stored numbers)."
        )
    else:
        out.say(f"The checker extracted from the proofs: REJECTED: {proved['reason']}")
        out.no()
    return {**summary, "verified": proved}
