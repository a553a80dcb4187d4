"""The known-bad corpus: files made from one good pair, each wrong in one way, with the reason that must be given.

Nothing is stored: every file is written by this module, so that a reader sees what is wrong with it.
"""

from __future__ import annotations

import itertools
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from safetensors.numpy import save

from .certificates import Matrices, planted_block, references
from .harness import Cert, Net, certificate_bytes, network_bytes, rules
from .networks import Planted, plant
from .small_groups import SmallGroup, random_matrices, small_group


@dataclass(frozen=True)
class Pair:
    """The bytes of two files, and what the checker must say (empty: accepted)."""

    certificate: bytes
    network: bytes
    reason: str = ""


def good_circuit() -> tuple[SmallGroup, Net, Planted]:
    """S3 by the circuit of its three points: nine neurons, every pair right with margin above 1."""
    group = small_group("S3")
    rows, columns = (a.ravel() for a in np.meshgrid(np.arange(3), np.arange(3), indexing="ij"))
    alpha = np.array([-1.5, 0.25, 2.0])
    circuit = Planted(
        group.natural,
        group.natural,
        0.5 - 1.5 * np.eye(3),
        np.arange(9),
        rows,
        columns,
        np.full(9, 2.0),
        alpha,
        -alpha,
        np.ones(9),
    )
    tensors = {k: v.astype(np.float32) for k, v in plant(group, [circuit], 9).items()}
    return group, Net(tensors, group.table.astype(np.int32), "relu", "good"), circuit


def good_pair(*names: str) -> tuple[SmallGroup, Net, Cert]:
    """A network and an accepted certificate with a slot block, a matrix block (idle) and references."""
    group, net, circuit = good_circuit()
    rng = np.random.default_rng(1)
    matrices = random_matrices(group, rng)
    d = matrices.shape[1]
    idle = Matrices(matrices, np.arange(2), np.zeros((2, d * d)))
    slots = replace(planted_block(circuit, np.random.default_rng(0)))
    slots = replace(slots, more={k: v for k, v in slots.more.items() if not k.endswith("_type")})
    blocks = [slots] if names[0] in ("paper", "coset") else [slots, idle]
    tensors = {"generators": group.generators}
    for j, block in enumerate(blocks):
        tensors |= block.emit(f"block{j}.", group)
    if "pairs" in names:
        q = references(net, group, blocks, _Plain())["references"]  # type: ignore[arg-type]
        tensors |= {"references": q, "labels": np.zeros((6, 6), dtype=np.int64), "omega": np.ones(9)}
    tensors["groups"] = np.arange(6)
    return group, net, Cert(tensors, rules(*names), "real", len(blocks), "good", {"accuracy_bound": 1.0})


class _Plain:
    """Stands where a random generator is expected: one reference, no boldness."""

    def choice(self, values: list[int]) -> int:
        return 1

    def random(self) -> float:
        return 0.9


def swap_square(table: np.ndarray, x: int, y: int) -> np.ndarray:
    """Rows x and y exchanged."""
    table = table.copy()
    table[[x, y]] = table[[y, x]]
    return table


def moufang_free_loop() -> np.ndarray:
    """A Latin square of order 5 with an identity, every element its own inverse: a loop that is not associative."""
    return np.array(
        [[0, 1, 2, 3, 4], [1, 0, 3, 4, 2], [2, 4, 0, 1, 3], [3, 2, 4, 0, 1], [4, 3, 1, 2, 0]], dtype=np.int32
    )


