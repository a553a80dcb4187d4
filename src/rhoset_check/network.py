"""The network as numbers with error bounds: f(z|x,y) = Σ_i unembed[i,z] φ(left[x,i] + right[y,i]) (THEOREMS.md, §1).

Bias is a neuron more, number m: it reads 1 and 0, so its activation is 1 for every φ, and writes the bias.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from rhoset_check.files import Weights
from rhoset_check.group import Group
from rhoset_check.near import UNIT, Array, Ints, Near, require, up


@dataclass(frozen=True)
class Model:
    """Tables with the bias neuron, by precision; `floor` is what a real margin must exceed to count."""

    group: Group = field(repr=False)
    left: dict[str, Near] = field(repr=False)
    right: dict[str, Near] = field(repr=False)
    """(n, m + 1) in float64 and float32."""
    unembed: Array = field(repr=False)
    """(m + 1, n): the stored floats."""
    activation: str
    floor: float = 0.0

    @property
    def order(self) -> int:
        return self.group.order

    @property
    def width(self) -> int:
        """Neurons, bias included."""
        return len(self.unembed)

    @cached_property
    def writes(self) -> dict[str, Callable[[Near], Near]]:
        """From activations to logits by precision; error and size are the same for all pairs."""
        first = np.zeros(1, np.intp)
        return {dtype: self.hidden(first, first, dtype).product(self.unembed) for dtype in UNIT}

    def hidden(self, x: Ints, y: Ints, dtype: str) -> Near:
        """(pairs, m + 1) activations; whole rows of pairs, or a part of one, more quickly."""
        left, right = self.left[dtype], self.right[dtype]
        run = len(x) if (x == x[0]).all() else self.order
        several = np.arange(y[0], y[0] + run)
        if len(x) % run == 0 and (y.reshape(-1, run) == several).all() and (x.reshape(-1, run) == x[::run, None]).all():
            return left.rows(x[::run]).outer(right.rows(slice(y[0], y[0] + run))).activate(self.activation)
        return (left.rows(x) + right.rows(y)).activate(self.activation)

    def logits(self, x: Ints, y: Ints, dtype: str) -> Near:
        """(pairs, n) logits; their error bound does not depend on the pairs."""
        return self.writes[dtype](self.hidden(x, y, dtype))

    def products(self, x: Ints, y: Ints) -> Ints:
        """(pairs,) the right answers xy."""
        return self.group.table[x, y].astype(np.intp)


@np.errstate(all="ignore")  # what overflows is an infinite error, and proves nothing
def build_model(weights: Weights, group: Group, arithmetic: str) -> Model:
    """The model; in float32 arithmetic the floor bounds what any order of summation can change (Theorem 2)."""
    stored, n = weights.tensors, group.order
    narrow = all(array.dtype != np.float64 for array in stored.values())
    require(narrow or arithmetic == "real", "float32 arithmetic speaks of float32 or float16, and these are float64")

    def side(name: str, constant: float, dtype: str) -> Near:
        table = Near.exact(stored[f"embed_{name}" if weights.factored else name].astype(np.float64)).to(dtype)
        if weights.factored:  # in this precision, as whoever evaluates the network may
            table = table.times(stored[f"hidden_{name}"].astype(np.float64))
        value = np.empty((n, len(table.size) + 1), dtype)  # row by row
        value[:, :-1], value[:, -1] = table.value, constant
        return Near(value, np.append(table.error, 0.0), np.append(table.size, constant))

    left, right = ({dtype: side(*what, dtype) for dtype in UNIT} for what in (("left", 1.0), ("right", 0.0)))
    unembed = np.concatenate([stored["unembed"], stored.get("bias", np.zeros(n))[None]], dtype=np.float64)
    model = Model(group, left, right, unembed, weights.activation)
    if arithmetic == "real":
        return model
    first = np.zeros(1, np.intp)
    return replace(model, floor=float(up(2.0 * model.logits(first, first, "float32").error.max())))
