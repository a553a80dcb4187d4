"""How often which irreps are learned, by setting: shares with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rhoset.errors import RhosetError
from rhoset.explaining.explanation import in_use
from rhoset.populations.record import Record
from rhoset.shares import clopper_pearson


def counted(said: Sequence[Record], rows: Sequence[Mapping[str, Any]], by: Sequence[str]) -> list[dict[str, Any]]:
    """One row for each combination of the columns `by`: networks, how many are right everywhere, median loss, and for
    each irrep the share of the networks that use it, with the exact 95 % interval (Clopper-Pearson) as text.

    Parameters
    ----------
    said, rows
        The same networks as `records` and as `flat` gives them.
    by
        Columns of `rows`.

    Raises
    ------
    RhosetError
        ``no-such-column``.
    """
    for name in by:
        if name not in rows[0]:
            raise RhosetError(f"no column {name!r}; there are {', '.join(rows[0])}", slug="no-such-column")
    groups: dict[tuple[Any, ...], list[Record]] = {}
    for record, row in zip(said, rows, strict=True):
        groups.setdefault(tuple(row[name] for name in by), []).append(record)
    used = [used_irreps(record) for record in said]
    names = sorted({name for names in used for name in names})
    out = []
    for key, members in groups.items():
        made: dict[str, Any] = dict(zip(by, key, strict=True))
        made["networks"] = len(members)
        made["right everywhere"] = interval(sum(r["accuracy"] == 1 for r in members), len(members))
        made["median loss"] = float(np.median([r["loss"] for r in members]))
        for name in names:
            made[name] = interval(sum(name in used_irreps(r) for r in members), len(members))
        out.append(made)
    return out


def used_irreps(record: Record) -> list[str]:
    """Names of the irreps in use."""
    return [i["name"] for i in record["irreps"] if in_use(i["neurons"], i["energy"])]


def interval(count: int, total: int) -> str:
    """``12/40 = 30 % (18–45)``."""
    found = clopper_pearson(count, total)
    return f"{count}/{total} = {found.share:.0%} ({100 * found.low:.0f}–{100 * found.high:.0f})"
