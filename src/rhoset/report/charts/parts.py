"""What the charts of `templates` share: axes, colours, zoom, size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

Domain = tuple[str, ...]
Chart = alt.Chart | alt.LayerChart | alt.FacetChart
SHAPES = ("square", "circle", "diamond", "triangle-up", "cross", "triangle-down", "triangle-right", "triangle-left")
"""Marks of the methods, in the order of their colours; both recur where there are more."""
LEVELS = ("every input", "less", "95 % or more")
"""How much is proved, in the colours of `ordinal`."""
PERCENT = ".0%"
WHOLE = "datum.value == floor(datum.value) ? format(datum.value, 'd') : ''"
"""Labels whole numbers only."""


def base() -> alt.Chart:
    return alt.Chart(alt.NamedData(name="rows"))


def tooltips(*fields: str | tuple[str, ...]) -> list[alt.Tooltip]:
    """What is told of a mark: fields, alone, with a title, or with a title (empty: the field's name) and a format."""
    found = []
    for field in fields:
        name, *rest = (field,) if isinstance(field, str) else field
        said: dict[str, Any] = {key: word for key, word in zip(("title", "format"), rest, strict=False) if word}
        found.append(alt.Tooltip(name, **said))
    return found


def bars(**channels: Any) -> alt.Chart:
    """Bars that lie below the words of `lines`."""
    drawn: alt.Chart = base().mark_bar(height=12, yOffset=6).encode(**channels)
    return drawn


def lines(y: alt.Y, of: alt.Chart | None = None) -> alt.Chart:
    """The words of each bar, above it."""
    drawn: alt.Chart = (of or base()).mark_text(style="words", align="left", dy=-10, x=2).encode(y=y, text="line:N")
    return drawn


def rule(style: str, channel: str, field: str, value: float) -> alt.Chart:
    """A line where a field has a value."""
    drawn: alt.Chart = (
        alt.Chart(alt.InlineData([{field: value}])).mark_rule(style=style, clip=True).encode(**{channel: f"{field}:Q"})
    )
    return drawn


def ordered(field: str, levels: Sequence[str], shown: Domain | None = None) -> alt.Color:
    """Colour by levels in their order, of which `shown` stand in the legend (None: those that occur)."""
    legend = alt.Legend() if shown is None else alt.Legend(values=list(shown))
    return alt.Color(field, scale=alt.Scale(domain=list(levels)), sort=list(levels), legend=legend)


def zoom() -> alt.Parameter:
    return alt.selection_interval(bind="scales", zoom="wheel![event.shiftKey || event.ctrlKey]", name="zoom")


def wide(chart: Any, height: Any) -> Chart:
    fit = alt.AutoSizeParams(type="fit-x", contains="padding")
    wide: Chart = chart.properties(width="container", height=height, autosize=fit)
    return wide


def names(domain: Domain, shown: Domain = ()) -> alt.Color:
    """Colour by irrep; `domain` fixes each name's colour, `shown` are those in the legend (none: no legend)."""
    legend = alt.Legend(values=list(shown)) if shown else None
    return alt.Color("irrep:N", scale=alt.Scale(domain=list(domain)), legend=legend, sort=None)


def cost_axis() -> alt.X:
    """Cost on a logarithmic axis whose ticks are written as percentages of any size."""
    said = "datum.value >= 0.01 ? format(datum.value * 100, '~g') + ' %' : format(datum.value * 100, '~r') + ' %'"
    ticks = [m * 10.0**e for e in range(-7, 2) for m in (1, 3)]
    title = "cost of the check, as a share of brute force"
    axis = alt.Axis(title=title, labelExpr=said, values=ticks, labelOverlap="greedy", labelFlush=False)
    return alt.X("at:Q", scale=alt.Scale(type="log", padding=14, nice=False), axis=axis)


def bound_axis(field: str, title: str) -> alt.Y:
    """A bound from 0 to 100 %, with room for marks at both ends."""
    axis = alt.Axis(title=title, values=[0, 0.25, 0.5, 0.75, 1], format=PERCENT)
    return alt.Y(field, scale=alt.Scale(domain=[-0.03, 1.03], nice=False), axis=axis)


def method_marks(domain: Domain, shown: Domain) -> tuple[alt.Color, alt.Shape]:
    """Colour and mark of each method, in one legend."""
    shapes = [SHAPES[k % len(SHAPES)] for k in range(len(domain))]
    legend = alt.Legend(values=list(shown))
    return (
        alt.Color("method:N", scale=alt.Scale(domain=list(domain)), legend=legend),
        alt.Shape("method:N", scale=alt.Scale(domain=list(domain), range=shapes), legend=legend),
    )


def step_axis() -> alt.X:
    return alt.X("step:Q", axis=alt.Axis(title="step", labelExpr="format(datum.value, '~s')", labelOverlap="greedy"))


def energy_axis() -> alt.Y:
    return alt.Y("share:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(title="share of energy", format=PERCENT))
