"""The checkpoint layouts of published code, each read into `Parameters`.

============ ==================================================================================
``chughtai`` Chughtai, Chan, Nanda 2023, ``OneLayerMLP``: ``W_x`` (n, E), ``W_y`` (n, E),
             ``W`` (2E, m), ``W_U`` (m, n)
``stander``  Stander et al. 2024, ``full_run.pth``: ``lembed.weight`` (v, E), ``rembed.weight``,
             ``linear.weight`` (m, 2E), or (m, E) for both operands, ``linear.bias`` perhaps,
             ``unembed.weight`` (v, m), ``unembed.bias``; v may exceed the group's order
``wu``       Wu et al. 2024, with an axis of instances in front: ``embedding_left`` (i, n, E),
             ``embedding_right``, ``linear_left`` (i, E, m) and ``linear_right``, or ``linear`` for
             both operands, or neither; ``unembedding`` (i, m, n), ``unembed_bias`` (i, n) perhaps
``factored`` ``embed_left``, ``embed_right``, ``hidden_left``, ``hidden_right``, ``unembed``,
             ``cayley``
============ ==================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.networks.importing.parameters import Parameters
from rhoset.networks.importing.tensors import Tensors


def chughtai(tensors: Tensors) -> list[Parameters]:
    """One network of Chughtai et al. 2023 (repository bilal-chughtai/rep-theory-mech-interp)."""
    t = _take("chughtai", tensors, ("W_x", "W_y", "W", "W_U"))
    _axes("chughtai", t)
    left_width, right_width = t["W_x"].shape[1], t["W_y"].shape[1]
    if t["W"].shape[0] != left_width + right_width:
        raise _shape(
            "chughtai",
            "W",
            t["W"],
            f"({left_width} + {right_width}, m): the rows of W_x's columns, then those of W_y's",
        )
    return [Parameters(t["W_x"], t["W_y"], t["W"][:left_width], t["W"][left_width:], t["W_U"])]


def stander(tensors: Tensors) -> list[Parameters]:
    """One network of Stander et al. 2024 (repository dashstander/sn-grok)."""
    t = _take(
        "stander",
        tensors,
        ("lembed.weight", "rembed.weight", "linear.weight", "unembed.weight"),
        ("linear.bias", "unembed.bias"),
    )
    _axes("stander", t)
    left_width, right_width = t["lembed.weight"].shape[1], t["rembed.weight"].shape[1]
    linear = t["linear.weight"].T
    if linear.shape[0] == left_width + right_width:
        hidden_left, hidden_right = linear[:left_width], linear[left_width:]
    elif linear.shape[0] == left_width == right_width:
        hidden_left = hidden_right = linear
    else:
        raise _shape(
            "stander",
            "linear.weight",
            t["linear.weight"],
            f"(m, {left_width + right_width}), or (m, {left_width}) for both operands",
        )
    return [
        Parameters(
            t["lembed.weight"],
            t["rembed.weight"],
            hidden_left,
            hidden_right,
            t["unembed.weight"].T,
            bias=t.get("unembed.bias"),
            hidden_bias=t.get("linear.bias"),
            spare_vocabulary=True,
        )
    ]


def wu(tensors: Tensors) -> list[Parameters]:
    """The instances of Wu et al. 2024; without the axis of instances there is one."""
    t = _take(
        "wu",
        tensors,
        ("embedding_left", "embedding_right", "unembedding"),
        ("linear_left", "linear_right", "linear", "unembed_bias"),
    )
    if ("linear_left" in t) != ("linear_right" in t) or ("linear" in t and "linear_left" in t):
        raise RhosetError(
            "wu: expected linear_left and linear_right, or linear alone, or none of them; the file"
            f" has {', '.join(name for name in t if name.startswith('linear'))}",
            slug="checkpoint-tensors",
        )
    if all(array.ndim == (1 if name == "unembed_bias" else 2) for name, array in t.items()):
        t = {name: array[None] for name, array in t.items()}
    instances = t["embedding_left"].shape[0] if t["embedding_left"].ndim else 0
    for name, array in t.items():
        ndim = 2 if name == "unembed_bias" else 3
        if array.ndim != ndim or array.shape[0] != instances:
            expected = f"({instances}, …) with {ndim} axes, instances first"
            raise _shape("wu", name, array, expected)
    shared = t.get("linear")
    hidden_left, hidden_right = t.get("linear_left", shared), t.get("linear_right", shared)
    return [
        Parameters(
            t["embedding_left"][i],
            t["embedding_right"][i],
            None if hidden_left is None else hidden_left[i],
            None if hidden_right is None else hidden_right[i],
            t["unembedding"][i],
            bias=t["unembed_bias"][i] if "unembed_bias" in t else None,
        )
        for i in range(instances)
    ]


def factored(tensors: Tensors) -> list[Parameters]:
    """The neutral layout of the public checkpoints, which holds its own table."""
    needed = ("embed_left", "embed_right", "hidden_left", "hidden_right", "unembed", "cayley")
    t = _take("factored", tensors, needed, ("bias",))
    _axes("factored", t)
    return [
        Parameters(
            t["embed_left"],
            t["embed_right"],
            t["hidden_left"],
            t["hidden_right"],
            t["unembed"],
            bias=t.get("bias"),
            table=t["cayley"],
        )
    ]


FORMATS: dict[str, Callable[[Tensors], list[Parameters]]] = {
    "chughtai": chughtai,
    "stander": stander,
    "wu": wu,
    "factored": factored,
}
"""Name → reader; ``mapping`` beside them is in `rhoset.networks.importing.mapping`."""


def _take(what: str, tensors: Tensors, needed: Iterable[str], optional: Iterable[str] = ()) -> Tensors:
    """The tensors by name; missing and unknown ones are named."""
    needed, optional = tuple(needed), tuple(optional)
    missing = [name for name in needed if name not in tensors]
    extra = [name for name in tensors if name not in (*needed, *optional)]
    if missing or extra:
        parts = [f"missing tensors {', '.join(missing)}"] if missing else []
        parts += [f"extra tensors {', '.join(sorted(extra)[:12])}"] if extra else []
        also = f" and perhaps {', '.join(optional)}" if optional else ""
        raise RhosetError(
            f"{what}: {' and '.join(parts)}; this format has {', '.join(needed)}{also}."
            " Use the format mapping for another layout",
            slug="checkpoint-tensors",
        )
    return {name: tensors[name] for name in (*needed, *optional) if name in tensors}


def _axes(what: str, tensors: Tensors) -> None:
    """A bias has one axis, everything else two."""
    for name, array in tensors.items():
        bias = name.endswith("bias")
        if array.ndim != (1 if bias else 2):
            raise _shape(what, name, array, "one axis" if bias else "two axes")


def _shape(what: str, name: str, array: NDArray[Any], expected: str) -> RhosetError:
    return RhosetError(
        f"{what}: tensor {name!r} has shape {array.shape}, expected {expected}",
        slug="checkpoint-shape",
    )
