"""Where certificates lie, and what scripts read of a verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rhoset_check.verdict import Verdict

from ..errors import RhosetError
from ..networks.runs import certificate_path


def certificate_file(network: Path, method: str, folder: Path | None = None) -> Path:
    """``STEM.METHOD.cert`` beside the network, or in a folder, which is made.

    Raises RhosetError (slug ``cannot-write``) where the folder cannot be made.
    """
    place = certificate_path(network, method)
    if folder is None:
        return place
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RhosetError(f"cannot make the folder {folder}: {error.strerror or error}", slug="cannot-write") from None
    return folder / place.name


def verdict_summary(verdict: Verdict) -> dict[str, Any]:
    """The keys of `rhoset certify --json` and `rhoset check --json` that a verdict gives."""
    return {
        "method": verdict.method,
        "accuracy_bound": verdict.accuracy_bound,
        "loss_bound": verdict.loss_bound,
        "margin_bound": verdict.margin_bound,
        "right": verdict.right,
        "inputs": verdict.inputs,
        "seconds": verdict.seconds,
        "operations": verdict.operations,
        "exhaustive_operations": verdict.exhaustive_operations,
        "table_operations": verdict.table_operations,
        "arithmetic": verdict.arithmetic,
        "network_sha256": verdict.network,
        "table_sha256": verdict.table,
        "statement": verdict.statement(),
    }


def check_summary(verdict: Verdict, network: str, path: Path) -> dict[str, Any]:
    """One entry of `rhoset check --json`; ``reason`` only when the certificate does not check."""
    entry = {
        "network": network,
        "path": str(path),
        "valid": verdict.valid,
        **verdict_summary(verdict),
    }
    return entry if verdict.valid else {**entry, "reason": verdict.reason}
