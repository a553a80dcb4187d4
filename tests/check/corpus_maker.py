"""The known-bad corpus: files made from one good pair, each wrong in one way, with the reason that must be given.

Nothing is stored: every file is written by this module, so that a reader sees what is wrong with it.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from safetensors.numpy import save

from .corpus_certificates import fields, plans, tensors
from .corpus_parts import Pair, good_pair, moufang_free_loop, raw, swap_square, table_case
from .harness import certificate_bytes, network_bytes
from .small_groups import small_group


def corpus() -> dict[str, Pair]:
    """Every bad pair by name."""
    return {**_files(), **_networks(), **_tables(), **fields(), **tensors(), **plans()}


def _files() -> dict[str, Pair]:
    """Files that are no files of this kind."""
    _, net, cert = good_pair("lowrank")
    c, n = certificate_bytes(net, cert), network_bytes(net)
    not_readable = "not a safetensors file"
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
    pairs = {name: Pair(a, b, not_readable, "unreadable") for name, (a, b) in out.items()}
    pairs["dtype that numpy lacks"] = Pair(out["dtype that numpy lacks"][0], n, "not a rhoset cert", "unreadable")
    pairs["the network instead of the certificate"] = Pair(n, n, "not a rhoset certificate", "unreadable")
    pairs["the certificate instead of the network"] = Pair(c, c, "needs a square table and unembed", "unreadable")
    return pairs


def _networks() -> dict[str, Pair]:
    """Networks that are wrong in themselves, with a certificate that names them rightly."""
    _, net, cert = good_pair("lowrank")

    def case(reason: str, activation: str = "relu", table: Any = None, **tensors: Any) -> Pair:
        changed = {k: v for k, v in {**net.tensors, **tensors}.items() if v is not None}
        chosen = net.table if table is None else table
        metadata = {"activation": activation}
        file = save({**{k: np.ascontiguousarray(v) for k, v in changed.items()}, "table": chosen}, metadata=metadata)
        status = "unreadable" if reason.startswith("network: ") else "rejected"
        return Pair(certificate_bytes(net, cert), file, reason, status)

    t = net.tensors
    return {
        "NaN weight": case(
            "network: left holds a NaN or an infinity", left=np.where(t["left"] == 2, np.nan, t["left"])
        ),
        "infinite bias": case("network: bias holds a NaN", bias=np.full(6, np.inf, np.float32)),
        "left of another width": case("network: left has shape (6, 8)", left=t["left"][:, :8]),
        "right transposed": case("network: right has shape (9, 6)", right=t["right"].T),
        "bias as a matrix": case("network: bias has shape (6, 1)", bias=t["bias"][:, None]),
        "unembed as a vector": case("network: left has shape (6, 9), expected (6, 6)", unembed=t["unembed"][0]),
        "no neurons": case(
            "network: needs a square table and unembed of (neurons, elements)",
            left=t["left"][:, :0],
            right=t["right"][:, :0],
            unembed=t["unembed"][:0],
        ),
        "no bias": case("network: tensor 'bias' is missing", bias=None),
        "no right": case("network: tensor 'right' is missing", right=None),
        "no unembed": case("network: needs a square table and unembed", unembed=None),
        "integer weights": case("network: left has dtype I32", left=t["left"].astype(np.int32)),
        "boolean weights": case("network: left has dtype BOOL", left=t["left"] > 0),
        "unknown activation": case("network: activation 'gelu' is not one of", activation="gelu"),
        "float table": case("network: table has dtype F32", table=net.table.astype(np.float32)),
        "table not square": case("network: table has shape (6, 5)", table=np.ascontiguousarray(net.table[:, :5])),
        "table of rank three": case("network: table has shape", table=net.table[None]),
        "empty table": case("network: needs a square table", table=np.zeros((0, 0), np.int32)),
        "negative entry": case("network: table leaves 0…5", table=np.where(net.table == 5, -1, net.table)),
        "entry of n": case("network: table leaves 0…5", table=np.where(net.table == 5, 6, net.table)),
        "unsigned entry that wraps": case(
            "network: table has dtype U64",
            table=np.where(net.table == 5, 2**64 - 1, net.table.astype(np.uint64)),
        ),
        "entry of 2^32": case(
            "network: table leaves 0…5",
            table=np.where(net.table == 5, 2**32 + 5, net.table.astype(np.int64)),
        ),
        "another network": case("certificate: for another network", left=t["left"] + 1),
        "one bit of one weight": case("certificate: for another network", left=_one_bit(t["left"])),
        "the same numbers in float64": case(
            "certificate: for another network", **{k: v.astype(np.float64) for k, v in t.items()}
        ),
        "another activation": case("certificate: for another network", activation="abs"),
        "tables exchanged": case("certificate: for another network", left=t["right"], right=t["left"]),
        "table of another group": case("certificate: for another table", table=_cyclic(6)),
        "elements renamed": case("certificate: for another table", table=swap_square(net.table, 1, 2)),
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
    monoid = np.maximum.outer(np.arange(4), np.arange(4))  # associative, identity 0, no inverses
    loop = moufang_free_loop()
    entry = s3.copy()
    entry[2, 3] = entry[2, 4]
    quotient = _cyclic(4)
    return {
        "no identity": table_case(
            (_cyclic(4) + 1) % 4 * 0 + np.roll(_cyclic(4), 1, axis=0)[:, ::-1], "table: no two-sided identity"
        ),
        "left identities only": table_case(left_only, "table: no two-sided identity"),
        "constant table": table_case(np.zeros((4, 4)), "table: no two-sided identity"),
        "no inverses": table_case(monoid, "has no right inverse"),
        "a loop": table_case(loop, "table: not associative"),
        "one entry wrong": table_case(entry, "table: "),
        "two rows exchanged inside": table_case(_inner_swap(s3), "table: not associative"),
        "generators of a subgroup": table_case(quotient, "generators: reach only 2 of 4 elements", [2]),
        "no generators": table_case(quotient, "generators: need 1 to 64 elements", []),
        "too many generators": table_case(quotient, "generators: need 1 to 64 elements", [1] * 65),
        "negative generator": table_case(quotient, "generators leaves 0…3", [-1]),
        "generator of n": table_case(quotient, "generators leaves 0…3", [4]),
        "generator of 2^63": table_case(quotient, "generators has dtype U64", np.array([2**63], np.uint64)),
        "generators as floats": table_case(quotient, "generators has dtype F64", [1.0]),
        "generators as a matrix": table_case(quotient, "generators has shape (1, 1)", [[1]]),
        "generators as a number": table_case(quotient, "generators: need 1 to 64 elements", 1),
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
