"""From two files to a verdict: what was proved, for which network, and how much work that was."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .group import prove_group
from .inputs import Certificate, Weights, read_certificate, read_network
from .model import Model, Tally, build_model, evaluate_pairs, new_chunk
from .rigor import INFLATE, Rejected, require

CHUNK_BYTES = 1 << 20
"""Size of a chunk's hidden block: it stays in cache."""
PLANS = {
    ("exact",), ("uniform",), ("uniform", "exact"), ("pairs",), ("pairs", "exact"), ("uniform", "pairs"),
    ("uniform", "pairs", "exact"), ("paper",), ("coset",), ("coset", "exact"),
}  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """The outcome of a check. `accuracy_bound` never exceeds the true accuracy; it is 0 when not `valid`."""

    valid: bool
    reason: str
    network: str
    table: str
    method: str
    arithmetic: str
    right: int
    inputs: int
    accuracy_bound: float
    margin_bound: float
    loss_bound: float
    operations: int
    exhaustive_operations: int
    table_operations: int
    seconds: float
    factored: bool

    def statement(self) -> str:
        """What was proved, in a sentence that a paper could quote."""
        if not self.valid:
            return f"Nothing was proved: {self.reason}."
        what = "original factors" if self.factored else "stored tables"
        real = self.arithmetic == "real"
        how = "as an exact real function" if real else "in IEEE float32, in every order of summation,"
        cost = self.operations / self.exhaustive_operations
        accuracy = self.right * 10**6 // self.inputs / 10**6  # rounded down
        return (
            f"The network whose {what} have SHA-256 {self.network} evaluated {how} gives the right product, strictly "
            f"above every other output, for at least {self.right} of the {self.inputs} pairs of the group whose "
            f"multiplication table has SHA-256 {self.table} (accuracy at least {accuracy:.6f}); method "
            f"{self.method}, {self.operations} multiply-adds, {cost:.3g} of exhaustive."
        )


def check(certificate_path: str | Path, network_path: str | Path) -> Verdict:
    """Check a certificate file against a network file. Never raises for bad files: the reason is in the verdict."""
    try:
        certificate, weights = read_certificate(Path(certificate_path)), read_network(Path(network_path))
    except Rejected as refusal:
        return _refused(str(refusal), {})
    return judge(certificate, weights)


def judge(certificate: Certificate, weights: Weights) -> Verdict:
    """Derive the bound of a certificate that has been read, and compare it with the claim."""
    n, m = len(weights.table), len(weights.tensors["unembed"])
    header: dict[str, Any] = {"network": weights.digest, "table": weights.table_digest, "method": certificate.method}
    header.update(arithmetic=certificate.arithmetic, inputs=n * n, exhaustive_operations=n**3 * m + n * n * m)
    header.update(factored=weights.factored)
    begin = time.perf_counter()
    try:
        same = certificate.network == weights.digest
        require(same, "the certificate is for another network (SHA-256 of the weights differs)")
        require(certificate.table == weights.table_digest, "the certificate is for another table (SHA-256 differs)")
        claimed: Any = certificate.claim.get("accuracy_bound")
        number = type(claimed) in (int, float) and 0 <= claimed <= 1
        require(number, "the certificate claims no bound between 0 and 1")
        group = prove_group(weights.table, certificate.tensor("generators", "iu", -1))
        model = build_model(weights, group, certificate.arithmetic)
        tally = run_plan(certificate, model)
        require(0 <= tally.right <= n * n, "more pairs are counted than there are")
        bound, loss, floor = tally.right / (n * n), float(tally.loss / (n * n)) * INFLATE, model.floor
        require(bound >= claimed, f"claims accuracy {claimed}, only {bound} can be derived")
    except Rejected as refusal:
        return _refused(str(refusal), header)
    except Exception as failure:  # whatever goes wrong, nothing is proved
        return _refused(f"the check failed ({type(failure).__name__})", header)
    return Verdict(
        True, "", **header, right=tally.right, accuracy_bound=bound, margin_bound=float(tally.margin - floor),
        loss_bound=min(loss + floor, loss * math.exp(floor) if floor < 1 else math.inf), operations=tally.operations,
        table_operations=group.work, seconds=time.perf_counter() - begin,
    )  # fmt: skip


def _refused(reason: str, header: dict[str, Any]) -> Verdict:
    fields: dict[str, Any] = dict.fromkeys(("network", "table", "method", "arithmetic"), "")
    fields.update(dict.fromkeys(("right", "inputs", "operations", "exhaustive_operations", "table_operations"), 0))
    fields.update(accuracy_bound=0.0, margin_bound=-math.inf, loss_bound=math.inf, seconds=0.0, factored=False)
    reason = reason if len(reason) <= 200 else reason[:200] + "…"
    return Verdict(**{"valid": False, "reason": reason, **fields, **header})


def run_plan(certificate: Certificate, model: Model) -> Tally:
    """Run the rules of the plan in turn; each gets the pairs that the ones before it left open."""
    plan, tally = certificate.plan, Tally()
    rules: Any = plan.get("rules")
    objects = isinstance(rules, list) and all(isinstance(rule, dict) for rule in rules)
    require(objects, "certificate: plan.rules must be a list of objects")
    names = [rule.get("rule") for rule in rules]
    known = all(isinstance(name, str) for name in names) and tuple(names) in PLANS
    require(known, "certificate: the rules are not a plan of this format")
    stages = dict(zip(names, rules))
    exact = "exact" in stages
    limits = [stages.get(name, {}).get("max_operations") for name in ("exact", "pairs")]
    natural = all(limit is None or (type(limit) is int and 0 <= limit < 1 << 62) for limit in limits)
    require(natural, "certificate: max_operations must be a natural number")
    tally.exact_left, tally.span_left = (float("inf") if limit is None else limit for limit in limits)
    first, per_pair = None, None
    if names != ["exact"]:
        from .blocks import read_blocks, rescale  # plans with no other rule than exact need the core alone

        model = model if names == ["paper"] else rescale(certificate, model)
        blocks = read_blocks(certificate, model)
    if "uniform" in stages:
        from .uniform import count_uniform, settle_uniform

        if names == ["uniform"] and stages["uniform"].get("count") == "sorted":
            count_uniform(certificate, model, blocks, stages["uniform"], tally)
            return tally
        first = settle_uniform(certificate, model, blocks, stages["uniform"], tally)
    if "pairs" in stages:
        from .pairs import PairsRule

        per_pair = PairsRule(certificate, model, blocks, stages["pairs"], tally).run
    elif "paper" in stages:
        from .paper import PaperRule

        per_pair = PaperRule(certificate, model, blocks, stages["paper"], tally).run
    elif "coset" in stages:
        from .coset import CosetRule

        per_pair = CosetRule(certificate, model, blocks, stages["coset"], tally).run
    dtype: type = np.float32 if exact and stages["exact"].get("work") == "float32" else np.float64
    n = model.order
    rows = max(1, min(n, CHUNK_BYTES // (8 * max(model.width, n) * n)))
    for start in range(0, n, rows):
        xs = np.arange(start, min(n, start + rows))
        x, y = np.repeat(xs, n), np.tile(np.arange(n), len(xs))
        if first is not None:
            done = first(tally, x, y)
            x, y = x[~done], y[~done]
        chunk = new_chunk(model, x, y)
        if len(x) and per_pair is not None:
            per_pair(tally, chunk, exact)
        elif len(x) and exact:
            evaluate_pairs(model, tally, chunk, np.arange(len(x)), dtype)
        tally.add(chunk)
    return tally
