"""Decoding: both files whole into frozen types, nothing executed (FORMAT.md).

Shapes and dtypes are read from the headers, and the work that the certificate asks for is bounded, before any of its
tensors is loaded.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from rhoset_check.limits import MOST_HEADER, MOST_SETS, limit
from rhoset_check.near import ACTIVATIONS, SCALES, Array, Ints, Rejected, require

FORMAT, VERSION = "rhoset-certificate", "5"
NETWORK = "rhoset-network/1"
TABLES = {"left": "n m", "right": "n m", "unembed": "m n", "bias": "n"}
FACTORS = {"embed_left": "n e", "embed_right": "n e", "hidden_left": "e m", "hidden_right": "e m", "unembed": "m n"}
"""Tensors of a network, with the names of their lengths; with factors a bias is optional."""
DIGEST, NUMBER = "[0-9a-f]{64}", "[0-9]{1,10}"
FLOATS, INTEGERS = ("F16", "F32", "F64"), ("I8", "U8", "I16", "U16", "I32", "U32", "I64")


class Unreadable(Exception):
    """A file that is no network, or no certificate of this version; the message says what it is."""


@dataclass(frozen=True)
class Weights:
    """A network file: stored tensors, table (n, n), activation, and the two hashes."""

    tensors: dict[str, NDArray[Any]]
    table: NDArray[np.int32]
    activation: str
    digest: str
    table_digest: str

    @property
    def factored(self) -> bool:
        return "left" not in self.tensors


def stored(name: str, shape: str, below: str = "") -> dict[str, tuple[str, str, str]]:
    """Of a field that is a tensor, or several where its name has {} for numbers from 0 on without a hole: its name, its
    lengths, and what its integers are below, without which it holds floats. `read_certificate` has what q, J, … are."""
    return {"stored": (name, shape, below)}


@dataclass(frozen=True)
class GapTensors:
    """At which points of which G-set every neuron reads, for rule even. J sets, of q points."""

    actions: tuple[Ints, ...] = field(metadata=stored("gaps{}.right", "r q", "q"))
    """Permutations by which the generators act."""
    block: Ints = field(metadata=stored("gaps.block", "m", "J+1"))
    """J for neurons at no point."""
    point: Ints = field(metadata=stored("gaps.point", "m", "max q"))
    """c, a neuron reads y nearly through yc and writes nearly a function of zc."""
    left: Ints = field(metadata=stored("gaps.left", "m", "max q"))
    """b, it reads x nearly through x⁻¹b."""
    types: tuple[int, int] | None = field(default=None, metadata=stored("gaps.types", "2", "max(q, J)"))
    """A G-set and its point c; x with the same x·c are bounded together, and the bias is a neuron there."""
    centred: Ints | None = field(default=None, metadata=stored("gaps.centred", "m", "2"))
    """1 for neurons that are split."""
    each: ClassVar[bool] = False


@dataclass(frozen=True)
class EachTensors(GapTensors):
    """The same for rule each, which takes every x by itself, as it is, and splits all neurons."""

    left: Ints = field(metadata=stored("gaps.each", "m", "max q"))
    each: ClassVar[bool] = True


@dataclass(frozen=True)
class CircleTensors:
    """Circles around which elements move points, the one that each neuron reads, and what neurons write in them."""

    matrices: tuple[Array, ...] = field(metadata=stored("circles{}.matrices", "r 2 2"))
    """Images of the generators."""
    writing: Array = field(metadata=stored("circles.writing", "m+1 2J"))
    """W, two numbers for each circle."""
    reads: Ints = field(metadata=stored("circles.reads", "m+1", "J"))
    """The circle that each neuron reads."""


@dataclass(frozen=True)
class PointsTensors:
    """G-sets, and what neurons write at their points."""

    actions: tuple[Ints, ...] = field(metadata=stored("points{}.right", "r q", "q"))
    """Permutations by which the generators act."""
    writing: Array = field(metadata=stored("points.writing", "m+1 Σq²"))
    """W[c, d], set after set."""


@dataclass(frozen=True)
class LowRankTensors:
    """Features F, and what neurons write in them, W."""

    features: Array = field(metadata=stored("lowrank.features", "n k"))
    writing: Array = field(metadata=stored("lowrank.writing", "m+1 k"))


Given = GapTensors | CircleTensors | PointsTensors | LowRankTensors
RULES: dict[str, type[Given]] = {
    "gaps": GapTensors, "circles": CircleTensors, "points": PointsTensors, "lowrank": LowRankTensors,
}  # fmt: skip
"""Rule → its tensors; `EachTensors` in place of `GapTensors` where they are there."""


@dataclass(frozen=True)
class Certificate:
    """A certificate file: an explanation and a plan. `right` is its claim; nothing in it is believed. What has a form
    is of the metadata, and matches that regular expression."""

    network: str = field(metadata={"form": DIGEST})
    table: str = field(metadata={"form": DIGEST})
    method: str = field(metadata={"form": "[a-z0-9-]{1,40}"})
    arithmetic: str = field(metadata={"form": "real|float32"})
    rule: str = field(metadata={"form": "gaps|circles|points|lowrank|exact"})
    """What bounds all pairs first; exact, which the pairs left open meet, for none."""
    right: int = field(metadata={"form": NUMBER})
    singles: int = field(metadata={"form": NUMBER})
    """Of a pair left open the rule bounds every output; if that leaves no more than so many open, these are evaluated
    from all neurons. 0: neither."""
    exact: int = field(metadata={"form": NUMBER})
    """How many of the pairs that are then open may be evaluated whole."""
    samples: int = field(metadata={"form": NUMBER})
    """points, lowrank: elements over which the additive part of the activations is averaged; 0 for none."""
    generators: Ints = field(repr=False, metadata=stored("generators", "r", "n"))
    scale: Array | None = field(default=None, repr=False, metadata=stored("scale", "m+1"))
    given: Given | None = field(default=None, repr=False)
    """The tensors of the rule."""


class Tensors:
    """The named tensors of a safetensors file; every look is at its header first."""

    def __init__(self, path: Path, what: str) -> None:
        try:
            if not path.is_file():
                raise FileNotFoundError(0, "no such file, or no regular one")
            with path.open("rb") as stored:  # or the system's reason why not
                header = int.from_bytes(stored.read(8), "little")
            require(header <= MOST_HEADER, f"its header would take {header} bytes, more than {MOST_HEADER}")
            self.file = opened = cast("Any", safe_open(str(path), framework="numpy"))
            self.metadata: dict[str, str] = dict(opened.metadata() or {})
            self.parts = {name: opened.get_slice(name) for name in opened.keys()}  # noqa: SIM118
            self.shapes = {name: tuple(part.get_shape()) for name, part in self.parts.items()}
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a library's panic is no Exception
            detail = getattr(error, "strerror", None) or f"not a safetensors file ({str(error)[:100]})"
            raise Unreadable(f"{what}: cannot read {path}: {detail}") from None

    def length(self, name: str, axis: int) -> int:
        """Length of a tensor along an axis; 0 without it."""
        shape = self.shapes.get(name, ())
        return shape[axis] if axis < len(shape) else 0

    def numbered(self, name: str) -> list[int]:
        """Length along the second axis of the tensors of a name with {} for a number, from 0 without a hole."""
        names = (name.format(j) for j in range(MOST_SETS if "{}" in name else 1))
        return [self.length(one, 1) for one in itertools.takewhile(self.shapes.__contains__, names)]

    def array(self, name: str, kinds: Sequence[str], *shape: int) -> NDArray[Any]:
        """The tensor with one of those dtypes and that shape, or a rejection."""
        require(name in self.shapes, f"tensor {name!r} is missing")
        stored, kind = self.shapes[name], str(self.parts[name].get_dtype())
        require(stored == shape, f"{name} has shape {stored}, expected {shape}")
        require(kind in kinds, f"{name} has dtype {kind}, expected one of {', '.join(kinds)}")
        return np.asarray(self.file.get_tensor(name))

    def floats(self, name: str, *shape: int) -> Array:
        """Finite floats, zero or within `SCALES`, as float64."""
        array = self.array(name, FLOATS, *shape).astype(np.float64)
        size = np.abs(array)
        require(((size == 0) | ((size >= SCALES[0]) & (size <= SCALES[1]))).all(), f"{name} leaves 0 and 2^±60")
        return array

    def indices(self, name: str, limit: int, *shape: int) -> Ints:
        """Integers from 0 to limit − 1."""
        array = self.array(name, INTEGERS, *shape)
        inside = array.size == 0 or (int(array.min()) >= 0 and int(array.max()) < limit)
        require(inside, f"{name} leaves 0…{limit - 1}")
        return array.astype(np.intp)

    def tensor(self, name: str, shape: str, below: str, numbers: dict[str, int]) -> Any:
        """What `stored` says, with lengths by their names; q is the tensor's own second. A pair is read as one."""
        known = numbers | {"q": self.length(name, 1)}
        lengths = [known[length] for length in shape.split()]
        array = self.indices(name, known[below], *lengths) if below else self.floats(name, *lengths)
        return tuple(array.tolist()) if shape == "2" else array

    def tensors(self, kind: type, numbers: dict[str, int]) -> dict[str, Any]:
        """The tensors of a dataclass; those that have a default may be missing."""
        found = dict[str, Any]()
        for one in (one for one in fields(kind) if "stored" in one.metadata):
            name, shape, below = one.metadata["stored"]
            if "{}" in name:
                several = [name.format(j) for j in range(max(1, numbers["J"]))]
                found[one.name] = tuple(self.tensor(each, shape, below, numbers) for each in several)
            elif name in self.shapes or one.default is MISSING:
                found[one.name] = self.tensor(name, shape, below, numbers)
        return found


