"""The table of networks with their theorem: formalize, compile, time; one Markdown row each.

    python proofs/table.py [--rule RULE] NETWORK.safetensors…     # each with its certificate (NETWORK.*.cert) beside it

Needs `make proofs`. Seconds are of the processor, memory is the peak of `coqc`, which reads the file too. RULE is one
of `rhoset formalize`; without it the one that proves most is taken.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

from rhoset.errors import RhosetError
from rhoset.formalize import formalize, verify
from rhoset.formalize.formalizing import RULES

PROOFS = Path(__file__).resolve().parent


def measured(command: list[str]) -> tuple[int, float, float]:
    """Exit code, processor seconds, peak memory in GB of a command."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20


def row(network: Path, folder: Path, rule: str) -> str:
    """Of one network; says so where no theorem came out."""
    certificates = sorted(network.parent.glob(f"{network.stem}.*cert"))
    if not certificates:
        return f"| {network.stem} | no certificate | | | | |"
    try:
        written = formalize(certificates[0], network, folder / "theorem.v", rule)
        start = os.times().children_user
        answer = verify(certificates[0], network, None if rule == "auto" else rule)
        seconds = os.times().children_user - start
    except RhosetError as error:
        return f"| {network.stem} | {error} | | | | |"
    code, cpu, memory = measured(["coqc", "-R", str(PROOFS), "Rhoset", str(folder / "theorem.v")])
    claim = f"{written.right} / {written.inputs}" if code == 0 else f"not accepted ({code})"
    right = answer.get("right", "refused")
    return f"| {network.stem} | {written.rule} | {claim} | {cpu:.0f} s, {memory:.2f} GB | {right} | {seconds:.1f} s |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="The table of networks with their theorem.")
    parser.add_argument("networks", nargs="+", type=Path, metavar="NETWORK")
    parser.add_argument("--rule", choices=RULES, default="auto")
    options = parser.parse_args()
    print("| network | rule | theorem: right pairs | coqc | executable: right pairs | its seconds |")
    print("|---|---|---|---|---|---|")
    for network in options.networks:
        with tempfile.TemporaryDirectory() as folder:
            print(row(network, Path(folder), options.rule), flush=True)


if __name__ == "__main__":
    main()
