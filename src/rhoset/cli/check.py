"""`rhoset check`: the independent checker on one certificate."""

from __future__ import annotations

from pathlib import Path

import click

from rhoset.cli._command import command as make_command
from rhoset.cli._output import Output, Payload


@make_command(example="rhoset check runs/s5/networks/0000.auto.cert --network runs/s5#0")
@click.argument("certificate", metavar="CERT", type=click.Path(path_type=Path))
@click.option("--network", "spec", metavar="NET", required=True, help="The network it speaks of.")
def command(out: Output, certificate: Path, spec: str) -> Payload:
    """Re-derive the bound of CERT from the weights and the multiplication table.

    Exit code 1 when the certificate does not check. `python -m rhoset_check` does the same with
    nothing of rhoset imported.
    """
    from rhoset.errors import RhosetError
    from rhoset.networks.runs import open_networks
    from rhoset.verdicts import check_summary
    from rhoset_check import check

    if not certificate.is_file():
        raise RhosetError(
            f"{certificate}: no such file; expected a certificate that rhoset certify wrote",
            slug="no-such-certificate",
        )
    files = open_networks(spec)
    if len(files) != 1:
        raise RhosetError(
            f"{spec!r} means {len(files)} networks; a certificate speaks of one: write RUN#3",
            slug="one-network",
        )
    label, path = files[0]
    verdict = check(certificate, path)
    out.say(verdict.statement() if verdict.valid else f"REJECTED: {verdict.reason}")
    if not verdict.valid:
        out.no()
    return {"certificates": [check_summary(verdict, label, certificate, path)]}
