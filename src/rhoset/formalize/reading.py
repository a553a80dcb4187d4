"""What a theorem is about and what its proof needs, from the two files (FORMAT.md beside the checker).

The only module here that knows the files.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from rhoset.errors import RhosetError
from rhoset.networks.digest import FACTOR_TENSORS, TABLE_TENSORS, network_digest
from rhoset.reading import require_file

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Stored:
    """The tensors of a network file that the theorem speaks of, as binary32 numbers, and the table."""

    tensors: dict[str, NDArray[np.float32]]
    table: Ints
    digest: str

    @property
    def factored(self) -> bool:
        return "left" not in self.tensors

    @property
    def order(self) -> int:
        return len(self.table)

    @property
    def width(self) -> int:
        return len(self.tensors["unembed"])


@dataclass(frozen=True)
class SlotBlock:
    """A slot block: images (r, p) and (r, q), coupling (p, q), and k entries."""

    left: Ints
    right: Ints
    coupling: Floats
    neurons: Ints
    rows: Ints
    columns: Ints
    weights: Floats


@dataclass(frozen=True)
class Explanation:
    """What a certificate says that a proof can use: generators, slot blocks, G-sets as images (r, q), and units."""

    network: str
    generators: Ints
    blocks: tuple[SlotBlock, ...]
    gsets: tuple[Ints, ...]
    """Those of rule gaps, or the right ones of the slot blocks, each once."""
    potentials: tuple[Floats, ...]
    """(q, q) for each G-set; (0, 0) where the certificate has none."""
    places: Ints
    """(m, 2): G-set and point of each neuron, for rule gaps; (0, 2) where the certificate does not say."""
    units: tuple[int, ...]
    """(m,): binary places by which a neuron's rest is multiplied (the certificate's `scale`); () where all are 0."""
    even: bool
    """The plan asks for the form for even circuits."""
    features: int
    """Numbers that rule pairs forms for each pair: p·q for a slot block, d² for a matrix block."""


def _open(path: Path, what: str, wanted: Iterable[str] | None = None) -> tuple[dict[str, str], dict[str, NDArray[Any]]]:
    require_file(path, f"a {what}", f"no-such-{what.partition(' ')[0]}")
    try:
        with safe_open(str(path), framework="numpy") as file:
            names = [name for name in file.keys() if wanted is None or name in set(wanted)]  # noqa: SIM118
            return dict(file.metadata() or {}), {name: file.get_tensor(name) for name in names}
    except (SafetensorError, TypeError, ValueError) as error:
        raise RhosetError(f"{path}: not a safetensors file ({str(error)[:100]})", slug="not-safetensors") from None


def _binary32(name: str, array: NDArray[Any]) -> NDArray[np.float32]:
    """The same numbers as binary32, or a refusal where they are not."""
    if array.dtype.kind != "f" or not np.isfinite(array).all():
        raise RhosetError(f"{name}: dtype {array.dtype}; a theorem needs finite floats", slug="not-binary32")
    with np.errstate(over="ignore"):
        single = array.astype(np.float32)
    if not np.array_equal(single.astype(np.float64), array.astype(np.float64)):
        raise RhosetError(
            f"{name}: not all of its {array.dtype} numbers are float32 numbers, of which the proofs speak",
            slug="not-binary32",
        )
    return single


def read_stored(path: Path) -> Stored:
    """The network file as the proofs see it.

    Raises
    ------
    RhosetError
        Not a network file (slugs ``not-safetensors``, ``network-tensors``), weights beyond float32
        (``not-binary32``), an activation other than relu (``activation``).
    """
    names = {*TABLE_TENSORS, *FACTOR_TENSORS, "table", "cayley"}
    metadata, tensors = _open(path, "network file", names)
    activation = metadata.get("activation", "relu").lower()
    if activation != "relu":
        raise RhosetError(f"{path}: activation {activation}; the proofs know relu only", slug="activation")
    kept = list(TABLE_TENSORS if "left" in tensors else FACTOR_TENSORS)
    kept += ["bias"] if "left" not in tensors and "bias" in tensors else []
    table = tensors.get("table", tensors.get("cayley"))
    missing = [name for name in kept if name not in tensors] + (["table"] if table is None else [])
    if table is None or missing:
        raise RhosetError(f"{path}: missing tensors {', '.join(missing)}", slug="network-tensors")
    digest = network_digest({name: tensors[name] for name in kept}, activation)
    weights = {name: _binary32(f"{path}: {name}", tensors[name]) for name in kept}
    n = len(table)
    if table.shape != (n, n) or table.dtype.kind not in "iu" or n == 0 or table.min() < 0 or table.max() >= n:
        raise RhosetError(f"{path}: the table must be square with entries 0…n−1", slug="network-tensors")
    m, e, f = (len(weights.get(name, ())) for name in ("unembed", "hidden_left", "hidden_right"))
    shapes = {"left": (n, m), "right": (n, m), "unembed": (m, n), "bias": (n,), "embed_left": (n, e)}
    shapes |= {"embed_right": (n, f), "hidden_left": (e, m), "hidden_right": (f, m)}
    for name, array in weights.items():
        if array.shape != shapes[name]:
            raise RhosetError(
                f"{path}: {name} has shape {array.shape}, expected {shapes[name]}", slug="network-tensors"
            )
    weights.setdefault("bias", np.zeros(n, np.float32))
    return Stored(weights, table.astype(np.int64), digest)


def read_explanation(path: Path, stored: Stored) -> Explanation:
    """What the certificate at `path` says of `stored`.

    Raises
    ------
    RhosetError
        Not a certificate (slug ``not-a-certificate``), or one of another network (``other-network``).
    """
    metadata, tensors = _open(path, "certificate")
    if metadata.get("format") != "rhoset-certificate" or "generators" not in tensors:
        raise RhosetError(f"{path}: not a rhoset certificate", slug="not-a-certificate")
    if metadata.get("network") != stored.digest:
        raise RhosetError(f"{path}: speaks of another network than the one given", slug="other-network")

    def wrong(name: str) -> RhosetError:
        return RhosetError(f"{path}: {name} is missing or has the wrong shape, kind or range", slug="not-a-certificate")

    def ints(name: str, limit: int, *shape: int) -> Ints:
        array = tensors.get(name)
        if array is None or array.dtype.kind not in "iu" or array.ndim != len(shape):
            raise wrong(name)
        fits = all(want in (-1, size) for want, size in zip(shape, array.shape, strict=True))
        if not fits or (array.size and (int(array.min()) < 0 or int(array.max()) >= limit)):
            raise wrong(name)
        return array.astype(np.int64)

    def floats(name: str, *shape: int) -> Floats:
        array = tensors.get(name)
        if array is None or array.dtype.kind != "f" or array.shape != shape or not np.isfinite(array).all():
            raise wrong(name)
        wide = array.astype(np.float64)
        if np.abs(wide).max(initial=0.0) > 2.0**100:
            raise wrong(name)
        return wide

    generators = ints("generators", stored.order, -1)
    r, blocks, index, features = len(generators), [], 0, 0
    while f"block{index}.neurons" in tensors:
        name = f"block{index}."
        index += 1
        if name + "coupling" not in tensors:
            matrices = tensors.get(name + "matrices", np.zeros(0))
            features += matrices.shape[1] ** 2 if matrices.ndim == 3 else 0
            continue  # a matrix block: what it writes is left to the residual
        left, right = ints(name + "left", 1 << 20, r, -1), ints(name + "right", 1 << 20, r, -1)
        p, q = left.shape[1], right.shape[1]
        ints(name + "left", p, r, p), ints(name + "right", q, r, q)
        neurons = ints(name + "neurons", stored.width + 1, -1)
        rows, columns = ints(name + "rows", p, len(neurons)), ints(name + "columns", q, len(neurons))
        weights = floats(name + "weights", len(neurons))
        kept = neurons < stored.width  # neuron m is the bias: left to the residual too
        coupling = floats(name + "coupling", p, q)
        blocks.append(SlotBlock(left, right, coupling, neurons[kept], rows[kept], columns[kept], weights[kept]))
    features += sum(block.coupling.size for block in blocks)
    found, index, potentials = [block.right for block in blocks], 0, list[Floats]()
    while f"gaps{index}.right" in tensors:
        found = found if index else []
        images = ints(f"gaps{index}.right", 1 << 20, r, -1)
        found.append(ints(f"gaps{index}.right", images.shape[1], r, -1))
        name, q = f"gaps{index}.potential", images.shape[1]
        potentials.append(floats(name, q, q) if name in tensors else np.zeros((0, 0)))
        index += 1
    places = np.zeros((0, 2), np.int64)
    if index:
        places = np.stack(
            [ints("gaps.block", len(found), stored.width), ints("gaps.point", 1 << 20, stored.width)], axis=1
        )
        if (places[:, 1] >= np.array([images.shape[1] for images in found])[places[:, 0]]).any():
            raise wrong("gaps.point")
    else:
        found = list({images.tobytes(): images for images in found if images.size}.values())
        potentials = [np.zeros((0, 0))] * len(found)
    units = _places_of(floats("scale", stored.width + 1)) if "scale" in tensors else ()
    even = _even(metadata.get("plan", ""))
    return Explanation(
        metadata["network"], generators, tuple(blocks), tuple(found), tuple(potentials), places, units, even, features
    )


def _places_of(scale: Floats) -> tuple[int, ...]:
    """log₂ of the largest weight over each, rounded, at most 30: the extracted checker's `neuron_units`."""
    largest = max(1e-18, float(np.abs(scale).max()))
    return tuple(min(30, math.floor(math.log2(largest / v) + 0.5)) if v > 0 else 0 for v in scale.tolist())


def _even(plan: str) -> bool:
    try:
        found = json.loads(plan)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("even") is True
