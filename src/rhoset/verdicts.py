"""Which checker a certificate is for, and what scripts read of its verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rhoset.counting import Cost
    from rhoset_check.verdict import Verdict


def check_certificate(certificate: Path, network: Path) -> Verdict:
    """The verdict on a certificate file: of `rhoset_check`, or of `rhoset_check_baselines` for a baseline's.

    Never raises for bad files: the reason is in the verdict. A baseline's says in its statement who checked it.
    """
    import rhoset_check
    import rhoset_check_baselines

    if rhoset_check_baselines.rule_of(certificate):
        return rhoset_check_baselines.check(certificate, network)
    return rhoset_check.check(certificate, network)


def verdict_summary(verdict: Verdict, cost: Cost) -> dict[str, Any]:
    """The keys of `rhoset certify --json` and `rhoset check --json` that a verdict and its cost give.

    A baseline's has two more: ``ideal_margin`` and ``ideal_distance``, which say why its bound is what it is.
    """
    from rhoset_check_baselines import BaselineVerdict

    why = {}
    if isinstance(verdict, BaselineVerdict) and verdict.valid:
        why = {"ideal_margin": verdict.margin, "ideal_distance": verdict.distance}
    return {
        "method": verdict.method,
        "accuracy_bound": verdict.accuracy_bound,
        "loss_bound": verdict.loss_bound,
        "margin_bound": verdict.margin_bound,
        "right": verdict.right,
        "inputs": verdict.inputs,
        "seconds": verdict.seconds,
        "operations": cost.operations,
        "exhaustive_operations": cost.exhaustive,
        "table_operations": cost.table,
        "arithmetic": verdict.arithmetic,
        "network_sha256": verdict.network,
        "table_sha256": verdict.table,
        **why,
        "statement": verdict.statement(),
    }


def check_summary(verdict: Verdict, network: str, certificate: Path, file: Path) -> dict[str, Any]:
    """One entry of `rhoset check --json`; ``reason`` only when the certificate does not check.

    `file` is the network's; both files are read again to count operations.
    """
    from rhoset.counting import cost_of_files

    entry = {
        "network": network,
        "path": str(certificate),
        "valid": verdict.valid,
        **verdict_summary(verdict, cost_of_files(certificate, file, verdict)),
    }
    return entry if verdict.valid else {**entry, "reason": verdict.reason}
