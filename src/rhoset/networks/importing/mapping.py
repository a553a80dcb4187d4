"""The ``mapping`` format: a TOML file says which tensor is what.

    group = "S5"                       # optional, --group goes first
    activation = "gelu"                # optional, relu otherwise
    ignore = ["step", "rng.*"]         # tensors to leave alone; a trailing * stands for anything

    [tensors]
    embed_left   = "left.weight"
    embed_right  = "right.weight"
    hidden_left  = { name = "fc.weight", transpose = true, rows = [0, 256] }
    hidden_right = { name = "fc.weight", transpose = true, rows = [256, 512] }
    hidden_bias  = "fc.bias"                                   # optional
    unembed      = { name = "out.weight", transpose = true }
    bias         = "out.bias"                                  # optional
    table        = "cayley"                                    # optional

    # Optional: a third token that is the same for every pair (such as "="), which a concatenating network reads.
    embed_constant  = { name = "left.weight", index = 113 }
    hidden_constant = { name = "fc.weight", transpose = true, rows = [512, 768] }

``left`` and ``right`` stand in for the embed and hidden tensors where the file holds the folded
tables. An entry is applied in the order index (along the first axis), transpose, rows, columns.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.networks.activations import activation_name
from rhoset.networks.arrays import checked_weights
from rhoset.networks.importing.parameters import Parameters
from rhoset.networks.importing.tensors import Tensors, without_wrappers
from rhoset.reading import as_toml, read_text

_FACTORS = ("embed_left", "embed_right", "hidden_left", "hidden_right")
_CONSTANT = ("embed_constant", "hidden_constant")
_ROLES = (*_FACTORS, "left", "right", "hidden_bias", *_CONSTANT, "unembed", "bias", "table")
_ONE_AXIS = ("bias", "hidden_bias", "embed_constant")
_OPTIONS = {"name", "index", "transpose", "rows", "columns"}


@dataclass(frozen=True)
class Mapping:
    """What a mapping file says: a source for each role, the group, the activation."""

    path: Path
    tensors: dict[str, dict[str, Any]]
    group: str | None
    activation: str | None
    ignore: tuple[str, ...]


def read_mapping(path: str | os.PathLike[str]) -> Mapping:
    """Read a mapping file.

    Raises
    ------
    RhosetError
        Not TOML, unknown keys or roles, roles missing (slug ``bad-mapping``); unknown activation.
    """
    path = Path(path)
    raw = as_toml(read_text(path, "a mapping in TOML", "bad-mapping"), path, "bad-mapping")
    unknown = sorted(set(raw) - {"group", "activation", "ignore", "tensors"})
    if unknown:
        raise _bad(
            path,
            f"unknown keys {', '.join(unknown)}; known: group, activation, ignore and the section [tensors]",
        )
    section = raw.get("tensors")
    if not isinstance(section, dict):
        raise _bad(path, "the section [tensors] is missing")
    unknown = sorted(set(section) - set(_ROLES))
    if unknown:
        raise _bad(path, f"unknown roles {', '.join(unknown)}; known: {', '.join(_ROLES)}")
    folded = "left" in section or "right" in section
    needed = ("left", "right", "unembed") if folded else (*_FACTORS, "unembed")
    missing = [role for role in needed if role not in section]
    if missing:
        raise _bad(path, f"missing roles {', '.join(missing)}")
    if folded and any(role in section for role in _FACTORS):
        raise _bad(path, "give left and right, or the embed and hidden tensors, not both")
    if sum(role in section for role in _CONSTANT) == 1:
        raise _bad(path, f"{' and '.join(_CONSTANT)} belong together: give both or neither")
    name = raw.get("activation")
    name = None if name is None else activation_name(name)
    group, ignore = raw.get("group"), raw.get("ignore", [])
    if group is not None and not isinstance(group, str):
        raise _bad(path, f"group is {group!r}, expected a name in quotes")
    if not isinstance(ignore, list) or not all(isinstance(entry, str) for entry in ignore):
        raise _bad(path, f"ignore is {ignore!r}, expected a list of names")
    entries = {role: _entry(path, role, value) for role, value in section.items()}
    return Mapping(path, entries, group, name, tuple(ignore))


def mapped(tensors: Tensors, mapping: Mapping) -> list[Parameters]:
    """The network that the mapping finds among the tensors.

    Raises
    ------
    RhosetError
        A named tensor is missing, or one is neither used nor ignored (slug
        ``checkpoint-tensors``); an entry does not fit its tensor (``checkpoint-shape``).
    """
    used = {str(entry["name"]) for entry in mapping.tensors.values()}
    if not used <= set(tensors):
        tensors = without_wrappers(tensors)
    missing = sorted(used - set(tensors))
    extra = sorted(name for name in set(tensors) - used if not _ignored(name, mapping.ignore))
    if missing or extra:
        parts = [f"missing tensors {', '.join(missing)}"] if missing else []
        parts += [f"tensors neither used nor ignored: {', '.join(extra[:12])}"] if extra else []
        raise RhosetError(
            f"{mapping.path}: {' and '.join(parts)}; the file has {', '.join(sorted(tensors)[:20])}",
            slug="checkpoint-tensors",
        )
    found = {role: _apply(role, tensors[entry["name"]], entry) for role, entry in mapping.tensors.items()}
    folded = "left" in found
    return [
        Parameters(
            found["left"] if folded else found["embed_left"],
            found["right"] if folded else found["embed_right"],
            None if folded else found["hidden_left"],
            None if folded else found["hidden_right"],
            found["unembed"],
            bias=found.get("bias"),
            hidden_bias=_hidden_bias(found),
            activation=mapping.activation,
            table=found.get("table"),
            spare_vocabulary=True,
        )
    ]


def _hidden_bias(found: Tensors) -> NDArray[Any] | None:
    """The bias of the hidden layer and what the constant token adds to it, None where there is neither."""
    bias = found.get("hidden_bias")
    if "embed_constant" not in found:
        return bias
    token, linear = found["embed_constant"], found["hidden_constant"]
    if token.shape[0] != linear.shape[0] or (bias is not None and bias.shape != linear.shape[1:]):
        raise RhosetError(
            f"mapping: embed_constant of shape {token.shape} does not fit hidden_constant of shape {linear.shape}"
            + ("" if bias is None else f" and hidden_bias of shape {bias.shape}")
            + ": expected (E,), (E, m) and (m,)",
            slug="checkpoint-shape",
        )
    token = checked_weights("embed_constant", token, token.shape).astype(np.float64)
    added = token @ checked_weights("hidden_constant", linear, linear.shape).astype(np.float64)
    return added if bias is None else added + checked_weights("hidden_bias", bias, bias.shape)


def _entry(path: Path, role: str, value: Any) -> dict[str, Any]:
    entry = {"name": value} if isinstance(value, str) else value
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise _bad(path, f"{role} is {value!r}, expected a tensor's name or {{ name = … }}")
    unknown = sorted(set(entry) - _OPTIONS)
    if unknown:
        raise _bad(
            path,
            f"{role} has unknown options {', '.join(unknown)}; known: {', '.join(sorted(_OPTIONS))}",
        )
    for option in ("rows", "columns"):
        bounds = entry.get(option, [0, 1])
        if (
            not isinstance(bounds, list)
            or len(bounds) != 2
            or not all(type(bound) is int for bound in bounds)
            or not 0 <= bounds[0] < bounds[1]
        ):
            raise _bad(path, f"{role}: {option} is {bounds!r}, expected [first, end]")
    if type(entry.get("index", 0)) is not int or entry.get("index", 0) < 0:
        raise _bad(path, f"{role}: index is {entry['index']!r}, expected an integer from 0")
    if not isinstance(entry.get("transpose", False), bool):
        raise _bad(path, f"{role}: transpose is {entry['transpose']!r}, expected true or false")
    return entry


def _apply(role: str, array: NDArray[Any], entry: dict[str, Any]) -> NDArray[Any]:
    start = array.shape
    if "index" in entry:
        if array.ndim == 0 or entry["index"] >= array.shape[0]:
            raise _misfit(role, entry, start, f"no index {entry['index']}")
        array = array[entry["index"]]
    if entry.get("transpose"):
        array = array.T
    for axis, option in enumerate(("rows", "columns")):
        if option in entry:
            first, end = entry[option]
            if array.ndim <= axis or end > array.shape[axis]:
                raise _misfit(role, entry, start, f"no {option} {first} to {end}")
            array = array[first:end] if axis == 0 else array[:, first:end]
    axes = 1 if role in _ONE_AXIS else 2
    if array.ndim != axes:
        raise _misfit(role, entry, start, f"{array.ndim} axes are left, expected {axes}")
    return array


def _misfit(role: str, entry: dict[str, Any], shape: tuple[int, ...], why: str) -> RhosetError:
    return RhosetError(
        f"mapping: {role} takes tensor {entry['name']!r} of shape {shape}: {why}",
        slug="checkpoint-shape",
    )


def _ignored(name: str, patterns: tuple[str, ...]) -> bool:
    return any(name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern for pattern in patterns)


def _bad(path: Path, why: str) -> RhosetError:
    return RhosetError(f"mapping {path}: {why}", slug="bad-mapping")
