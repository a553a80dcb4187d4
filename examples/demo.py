"""`make demo`: train a few S5 networks, explain them, certify them, check the certificates, report.

Each step is a command that could be typed; the script prints it before it runs it.

    python examples/demo.py --models 4 --out demo
"""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from pathlib import Path

from rhoset.cli import main as rhoset
from rhoset.networks.runs import certificates, open_networks

GROUP = "S5"
SNAPSHOTS = 16
"""Snapshots of each network during training, for the report's picture of circuits forming."""


def run(*words: object) -> None:
    """Print a command, run it, and stop the demo when it fails."""
    arguments = [str(word) for word in words]
    print(f"\n$ rhoset {shlex.join(arguments)}", flush=True)
    code = rhoset(arguments)
    if code != 0:
        sys.exit(code)


def main() -> None:
    """The whole demo."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=4, help="networks to train")
    parser.add_argument("--out", type=Path, default=Path("demo"), help="folder of the run")
    options = parser.parse_args()
    begin = time.monotonic()

    run("train", GROUP, "--models", options.models, "--checkpoints", SNAPSHOTS, "--out", options.out)
    run("explain", options.out)
    run("certify", options.out, "--frontier")
    for method in ("gaps", "orbit"):
        run("certify", options.out, "--method", method)
    for label, network in open_networks(options.out):
        for certificate in certificates(network).values():
            run("check", certificate, "--network", label)
    run("report", options.out)

    minutes, seconds = divmod(round(time.monotonic() - begin), 60)
    report = (options.out / "report.html").resolve()
    print(f"\nDone in {minutes} min {seconds} s. Open the report in a browser:\n\n    {report.as_uri()}\n")


if __name__ == "__main__":
    main()
