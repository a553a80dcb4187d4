"""``python -m rhoset_check CERT --network NET``: prints what was proved; exits 0 only when the certificate checks."""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import asdict
from pathlib import Path

from .verdict import check


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 the certificate checks, 1 it does not, 2 the call is wrong."""
    parser = argparse.ArgumentParser(
        prog="rhoset_check",
        description="Re-derive the accuracy bound of a certificate from the weights and the multiplication table.",
        epilog="example: python -m rhoset_check RUN/networks/0000.auto.cert --network RUN/networks/0000.safetensors",
    )
    parser.add_argument("certificate", metavar="CERT", help="certificate file")
    parser.add_argument("--network", metavar="NET", required=True, help="network file (.safetensors)")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options = parser.parse_args(arguments)
    for path in (options.certificate, options.network):
        try:
            Path(path).open("rb").close()
        except (OSError, ValueError) as error:
            print(f"rhoset_check: cannot read {path!r}: {getattr(error, 'strerror', None) or error}", file=sys.stderr)
            return 2
    verdict = check(options.certificate, options.network)
    if options.json:
        fields = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in asdict(verdict).items()}
        print(json.dumps({**fields, "statement": verdict.statement()}))
    else:
        print(verdict.statement() if verdict.valid else f"REJECTED: {verdict.reason}")
    return 0 if verdict.valid else 1


if __name__ == "__main__":
    sys.exit(main())
