"""What a theorem is about and what its proof needs, from the two files, which the checker decodes (FORMAT.md there)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.reading import require_file
from rhoset_check.files import Unreadable, Weights, read_certificate, read_network
from rhoset_check.near import Rejected
from rhoset_check_baselines import rule_of

Ints = NDArray[np.integer[Any]]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Stored(Weights):
    """A network file whose tensors are binary32 numbers; there always is a bias."""

    @property
    def order(self) -> int:
        return len(self.table)

    @property
    def width(self) -> int:
        return len(self.tensors["unembed"])


@dataclass(frozen=True)
class Explanation:
    """What a certificate says that a proof can use: generators, G-sets as images (r, q), units, features."""

    generators: Ints
    gsets: tuple[Ints, ...]
    places: Ints
    """(m, 2): G-set and point of each neuron; (0, 2) where there are no sets."""
    units: tuple[int, ...]
    """(m + 1,): the units of the neurons' rests (Vectors.v) from the certificate's `scale`; () where it has none."""
    types: tuple[int, int] | None
    """The set and point of types."""
    centred: Ints
    """(m,), or (0,): 1 where means are taken off a neuron's activations."""
    features: int
    """Of rule lowrank."""


@contextmanager
def _decoding(path: Path, what: str, slug: str) -> Iterator[None]:
    """What the checker says of a file that it does not read, as this library's error."""
    require_file(path, f"a {what}", f"no-such-{what.partition(' ')[0]}")
    try:
        yield
    except (Unreadable, Rejected) as error:
        raise RhosetError(f"{path}: {error}", slug=slug) from None


def _binary32(name: str, array: NDArray[Any]) -> NDArray[np.float32]:
    """The same numbers as binary32, or a refusal where they are not."""
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
        Not a network file (slug ``not-a-network``), weights beyond float32 (``not-binary32``), an activation other
        than relu (``activation``).
    """
    with _decoding(path, "network file", "not-a-network"):
        found = read_network(path)
    if found.activation != "relu":
        raise RhosetError(f"{path}: activation {found.activation}; the proofs know relu only", slug="activation")
    tensors = {name: _binary32(f"{path}: {name}", array) for name, array in found.tensors.items()}
    tensors.setdefault("bias", np.zeros(len(found.table), np.float32))
    return Stored(tensors, found.table, found.activation, found.digest, found.table_digest)


def read_explanation(path: Path, stored: Stored) -> Explanation:
    """The certificate as an explanation; of its claim nothing is read.

    Raises
    ------
    RhosetError
        Not a certificate (slug ``not-a-certificate``), one of a baseline (``baseline-rule``), or one of another network
        (``other-network``).
    """
    if rule := rule_of(path):
        raise RhosetError(
            f"{path}: rule {rule} is a baseline's, of which the proofs do not speak; certify with another method",
            slug="baseline-rule",
        )
    with _decoding(path, "certificate", "not-a-certificate"):
        found = read_certificate(path, stored.order, stored.width)
    if found.network != stored.digest:
        raise RhosetError(f"{path}: speaks of another network than the one given", slug="other-network")
    units = () if found.scale is None else _units(found.scale)
    features = 0 if found.lowrank is None else found.lowrank.features.shape[1]
    gaps, none = found.gaps, np.zeros(0, np.intp)
    if gaps is None:
        return Explanation(found.generators, (), none.reshape(0, 2), units, None, none, features)
    if (gaps.point >= np.array([images.shape[1] for images in gaps.actions] + [1])[gaps.block]).any():
        raise RhosetError(f"{path}: gaps.point leaves its G-set", slug="not-a-certificate")
    idle = bool((gaps.block == len(gaps.actions)).any())  # the proofs know no neurons without a point: they get one
    gsets = (*gaps.actions, *[np.zeros((len(found.generators), 1), np.intp)] * idle)
    places = np.stack([gaps.block, gaps.point], axis=1)
    return Explanation(
        found.generators, gsets, places, units, gaps.types, none if gaps.centred is None else gaps.centred, features
    )


def _units(scale: Floats) -> tuple[int, ...]:
    """32·k + f − 1 with 2^k / f near the largest weight over each: the extracted checker's `neuron_units`."""
    largest = max(1e-18, float(np.abs(scale).max()))
    parts = [math.frexp(min(largest / v, 2.0**30)) if v > 0 else None for v in scale.tolist()]
    return tuple(32 * (part[1] + 4) + math.floor(16.0 / part[0] + 0.5) - 1 if part else 0 for part in parts)
