"""The network as numbers with error bounds: f(z|x,y) = Σ_i unembed[i,z] φ(left[x,i] + right[y,i]) (THEOREMS.md, §3).

Bias is a neuron more, number m: it reads 1 and 0, so its activation is 1 for every φ, and writes the bias.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from rhoset_check.files import Weights
from rhoset_check.group import Group
from rhoset_check.near import Array, Ints, Near, require, up

T = TypeVar("T")

LONG = 256
"""Outputs from which on logits are gone through more quickly row by row than column by column."""


class OnDemand(dict[str, T]):
    """What is made for each precision when it is first asked for."""

    def __init__(self, make: Callable[[str], T]) -> None:
        super().__init__()
        self.make = make

    def __missing__(self, dtype: str) -> T:
        self[dtype] = self.make(dtype)
        return self[dtype]


@dataclass(frozen=True)
class Model:
    """Tables with the bias neuron, in both precisions; `floor` is what a real margin must exceed to count."""

    group: Group = field(repr=False)
    left: OnDemand[Near] = field(repr=False)
    right: OnDemand[Near] = field(repr=False)
    """(n, m + 1) in float64 and float32."""
    unembed: OnDemand[NDArray[Any]] = field(repr=False)
    """(m + 1, n): the stored floats in float64 (exact), and rounded to float32."""
    activation: str
    floor: float
    ends: OnDemand[tuple[Array, Array]] = field(repr=False)
    """Error and size of the logits, which are the same for all pairs."""

    @property
    def order(self) -> int:
        return self.group.order

    @property
    def width(self) -> int:
        """Neurons, bias included."""
        return len(self.unembed["float64"])

    def slopes(self, neurons: Ints, read: Array) -> Array:
        """(neurons,): Lipschitz constants of φ over l + r and over l + γ, |γ| ≤ `read` (Lemma 9)."""
        if self.activation != "square":
            return np.ones(len(neurons))
        left, right = (side["float64"].columns(neurons) for side in (self.left, self.right))
        return up(2.0 * (left.size + left.error + np.maximum(right.size + right.error, read)))

    def hidden(self, x: Ints, y: Ints, dtype: str) -> Near:
        """(pairs, m + 1) activations; whole rows of pairs, or a part of one, more quickly."""
        left, right = self.left[dtype], self.right[dtype]
        run = len(x) if (x == x[0]).all() else self.order
        several = np.arange(y[0], y[0] + run)
        if len(x) % run == 0 and (y.reshape(-1, run) == several).all() and (x.reshape(-1, run) == x[::run, None]).all():
            return left.rows(x[::run]).each(right.rows(slice(y[0], y[0] + run))).activate(self.activation)
        return (left.rows(x) + right.rows(y)).activate(self.activation)

    def logits(self, x: Ints, y: Ints, dtype: str) -> Near:
        """(pairs, n) logits, contiguous by rows if these are `LONG`; their error bound does not depend on the pairs."""
        value = self.hidden(x, y, dtype).product(self.unembed[dtype], "C" if self.order >= LONG else "F")
        return Near(value, *self.ends[dtype])

    def products(self, x: Ints, y: Ints) -> Ints:
        """(pairs,) the right answers xy."""
        return self.group.table[x, y].astype(np.intp)


@np.errstate(all="ignore")  # what overflows is an infinite error, and proves nothing
def build_model(weights: Weights, group: Group, arithmetic: str) -> Model:
    """The model; in float32 arithmetic the floor bounds what any order of summation can change (Theorem 2)."""
    stored, n = weights.tensors, group.order
    bias = stored.get("bias", np.zeros(n, stored["unembed"].dtype))
    narrow = all(array.dtype != np.float64 for array in stored.values())
    require(
        narrow or arithmetic == "real", "float32 arithmetic speaks of float32 (or float16) weights; these are float64"
    )

    def side(name: str, constant: float, dtype: str) -> Near:
        if weights.factored:
            embedded = Near.exact(stored[f"embed_{name}"].astype(np.float64)).to(dtype)
            table = embedded.times(stored[f"hidden_{name}"].astype(np.float64))
        else:
            table = Near.exact(stored[name].astype(np.float64)).to(dtype)
        value = np.concatenate([table.value, np.full((n, 1), constant, dtype=dtype)], axis=1)
        return Near(value, np.append(table.error, 0.0), np.append(table.size, constant))

    def ends(dtype: str) -> tuple[Array, Array]:
        first = np.zeros(1, np.intp)
        found = model.hidden(first, first, dtype).times(model.unembed[dtype])
        return found.error, found.size

    left, right = (OnDemand(partial(side, name, constant)) for name, constant in (("left", 1.0), ("right", 0.0)))
    unembed = OnDemand(lambda dtype: np.concatenate([stored["unembed"], bias[None]]).astype(dtype))
    model = Model(group, left, right, unembed, weights.activation, 0.0, OnDemand(ends))
    if arithmetic == "real":
        return model
    return replace(model, floor=float(up(2.0 * model.ends["float32"][0].max())))
