"""``python -m rhoset_check CERT --network NET``: prints what was proved; exits 0 only when the certificate checks."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from dataclasses import asdict

from rhoset_check.verdict import Verdict, check

CODES = {"accepted": 0, "rejected": 1, "unreadable": 2}


def describe(verdict: Verdict) -> dict[str, object]:
    """All fields for JSON: numbers that are not finite become null."""
    fields = {**asdict(verdict), "valid": verdict.valid, "accuracy_bound": verdict.accuracy_bound}
    finite = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in fields.items()}
    return {**finite, "statement": verdict.statement()}


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 the certificate checks, 1 it does not, 2 a file could not be read or the answer not be said."""
    parser = argparse.ArgumentParser(
        prog="rhoset_check",
        description="Re-derive the accuracy bound of a certificate from the weights and the multiplication table.",
        epilog="example: python -m rhoset_check RUN/networks/0000.auto.cert --network RUN/networks/0000.safetensors",
    )
    parser.add_argument("certificate", metavar="CERT", help="certificate file")
    parser.add_argument("--network", metavar="NET", required=True, help="network file (.safetensors)")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options = parser.parse_args(arguments)
    verdict = check(options.certificate, options.network)
    said = verdict.statement() if verdict.valid else f"{verdict.status.upper()}: {verdict.reason}"
    said = json.dumps(describe(verdict)) if options.json else said
    try:
        encoding = sys.stdout.encoding or "ascii"
        sys.stdout.write(said.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError):  # closed or full: the answer was not said
        os._exit(2)
    return CODES[verdict.status]


if __name__ == "__main__":
    sys.exit(main())