def raw(header: dict[str, Any] | bytes, data: bytes = b"", length: int | None = None) -> bytes:
    """A safetensors file with any header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def _random_net(table: np.ndarray) -> Net:
    n, rng = len(table), np.random.default_rng(0)
    shapes = {"left": (n, 2), "right": (n, 2), "unembed": (2, n), "bias": (n,)}
    return Net({k: rng.normal(size=s).astype(np.float32) for k, s in shapes.items()}, table.astype(np.int32))


def _table_case(table: np.ndarray, reason: str, generators: Any = None) -> Pair:
    net = _random_net(table)
    gens = np.arange(len(table)) if generators is None else np.array(generators)
    cert = Cert({"generators": gens}, rules("exact"))
    return Pair(certificate_bytes(net, cert), network_bytes(net), reason)


def corpus() -> dict[str, Pair]:
    """Every bad pair by name."""
    return {**_files(), **_networks(), **_tables(), **_fields(), **_tensors(), **_plans()}


def _files() -> dict[str, Pair]:
    """Files that are no files of this kind."""
    _, net, cert = good_pair("pairs")
    c, n = certificate_bytes(net, cert), network_bytes(net)
    not_readable = "not a readable safetensors file"
    bomb = b"[" * 100_000 + b"]" * 100_000
    huge = {"left": {"dtype": "F32", "shape": [2**31, 2**31], "data_offsets": [0, 2**64 - 8]}}
    outside = {"left": {"dtype": "F32", "shape": [1000, 1000], "data_offsets": [0, 4_000_000]}}
    wrapped = {"generators": {"dtype": "I64", "shape": [2**61 + 1], "data_offsets": [0, 8]}}
    float8 = {"generators": {"dtype": "F8_E4M3", "shape": [8], "data_offsets": [0, 8]}}
    out = {
        "empty certificate": (b"", n),
        "empty network": (c, b""),
        "certificate cut in its header": (c[:100], n),
        "certificate cut in its data": (c[:-5], n),
        "network cut in its data": (c, n[:-1]),
        "text instead of a certificate": (b"accuracy_bound = 1.0\n" * 10, n),
        "bytes after the data": (c + b"\0" * 8, n),
        "header of 2^63 bytes": (raw(b"{}", length=2**63), n),
        "header of 2^40 bytes": (raw(b"{}", length=2**40), n),
        "header nested a hundred thousand deep": (raw(bomb), n),
        "tensor of 2^62 entries": (c, raw(huge)),
        "tensor beyond the file": (c, raw(outside)),
        "shape that wraps around": (raw(wrapped, bytes(8)), n),
        "dtype that numpy lacks": (raw({"__metadata__": {"format": "x"}, **float8}, bytes(8)), n),
        "unknown dtype": (raw({"generators": {"dtype": "F128", "shape": [1], "data_offsets": [0, 16]}}, bytes(16)), n),
        "metadata that is no text": (raw({"__metadata__": {"format": 1}}), n),
        "a pickle": (b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94\x8c\x06system\x94\x93\x94.", n),
    }
    pairs = {name: Pair(a, b, not_readable) for name, (a, b) in out.items()}
    pairs["the network instead of the certificate"] = Pair(n, n, "not a rhoset certificate")
    pairs["the certificate instead of the network"] = Pair(c, c, "is missing")
    return pairs


def _networks() -> dict[str, Pair]:
    """Networks that are wrong in themselves, with a certificate that names them rightly."""
    _, net, cert = good_pair("pairs")

    def case(reason: str, activation: str = "relu", table: Any = None, **tensors: Any) -> Pair:
        changed = {k: v for k, v in {**net.tensors, **tensors}.items() if v is not None}
        chosen = net.table if table is None else table
        metadata = {"activation": activation}
        file = save({**{k: np.ascontiguousarray(v) for k, v in changed.items()}, "table": chosen}, metadata=metadata)
        return Pair(certificate_bytes(net, cert), file, reason)

    t = net.tensors
    return {
        "NaN weight": case(
            "network: left holds a NaN or an infinity", left=np.where(t["left"] == 2, np.nan, t["left"])
        ),
        "infinite bias": case("network: bias holds a NaN", bias=np.full(6, np.inf, np.float32)),
        "left of another width": case("network: left has shape (6, 8)", left=t["left"][:, :8]),
        "right transposed": case("network: right has shape (9, 6)", right=t["right"].T),
        "bias as a matrix": case("network: bias has shape (6, 1)", bias=t["bias"][:, None]),
        "unembed as a vector": case("network: unembed must be (m, n)", unembed=t["unembed"][0]),
        "no neurons": case(
            "network: unembed must be (m, n) with m > 0",
            left=t["left"][:, :0],
            right=t["right"][:, :0],
            unembed=t["unembed"][:0],
        ),
        "no bias": case("network: tensor 'bias' is missing", bias=None),
        "no right": case("network: tensor 'right' is missing", right=None),
        "no unembed": case("network: tensor 'unembed' is missing", unembed=None),
        "integer weights": case("network: left has dtype int32", left=t["left"].astype(np.int32)),
        "boolean weights": case("network: left has dtype bool", left=t["left"] > 0),
        "unknown activation": case("network: activation 'gelu' is not one of", activation="gelu"),
        "float table": case("network: table has dtype float32", table=net.table.astype(np.float32)),
        "table not square": case("network: table has shape (6, 5)", table=np.ascontiguousarray(net.table[:, :5])),
        "table of rank three": case("network: table has shape", table=net.table[None]),
        "empty table": case("network: table has shape (0, 0)", table=np.zeros((0, 0), np.int32)),
        "negative entry": case("network: table has entries outside 0…5", table=np.where(net.table == 5, -1, net.table)),
        "entry of n": case("network: table has entries outside 0…5", table=np.where(net.table == 5, 6, net.table)),
        "unsigned entry that wraps": case(
            "network: table has entries outside 0…5",
            table=np.where(net.table == 5, 2**64 - 1, net.table.astype(np.uint64)),
        ),
        "entry of 2^32": case(
            "network: table has entries outside 0…5",
            table=np.where(net.table == 5, 2**32 + 5, net.table.astype(np.int64)),
        ),
        "another network": case("the certificate is for another network", left=t["left"] + 1),
        "one bit of one weight": case("the certificate is for another network", left=_one_bit(t["left"])),
        "the same numbers in float64": case(
            "the certificate is for another network", **{k: v.astype(np.float64) for k, v in t.items()}
        ),
        "another activation": case("the certificate is for another network", activation="abs"),
        "tables exchanged": case("the certificate is for another network", left=t["right"], right=t["left"]),
        "table of another group": case("the certificate is for another table", table=_cyclic(6)),
        "elements renamed": case("the certificate is for another table", table=swap_square(net.table, 1, 2)),
    }


def _one_bit(array: np.ndarray) -> np.ndarray:
    bits = array.copy().view(np.uint32)
    bits[0, 0] ^= 1
    return bits.view(np.float32)


def _cyclic(n: int) -> np.ndarray:
    return np.add.outer(np.arange(n), np.arange(n)).astype(np.int32) % n


def _tables() -> dict[str, Pair]:
    """Tables that break one law each; network and certificate name them rightly."""
    s3 = small_group("S3").table
    left_only = np.tile(np.arange(4), (4, 1))  # xy = y: associative, every element a left identity
    monoid = np.minimum.outer(np.arange(4), np.arange(4))  # associative, identity 3, no inverses
    loop = moufang_free_loop()
    entry = s3.copy()
    entry[2, 3] = entry[2, 4]
    quotient = _cyclic(4)
    return {
        "no identity": _table_case(
            (_cyclic(4) + 1) % 4 * 0 + np.roll(_cyclic(4), 1, axis=0)[:, ::-1], "table: no two-sided identity"
        ),
        "left identities only": _table_case(left_only, "table: no two-sided identity"),
        "constant table": _table_case(np.zeros((4, 4)), "table: no two-sided identity"),
        "no inverses": _table_case(monoid, "has no right inverse"),
        "a loop": _table_case(loop, "table: not associative"),
        "one entry wrong": _table_case(entry, "table: "),
        "two rows exchanged inside": _table_case(_inner_swap(s3), "table: not associative"),
        "generators of a subgroup": _table_case(quotient, "generators: reach only 2 of 4 elements", [2]),
        "no generators": _table_case(quotient, "generators: need a vector", []),
        "too many generators": _table_case(quotient, "generators: need a vector of at most 64", [1] * 65),
        "negative generator": _table_case(quotient, "generators: must lie in 0…3", [-1]),
        "generator of n": _table_case(quotient, "generators: must lie in 0…3", [4]),
        "generator of 2^63": _table_case(quotient, "generators: must lie in 0…3", np.array([2**63], np.uint64)),
        "generators as floats": _table_case(quotient, "generators has dtype float64", [1.0]),
        "generators as a matrix": _table_case(quotient, "generators has shape (1, 1)", [[1]]),
        "generators as a number": _table_case(quotient, "generators has shape ()", 1),
    }


def _inner_swap(table: np.ndarray) -> np.ndarray:
    """Two rows exchanged in two columns where the identity does not stand: inverses stay, associativity goes."""
    e = int(np.flatnonzero((table == np.arange(len(table))).all(axis=1))[0])
    others = [x for x in range(len(table)) if x != e]
    for a, b in itertools.combinations(others, 2):
        for c, d in itertools.combinations(others, 2):
            if e not in table[np.ix_([a, b], [c, d])]:
                out = table.copy()
                out[np.ix_([a, b], [c, d])] = table[np.ix_([b, a], [c, d])]
                return out
    raise AssertionError("no such rows")


def _fields() -> dict[str, Pair]:
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
    from .harness import digests

    return digests(net)[0]


def _tensors() -> dict[str, Pair]:
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


def _plans() -> dict[str, Pair]:
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
    out |= _circuits()
    return out


def _circuits() -> dict[str, Pair]:
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
