"""Where certificates lie, and what scripts read of a verdict."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rhoset_check.verdict import Verdict

from ..errors import RhosetError
from ..networks import write_atomic
from ..networks.runs import certificate_path


def certificate_file(network: Path, method: str, folder: Path | None = None) -> Path:
    """``STEM.METHOD.cert`` beside the network, or in a folder, which is made.

    Raises RhosetError (slug ``cannot-write``) where the folder cannot be made.
    """
    return _beside(certificate_path(network, method), folder)


def frontier_file(network: Path, folder: Path | None = None) -> Path:
    """``STEM.frontier.json`` at the same place."""
    name = f"{network.name.removesuffix('.safetensors')}.frontier.json"
    return _beside(network.with_name(name), folder)


def _beside(place: Path, folder: Path | None) -> Path:
    if folder is None:
        return place
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RhosetError(f"cannot make the folder {folder}: {error.strerror or error}", slug="cannot-write") from None
    return folder / place.name


def write_frontier(path: Path, curve: Mapping[str, Any]) -> Path:
    """Write a curve of bound against cost (`Point.summary` of each point) as JSON, atomically."""
    finite = {
        **curve,
        "points": [
            {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in point.items()}
            for point in curve["points"]
        ],
    }
    return write_atomic(path, json.dumps(finite, indent=1) + "\n")


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
