"""The activations φ and their derivatives on numpy arrays, element by element: what a network gets does not depend on
where it stands in a stack."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

Array = NDArray[Any]


@dataclass(frozen=True)
class StackActivation:
    """φ with its derivative.

    Parameters
    ----------
    apply
        ``apply(t, out)`` writes φ(t).
    pull_back
        ``pull_back(gradient, t)`` multiplies the gradient by φ'(t) in place; φ'(0) = 0 for ReLU and |t|.
    """

    apply: Callable[[Array, Array], object]
    pull_back: Callable[[Array, Array], object]


def _gelu(t: Array, out: Array) -> None:
    np.multiply(t, _normal(t), out=out)


def _gelu_back(gradient: Array, t: Array) -> None:
    density = np.exp(t * t * -0.5) * (1 / math.sqrt(2 * math.pi))
    gradient *= _normal(t) + t * density


def _normal(t: Array) -> Array:
    """The standard normal's distribution function."""
    return np.asarray((erf(t * math.sqrt(0.5)) + 1) * 0.5)


def _silu(t: Array, out: Array) -> None:
    np.divide(t, np.exp(-t) + 1, out=out)


def _silu_back(gradient: Array, t: Array) -> None:
    share = 1 / (np.exp(-t) + 1)
    gradient *= share * (1 + t * (1 - share))


def _square_back(gradient: Array, t: Array) -> None:
    gradient *= t
    gradient *= 2


STACK_ACTIVATIONS: dict[str, StackActivation] = {
    "relu": StackActivation(
        lambda t, out: np.maximum(t, 0, out=out),
        lambda gradient, t: np.multiply(gradient, t > 0, out=gradient),
    ),
    "abs": StackActivation(
        lambda t, out: np.absolute(t, out=out),
        lambda gradient, t: np.multiply(gradient, np.sign(t), out=gradient),
    ),
    "square": StackActivation(lambda t, out: np.multiply(t, t, out=out), _square_back),
    "linear": StackActivation(lambda t, out: np.copyto(out, t), lambda gradient, t: None),
    "gelu": StackActivation(_gelu, _gelu_back),
    "silu": StackActivation(_silu, _silu_back),
}
"""By name, the same as `rhoset.training.activations`."""
