"""What the rules have in common: the head of a certificate, and from a rule's bounds to a verdict."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from rhoset_check.exact import CHUNK, EXP
from rhoset_check.files import Tensors, Unreadable, Weights
from rhoset_check.group import prove_group
from rhoset_check.near import Array, Ints, Rejected, require, up
from rhoset_check.network import Model, build_model
from rhoset_check.verdict import Verdict

FORMAT, FORMAT_VERSION = "rhoset-baseline", "1"
VERSION = "1.1"
"""Version of these rules, part of every statement."""
MOST_ENTRIES = 1 << 22
"""Entries of any table that a certificate makes a rule form beside the two files."""


@dataclass(frozen=True)
class BaselineVerdict(Verdict):
    """A verdict of a baseline's rule, with the two numbers that say why its bound is what it is."""

    margin: float = math.nan
    """The ideal network's largest margin."""
    distance: float = math.nan
    """The least, over the pairs, of the bound on how far a margin of the network may be from the ideal one's."""

    def statement(self) -> str:
        """What was proved, by which rule, and why no more."""
        said = super().statement()
        if not self.valid:
            return said
        return (
            f"{said} Rule {self.method} is a baseline, checked by rhoset_check_baselines {VERSION} on parts of "
            f"rhoset_check: a pair is proved where the margin of an ideal network, at most {self.margin:.4g}, exceeds "
            f"the bound on the network's distance from it, at least {self.distance:.4g}."
        )


@dataclass(frozen=True)
class Head:
    """What every certificate says first."""

    network: str
    table: str
    right: int
    generators: Ints
    plan: dict[str, Any]


def decoded(text: str, keys: dict[str, tuple[type, ...]], what: str) -> dict[str, Any]:
    """A JSON object with exactly these keys, each of one of its types; integers are natural."""
    try:
        pairs = json.loads(text, object_pairs_hook=lambda found: found)
    except (ValueError, RecursionError):
        raise Rejected(f"{what} is not JSON") from None
    wanted = isinstance(pairs, list) and all(isinstance(pair, tuple) for pair in pairs)
    require(wanted and sorted(key for key, _ in pairs) == sorted(keys), f"{what}: needs exactly {', '.join(keys)}")
    for key, value in pairs:
        natural = type(value) is not int or 0 <= value < 1 << 62
        require(type(value) in keys[key] and natural, f"{what}.{key}: {str(value)[:40]} is not of its type or range")
    return dict(pairs)


def read_head(file: Tensors, rule: str, keys: dict[str, tuple[type, ...]], n: int) -> Head:
    """The head of a certificate of a rule; `keys` are those of its plan."""
    said = tuple(file.metadata.get(key) for key in ("format", "version", "rule"))
    if said != (FORMAT, FORMAT_VERSION, rule):
        raise Unreadable(f"certificate: not a {FORMAT} certificate of version {FORMAT_VERSION} with rule {rule}")
    plan = decoded(file.metadata.get("plan", ""), keys, "plan")
    claim = decoded(file.metadata.get("claim", ""), {"right": (int,)}, "claim")
    r = file.length("generators", 0)
    require(1 <= r <= 64 and n > 1, "generators: need 1 to 64 elements, and a group of two")
    digests = file.metadata.get("network", ""), file.metadata.get("table", "")
    return Head(*digests, claim["right"], file.indices("generators", n, r), plan)


class Rule(Protocol):
    """A rule with everything computed that does not depend on pairs."""

    margin: float
    operations: int
    """Multiply-adds of the whole check, for readers."""

    def bounds(self, x: Ints, y: Ints) -> tuple[Array, Array]:
        """(pairs,): lower bounds of the least margin, and upper bounds of a margin's distance from the ideal one."""
        ...


class Build(Protocol):
    """From a decoded certificate and a proved group to a rule."""

    @property
    def head(self) -> Head:
        """What the certificate says first."""
        ...

    def rule(self, model: Model) -> Rule:
        """Prove what the certificate says of the group, and compute the rule's tables."""
        ...


def judged(certificate: Build, weights: Weights, header: BaselineVerdict) -> BaselineVerdict:
    """Derive what a certificate proves, and compare it with the claim."""
    head, n, begin = certificate.head, len(weights.table), time.perf_counter()
    require(head.network == weights.digest, "for another network (SHA-256 of the tensors differs)")
    require(head.table == weights.table_digest, "for another table (SHA-256 differs)")
    model = build_model(weights, prove_group(weights.table, head.generators), "real")
    rule, right, margin, loss, nearest = certificate.rule(model), 0, math.inf, 0.0, math.inf
    first = np.zeros(1, dtype=np.intp)
    size = model.logits(first, first, "float64")
    worst = float(up(2.0 * (size.size + size.error).max()))
    rows = max(1, CHUNK // (n * model.width))
    for start in range(0, n, rows):
        xs = np.arange(start, min(n, start + rows))
        lower, distance = rule.bounds(np.repeat(xs, n), np.tile(np.arange(n), len(xs)))
        lower, nearest = np.fmax(lower, -worst), min(nearest, float(np.fmin(distance, np.inf).min()))
        right += int((lower > 0).sum())
        margin = min(margin, float(lower.min()))
        each = np.fmin(np.log1p(up((n - 1) * np.exp(-lower) * EXP)) * EXP, (worst + np.log(n)) * EXP)
        loss += float(up(each.sum()))
    require(0 <= right <= n * n, "more pairs are counted than there are")
    require(right >= head.right, f"claims {head.right} right pairs, only {right} can be derived")
    return replace(header, status="accepted", right=right, margin_bound=margin, loss_bound=float(up(loss / (n * n))),
                   seconds=time.perf_counter() - begin, margin=rule.margin, distance=nearest,
                   spent={"operations": rule.operations})  # fmt: skip


def rule_of(path: Path) -> str:
    """The rule that a file names; "" when it is no certificate of a baseline, readable or not."""
    try:
        metadata = Tensors(path, "certificate").metadata
    except Unreadable:
        return ""
    return metadata.get("rule", "") if metadata.get("format") == FORMAT else ""
