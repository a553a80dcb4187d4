"""Bad certificates: metadata, tensors, plans, and claims that the explanation does not carry."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np

from .corpus_parts import Pair, good_pair
from .harness import Net, certificate_bytes, digests, network_bytes


def fields() -> dict[str, Pair]:
    """Metadata of the certificate."""
    _, net, cert = good_pair("pairs")
    n = network_bytes(net)

    def case(reason: str, **metadata: Any) -> Pair:
        status = "unreadable" if "of version 2" in reason else "rejected"
        return Pair(certificate_bytes(net, cert, **metadata), n, reason, status)

    deep = "[" * 50_000 + "]" * 50_000
    other = "not a rhoset certificate of version 2"
    whole = json.dumps(cert.plan)
    return {
        "no format": case(other, format=None),
        "another format": case(other, format="rhoset-network"),
        "no version": case(f"{other} (version None)", version=None),
        "version 1": case(f"{other} (version 1)", version="1"),
        "version 2.0": case(f"{other} (version 2.0)", version="2.0"),
        "no network": case("for another network", network=None),
        "no table": case("for another table", table=None),
        "digest in capitals": case("for another network", network=cert_digest(net).upper()),
        "digest cut": case("for another network", network=cert_digest(net)[:63]),
        "unknown arithmetic": case("arithmetic 'float16' is not real or float32", arithmetic="float16"),
        "no arithmetic": case("arithmetic '' is not", arithmetic=None),
        "no plan": case("plan is not JSON", plan=None),
        "plan is a list": case("plan: needs exactly blocks", plan="[]"),
        "plan is a list of pairs": case(
            "plan: needs exactly blocks", plan=json.dumps([list(p) for p in cert.plan.items()])
        ),
        "plan is null": case("plan: needs exactly", plan="null"),
        "plan is no JSON": case("plan is not JSON", plan="{rules: exact}"),
        "plan nested too deep": case("plan is not JSON", plan='{"blocks": ' + deep + "}"),
        "plan with a key twice": case("plan: needs exactly", plan=whole[:-1] + ', "blocks": 0}'),
        "plan with a key more": case("plan: needs exactly", plan=whole[:-1] + ', "trust": true}'),
        "plan without a key": case("plan: needs exactly", plan='{"blocks": 0}'),
        "a number of ten thousand digits": case("plan is not JSON", plan='{"blocks": ' + "9" * 10_000 + "}"),
        "no claim": case("claim is not JSON", claim=None),
        "claim of nothing": case("claim: needs exactly right", claim="{}"),
        "claim below zero": case("claim.right: -1 is not of its type or range", claim='{"right": -1}'),
        "claim of NaN": case("claim.right: nan is not", claim='{"right": NaN}'),
        "claim of infinity": case("claim.right: inf is not", claim='{"right": Infinity}'),
        "claim as text": case("claim.right: 36 is not", claim='{"right": "36"}'),
        "claim true": case("claim.right: True is not", claim='{"right": true}'),
        "claim as a float": case("claim.right: 36.0 is not", claim='{"right": 36.0}'),
        "claim of accuracy": case("claim: needs exactly right", claim='{"accuracy_bound": 1.0}'),
        "claim of more than there are": case("claims 37 right pairs, only 36", claim='{"right": 37}'),
        "claim of 2^62": case("is not of its type or range", claim=f'{{"right": {2**62}}}'),
        "method as a sentence": case("method must be", method="exact (accuracy at least 1.000000)"),
        "method with a line break": case("method must be", method="exact\nREJECTED: no"),
        "no method": case("method must be", method=None),
    }


def cert_digest(net: Net) -> str:
    return digests(net)[0]


def tensors() -> dict[str, Pair]:
    """Tensors of the certificate."""
    group, net, cert = good_pair("gaps", "pairs")
    n, t = network_bytes(net), cert.tensors
    r = len(group.generators)

    def case(reason: str, **tensors: Any) -> Pair:
        named = {k.replace("__", "."): v for k, v in tensors.items()}
        return Pair(certificate_bytes(net, cert.but(**named)), n, reason)

    cycle = np.tile(np.array([1, 2, 0]), (r, 1))
    broken = t["block0.coupling"].copy()
    broken[0, 1] += 1e-12
    two = np.tile(np.eye(t["block1.matrices"].shape[1]) * 2, (r, 1, 1))
    named = ("coupling", "neurons", "rows", "columns", "weights")
    out = {
        f"no {name}": case(f"tensor {name!r} is missing", **{name: None})
        for name in (*(f"block0.{part}" for part in named), "block1.neurons", "block1.coefficients")
    }
    for name in ("left", "right"):
        out[f"no block0.{name}"] = case("block0: needs matrices, or left and right", **{f"block0.{name}": None})
    out["no generators"] = case("generators: need 1 to 64 elements", generators=None)
    return out | {
        "permutation with a point twice": case(
            "block0.left: a row is not a permutation", block0__left=np.zeros((r, 3), int)
        ),
        "permutation of other points": case("block0.right leaves 0…2", block0__right=t["block0.right"] + 1),
        "negative point": case("block0.left leaves 0…2", block0__left=t["block0.left"] - 1),
        "relations not satisfied": case("permutations do not satisfy the group's relations", block0__left=cycle),
        "one permutation too few": case("block0.left has shape", block0__left=t["block0.left"][:-1]),
        "permutations of nothing": case(
            "block0: needs matrices, or left and right", block0__left=np.zeros((r, 0), int)
        ),
        "permutations as floats": case("block0.left has dtype F64", block0__left=t["block0.left"] * 1.0),
        "coupling not invariant": case("block0.coupling: not invariant under the group", block0__coupling=broken),
        "coupling of another shape": case("block0.coupling has shape", block0__coupling=t["block0.coupling"][:2]),
        "coupling NaN": case("block0.coupling leaves 0 and 2^±60", block0__coupling=t["block0.coupling"] * np.nan),
        "coupling as integers": case("block0.coupling has dtype I64", block0__coupling=np.eye(3, dtype=np.int64)),
        "weights infinite": case("block0.weights leaves 0 and 2^±60", block0__weights=t["block0.weights"] + np.inf),
        "weights of 2^61": case("leaves 0 and 2^±60", block0__weights=t["block0.weights"] * 2.0**61),
        "weights of 2^-61": case("leaves 0 and 2^±60", block0__weights=t["block0.weights"] * 2.0**-62),
        "a weight too many": case("block0.weights has shape (10,)", block0__weights=np.ones(10)),
        "neuron of m + 1": case("block0.neurons leaves 0…9", block0__neurons=t["block0.neurons"] + 2),
        "negative neuron": case("block0.neurons leaves 0…9", block0__neurons=t["block0.neurons"] - 1),
        "row of p": case("block0.rows leaves 0…2", block0__rows=t["block0.rows"] + 1),
        "column of 2^62": case("block0.columns leaves 0…2", block0__columns=np.full(9, 2**62)),
        "column of 2^64 - 1": case("block0.columns has dtype U64", block0__columns=np.full(9, 2**64 - 1, np.uint64)),
        "rows as booleans": case("block0.rows has dtype BOOL", block0__rows=t["block0.rows"] > 0),
        "matrices that represent nothing": case("the matrices do not represent the group", block1__matrices=two * 1e9),
        "matrices not square": case("block1.matrices has shape", block1__matrices=t["block1.matrices"][:, :, :1]),
        "a matrix too few": case("block1.matrices has shape", block1__matrices=t["block1.matrices"][:1]),
        "matrices NaN": case("block1.matrices leaves 0 and 2^±60", block1__matrices=t["block1.matrices"] * np.nan),
        "coefficients of another size": case("block1.coefficients has shape", block1__coefficients=np.zeros((2, 99))),
        "references of another size": case("references has shape", references=t["references"][:, 1:]),
        "references as a vector": case("references has shape", references=t["references"][0]),
        "no reference": case("references has shape (0,", references=t["references"][:0]),
        "references NaN": case("references leaves 0 and", references=t["references"] * np.nan),
        "label of J": case("labels leave the references", labels=t["labels"] + 1),
        "labels of another shape": case("labels has shape", labels=t["labels"][:, :5]),
        "group of n": case("groups leaves 0…5", groups=t["groups"] + 1),
        "groups of another length": case("groups has shape", groups=t["groups"][:5]),
        "scale zero": case("scale must be positive", scale=np.zeros(10)),
        "scale negative": case("scale must be positive", scale=-np.ones(10)),
        "scale of another length": case("scale has shape", scale=np.ones(9)),
        "a neuron twice in a matrix block": case("takes each neuron once", block1__neurons=np.zeros(2, int)),
        "gaps without sets": case("rule gaps needs gaps0.right", gaps0__right=None),
        "gaps: a set with a hole in the numbers": case(
            "gaps1.right", gaps0__right=t["gaps0.right"], gaps2__right=t["gaps0.right"], gaps__exact=np.ones(2, int)
        ),
        "gaps: a set that is not there": case("gaps.block leaves 0…1", gaps__block=np.full(9, 2)),
        "gaps: a point of no set": case("gaps.point leaves its block", gaps__block=np.ones(9, int)),
        "gaps: no neuron in a set": case(
            "no neuron is at a point", gaps__block=np.ones(9, int), gaps__point=np.zeros(9, int)
        ),
        "gaps: a point too far": case("gaps.point leaves 0…2", gaps__point=np.full(9, 3)),
        "gaps: too few neurons": case("gaps.point has shape (8,)", gaps__point=np.zeros(8, int)),
        "gaps: half exact": case("gaps.exact leaves 0…1", gaps__exact=np.full(1, 2)),
        "gaps: exact as floats": case("gaps.exact has dtype F64", gaps__exact=np.ones(1)),
        "gaps: potentials of another shape": case("gaps0.potential has shape (3,)", gaps0__potential=np.ones(3)),
        "gaps: potentials NaN": case("gaps0.potential leaves 0 and", gaps0__potential=np.full((3, 3), np.nan)),
        "gaps: no exact": case("tensor 'gaps.exact' is missing", gaps__exact=None),
        "gaps: no block": case("tensor 'gaps.block' is missing", gaps__block=None),
        "gaps: relations": case("gaps.right: the permutations do not satisfy", gaps0__right=cycle),
        "gaps: no permutation": case("gaps.right: a row is not a permutation", gaps0__right=np.zeros((r, 3), int)),
        "gaps: two orbits": case("gaps.right: a set is not transitive", gaps0__right=np.tile(np.arange(3), (r, 1))),
        "gaps: a point of a larger set": case(
            "gaps.point leaves its block",
            gaps1__right=np.zeros((r, 1), int),
            gaps__block=np.ones(9, int),
            gaps__exact=np.ones(2, int),
        ),
        "generators as booleans": case("generators has dtype BOOL", generators=np.ones(2, bool)),
    }


def plans() -> dict[str, Pair]:
    """Plans and their options; claims that the explanation does not carry."""
    _, net, cert = good_pair("pairs")
    n = network_bytes(net)

    def case(reason: str, **options: Any) -> Pair:
        return Pair(certificate_bytes(net, cert.planned(**options)), n, reason)

    out: dict[str, Pair] = {
        "samples above n": case("samples", samples=7),
        "negative samples": case("plan.samples: -1 is not of its type or range", samples=-1),
        "samples true": case("plan.samples: True is not", samples=True),
        "negative budget": case("plan.exact_pairs: -1 is not", exact_pairs=-1),
        "budget of 2^100": case("plan.exact_pairs: ", exact_pairs=2**100),
        "budget as a float": case("plan.span_pairs: 1000000000.0 is not", span_pairs=1e9),
        "budget NaN": case("plan.span_pairs: nan is not", span_pairs=float("nan")),
        "negative blocks": case("plan.blocks: -1 is not", blocks=-1),
        "half a block": case("plan.blocks: 1.5 is not", blocks=1.5),
        "blocks true": case("plan.blocks: True is not", blocks=True),
        "a billion blocks": case("at most 512 blocks", blocks=10**9),
        "one block too many": case("block2: needs matrices, or left and right", blocks=3),
        "gaps as a number": case("plan.gaps: 1 is not", gaps=1),
        "own as null": case("plan.own: None is not", own=None),
        "work in float16": case("plan.work is not float32 or float64", work="float16"),
        "work as an object": case("plan.work: [] is not", work={}),
        "singles null": case("plan.singles: None is not", singles=None),
        "claim without work": case("claims 36 right pairs, only 0 can be derived", pairs=False, exact_pairs=0),
    }
    wrong = cert.but(**{"block0.rows": cert.tensors["block0.rows"][::-1].copy()}).planned(span_pairs=0)
    out["misassigned slots"] = Pair(certificate_bytes(net, wrong), n, "claims 36 right pairs, only")
    double = cert.but(**{"block0.columns": np.zeros(9, int)}).planned(span_pairs=0)
    out["every neuron in one column"] = Pair(certificate_bytes(net, double), n, "claims 36 right pairs, only")
    wide = replace(net, tensors={k: v.astype(np.float64) for k, v in net.tensors.items()})
    out["float32 of float64 weights"] = Pair(
        certificate_bytes(wide, replace(cert, arithmetic="float32")), network_bytes(wide), "these are float64"
    )
    return out
