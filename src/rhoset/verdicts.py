"""Which checker a certificate is for, and what scripts read of its verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

if TYPE_CHECKING:
    from rhoset.counting import Cost
    from rhoset_check.verdict import Verdict


class VerdictSummary(TypedDict):
    """What `rhoset certify --json` and `rhoset check --json` say of a certificate; scripts read it."""

    method: str
    accuracy_bound: float
    loss_bound: float
    margin_bound: float
    right: int
    inputs: int
    seconds: float
    operations: int
    exhaustive_operations: int
    table_operations: int
    arithmetic: str
    network_sha256: str
    table_sha256: str
    statement: str
    ideal_margin: NotRequired[float]
    """Of a baseline, with the next: why its bound is what it is."""
    ideal_distance: NotRequired[float]
    search_seconds: NotRequired[float]
    """Of `certify`."""
    network: NotRequired[str]
    path: NotRequired[str]
    valid: NotRequired[bool]
    """Of `check`, as `reason`, which only a certificate that does not check has."""
    reason: NotRequired[str]
    verified: NotRequired[dict[str, Any]]
    """Of `check --verified`: what the checker extracted from the proofs says."""


def share_of_exhaustive(said: VerdictSummary) -> float:
    """Multiply-adds of the check over those of exhaustive evaluation: the length of the proof."""
    return said["operations"] / max(said["exhaustive_operations"], 1)


def check_certificate(certificate: Path, network: Path) -> Verdict:
    """The verdict on a certificate file: of `rhoset_check`, or of `rhoset_check_baselines` for a baseline's.

    Never raises for bad files: the reason is in the verdict. A baseline's says in its statement who checked it.
    """
    import rhoset_check
    import rhoset_check_baselines

    if rhoset_check_baselines.rule_of(certificate):
        return rhoset_check_baselines.check(certificate, network)
    return rhoset_check.check(certificate, network)


def outdated(certificate: Path) -> bool:
    """Whether a file is a certificate, but of a version that this checker doesn't read: made anew it would be."""
    from rhoset_check.files import FORMAT, VERSION, Tensors, Unreadable

    try:
        said = Tensors(certificate, "certificate").metadata
    except Unreadable:
        return False
    return said.get("format") == FORMAT and said.get("version") != VERSION


def verdict_summary(verdict: Verdict, cost: Cost) -> VerdictSummary:
    """The keys that a verdict and its cost give."""
    from rhoset_check_baselines import BaselineVerdict

    said: VerdictSummary = {
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
        "statement": verdict.statement(),
    }
    if isinstance(verdict, BaselineVerdict) and verdict.valid:
        return {**said, "ideal_margin": verdict.margin, "ideal_distance": verdict.distance}
    return said


def check_summary(network: str, certificate: Path, file: Path) -> tuple[Verdict, VerdictSummary]:
    """The verdict on a certificate file, and one entry of `rhoset check --json`; ``reason`` only where it does not
    check. `file` is the network's, `network` how it was named."""
    verdict, cost = _checked(certificate, file)
    entry: VerdictSummary = {
        "network": network,
        "path": str(certificate),
        "valid": verdict.valid,
        **verdict_summary(verdict, cost),
    }
    return verdict, entry if verdict.valid else {**entry, "reason": verdict.reason}


def _checked(certificate: Path, network: Path) -> tuple[Verdict, Cost]:
    """The verdict and what the check took; both files are read once where the certificate checks."""
    import rhoset_check_baselines
    from rhoset.counting import cost, cost_of_files
    from rhoset_check.files import read_certificate, read_network
    from rhoset_check.verdict import judge

    if not rhoset_check_baselines.rule_of(certificate):
        try:
            weights = read_network(network)
            decoded = read_certificate(certificate, len(weights.table), len(weights.tensors["unembed"]))
            verdict = judge(decoded, weights)
            return verdict, cost(decoded, weights, verdict)
        except Exception:  # `check` says why, and never raises
            pass
    verdict = check_certificate(certificate, network)
    return verdict, cost_of_files(certificate, network, verdict)
