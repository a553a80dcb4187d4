"""What the checker makes of a proof, in memory: the verdict of a whole plan, or its cost estimated on some pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rhoset_check.coset import CosetRule
from rhoset_check.inputs import ACTIVATIONS, Weights
from rhoset_check.model import Model, Tally, build_model, evaluate_pairs, new_chunk
from rhoset_check.paper import PaperRule
from rhoset_check.rigor import Rejected
from rhoset_check.uniform import settle_uniform

from rhoset_check.blocks import read_blocks, rescale
from rhoset_check.group import Group as ProvedGroup
from rhoset_check.group import prove_group
from rhoset_check.pairs import PairsRule
from rhoset_check.verdict import Verdict, judge, run_plan

from ..errors import RhosetError
from ..networks import Network
from .proof import Proof, as_certificate

SAMPLE_PAIRS = 1024
"""Pairs on which a plan's cost is estimated: more are slower, fewer may rank two close plans wrongly."""
SAMPLE_SEED = 20240
"""Seed of the choice of those pairs; the search is deterministic."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A network as the checker sees it, built once."""

    network: Network
    arithmetic: str
    weights: Weights
    group: ProvedGroup
    model: Model

    @property
    def exhaustive(self) -> int:
        """Multiply-adds of the exhaustive check, n³m + n²m."""
        return self.network.order**2 * self.network.width * (self.network.order + 1)

    @cached_property
    def sample(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """(x, y) of `SAMPLE_PAIRS` random pairs, all pairs if there are no more."""
        n = self.network.order
        count = min(n * n, SAMPLE_PAIRS)
        pairs = np.sort(np.random.default_rng(SAMPLE_SEED).choice(n * n, size=count, replace=False))
        return pairs // n, pairs % n


@dataclass(frozen=True)
class Estimate:
    """What a plan is expected to cost (share of exhaustive) and to prove (accuracy).

    `span` and `exact` are the parts of `cost` that go into in-span logits and exact evaluation.
    """

    cost: float
    accuracy: float
    loss: float
    span: float = 0.0
    exact: float = 0.0


def require_rule(network: Network) -> None:
    """Refuse a network whose activation the checker has no rule for (slug ``activation-without-rule``)."""
    if network.activation not in ACTIVATIONS:
        raise RhosetError(
            f"there is no rule for the activation {network.activation!r}, so nothing can be certified: the checker has"
            f" rules for {', '.join(ACTIVATIONS)}",
            slug="activation-without-rule",
        )


def subject(network: Network, arithmetic: str = "real") -> Subject:
    """The network in the checker's form.

    Raises RhosetError where the checker refuses the network (slug ``refused-network``) or the arithmetic is unknown
    (``unknown-arithmetic``).
    """
    require_rule(network)
    if arithmetic not in ("real", "float32"):
        raise RhosetError(f"arithmetic {arithmetic!r}: must be real or float32", slug="unknown-arithmetic")
    names = ("left", "right", "unembed", "bias")
    tensors = dict(network.factors) if network.factors else {name: getattr(network, name) for name in names}
    group = network.group
    weights = Weights(tensors, network.table, network.activation, network.digest, group.digest)
    try:
        proved = prove_group(network.table, np.asarray(group.generators, dtype=np.int64))
        model = build_model(weights, proved, arithmetic)
    except Rejected as refusal:
        raise RhosetError(f"the checker refuses this network: {refusal}", slug="refused-network") from None
    return Subject(network, arithmetic, weights, proved, model)


def verdict_of(subject: Subject, proof: Proof, accuracy_bound: float = 0.0) -> Verdict:
    """The checker's verdict on a proof, in memory: the code that `rhoset_check` runs on files.

    Raises RhosetError (slug ``rejected-proof``) where the checker rejects it: a fault of the search.
    """
    made = judge(as_certificate(proof, subject.network, accuracy_bound), subject.weights)
    if not made.valid:
        raise RhosetError(f"the checker rejects the {proof.method} proof: {made.reason}", slug="rejected-proof")
    return made


def estimate(subject: Subject, proof: Proof) -> Estimate:
    """`_estimate`, with an infinite cost for a proof that the checker rejects (numbers out of range)."""
    try:
        return _estimate(subject, proof)
    except Rejected:
        return Estimate(float("inf"), 0.0, float("inf"))


def _estimate(subject: Subject, proof: Proof) -> Estimate:
    """Cost and bound of a proof from a sample of the pairs, by the checker's own rules.

    Cost: what does not depend on pairs, once, and `SAMPLE_PAIRS` of the n² pairs. The share of
    exhaustive work is right to a few per cent; it is never used for a statement.
    """
    certificate = as_certificate(proof, subject.network)
    stages = {str(rule["rule"]): dict(rule) for rule in proof.rules}
    exact = "exact" in stages
    model = subject.model if set(stages) <= {"exact", "paper"} else rescale(certificate, subject.model)
    if [rule.get("count") for rule in proof.rules] == ["sorted"]:  # no pair is looked at
        tally = run_plan(certificate, subject.model)
        inputs = subject.network.order**2
        right, loss = tally.right / inputs, tally.loss / inputs
        return Estimate(tally.operations / subject.exhaustive, right, loss)
    tally, blocks = Tally(), read_blocks(certificate, model)
    tally.exact_left = _limit(stages.get("exact", {}))
    tally.span_left = _limit(stages.get("pairs", {}))
    limits = tally.span_left, tally.exact_left
    first = None
    if "uniform" in stages:
        first = settle_uniform(certificate, model, blocks, stages["uniform"], tally)
    rule = None
    for name, kind in (("pairs", PairsRule), ("paper", PaperRule), ("coset", CosetRule)):
        if name in stages:
            rule = kind(certificate, model, blocks, stages[name], tally)
    fixed = tally.operations
    tally.operations = 0
    x, y = subject.sample
    count = len(x)
    if first is not None:
        done = first(tally, x, y)
        x, y = x[~done], y[~done]
    chunk = new_chunk(model, x, y)
    if len(x) and rule is not None:
        rule.run(tally, chunk, exact)
    elif len(x) and exact:
        dtype: type = np.float32 if stages["exact"].get("work") == "float32" else np.float64
        evaluate_pairs(model, tally, chunk, np.arange(len(x)), dtype)
    tally.add(chunk)
    scale = subject.network.order**2 / count / subject.exhaustive
    cost = fixed / subject.exhaustive + tally.operations * scale
    span, spent = (limits[0] - tally.span_left) * scale, (limits[1] - tally.exact_left) * scale
    return Estimate(cost, tally.right / count, tally.loss / count, span, spent)


def _limit(stage: Mapping[str, Any]) -> float:
    """A rule's limit of operations; without one, a number that leaves room to count."""
    limit = stage.get("max_operations")
    return float(1 << 52) if limit is None else float(limit)
