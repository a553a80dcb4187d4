"""Every account of a network side by side, for tables of populations; computed once and kept beside the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import rhoset
from rhoset.errors import RhosetError
from rhoset.explaining import (
    analyse,
    compare,
    decided,
    equivariance,
    minimality,
    recipe,
    writing_law,
)
from rhoset.networks import Network, read_network
from rhoset.populations.measuring import keep_json, kept_or_computed, kept_place
from rhoset.populations.record import Record

ACCOUNTS = 2
"""Version of what is kept; raise it when the meaning of a value changes."""

COLUMNS: dict[str, tuple[str, str]] = {
    "by_ACCOUNT": ("share", "of the weights' energy that the account holds: `explained` for circuits"),
    "right_by_ACCOUNT": ("share", "of the pairs, with the network replaced by what the account says"),
    "equivariant_left": ("share", "of the logits' energy that is equivariant in the left argument"),
    "equivariant_right": ("share", "the same of the right argument"),
    "equivariant_both": ("share", "the same of both"),
    "parts": ("", "circuits, quadratures, and what is left over"),
    "parts_enough": ("", "the fewest parts with which every right pair stays right"),
    "law": ("share", "of unembed that the law over the training pairs gives, read off at the network"),
    "decided": ("share", "of unembed that readings and training pairs decide (--decided)"),
}
"""Column → (unit, meaning); None where an account cannot speak of a network, or the network is too large."""


def accounts(network: Network, beside: Path | None = None, *, decide: bool = False) -> dict[str, float | None]:
    """The columns `COLUMNS` of one network.

    Parameters
    ----------
    network
        Any network whose table is a group's.
    beside
        Its file: what was computed before is read from `rhoset.populations.measuring.KEPT`, and kept there.
    decide
        Solve for what readings and training pairs decide, seconds a network (``decided``).

    Raises
    ------
    RhosetError
        The table is no group's.

    Notes
    -----
    S5 of width 128: 0.5 s, with `decide` 2 to 10 s more; 1 ms when it was kept.
    """
    place = None if beside is None else kept_place(beside, network, "-accounts")
    stamp = {"accounts": ACCOUNTS, "version": rhoset.__version__, "digest": network.digest}
    kept = kept_or_computed(place, stamp, lambda: _computed(network))
    if decide and "decided" not in kept:
        kept["decided"] = _decided(network)
        if place is not None:
            keep_json(place, kept)
    return {key: value for key, value in kept.items() if key not in stamp}


def add_accounts(
    said: Sequence[Record],
    rows: Sequence[dict[str, Any]],
    files: Mapping[str, Path],
    *,
    decide: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Add the columns to the rows of `rhoset.populations.rows.flat`, and ``"accounts"`` to the records they came from.

    `files` are the networks' files by label, as `rhoset.populations.rows.files_of` has them.
    """
    found = []
    for done, record in enumerate(said):
        path = files[record["network"]]
        found.append(accounts(read_network(path), path, decide=decide))
        progress(done + 1, len(said))
    columns = dict.fromkeys(name for each in found for name in each)
    if not decide:
        columns.pop("decided", None)
    for record, row, each in zip(said, rows, found, strict=True):
        record["accounts"] = {name: each.get(name) for name in columns}
        row.update(record["accounts"])


def _computed(network: Network) -> dict[str, float | None]:
    of = analyse(network)
    columns: dict[str, float | None] = {}
    for each in compare(of):
        name = each.name.replace(" ", "_")
        columns[f"by_{name}"] = each.explained
        columns[f"right_by_{name}"] = each.result.accuracy
    sides = _or_none(lambda: equivariance(network))
    for name in ("left", "right", "both"):
        columns[f"equivariant_{name}"] = None if sides is None else getattr(sides, name)
    law = of.writing_law.shares()["law"]
    columns["law"] = law if law == law else None  # nan: the training pairs are not known
    needed = _or_none(lambda: minimality(of.explanation))
    columns["parts"] = None if needed is None else float(len(needed.parts))
    columns["parts_enough"] = None if needed is None else float(min(map(len, needed.sufficient), default=0))
    return columns


def _or_none(compute: Callable[[], Any]) -> Any:
    """What is too dear for a network is None in its row."""
    try:
        return compute()
    except RhosetError:
        return None


def _decided(network: Network) -> float | None:
    trained = recipe(network)
    found = None if trained is None else decided(network, trained)
    if trained is None or found is None:
        return None
    return float(replace(writing_law(network), decided=found).shares()["decided"])
