"""What scripts read of a verdict of the independent checker."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rhoset_check.verdict import Verdict


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
