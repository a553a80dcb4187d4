"""Bad certificates: metadata, tensors, plans, and claims that the explanation does not carry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from .corpus_parts import Pair, good_pair
from .harness import Cert, Net, certificate_bytes, digests, network_bytes, rules


def fields() -> dict[str, Pair]:
    """Metadata of the certificate."""
    _, net, cert = good_pair("pairs")
    n = network_bytes(net)

    def case(reason: str, **metadata: Any) -> Pair:
        return Pair(certificate_bytes(net, cert, **metadata), n, reason)

    deep = "[" * 50_000 + "]" * 50_000
    return {
        "no format": case("not a rhoset certificate", format=None),
        "another format": case("not a rhoset certificate", format="rhoset-network"),
        "no version": case("version None", version=None),
        "version 2": case("version '2', this checker reads 1", version="2"),
        "version 1.0": case("version '1.0'", version="1.0"),
        "no network": case("another network", network=None),
        "no table": case("another table", table=None),
        "digest in capitals": case("another network", network=cert_digest(net).upper()),
        "digest cut": case("another network", network=cert_digest(net)[:63]),
        "unknown arithmetic": case("arithmetic 'float16' is neither real nor float32", arithmetic="float16"),
        "no arithmetic": case("arithmetic '' is neither", arithmetic=None),
        "no plan": case("plan", plan=None),
        "plan is a list": case("must be JSON objects", plan="[]"),
        "plan is no JSON": case("not JSON", plan="{rules: exact}"),
        "plan nested too deep": case("not JSON", plan='{"rules": ' + deep + "}"),
        "a number of ten thousand digits": case("not JSON", plan='{"blocks": ' + "9" * 10_000 + "}"),
        "no claim": case("must be JSON objects", claim=None),
        "claim without a bound": case("claims no bound", claim="{}"),
        "claim above one": case("claims no bound between 0 and 1", claim='{"accuracy_bound": 1.5}'),
        "claim below zero": case("claims no bound between 0 and 1", claim='{"accuracy_bound": -0.5}'),
        "claim of NaN": case("claims no bound between 0 and 1", claim='{"accuracy_bound": NaN}'),
        "claim of infinity": case("claims no bound between 0 and 1", claim='{"accuracy_bound": Infinity}'),
        "claim as text": case("claims no bound between 0 and 1", claim='{"accuracy_bound": "1"}'),
        "claim true": case("claims no bound between 0 and 1", claim='{"accuracy_bound": true}'),
        "method as a sentence": case("method", method="exact (accuracy at least 1.000000)"),
        "method with a line break": case("method", method="exact\nREJECTED: no"),
        "no method": case("method", method=None),
    }


def cert_digest(net: Net) -> str:
    return digests(net)[0]


def tensors() -> dict[str, Pair]:
    """Tensors of the certificate."""
    group, net, cert = good_pair("pairs")
    n, t = network_bytes(net), cert.tensors
    r = len(group.generators)

    def case(reason: str, **tensors: Any) -> Pair:
        named = {k.replace("__", "."): v for k, v in tensors.items()}
        return Pair(certificate_bytes(net, cert.but(**named)), n, reason)

    cycle = np.tile(np.array([1, 2, 0]), (r, 1))
    broken = t["block0.coupling"].copy()
    broken[0, 1] += 1e-12
    two = np.tile(np.eye(t["block1.matrices"].shape[1]) * 2, (r, 1, 1))
    out = {
        f"no {name}": case(f"tensor {name!r} is missing", **{name: None})
        for name in (
            "generators",
            "block0.left",
            "block0.right",
            "block0.coupling",
            "block0.neurons",
            "block0.rows",
            "block0.columns",
            "block0.weights",
            "block1.neurons",
            "block1.coefficients",
        )
    }
    return out | {
        "permutation with a point twice": case(
            "block0.left: a row is not a permutation", block0__left=np.zeros((r, 3), int)
        ),
        "permutation of other points": case("a row is not a permutation", block0__right=t["block0.right"] + 1),
        "negative point": case("a row is not a permutation", block0__left=t["block0.left"] - 1),
        "relations not satisfied": case("permutations do not satisfy the group's relations", block0__left=cycle),
        "one permutation too few": case("need one permutation of at most", block0__left=t["block0.left"][:-1]),
        "permutations of nothing": case("need one permutation of at most", block0__left=np.zeros((r, 0), int)),
        "permutations as floats": case("block0.left has dtype float64", block0__left=t["block0.left"] * 1.0),
        "coupling not invariant": case("block0.coupling: not invariant under the group", block0__coupling=broken),
        "coupling of another shape": case("block0.coupling has shape", block0__coupling=t["block0.coupling"][:2]),
        "coupling NaN": case("block0.coupling is not finite", block0__coupling=t["block0.coupling"] * np.nan),
        "coupling as integers": case("block0.coupling has dtype int64", block0__coupling=np.eye(3, dtype=np.int64)),
        "weights infinite": case("block0.weights is not finite", block0__weights=t["block0.weights"] + np.inf),
        "weights of 2^101": case("leaves 2^±100", block0__weights=t["block0.weights"] * 2.0**100),
        "weights of 2^-101": case("leaves 2^±100", block0__weights=t["block0.weights"] * 2.0**-102),
        "a weight too many": case("block0.weights has shape (10,)", block0__weights=np.ones(10)),
        "neuron of m": case("block0.neurons leaves 0…8", block0__neurons=t["block0.neurons"] + 1),
        "negative neuron": case("block0.neurons leaves 0…8", block0__neurons=t["block0.neurons"] - 1),
        "row of p": case("block0.rows leaves 0…2", block0__rows=t["block0.rows"] + 1),
        "column of 2^62": case("block0.columns leaves 0…2", block0__columns=np.full(9, 2**62)),
        "column of 2^64 - 1": case("block0.columns leaves 0…2", block0__columns=np.full(9, 2**64 - 1, np.uint64)),
        "rows as booleans": case("block0.rows has dtype bool", block0__rows=t["block0.rows"] > 0),
        "matrices that represent nothing": case("the matrices do not represent the group", block1__matrices=two * 1e9),
        "matrices not square": case("need one square matrix", block1__matrices=t["block1.matrices"][:, :, :1]),
        "a matrix too few": case("need one square matrix", block1__matrices=t["block1.matrices"][:1]),
        "matrices NaN": case("block1.matrices is not finite", block1__matrices=t["block1.matrices"] * np.nan),
        "coefficients of another size": case("block1.coefficients has shape", block1__coefficients=np.zeros((2, 99))),
        "references of another size": case("references has shape", references=t["references"][:, 1:]),
        "references as a vector": case("references has shape", references=t["references"][0]),
        "no reference": case("too many references, or none", references=t["references"][:0]),
        "references NaN": case("references is not finite", references=t["references"] * np.nan),
        "label of J": case("labels leaves 0…0", labels=t["labels"] + 1),
        "labels of another shape": case("labels has shape", labels=t["labels"][:, :5]),
        "group of n": case("groups leaves 0…5", groups=t["groups"] + 1),
        "groups of another length": case("groups has shape", groups=t["groups"][:5]),
        "omega zero": case("omega must be positive", omega=np.zeros(9)),
        "omega negative": case("omega must be positive", omega=-np.ones(9)),
        "omega of another length": case("omega has shape", omega=np.ones(8)),
        "generators as booleans": case("generators has dtype bool", generators=np.ones(2, bool)),
    }


def plans() -> dict[str, Pair]:
    """Plans and their options; claims that the explanation does not carry."""
    _, net, cert = good_pair("pairs")
    n = network_bytes(net)
    no_plan = "the rules are not a plan of this format"

    def case(reason: str, plan_rules: Any, blocks: Any = 2, claim: float = 0.0) -> Pair:
        changed = replace(cert, rules=plan_rules, blocks=blocks, claim={"accuracy_bound": claim})
        return Pair(certificate_bytes(net, changed), n, reason)

    nest: Any = []
    for _ in range(400):
        nest = [nest]
    out: dict[str, Pair] = {
        "no rules": case("plan.rules must be a list of objects", None),
        "rules as an object": case("plan.rules must be a list of objects", {"rule": "exact"}),
        "rule as text": case("plan.rules must be a list of objects", ["exact"]),
        "empty plan": case(no_plan, []),
        "unknown rule": case(no_plan, rules("trust")),
        "rules in the wrong order": case(no_plan, rules("exact", "pairs")),
        "a rule twice": case(no_plan, rules("exact", "exact")),
        "rule nested deep": case(no_plan, [{"rule": nest}]),
        "rule is null": case(no_plan, [{"rule": None}]),
        "residual nested deep": case("residual", [{"rule": "pairs", "residual": nest}]),
        "unknown residual": case("residual", [{"rule": "pairs", "residual": "none"}]),
        "samples of zero": case("samples must be 1…n", [{"rule": "pairs", "samples": 0}]),
        "samples above n": case("samples must be 1…n", [{"rule": "pairs", "samples": 7}]),
        "samples true": case("samples must be 1…n", [{"rule": "pairs", "samples": True}]),
        "negative budget": case("max_operations must be a natural number", [{"rule": "exact", "max_operations": -1}]),
        "budget of 2^100": case(
            "max_operations must be a natural number", [{"rule": "exact", "max_operations": 2**100}]
        ),
        "budget as a float": case(
            "max_operations must be a natural number", [{"rule": "exact", "max_operations": 1e9}]
        ),
        "budget NaN": case(
            "max_operations must be a natural number", [{"rule": "exact", "max_operations": float("nan")}]
        ),
        "negative blocks": case("blocks must be 0…512", rules("pairs"), -1),
        "half a block": case("blocks must be 0…512", rules("pairs"), 1.5),
        "blocks true": case("blocks must be 0…512", rules("pairs"), True),
        "a billion blocks": case("blocks must be 0…512", rules("pairs"), 10**9),
        "one block too many": case("tensor 'block2.left' is missing", rules("pairs"), 3),
        "claim without work": case(
            "claims accuracy 1.0, only 0.0 can be derived", rules("exact", exact={"max_operations": 0}), 0, 1.0
        ),
    }
    wrong = cert.but(**{"block0.rows": cert.tensors["block0.rows"][::-1].copy()})
    options = {"in_span": False}
    out["misassigned slots"] = Pair(
        certificate_bytes(net, replace(wrong, rules=rules("pairs", pairs=options))), n, "claims accuracy 1.0, only"
    )
    double = cert.but(**{"block0.columns": np.zeros(9, int)})
    out["every neuron in one column"] = Pair(
        certificate_bytes(net, replace(double, rules=rules("pairs", pairs=options))), n, "claims accuracy 1.0, only"
    )
    out |= circuits()
    return out


def circuits() -> dict[str, Pair]:
    """Rules `paper` and `coset`: what they ask of a circuit."""
    out = {}
    cases: list[tuple[str, str, str, Callable[[Cert], Cert]]] = [
        (
            "paper",
            "duplicate neuron",
            "takes each neuron once",
            lambda c: c.but(**{"block0.neurons": np.zeros(9, int)}),
        ),
        ("paper", "empty slot", "needs every slot filled", lambda c: c.but(**{"block0.rows": np.zeros(9, int)})),
        ("paper", "no scale", "tensor 'block0.scale' is missing", lambda c: c.but(**{"block0.scale": None})),
        ("paper", "negative scale", "scale must be positive", lambda c: c.but(**{"block0.scale": -np.ones(9)})),
        ("paper", "zero scale", "scale must be positive", lambda c: c.but(**{"block0.scale": np.zeros(9)})),
        ("paper", "alpha of another length", "block0.alpha has shape", lambda c: c.but(**{"block0.alpha": np.ones(4)})),
        (
            "coset",
            "duplicate neuron",
            "takes each neuron once",
            lambda c: c.but(**{"block0.neurons": np.zeros(9, int)}),
        ),
    ]
    for rule, name, reason, change in cases:
        _, net, cert = good_pair(rule)
        out[f"{rule}: {name}"] = Pair(certificate_bytes(net, change(cert)), network_bytes(net), reason)
    for rule in ("paper", "coset"):
        _, net, cert = good_pair("pairs")
        changed = replace(cert, rules=rules(rule))
        out[f"{rule}: a matrix block"] = Pair(
            certificate_bytes(net, changed), network_bytes(net), "takes slot blocks only"
        )
    return out
