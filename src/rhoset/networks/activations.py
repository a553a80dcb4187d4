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

from rhoset.arguments import public
from rhoset.errors import RhosetError

FloatArray = NDArray[Any]


def _relu(t: FloatArray) -> FloatArray:
    return np.maximum(t, 0)


def _gelu(t: FloatArray) -> FloatArray:
    from scipy.special import (
        erf,
    )  # here: nothing else needs it, and it takes longer to load than a certificate to check

    return 0.5 * t * (1 + erf(t * float(np.sqrt(0.5))))


def _silu(t: FloatArray) -> FloatArray:
    from scipy.special import expit

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

SPELLINGS = {
    "quad": "square",
    "quadratic": "square",
    "x^2": "square",
    "x**2": "square",
    "x²": "square",
    "absolute": "abs",
    "absolutevalue": "abs",
    "|x|": "abs",
    "swish": "silu",
    "identity": "linear",
    "none": "linear",
    "id": "linear",
}
"""Other spellings that checkpoints and papers use, in lower case; ``ReLU``, ``GELU`` and ``nn.SiLU`` need none."""


def activation_name(text: str) -> str:
    """The name in `ACTIVATIONS` that a spelling means.

    Upper and lower case, ``nn.`` and ``torch.nn.`` in front and ``()`` behind make no difference.

    Raises
    ------
    RhosetError
        It means none of them (slug ``unknown-activation``). The approximation of GELU by tanh is another
        function than ``gelu`` and is refused.

    Examples
    --------
    >>> activation_name("ReLU"), activation_name("Quad")
    ('relu', 'square')
    """
    if isinstance(text, str):
        plain = text.strip().lower().removesuffix("()").rpartition("nn.")[2].replace("_", "").replace("-", "")
        plain = plain.removeprefix("functional.")
        name = SPELLINGS.get(plain, plain)
        if name in ACTIVATIONS:
            return name
    raise RhosetError(f"unknown activation {text!r}: known are {', '.join(ACTIVATIONS)}", slug="unknown-activation")


@public
def activation(name: str) -> Callable[[FloatArray], FloatArray]:
    """The elementwise function of that name or spelling.

    Raises
    ------
    RhosetError
        See `activation_name`.

    Examples
    --------
    >>> import numpy as np
    >>> activation("abs")(np.array([-2.0, 3.0])).tolist()
    [2.0, 3.0]
    """
    return ACTIVATIONS[activation_name(name)]
