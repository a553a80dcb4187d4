"""Bad certificates: metadata, tensors, plans, and claims that the explanation does not carry."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .corpus_parts import Pair, good_pair
from .harness import Net, certificate_bytes, digests, network_bytes


def fields() -> dict[str, Pair]:
    """Metadata of the certificate."""
    _, net, cert = good_pair("lowrank")
    n = network_bytes(net)

    def case(reason: str, **metadata: Any) -> Pair:
        status = "unreadable" if "of version 5" in reason else "rejected"
        return Pair(certificate_bytes(net, cert, **metadata), n, reason, status)

    other = "not a rhoset certificate of version 5"
    return {
        "no format": case(other, format=None),
        "another format": case(other, format="rhoset-network"),
        "no version": case(other, version=None),
        "version of two lines": case(f"{other} (version '5\\n')", version="5\n"),
        "version 1": case(f"{other} (version '1')", version="1"),
        "version 2": case(f"{other} (version '2')", version="2"),
        "version 3": case(f"{other} (version '3')", version="3"),
        "version 4": case(f"{other} (version '4')", version="4"),
        "version 5.0": case(f"{other} (version '5.0')", version="5.0"),
        "no network": case("network '' is not of the form", network=None),
        "no table": case("table '' is not of the form", table=None),
        "digest in capitals": case("is not of the form [0-9a-f]{64}", network=cert_digest(net).upper()),
        "digest cut": case("is not of the form [0-9a-f]{64}", network=cert_digest(net)[:63]),
        "unknown arithmetic": case("arithmetic 'float16' is not of the form real|float32", arithmetic="float16"),
        "no arithmetic": case("arithmetic '' is not", arithmetic=None),
        "no rule": case("rule '' is not of the form gaps", rule=None),
        "a rule that is not there": case("rule 'pairs' is not of the form gaps", rule="pairs"),
        "two rules": case("rule 'gaps,points' is not of the form gaps", rule="gaps,points"),
        "no claim": case("right '' is not of the form [0-9]{1,10}", right=None),
        "claim below zero": case("right '-1' is not of the form [0-9]{1,10}", right="-1"),
        "claim of NaN": case("right 'nan' is not of the form [0-9]{1,10}", right="nan"),
        "claim as a float": case("right '36.0' is not of the form [0-9]{1,10}", right="36.0"),
        "claim with a line break": case("right '36\\n' is not of the form [0-9]{1,10}", right="36\n"),
        "claim in other digits": case("right '٣٦' is not of the form [0-9]{1,10}", right="٣٦"),
        "claim of more than there are": case("claims 37 right pairs, only 36", right="37"),
        "a number of ten thousand digits": case("is not of the form [0-9]{1,10}", right="9" * 10_000),
        "method as a sentence": case("is not of the form [a-z0-9-]", method="exact (accuracy at least 1.000000)"),
        "method with a line break": case("is not of the form [a-z0-9-]", method="exact\nREJECTED: no"),
        "no method": case("is not of the form [a-z0-9-]", method=None),
    }


def cert_digest(net: Net) -> str:
    return digests(net)[0]


def tensors() -> dict[str, Pair]:
    """Tensors of the certificate."""
    group, net, cert = good_pair()
    n, t = network_bytes(net), cert.tensors
    r = len(group.generators)

    def case(reason: str, **tensors: Any) -> Pair:
        named = {k.replace("__", "."): v for k, v in tensors.items()}
        rules = (rule for rule in ("gaps", "circles", "points") if any(name.startswith(rule) for name in named))
        return Pair(certificate_bytes(net, cert.but(**named).planned(rule=next(rules, "lowrank"))), n, reason)

    cycle = np.tile(np.array([1, 2, 0]), (r, 1))
    features, writing, matrices = t["lowrank.features"], t["lowrank.writing"], t["circles0.matrices"]
    plane = np.tile(np.eye(3), (r, 1, 1))
    missing = "circles.writing", "circles.reads", "points.writing", "lowrank.writing", "gaps.block", "gaps.point"
    out = {f"no {name}": case(f"tensor {name!r} is missing", **{name: None}) for name in missing}
    out["no generators"] = case("generators: need 1 to 64 elements", generators=None)
    return out | {
        "no features": case("tensor 'lowrank.features' is missing", lowrank__features=None),
        "features as a vector": case("lowrank.features has shape (6,)", lowrank__features=np.ones(6)),
        "features of another group": case("lowrank.features has shape (5,", lowrank__features=features[:5]),
        "a feature too many": case("lowrank.writing has shape", lowrank__features=np.ones((6, 10))),
        "a neuron too few": case("lowrank.writing has shape (9,", lowrank__writing=writing[:9]),
        "features NaN": case("lowrank.features leaves 0 and 2^±60", lowrank__features=features * np.nan),
        "writing infinite": case("lowrank.writing leaves 0 and 2^±60", lowrank__writing=writing + np.inf),
        "writing of 2^61": case("leaves 0 and 2^±60", lowrank__writing=writing * 0 + 2.0**61),
        "writing of 2^-61": case("leaves 0 and 2^±60", lowrank__writing=writing * 0 + 2.0**-61),
        "features as integers": case("lowrank.features has dtype I64", lowrank__features=np.ones((6, 9), int)),
        "matrices that represent nothing": case("matrices do not represent", circles0__matrices=matrices * 1e9),
        "matrices of three rows": case("circles0.matrices has shape", circles0__matrices=plane),
        "no matrices": case("tensor 'circles0.matrices' is missing", circles0__matrices=None),
        "a matrix too few": case("circles0.matrices has shape", circles0__matrices=matrices[:1]),
        "matrices not square": case("circles0.matrices has shape", circles0__matrices=np.ones((r, 1, 2))),
        "matrices NaN": case("circles0.matrices leaves 0 and 2^±60", circles0__matrices=matrices * np.nan),
        "writing in a circle too many": case("circles.writing has shape", circles__writing=np.zeros((10, 4))),
        "a neuron that reads no circle": case("circles.reads leaves 0…0", circles__reads=np.ones(10, int)),
        "the bias reads no circle": case("circles.reads has shape (9,)", circles__reads=np.zeros(9, int)),
        "scale zero": case("scale must be positive", scale=np.zeros(10)),
        "scale negative": case("scale must be positive", scale=-np.ones(10)),
        "scale of another length": case("scale has shape", scale=np.ones(9)),
        "gaps without sets": case("tensor 'gaps0.right' is missing", gaps0__right=None),
        "gaps: a set with a hole in the numbers": case(
            "gaps.block leaves 0…1", gaps2__right=t["gaps0.right"], gaps__block=np.full(9, 2)
        ),
        "gaps: a set that is not there": case("gaps.block leaves 0…1", gaps__block=np.full(9, 2)),
        "gaps: a point of no set": case("gaps.point leaves its block", gaps__block=np.ones(9, int)),
        "gaps: a point too far": case("gaps.point leaves 0…2", gaps__point=np.full(9, 3)),
        "gaps: too few neurons": case("gaps.point has shape (8,)", gaps__point=np.zeros(8, int)),
        "gaps: no points to the left": case("tensor 'gaps.left' is missing", gaps__left=None),
        "gaps: points to the left as floats": case("gaps.left has dtype F64", gaps__left=np.ones(9)),
        "gaps: a point to the left too far": case("gaps.left leaves 0…2", gaps__left=np.full(9, 3)),
        "gaps: a point to the left of a larger set": case(
            "gaps.left leaves its block",
            gaps1__right=np.zeros((r, 1), int),
            gaps__block=np.ones(9, int),
            gaps__point=np.zeros(9, int),
            gaps__left=np.full(9, 2),
        ),
        "gaps: relations": case("gaps.right: the permutations do not satisfy", gaps0__right=cycle),
        "gaps: no permutation": case("gaps.right: a row is not a permutation", gaps0__right=np.zeros((r, 3), int)),
        "gaps: two orbits": case("gaps.right: a set is not transitive", gaps0__right=np.tile(np.arange(3), (r, 1))),
        "gaps: a point of a larger set": case(
            "gaps.point leaves its block",
            gaps1__right=np.zeros((r, 1), int),
            gaps__block=np.ones(9, int),
        ),
        "points without sets": case("tensor 'points0.right' is missing", points0__right=None),
        "points: a set with a hole in the numbers": case(
            "points.writing has shape (10, 18), expected (10, 9)",
            points2__right=t["points0.right"],
            points__writing=np.zeros((10, 18)),
        ),
        "points: relations": case("points.right: the permutations do not satisfy", points0__right=cycle),
        "points: no permutation": case(
            "points.right: a row is not a permutation", points0__right=np.zeros((r, 3), int)
        ),
        "points: a set of one point": case(
            "sets of two points or more", points0__right=np.zeros((r, 1), int), points__writing=np.zeros((10, 1))
        ),
        "points: a generator too few": case("points0.right has shape (1, 3)", points0__right=cycle[:1]),
        "points: a place too far": case("points0.right leaves 0…2", points0__right=cycle + 1),
        "points: places as floats": case("points0.right has dtype F64", points0__right=cycle * 1.0),
        "points: a set as a vector": case("points0.right has shape (3,)", points0__right=cycle[0]),
        "points: a set of no point": case(
            "sets of two points or more", points0__right=np.zeros((r, 0), int), points__writing=np.zeros((10, 0))
        ),
        "points: a neuron too few": case("points.writing has shape (9, 9)", points__writing=np.zeros((9, 9))),
        "points: writing of one number a point": case(
            "points.writing has shape (10, 3)", points__writing=np.zeros((10, 3))
        ),
        "points: writing NaN": case("points.writing leaves 0 and 2^±60", points__writing=np.full((10, 9), np.nan)),
        "points: writing of 2^61": case("points.writing leaves 0 and 2^±60", points__writing=np.full((10, 9), 2.0**61)),
        "points: writing as integers": case("points.writing has dtype I64", points__writing=np.ones((10, 9), int)),
        "generators as booleans": case("generators has dtype BOOL", generators=np.ones(2, bool)),
    }


def plans() -> dict[str, Pair]:
    """Plans and their options; claims that the explanation does not carry."""
    _, net, cert = good_pair("lowrank")
    n = network_bytes(net)

    def case(reason: str, **options: Any) -> Pair:
        return Pair(certificate_bytes(net, cert.planned(**options)), n, reason)

    out: dict[str, Pair] = {
        "samples above n": case("samples", samples=7),
        "negative samples": case("samples '-1' is not of the form [0-9]{1,10}", samples=-1),
        "samples true": case("samples 'True' is not of the form [0-9]{1,10}", samples=True),
        "negative budget": case("exact '-1' is not of the form [0-9]{1,10}", exact=-1),
        "budget of 2^100": case("exact '1267650600228229401496703205376' is not", exact=2**100),
        "budget as a float": case("exact '1000000000.0' is not", exact=1e9),
        "singles null": case("singles 'None' is not", singles=None),
        "no singles": Pair(certificate_bytes(net, cert, singles=None), n, "singles '' is not"),
        "claim without work": case("claims 36 right pairs, only 0 can be derived", rule="exact", exact=0),
    }
    features = cert.tensors["lowrank.features"]
    wrong = cert.but(**{"lowrank.features": features[::-1].copy()}).planned(singles=0)
    out["misassigned features"] = Pair(certificate_bytes(net, wrong), n, "claims 36 right pairs, only")
    none = cert.but(**{"lowrank.writing": 0 * cert.tensors["lowrank.writing"]})
    out["nothing is written"] = Pair(certificate_bytes(net, none), n, "claims 36 right pairs, only")
    wide = replace(net, tensors={k: v.astype(np.float64) for k, v in net.tensors.items()})
    out["float32 of float64 weights"] = Pair(
        certificate_bytes(wide, replace(cert, arithmetic="float32")), network_bytes(wide), "these are float64"
    )
    return out
