"""`rhoset check`: the independent checker on one certificate."""

from __future__ import annotations

from pathlib import Path

import click

from rhoset.cli._command import command as make_command
from rhoset.cli._networks import one_network
from rhoset.cli._output import Output, Payload


@make_command(example="rhoset check runs/s5/networks/0000.auto.cert --network runs/s5#0")
@click.argument("certificate", metavar="CERT", type=click.Path(path_type=Path))
@click.option("--network", "spec", metavar="NET", required=True, help="The network it speaks of.")
@click.option("--verified", is_flag=True, help="Also run the checker extracted from the proofs (make proofs).")
def command(out: Output, certificate: Path, spec: str, verified: bool) -> Payload:
    """Re-derive the bound of CERT from the weights and the multiplication table.

    Exit code 1 when the certificate does not check. `python -m rhoset_check` does the same with
    nothing of rhoset imported. A certificate of a baseline (--method coset or paper) goes to
    rhoset_check_baselines, and the statement says so.
    """
    from rhoset.errors import RhosetError
    from rhoset.reading import require_file
    from rhoset.verdicts import check_certificate, check_summary
    from rhoset_check_baselines import BaselineVerdict

    require_file(certificate, "a certificate that rhoset certify wrote", "no-such-certificate")
    label, path = one_network(spec, "a certificate")
    require_file(path, "a network file", "no-such-network")
    verdict = check_certificate(certificate, path)
    if verdict.status == "unreadable":
        raise RhosetError(verdict.reason, slug="unreadable")
    if verified and isinstance(verdict, BaselineVerdict):
        raise RhosetError(
            f"--verified: method {verdict.method} is a baseline, and no checker of baselines is extracted from proofs;"
            " leave it out",
            slug="baseline-options",
        )
    out.say(verdict.statement() if verdict.valid else f"REJECTED: {verdict.reason}")
    if not verdict.valid:
        out.no()
    summary = check_summary(verdict, label, certificate, path)
    if not verified:
        return {"certificates": [summary]}
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
    return {"certificates": [{**summary, "verified": proved}]}
