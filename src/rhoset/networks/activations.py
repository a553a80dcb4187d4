"""Activations by name, elementwise on numpy arrays.

``relu``, ``gelu`` (exact, with the error function), ``silu``, ``abs``, ``square`` and ``linear``:
the activations of the architectures in the literature (Chughtai et al. 2023, Stander et al. 2024,
Morwani et al. 2023, Gromov 2023, Wu et al. 2024).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, expit

from rhoset.errors import RhosetError

FloatArray = NDArray[Any]


def _relu(t: FloatArray) -> FloatArray:
    return np.maximum(t, 0)


def _gelu(t: FloatArray) -> FloatArray:
    return 0.5 * t * (1 + erf(t * float(np.sqrt(0.5))))


def _silu(t: FloatArray) -> FloatArray:
    return t * expit(t)


def _linear(t: FloatArray) -> FloatArray:
    return t


ACTIVATIONS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "relu": _relu,
    "gelu": _gelu,
    "silu": _silu,
    "abs": np.abs,
    "square": np.square,
    "linear": _linear,
}
"""Name → elementwise function; each keeps the dtype of its argument."""


def activation(name: str) -> Callable[[FloatArray], FloatArray]:
    """The elementwise function of that name.

    Raises
    ------
    RhosetError
        The name is none of `ACTIVATIONS` (slug ``unknown-activation``).

    Examples
    --------
    >>> import numpy as np
    >>> activation("abs")(np.array([-2.0, 3.0])).tolist()
    [2.0, 3.0]
    """
    try:
        return ACTIVATIONS[name]
    except KeyError:
        raise RhosetError(
            f"unknown activation {name!r}: known are {', '.join(ACTIVATIONS)}",
            slug="unknown-activation",
        ) from None
