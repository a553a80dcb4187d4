"""Numbers as the report writes them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rhoset.summaries import counted as counted


def percent(value: float | None) -> str:
    """A share as a percentage; never rounded up to 100 %, below 1 % with two digits.

    >>> percent(0.45), percent(0.0013), percent(0.99999), percent(1.0), percent(None)
    ('45.0 %', '0.13 %', '99.99 %', '100 %', '–')
    """
    if value is None or math.isnan(value):
        return "–"
    if value >= 1 or value <= 0:
        return f"{100 * value:.0f} %"
    if value > 0.999:
        return f"{math.floor(value * 10_000) / 100:.2f} %"
    if value < 0.01:
        return f"{100 * value:.2g} %"
    return f"{100 * value:.1f} %"


def at_least(bound: float) -> str:
    """A proved share as a percentage, rounded down: what is said is proved.

    >>> at_least(0.98766), at_least(0.57), at_least(0.00139), at_least(0.99999), at_least(1.0)
    ('98.7 %', '57.0 %', '0.13 %', '99.99 %', '100 %')
    """
    if bound <= 0 or bound >= 1:
        return percent(bound)
    steps: int = 10 ** (4 if bound > 0.999 else 3 if bound >= 0.01 else 1 - math.floor(math.log10(bound)))
    return percent(math.floor(bound * steps * (1 + 1e-15)) / steps)  # 0.57 is 57 hundredths, though no float is


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


def adding_up(start: float, taken: Sequence[float], end: float) -> tuple[str, list[float], str]:
    """start − Σ taken = end, rounded to hundredths that add up as they are written.

    What rounding leaves goes to the terms that it moved most.

    >>> adding_up(1.004, [0.336, 0.334], 0.334)
    ('1.00', [0.34, 0.33], '0.33')
    """
    first, last = round(100 * start), round(100 * end)
    whole = [math.floor(100 * value) for value in taken]
    missing = first - last - sum(whole)
    ranked = sorted(range(len(whole)), key=lambda k: whole[k] - 100 * taken[k])
    for k in ranked[:missing] if missing >= 0 else ranked[missing:]:
        whole[k] += 1 if missing >= 0 else -1
    return hundredths(first / 100), [value / 100 for value in whole], hundredths(last / 100)


def hundredths(value: float) -> str:
    """Two decimals, with a minus sign that is one; no minus before zero."""
    return f"{value + 0.0:.2f}".replace("-", "−")
