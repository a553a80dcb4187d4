"""Corrupted certificates: every way of being wrong that a generator can think of, one or a few at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .certificates import LEAST
from .harness import Cert, Net

KINDS = (
    "noise", "scale", "permute", "zero", "negate", "bits", "integers", "cut", "cast", "poison", "swap", "drop",
    "duplicate", "outside", "option", "arithmetic", "rebalance", "repeat", "plan", "rename",
)  # fmt: skip
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1, 2, 3, 10**9, 10**10, 10**30, 1.5, "", "٣", " 1", "1\n", "+1", "1_0", [], float("nan"), 2**62,
)  # fmt: skip


def mutate(cert: Cert, net: Net, rng: np.random.Generator) -> Cert:
    """The certificate with one to three corruptions."""
    for _ in range(int(rng.choice([1, 1, 1, 2, 3]))):
        kind = str(rng.choice(KINDS))
        try:
            cert = replace(_mutate(cert, net, kind, rng), kind=kind)
        except (TypeError, ValueError, OverflowError):  # two corruptions that do not go together
            continue
    return cert


def _mutate(cert: Cert, net: Net, kind: str, rng: np.random.Generator) -> Cert:
    names = sorted(cert.tensors)
    name = names[int(rng.integers(len(names)))] if names else ""
    if kind == "option":
        return cert.planned(**{str(rng.choice(sorted(cert.plan))): ODD[int(rng.integers(len(ODD)))]})
    if kind == "plan":
        return cert.planned(rule=str(rng.choice(["gaps", "circles", "points", "lowrank", "exact"])))
    if kind == "arithmetic":
        return replace(cert, arithmetic="float32" if cert.arithmetic == "real" else "real")
    if not name:
        return cert
    array = cert.tensors[name]
    if kind == "drop":
        return cert.but(**{name: None})
    if kind == "rename":
        return cert.but(**{name: None, name.replace("0", "1"): array})
    if kind == "swap":
        other = names[int(rng.integers(len(names)))]
        return cert.but(**{name: cert.tensors[other], other: array})
    if kind == "rebalance":
        return rebalance(cert, 2.0 ** float(rng.choice([-160, -70, -59, -50, -30, -10, 10, 30, 50, 59, 70])))
    if kind == "repeat" and "lowrank.writing" in cert.tensors:
        return repeat(cert, int(rng.integers(2, 40)), rng)
    return cert.but(**{name: _array(array, kind, net, rng)})


def _array(array: NDArray[Any], kind: str, net: Net, rng: np.random.Generator) -> NDArray[Any]:
    floats = array.dtype.kind == "f"
    if array.size == 0 or array.ndim == 0:
        return np.zeros((1,) * int(rng.integers(0, 3)), dtype=array.dtype)
    flat = array.copy().reshape(-1)
    where = rng.integers(0, flat.size, size=int(rng.integers(1, 3)))
    if kind == "noise" and floats:
        flat = flat + 10.0 ** rng.uniform(-16, 1) * np.abs(flat).max() * rng.normal(size=flat.size)
    elif kind == "scale" and floats:
        flat = np.ldexp(flat, int(rng.choice([-1100, -120, -60, -2, -1, 1, 2, 60, 120, 900])))
    elif kind == "negate":
        flat[where] = -flat[where]
    elif kind == "zero":
        flat[where if rng.random() < 0.5 else slice(None)] = 0
    elif kind == "integers" and not floats:
        flat[where] = rng.integers(0, max(net.order, net.width, 2), size=len(where))
    elif kind == "outside":
        values = (
            [-1, net.order, net.width, 2**31, 2**62, -(2**62)] if not floats else [1e300, -1e300, 1e-300, 5e-324, -0.0]
        )
        flat[where] = np.array([values[int(rng.integers(len(values)))]]).astype(flat.dtype)
    elif kind == "poison" and floats:
        flat[where] = rng.choice([np.nan, np.inf, -np.inf])
    elif kind == "bits":
        raw = flat.view(np.uint8).copy()
        raw[rng.integers(0, len(raw), 2)] ^= np.uint8(1 << int(rng.integers(0, 8)))
        flat = raw.view(array.dtype)
    elif kind == "cast":
        kinds = [
            np.float16, np.float32, np.float64, np.int8, np.uint8, np.int32, np.int64, np.uint64, np.bool_, np.uint16,
        ]  # fmt: skip
        with np.errstate(all="ignore"):
            return array.astype(kinds[int(rng.integers(len(kinds)))])
    elif kind == "cut":
        axis = int(rng.integers(array.ndim))
        if rng.random() < 0.3:
            return array[None]
        return np.take(array, range(int(rng.integers(0, array.shape[axis]))), axis=axis)
    elif kind == "duplicate":
        i, j = rng.integers(0, len(array), 2)
        out = array.copy()
        out[i] = array[j]
        return out
    else:
        return array[rng.permutation(len(array))]
    return flat.reshape(array.shape)


def rebalance(cert: Cert, factor: float) -> Cert:
    """Features times a factor, what is written in them divided: the same explanation."""
    changed: dict[str, Any] = {}
    with np.errstate(all="ignore"):
        for name, change in (("lowrank.features", factor), ("lowrank.writing", 1 / factor)):
            if name in cert.tensors and cert.tensors[name].dtype.kind == "f":
                changed[name] = cert.tensors[name].astype(np.float64) * change
    return cert.but(**changed)


def repeat(cert: Cert, times: int, rng: np.random.Generator) -> Cert:
    """Every feature split into many; in some of them neurons write hugely, and cancel."""
    features, writing = (cert.tensors.get(f"lowrank.{name}") for name in ("features", "writing"))
    if features is None or writing is None or features.ndim != 2 or writing.ndim != 2:
        return cert
    parts = rng.normal(size=times) * 10.0 ** float(rng.choice([0, 3, 12])) * np.abs(writing).max(initial=0)
    whole = [writing, *(sign * part * np.ones_like(writing) for part in parts for sign in (1, -1))]
    many = {"lowrank.features": np.tile(features, len(whole)), "lowrank.writing": np.concatenate(whole, axis=1)}
    return cert.but(**many)


def bolder(cert: Cert, rng: np.random.Generator) -> Cert:
    """One step of the hill climb: numbers of the explanation moved a little, or an index."""
    names = [n for n, a in cert.tensors.items() if n != "generators" and a.size and not n.endswith((".left", ".right"))]
    if not names:
        return cert
    name = names[int(rng.integers(len(names)))]
    array = cert.tensors[name]
    if array.dtype.kind == "f":
        step = 10.0 ** rng.uniform(-3, 0.5) * (np.abs(array).max() + 1e-3)
        moved = array + step * rng.normal(size=array.shape) * (rng.random(array.shape) < rng.choice([0.1, 1]))
        return cert.but(**{name: np.abs(moved) + LEAST if name == "scale" else moved})
    flat = array.copy().reshape(-1)
    flat[rng.integers(flat.size)] = flat[rng.integers(flat.size)]
    return cert.but(**{name: flat.reshape(array.shape)})