def read_network(path: Path) -> Weights:
    """Tables ``left right unembed bias table``, or factors and ``cayley``; shapes, dtypes and finiteness checked."""
    file = Tensors(path, "network")
    shapes = TABLES if "left" in file.shapes else FACTORS | ({"bias": "n"} if "bias" in file.shapes else {})
    table_name = "cayley" if "cayley" in file.shapes and "table" not in file.shapes else "table"
    n, m = file.length(table_name, 0), file.length("unembed", 0)
    numbers = {"n": n, "m": m, "e": file.length("embed_left", 1)}
    activation, version = file.metadata.get("activation", "relu").lower(), file.metadata.get("format", NETWORK)
    try:
        known = version == NETWORK or not version.startswith("rhoset-network/")
        require(known, f"its format is {version[:40]!r}, and this checker reads {NETWORK}")
        require(1 <= n < 2**15 and 1 <= m < 10**6, f"needs a square {table_name} and unembed of (neurons, elements)")
        table = file.indices(table_name, n, n, n).astype("<i4")
        kept = {name: file.array(name, FLOATS, *map(numbers.__getitem__, shapes[name].split())) for name in shapes}
        for name, array in kept.items():
            require(np.isfinite(array).all(), f"{name} holds a NaN or an infinity")
        require(activation in ACTIVATIONS, f"activation {activation[:40]!r} is not one of {', '.join(ACTIVATIONS)}")
    except Rejected as refusal:
        raise Unreadable(f"network: {refusal}") from None
    digest = hashlib.sha256(b"rhoset-network-v1\n")
    for name, stored in kept.items():
        array = stored.astype(stored.dtype.newbyteorder("<"))
        head = f"{name}\n{array.dtype.str}\n{','.join(map(str, array.shape))}\n"
        digest.update(head.encode() + array.tobytes() + b"\n")
    digest.update(activation.encode())
    table_digest = hashlib.sha256(b"rhoset-table-v1" + n.to_bytes(8, "little") + table.tobytes())
    return Weights(kept, table, activation, digest.hexdigest(), table_digest.hexdigest())


