"""Numbers as the report writes them."""

from __future__ import annotations

import math

from rhoset.summaries import counted as counted


def percent(value: float | None) -> str:
    """A share as a percentage; never rounded up to 100 %.

    >>> percent(0.45), percent(0.99999), percent(1.0), percent(None)
    ('45.0 %', '99.99 %', '100 %', '–')
    """
    if value is None or math.isnan(value):
        return "–"
    if value >= 1 or value <= 0:
        return f"{100 * value:.0f} %"
    if value > 0.999:
        return f"{math.floor(value * 10_000) / 100:.2f} %"
    if value < 0.001:
        return f"{100 * value:.2g} %"
    return f"{100 * value:.1f} %"


def limit(value: float) -> str:
    """A threshold as a percentage, without needless digits.

    >>> limit(0.95), limit(0.005)
    ('95 %', '0.5 %')
    """
    return f"{100 * value:g} %"


def quantity(value: float | None) -> str:
    """A count with an SI prefix, three significant digits.

    >>> quantity(222_000_000), quantity(15), quantity(1234)
    ('222 M', '15', '1.23 k')
    """
    if value is None or math.isnan(value):
        return "–"
    for factor, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= factor:
            return f"{value / factor:.3g} {prefix}"
    return f"{value:.3g}"


def duration(seconds: float | None) -> str:
    """A time in the unit that fits it.

    >>> duration(0.0123), duration(2.5), duration(312)
    ('12.3 ms', '2.5 s', '5.2 min')
    """
    if seconds is None or math.isnan(seconds):
        return "–"
    if seconds < 1e-3:
        return f"{seconds * 1e6:.3g} µs"
    if seconds < 1:
        return f"{seconds * 1e3:.3g} ms"
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min"


def number(value: float | None) -> str:
    """Three significant digits."""
    if value is None or math.isnan(value):
        return "–"
    return f"{value:.3g}" if abs(value) < 1e5 else quantity(value)
