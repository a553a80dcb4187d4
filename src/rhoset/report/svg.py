"""Axes, scales and marks: the few SVG primitives that the charts are made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape

Scale = Callable[[float], float]


def linear(low: float, high: float, start: float, end: float) -> Scale:
    """Map [low, high] to [start, end]."""
    span = (high - low) or 1.0
    return lambda value: start + (value - low) / span * (end - start)


def logarithmic(low: float, high: float, start: float, end: float) -> Scale:
    """Map [low, high], both positive, to [start, end] by logarithm."""
    inner = linear(math.log(low), math.log(high), start, end)
    return lambda value: inner(math.log(min(max(value, low), high)))


def decades(low: float, high: float) -> list[float]:
    """1, 3 and 10 times powers of ten within [low, high]."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    steps = [m * 10.0**e for e in range(first, last + 1) for m in (1, 3)]
    return [s for s in steps if low * 0.999 <= s <= high * 1.001]


def nice_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """About `count` round numbers that cover [low, high]."""
    raw = (high - low) / max(count, 1) or 1.0
    base = 10 ** math.floor(math.log10(raw))
    step = next(base * m for m in (1, 2, 2.5, 5, 10) if base * m >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


def f(value: float) -> str:
    """A coordinate: one decimal, no trailing zero."""
    return f"{value:.1f}".rstrip("0").rstrip(".") if "." in f"{value:.1f}" else f"{value:.1f}"


def text(x: float, y: float, content: str, css: str = "", anchor: str = "start") -> str:
    """A piece of text; `anchor` is start, middle or end."""
    ending = "" if anchor == "start" else f' text-anchor="{anchor}"'
    style = f' class="{css}"' if css else ""
    return f'<text x="{f(x)}" y="{f(y)}"{style}{ending}>{escape(content)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    """A straight line."""
    return f'<line x1="{f(x1)}" y1="{f(y1)}" x2="{f(x2)}" y2="{f(y2)}" class="{css}"/>'


def rect(x: float, y: float, width: float, height: float, css: str = "", extra: str = "") -> str:
    """A rectangle; `extra` is further attributes or a style."""
    style = f' class="{css}"' if css else ""
    return f'<rect x="{f(x)}" y="{f(y)}" width="{f(width)}" height="{f(height)}"{style}{extra}/>'


def polyline(points: Sequence[tuple[float, float]], css: str) -> str:
    """A connected line."""
    path = " ".join(f"{f(x)},{f(y)}" for x, y in points)
    return f'<polyline points="{path}" class="{css}"/>'


def figure(width: float, height: float, label: str, body: Sequence[str], css: str = "") -> str:
    """A chart that scales with its column; `label` is what a screen reader says."""
    style = f"chart {css}".strip()
    return (
        f'<svg class="{style}" viewBox="0 0 {f(width)} {f(height)}" role="img" '
        f'aria-label="{escape(label, quote=True)}" style="max-width:{f(width)}px">'
        f"{''.join(body)}</svg>"
    )


def x_axis(ticks: Sequence[float], scale: Scale, top: float, bottom: float, say: Callable[[float], str]) -> list[str]:
    """Vertical grid lines with a label under each."""
    marks = []
    for tick in ticks:
        x = scale(tick)
        marks.append(line(x, top, x, bottom, "grid"))
        marks.append(text(x, bottom + 16, say(tick), "tick", "middle"))
    return marks


def y_axis(ticks: Sequence[float], scale: Scale, left: float, right: float, say: Callable[[float], str]) -> list[str]:
    """Horizontal grid lines with a label at the left of each."""
    marks = []
    for tick in ticks:
        y = scale(tick)
        marks.append(line(left, y, right, y, "grid"))
        marks.append(text(left - 8, y + 4, say(tick), "tick", "end"))
    return marks
