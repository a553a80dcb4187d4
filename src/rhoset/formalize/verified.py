"""The checker that is extracted from the proofs, where it is built (``make proofs``)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import rhoset
from rhoset.errors import RhosetError

NAME = "rhoset-verified"
VARIABLE = "RHOSET_VERIFIED"


def executable() -> Path | None:
    """Where the extracted checker is: ``$RHOSET_VERIFIED``, the source tree's ``proofs/``, or the search path."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named) if os.access(named, os.X_OK) else None
    built = Path(rhoset.__file__).parents[2] / "proofs" / "ocaml" / NAME
    if os.access(built, os.X_OK):
        return built
    found = shutil.which(NAME)
    return Path(found) if found else None


def verify(
    certificate: Path, network: Path, rule: str | None = None, explanation: Path | None = None
) -> dict[str, Any]:
    """Run the extracted checker on two files.

    Parameters
    ----------
    rule
        ``even``, ``lowrank`` or ``exact``; when omitted even where the certificate is one of it, lowrank where it is
        expected to be cheaper than exact, and exact, until one settles all pairs.
    explanation
        With rule lowrank: a file to write what the proved function was given to, as definitions for the assistant.

    Returns
    -------
    dict
        ``valid``; where true ``group``, ``rule``, ``right`` and ``inputs`` (integers), else ``reason``.

    Raises
    ------
    RhosetError
        It is not built (slug ``no-verified-checker``), or it cannot read a file (``verified-checker``).
    """
    program = executable()
    if program is None:
        raise RhosetError(
            "the verified checker is not built here; build it with `make proofs`, "
            f"or set {VARIABLE} to the executable {NAME}",
            slug="no-verified-checker",
        )
    command = [str(program), str(certificate), "--network", str(network), *(["--rule", rule] if rule else [])]
    command += ["--explanation", str(explanation)] if explanation else []
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode not in (0, 1):
        lines = done.stderr.strip().splitlines()
        last = lines[-1] if lines else f"ended with code {done.returncode}"
        raise RhosetError(last.removeprefix(f"{NAME}: "), slug="verified-checker")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
