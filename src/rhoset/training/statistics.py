"""Statistics of populations: shares of labels, and time to generalise with censoring.

A network that had not generalised when training stopped is censored: its time is *more than* its
steps. Leaving it out, or counting its steps as its time, makes every mean too small.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.arguments import public
from rhoset.errors import RhosetError
from rhoset.shares import Share, quartiles, wilson


@dataclass(frozen=True, eq=False)
class Survival:
    """Kaplan and Meier's estimate of the share that has *not* generalised yet.

    Parameters
    ----------
    steps
        (k,) distinct steps at which some network generalised, ascending.
    share
        (k,) estimated share not generalised after each.
    low, high
        (k,) pointwise interval (Greenwood's variance on the scale log(−log)).
    at_risk
        (k,) networks still in training, not generalised, just before each.
    events
        (k,) networks that generalised at each.
    censored
        Networks that never did.
    """

    steps: NDArray[np.int64]
    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    at_risk: NDArray[np.int64]
    events: NDArray[np.int64]
    censored: int

    def quantile(self, q: float) -> float | None:
        """First step by which a share `q` has generalised; None when the estimate never gets
        there."""
        return self._first(self.share, 1 - q)

    def median(self) -> tuple[float | None, float | None, float | None]:
        """Median step with its interval (Brookmeyer and Crowley); None where it is not reached."""
        return self._first(self.share, 0.5), self._first(self.low, 0.5), self._first(self.high, 0.5)

    def _first(self, curve: NDArray[np.float64], level: float) -> float | None:
        """First step at which the curve is down to the level."""
        reached = np.flatnonzero(curve <= level + 1e-12)
        return float(self.steps[reached[0]]) if len(reached) else None


@public
def kaplan_meier(steps: Sequence[float], observed: Sequence[bool], confidence: float = 0.95) -> Survival:
    """The survival curve of times that may be censored.

    Parameters
    ----------
    steps
        Time of the event, or of the last look where there was none.
    observed
        Whether there was an event. A network censored at the time of an event was at risk then.
    confidence
        Two-sided, pointwise.

    Raises
    ------
    RhosetError
        ``bad-statistics``.

    Notes
    -----
    Kaplan and Meier, J. Am. Stat. Assoc. 53 (1958) 457. Evaluations are `evaluate_every` steps
    apart, so times are rounded up to a multiple of that.

    Examples
    --------
    >>> curve = kaplan_meier([100, 200, 200, 300], [True, True, False, False])
    >>> [round(float(s), 3) for s in curve.share]
    [0.75, 0.5]
    """
    t, seen = np.asarray(steps, dtype=float), np.asarray(observed, dtype=bool)
    if t.shape != seen.shape or t.ndim != 1 or not np.all(np.isfinite(t)) or np.any(t < 0):
        raise RhosetError(
            f"times of shape {t.shape} with events of shape {seen.shape}: need two equally long "
            "rows and finite times ≥ 0",
            slug="bad-statistics",
        )
    if not 0 < confidence < 1:
        raise RhosetError(f"confidence {confidence}: need a number in (0, 1)", slug="bad-statistics")
    moments = np.unique(t[seen])
    at_risk = np.array([np.count_nonzero(t >= s) for s in moments], dtype=np.int64)
    events = np.array([np.count_nonzero(seen & (t == s)) for s in moments], dtype=np.int64)
    share = np.cumprod(1 - events / np.maximum(at_risk, 1)).astype(np.float64)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.cumsum(events / (at_risk * (at_risk - events)))
        log = np.log(share)
        width = z * np.sqrt(variance) / np.abs(log)
        low, high = share ** np.exp(width), share ** np.exp(-width)
    certain = share <= 0  # nobody is left: no variance to speak of
    low, high = np.where(certain, 0.0, low), np.where(certain, 0.0, high)
    return Survival(moments.astype(np.int64), share, low, high, at_risk, events, int(np.count_nonzero(~seen)))


@dataclass(frozen=True, eq=False)
class Summary:
    """A population in numbers.

    Parameters
    ----------
    key
        What the networks have in common, e.g. ``{"group": "S5", "width": 128}``.
    labels
        Share of each label that occurs.
    generalised
        Share that generalised.
    time
        Time to generalise.
    loss
        Quartiles (25, 50, 75 %) of the final loss over all pairs of those that generalised; nan
        when none did.
    seconds
        Processor seconds in all.
    """

    key: Mapping[str, Any]
    labels: Mapping[str, Share]
    generalised: Share
    time: Survival
    loss: tuple[float, float, float]
    seconds: float


@public
def summarise(rows: Iterable[Mapping[str, Any]], by: Sequence[str] = ()) -> list[Summary]:
    """Summaries of a table of results, one for each combination of the columns `by`, in order of
    appearance.

    Parameters
    ----------
    rows
        As `Run.results` or `Population.rows` give them.
    by
        Columns that tell populations apart, e.g. ``("group", "width", "train_fraction")``.

    Raises
    ------
    RhosetError
        ``bad-statistics`` when a column is missing.
    """
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        for column in (*by, "label", "steps", "generalised_at", "loss", "seconds"):
            if column not in row:
                raise RhosetError(
                    f"the table of results has no column {column!r}; it has {', '.join(row)}",
                    slug="bad-statistics",
                )
        groups.setdefault(tuple(row[c] for c in by), []).append(row)
    return [_summary(dict(zip(by, key, strict=True)), members) for key, members in groups.items()]


def _summary(key: dict[str, Any], rows: list[Mapping[str, Any]]) -> Summary:
    total = len(rows)
    labels = {
        label: wilson(sum(r["label"] == label for r in rows), total)
        for label in dict.fromkeys(r["label"] for r in rows)
    }
    done = [r["generalised_at"] is not None for r in rows]
    times = [r["generalised_at"] if d else r["steps"] for r, d in zip(rows, done, strict=True)]
    losses = [r["loss"] for r in rows if r["label"] == "generalised"]
    return Summary(
        key=key,
        labels=labels,
        generalised=wilson(sum(r["label"] == "generalised" for r in rows), total),
        time=kaplan_meier(times, done),
        loss=quartiles(losses)[1:4],
        seconds=float(sum(r["seconds"] for r in rows)),
    )
