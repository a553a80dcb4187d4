"""What a theorem is about and what its proof needs, from the two files, which the checker decodes (FORMAT.md there)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.reading import require_file
from rhoset_check.files import GapTensors, LowRankTensors, Unreadable, Weights, read_certificate, read_network
from rhoset_check.near import Rejected
from rhoset_check_baselines import rule_of

Ints = NDArray[np.integer[Any]]


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
    """What a certificate says that a proof can use: generators, and of rule even G-sets as images (r, q)."""

    generators: Ints
    gsets: tuple[Ints, ...]
    places: Ints
    """(m, 2): G-set of each neuron and the point by which it reads y; (0, 2) where there are no sets."""
    lefts: Ints
    """(m,): the point by which each reads x."""
    types: tuple[int, int] | None
    """The set and point of types."""
    split: Ints
    """(m + 1,), or (0,): 1 for split neurons, the bias with them."""
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
    gaps, none = found.given, np.zeros(0, np.intp)
    features = gaps.features.shape[1] if isinstance(gaps, LowRankTensors) else 0
    if not isinstance(gaps, GapTensors) or gaps.each:
        return Explanation(found.generators, (), none.reshape(0, 2), none, None, none, features)
    for name, points in (("point", gaps.point), ("left", gaps.left)):
        sizes = np.array([images.shape[1] for images in gaps.actions] + [1 if name == "point" else len(found.table)])
        if (points >= sizes[gaps.block]).any():
            raise RhosetError(f"{path}: gaps.{name} leaves its G-set", slug="not-a-certificate")
    # The proofs know no neurons at no point: these get a set of one.
    gsets = (*gaps.actions, np.zeros((len(found.generators), 1), np.intp))
    idle = gaps.block == len(gaps.actions)
    places, lefts = np.stack([gaps.block, np.where(idle, 0, gaps.point)], axis=1), np.where(idle, 0, gaps.left)
    split = none
    if gaps.centred is not None:
        split = np.append(np.where(idle, 0, gaps.centred), gaps.centred.any())
    return Explanation(found.generators, gsets, places, lefts, gaps.types, split, features)