def read_certificate(path: Path, n: int, m: int) -> Certificate:
    """Decode a certificate for n elements and m neurons; every field is checked for type and range, none for truth."""
    file = Tensors(path, "certificate")
    version = file.metadata.get("version")
    if file.metadata.get("format") != FORMAT or version != VERSION:
        said = "" if version is None else f" (version {version[:20]!r})"
        old = said and f"{said}: certify anew, or check with the rhoset that made it"
        raise Unreadable(f"certificate: {path} is not a rhoset certificate of version {VERSION}{old}")
    plan = dict[str, Any]()
    for one in fields(Certificate):
        if form := one.metadata.get("form"):
            text = file.metadata.get(one.name, "")
            require(re.fullmatch(form, text), f"{one.name} {text[:40]!r} is not of the form {form}")
            plan[one.name] = int(text) if form == NUMBER else text
    rule, r = plan["rule"], file.length("generators", 0)
    require(plan["samples"] <= n, f"at most {n} samples")
    require(r <= 64 and (n == 1 or r >= 1), "generators: need 1 to 64 elements")
    kind = EachTensors if rule == "gaps" and "gaps.each" in file.shapes else RULES.get(rule)
    sizes = file.numbered(fields(kind)[0].metadata["stored"][0]) if kind else []
    limit(rule, sizes, file.shapes, plan["samples"], n, m)
    j, q = len(sizes), max(sizes, default=0)
    numbers = {"n": n, "m": m, "m+1": m + 1, "r": r, "2": 2, "k": q, "J": j, "J+1": j + 1, "2J": 2 * j, "max q": q,
               "max(q, J)": max(q, j), "Σq²": sum(size * size for size in sizes)}  # fmt: skip
    given = kind(**file.tensors(kind, numbers)) if kind else None
    certificate = Certificate(**plan, **file.tensors(Certificate, numbers), given=given)
    require(certificate.scale is None or (certificate.scale > 0).all(), "scale must be positive")
    return certificate
