"""`rhoset formalize`: a file for the proof assistant whose last theorem is about one network."""

from __future__ import annotations

from pathlib import Path

import click

from rhoset.cli._command import command as make_command
from rhoset.cli._output import Output, Payload
from rhoset.cli._types import FILE


@make_command(example="rhoset formalize net.auto.cert --network net.safetensors --out net.v")
@click.argument("certificate", metavar="CERT", type=click.Path(path_type=Path))
@click.option("--network", "spec", metavar="NET", required=True, help="The network it speaks of.")
@click.option("--out", "target", metavar="FILE.v", required=True, type=FILE, help="The file to write.")
@click.option(
    "--rule",
    type=click.Choice(["auto", "even", "lowrank", "exact"]),
    default="auto",
    show_default=True,
    help="How it is proved: exact for any network, even from G-sets, lowrank from features.",
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def command(out: Output, certificate: Path, spec: str, target: Path, rule: str, force: bool) -> Payload:
    """Write a file for Coq that ends with a theorem about the integers of NET.

    Its claim is proved when coqc accepts it (`coqc -R proofs Rhoset FILE.v`, after `make proofs`); this command
    proves nothing.
    """
    from rhoset.errors import RhosetError
    from rhoset.formalize import formalize
    from rhoset.networks.atomic import require_new
    from rhoset.networks.runs import one_network

    label, path = one_network(spec, "a theorem")
    if not target.stem.isidentifier() or target.suffix != ".v":
        raise RhosetError(
            f"{target.name}: coqc needs a name like S5_seed3.v (letters, digits and _, ending in .v)", slug="file-name"
        )
    require_new(target, force)
    written = formalize(certificate, path, target, rule)
    out.say(f"{target}: claims {written.right} of {written.inputs} pairs of {label}, by rule {written.rule}")
    out.note(f"coqc -R proofs Rhoset {target} proves it, or refuses a claim that is too high")
    return {
        "network": label,
        "path": str(target),
        "rule": written.rule,
        "right": written.right,
        "inputs": written.inputs,
    }
