"""Claims about single inputs as VNN-LIB queries, for verifiers of networks that others wrote.

A query holds the input and the negation of the claim: the verifier's answer ``unsat`` means that no point of the input
box has a wrong logit at or above the right one. For floating point it says what that verifier's own arithmetic says.
Version 2 names the network and its tensors; version 1, which most verifiers read, numbers them.
Source: VNN-LIB 1.0 and 2.0 (vnnlib.org).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np

from rhoset.arguments import public
from rhoset.errors import RhosetError
from rhoset.frameworks.onnx_models import to_onnx
from rhoset.networks import Network, write_atomic

VERSIONS = (1, 2)
"""Versions of VNN-LIB that can be written."""


def query(network: Network, x: int, y: int, *, radius: float = 0.0, version: int = 2) -> str:
    """The query whose answer ``unsat`` proves that the network is right on the input (x, y).

    Parameters
    ----------
    x, y
        Elements.
    radius
        Half the side of a box around the two indicator vectors, in which the claim is to hold too; 0: the input alone.
    version
        1 or 2.

    Returns
    -------
    VNN-LIB text about the model that `rhoset.frameworks.to_onnx` writes with ``batch=1``.

    Raises RhosetError (slugs ``element-out-of-range``, ``bad-radius``, ``bad-version``).
    """
    n = network.order
    if not (0 <= x < n and 0 <= y < n):
        raise RhosetError(f"({x}, {y}): elements are 0 to {n - 1}", slug="element-out-of-range")
    if not 0 <= radius < 1:
        raise RhosetError(f"radius {radius}: must be from 0 up to 1", slug="bad-radius")
    if version not in VERSIONS:
        raise RhosetError(f"VNN-LIB {version}: give version 1 or 2", slug="bad-version")
    answer = int(network.table[x, y])
    lines = [
        "; The network is right on one input: its logit there is strictly above every other one.",
        f"; Network {network.digest}, x = {x}, y = {y}, xy = {answer}. unsat: the claim holds.",
    ]
    if version == 1:
        given, said = "X_{}", "Y_{}"
        lines += [f"(declare-const X_{place} Real)" for place in range(2 * n)]
        lines += [f"(declare-const Y_{z} Real)" for z in range(n)]
    else:
        given, said = "X[0, {}]", "Z[0, {}]"
        kind = np.result_type(np.float32, network.left, network.unembed, network.bias)
        lines += [
            "(vnnlib-version <2.0>)",
            "(declare-network f",
            f"  (declare-input X {kind} [1, {2 * n}])",
            f"  (declare-output Z {kind} [1, {n}])",
            ")",
        ]
    for place in range(2 * n):
        value = 1.0 if place in (x, n + y) else 0.0
        lines += _within(given.format(place), value, radius, equal=version == 2)
    others = [f"(>= {said.format(z)} {said.format(answer)})" for z in range(n) if z != answer]
    if version == 1:
        others = [f"(and {other})" for other in others]
    lines.append(f"(assert (or {' '.join(others)}))" if len(others) > 1 else f"(assert {' '.join(others)})")
    return "\n".join(lines) + "\n"


def _within(name: str, value: float, radius: float, *, equal: bool) -> Iterator[str]:
    """The assertions that a variable is that near to a value."""
    if radius == 0 and equal:
        yield f"(assert (== {name} {value}))"
        return
    yield f"(assert (<= {name} {_decimal(value + radius)}))"
    yield f"(assert (>= {name} {_decimal(value - radius)}))"


def _decimal(value: float) -> str:
    """A number without an exponent, as every reader takes it."""
    text = format(Decimal(repr(value)), "f")
    return text if "." in text else f"{text}.0"


@public
def write_query(
    network: Network, x: int, y: int, folder: str | os.PathLike[str], *, radius: float = 0.0, version: int = 2
) -> tuple[Path, Path]:
    """Write the model and a query about it into a folder: ``network.onnx`` and ``right-X-Y.vnnlib``.

    `version` is that of VNN-LIB, 1 or 2; verifiers that read only the older one want 1.

    Returns the two paths. Raises RhosetError as `query`, MissingExtra as `to_onnx`, and slug ``one-element`` for a
    group of one element, where there is nothing to ask.
    """
    if network.order < 2:
        raise RhosetError("a group of one element has one answer: there is nothing to ask", slug="one-element")
    text = query(network, x, y, radius=radius, version=version)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    model = to_onnx(network, folder / "network.onnx", batch=1)
    return model, write_atomic(folder / f"right-{x}-{y}.vnnlib", text)
