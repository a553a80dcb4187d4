"""The activations φ of a network, as torch operations that write in place.

Each is a pair: `apply` writes φ(t) into a buffer, `pull_back` multiplies a gradient by φ'(t) in
place. ReLU reads φ(t) itself in the backward pass, so it needs no second buffer; the others keep t.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from rhoset.networks.activations import activation_name

_aten = torch.ops.aten


@dataclass(frozen=True)
class Activation:
    """φ with its derivative.

    Parameters
    ----------
    name
        As in `Network.activation`.
    keeps_input
        Whether the backward pass needs the pre-activation t (otherwise φ(t) is enough).
    apply
        ``apply(t, out)`` writes φ(t) into `out` (which is `t` itself unless `keeps_input`).
    pull_back
        ``pull_back(gradient, saved)`` turns ∂/∂φ(t) into ∂/∂t in place; `saved` is t or φ(t).
    function
        The plain differentiable function, for autograd and for the instance axis.
    """

    name: str
    keeps_input: bool
    apply: Callable[[Tensor, Tensor], object]
    pull_back: Callable[[Tensor, Tensor], object]
    function: Callable[[Tensor], Tensor]


def _relu_back(gradient: Tensor, saved: Tensor) -> None:
    _aten.threshold_backward.grad_input(gradient, saved, 0, grad_input=gradient)


def _gelu_back(gradient: Tensor, saved: Tensor) -> None:
    _aten.gelu_backward.grad_input(gradient, saved, approximate="none", grad_input=gradient)


def _silu_back(gradient: Tensor, saved: Tensor) -> None:
    _aten.silu_backward.grad_input(gradient, saved, grad_input=gradient)


def _square_back(gradient: Tensor, saved: Tensor) -> None:
    gradient.mul_(saved).mul_(2)


ACTIVATIONS: dict[str, Activation] = {
    a.name: a
    for a in (
        Activation("relu", False, lambda t, out: t.relu_(), _relu_back, torch.relu),
        Activation(
            "gelu",
            True,
            lambda t, out: _aten.gelu.out(t, approximate="none", out=out),
            _gelu_back,
            torch.nn.functional.gelu,
        ),
        Activation(
            "silu",
            True,
            lambda t, out: _aten.silu.out(t, out=out),
            _silu_back,
            torch.nn.functional.silu,
        ),
        Activation(
            "abs",
            True,
            lambda t, out: torch.abs(t, out=out),
            lambda gradient, saved: gradient.mul_(torch.sign(saved)),
            torch.abs,
        ),
        Activation(
            "square",
            True,
            lambda t, out: torch.mul(t, t, out=out),
            _square_back,
            torch.square,
        ),
        Activation("linear", False, lambda t, out: t, lambda gradient, saved: None, lambda t: t),
    )
}
"""Every activation a network may have, by name."""


def activation(name: str) -> Activation:
    """The activation called `name`; raises as `rhoset.networks.activations.activation_name`."""
    return ACTIVATIONS[activation_name(name)]
