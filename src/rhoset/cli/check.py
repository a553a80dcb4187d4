"""`rhoset check`: the independent checker on certificates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from rhoset.cli._command import command as make_command
from rhoset.cli._output import Output, Payload


@make_command(example="rhoset check runs/s5/networks/0000.auto.cert --network runs/s5#0")
@click.argument("certificates", metavar="CERT...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--network", "spec", metavar="NET", required=True, help="The network they speak of, or a run of them.")
@click.option("--verified", is_flag=True, help="Also run the checker extracted from the proofs (make proofs).")
def command(out: Output, certificates: tuple[Path, ...], spec: str, verified: bool) -> Payload:
    """Re-derive the bound of CERT from the weights and the multiplication table.

    Where there are several, NET may be a run: NAME.METHOD.cert is checked against its network NAME.
    Exit code 1 when a certificate does not check. `python -m rhoset_check` does the same for one with
    nothing of rhoset imported. A certificate of a baseline (--method coset or paper) goes to
    rhoset_check_baselines, and the statement says so.
    """
    from rhoset.networks.runs import one_network, open_networks

    alone, said = len(certificates) == 1, list[dict[str, Any]]()
    known = [one_network(spec, "a certificate")] if alone else open_networks(spec)
    shown = replace(out, quiet=True) if alone else out
    with shown.progress("checking", len(certificates)) as update:
        for done, certificate in enumerate(certificates):
            with out.attempt(str(certificate), alone=alone):
                said.append(_checked(out, certificate, known, alone, verified))
            update(done + 1)
    if not alone and said:
        headers = ["certificate", "right", "inputs", "bound", "check ms"]
        rows = [[Path(e["path"]).name, e["right"], e["inputs"], e["accuracy_bound"], 1000 * e["seconds"]] for e in said]
        out.table(headers, rows)
    return {"certificates": said}


def _network_of(certificate: Path, known: Sequence[tuple[str, Path]]) -> tuple[str, Path]:
    """The only network, or that whose name the certificate's begins with; the longest, where there are several."""
    from rhoset.errors import RhosetError

    if len(known) == 1:
        return known[0]
    named = [one for one in known if certificate.name.startswith(f"{one[1].name.removesuffix('.safetensors')}.")]
    if not named:
        raise RhosetError(
            f"{certificate}: no network of these has its name; a certificate is called NETWORK.METHOD.cert, or name"
            " one network with --network",
            slug="no-such-network",
        )
    return max(named, key=lambda one: len(one[1].name))


def _checked(
    out: Output, certificate: Path, known: Sequence[tuple[str, Path]], alone: bool, verified: bool
) -> dict[str, Any]:
    """The entry of one certificate."""
    from rhoset.errors import RhosetError
    from rhoset.reading import require_file
    from rhoset.verdicts import check_certificate, check_summary
    from rhoset_check_baselines import BaselineVerdict

    require_file(certificate, "a certificate that rhoset certify wrote", "no-such-certificate")
    label, path = _network_of(certificate, known)
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
    if not verdict.valid:
        out.say(f"{'' if alone else f'{certificate}: '}REJECTED: {verdict.reason}")
        out.no()
    elif alone:
        out.say(verdict.statement())
    summary = check_summary(verdict, label, certificate, path)
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
