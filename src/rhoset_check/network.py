"""The network as numbers with error bounds: f(z|x,y) = Σ_i unembed[i,z] φ(left[x,i] + right[y,i]) (THEOREMS.md, §3).

Bias is a neuron more, number m: it reads 1 and 0, so its activation is 1 for every φ, and writes the bias.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset_check.files import Weights
from rhoset_check.group import Group
from rhoset_check.near import Array, Ints, Near, require, up


@dataclass(frozen=True)
class Model:
    """Tables with the bias neuron, in both precisions; `floor` is what a real margin must exceed to count."""

    group: Group = field(repr=False)
    left: dict[str, Near] = field(repr=False)
    right: dict[str, Near] = field(repr=False)
    """(n, m + 1) in float64 and float32."""
    unembed: dict[str, NDArray[Any]] = field(repr=False)
    """(m + 1, n): the stored floats in float64 (exact), and rounded to float32."""
    activation: str
    floor: float
    ends: dict[str, tuple[Array, Array]] = field(default_factory=dict, repr=False)
    """Error and size of the logits, which are the same for all pairs, once they are known."""

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
        """(pairs, m + 1) activations."""
        left, right, n = self.left[dtype], self.right[dtype], self.order
        if len(x) % n == 0 and (y.reshape(-1, n) == np.arange(n)).all() and (x.reshape(-1, n) == x[::n, None]).all():
            return left.rows(x[::n]).each(right).activate(self.activation)  # whole rows of pairs: the same, quicker
        return (left.rows(x) + right.rows(y)).activate(self.activation)

    def logits(self, x: Ints, y: Ints, dtype: str) -> Near:
        """(pairs, n) logits; their error bound does not depend on the pairs."""
        hidden, unembed = self.hidden(x, y, dtype), self.unembed[dtype]
        if dtype in self.ends:
            return Near(hidden.product(unembed), *self.ends[dtype])
        found = hidden.times(unembed)
        self.ends[dtype] = found.error, found.size
        return found

    def products(self, x: Ints, y: Ints) -> Ints:
        """(pairs,) the right answers xy."""
        return self.group.table[x, y].astype(np.intp)


@np.errstate(all="ignore")  # what overflows is an infinite error, and proves nothing
def build_model(weights: Weights, group: Group, arithmetic: str) -> Model:
    """The model; in float32 arithmetic the floor bounds what any order of summation can change (Theorem 2)."""
    stored, n = weights.tensors, group.order
    unembed = np.concatenate([stored["unembed"], stored.get("bias", np.zeros(n, stored["unembed"].dtype))[None]])
    model = Model(group, {}, {}, {"float64": unembed.astype(np.float64)}, weights.activation, 0.0)
    model.unembed["float32"] = unembed.astype(np.float32)
    single = arithmetic == "float32"
    narrow = all(array.dtype != np.float64 for array in stored.values())
    require(narrow or not single, "float32 arithmetic speaks of float32 (or float16) weights; these are float64")
    for dtype in ("float64", "float32"):
        for side, constant in (("left", 1.0), ("right", 0.0)):
            if weights.factored:
                embedded = Near.exact(stored[f"embed_{side}"].astype(np.float64)).to(dtype)
                table = embedded.times(stored[f"hidden_{side}"].astype(np.float64))
            else:
                table = Near.exact(stored[side].astype(np.float64)).to(dtype)
            value = np.concatenate([table.value, np.full((n, 1), constant, dtype=dtype)], axis=1)
            ends = np.append(table.error, 0.0), np.append(table.size, constant)
            getattr(model, side)[dtype] = Near(value, *ends)
    if not single:
        return model
    first = np.zeros(1, dtype=np.intp)
    error = float(model.logits(first, first, "float32").error.max())
    return Model(group, model.left, model.right, model.unembed, model.activation, float(up(2.0 * error)))
