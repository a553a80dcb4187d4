"""The charts themselves, without rows: one function a template. Each takes the names that have a colour, in the order
of the palette, and those that the legend shows.

A template holds no colour and no width: both come from the configuration of `style` and from the page. Its data is
named ``rows``. Charts are zoomed by dragging and by the wheel with Shift (the wheel alone scrolls the page).
"""

from __future__ import annotations

import altair as alt

from rhoset.report.charts.parts import (
    LEVELS,
    PERCENT,
    WHOLE,
    Chart,
    Domain,
    bars,
    base,
    bound_axis,
    cost_axis,
    lines,
    method_marks,
    names,
    ordered,
    rule,
    tooltips,
    wide,
    zoom,
)
from rhoset.report.charts.training import energies as energies
from rhoset.report.charts.training import formation as formation
from rhoset.report.charts.training import history as history
from rhoset.report.charts.training import shares as shares

OF_NETWORK = ("network:N", ("proved:N", "accuracy at least"), "method:N", ("costs:N", "of brute force"))
"""What is told of a network's certificate."""


def costs(domain: Domain, shown: Domain) -> Chart:
    """How many networks' best proofs cost how much: a square for each network, coloured by what is proved."""
    squares = (
        base()
        .mark_bar(clip=True, cursor="pointer", style="halo", strokeWidth=1)
        .encode(
            x=cost_axis(),
            x2="until:Q",
            y=alt.Y("place:Q", axis=alt.Axis(title="networks", labelExpr=WHOLE)),
            y2="top:Q",
            color=ordered("level:O", LEVELS, shown),
            href="href:N",
            tooltip=tooltips(*OF_NETWORK),
        )
    )
    return wide(alt.layer(rule("brute", "x", "at", 1), squares), 300)


def cost(domain: Domain, shown: Domain) -> Chart:
    """Bound against cost of each certificate; marks in one place are spread sideways, never upwards."""
    colour, shape = method_marks(domain, shown)
    marks = (
        base()
        .mark_point(filled=True, size=90, clip=True, cursor="pointer")
        .encode(
            x=cost_axis(),
            y=bound_axis("bound:Q", "proved accuracy (at least)"),
            color=colour,
            shape=shape,
            opacity=alt.condition("datum.best", alt.value(0.75), alt.value(0.25)),
            href="href:N",
            tooltip=tooltips(*OF_NETWORK, ("count:Q", "certificates in this place")),
        )
        .add_params(zoom())
    )
    wanted = rule("wanted", "y", "bound", 0.95)
    return wide(alt.layer(wanted, rule("brute", "x", "at", 1), marks), 340)


def learned(domain: Domain, shown: Domain) -> Chart:
    """In how many networks each irrep is in use, with 95 % intervals; the names stand above the bars."""
    y = alt.Y("irrep:N", axis=None, sort=None)
    x = alt.X("share:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(title="share of networks", format=PERCENT))
    named = (("said:N", "used by"), ("interval:N", "95 % interval"), ("dim:Q", "dimension"))
    seen = tooltips("irrep:N", *named, ("smallest:N", "smallest ρ-set"))
    whiskers = base().mark_rule(style="ink", yOffset=6).encode(y=y, x="low:Q", x2="high:Q", tooltip=seen)
    return wide(alt.layer(bars(y=y, x=x, color=names(domain), tooltip=seen), whiskers, lines(y)), alt.Step(40))


def reasons(domain: Domain, shown: Domain) -> Chart:
    """Networks counted by the term that costs their margin most."""
    y = alt.Y("reason:N", axis=None, sort=None)
    x = alt.X("networks:Q", axis=alt.Axis(title="networks", labelExpr=WHOLE))
    seen = tooltips("reason:N", "networks:Q", ("which:N", "these"))
    return wide(alt.layer(bars(y=y, x=x, tooltip=seen), lines(y)), alt.Step(40))


def account(domain: Domain, shown: Domain) -> Chart:
    """From the explanation's margin, term by term, to the network's own: each bar starts where the last one ends."""
    y = alt.Y("term:N", axis=None, sort=None)
    drawn = bars(
        y=y,
        x=alt.X("start:Q", axis=alt.Axis(title="margin, nats")),
        x2="end:Q",
        color=ordered("kind:O", ("gained", "lost", "margin")),
        tooltip=tooltips("term:N", ("value:Q", "nats, at this input", "+.4f"), ("mean:Q", "nats, on average", "+.4f")),
    )
    return wide(alt.layer(rule("brute", "x", "start", 0), drawn, lines(y)), alt.Step(38))


def margins(domain: Domain, shown: Domain) -> Chart:
    """Stacked bars: the mean margin over the answers xwy, by class of w, and the irrep that provides it."""
    y = alt.Y("place:O", axis=None, sort=None)
    drawn = bars(
        y=y,
        x=alt.X("part:Q", stack="zero", axis=alt.Axis(title="mean margin, nats")),
        color=names(domain, shown),
        order="rank:Q",
        tooltip=tooltips(
            ("w:N", "class of w"), ("size:Q", "elements in it"), "irrep:N",
            ("part:Q", "nats from it", ".3f"), ("total:Q", "nats in all", ".3f"),
        ),
    )  # fmt: skip
    words = lines(y, base().transform_filter("datum.rank == 0"))
    return wide(alt.layer(drawn, words), alt.Step(38))


def energy(domain: Domain, shown: Domain) -> Chart:
    """Irreps × neurons: the stronger the colour, the larger the share of the neuron's energy in the irrep."""
    chart = (
        base()
        .mark_rect()
        .encode(
            x=alt.X("place:O", axis=alt.Axis(title="neurons, sorted by irrep", labels=False, ticks=False)),
            y=alt.Y("irrep:N", sort=None, axis=alt.Axis(title=None)),
            color=names(domain),
            opacity=alt.Opacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[0.05, 1]), legend=None),
            tooltip=tooltips("neuron:Q", "irrep:N", ("share:Q", "", ".0%")),
        )
    )
    return wide(chart, alt.Step(20))


def slots(domain: Domain, shown: Domain) -> Chart:
    """The weight on each slot (b, c), as a multiple of the mean."""
    x = alt.X("c:N", sort=None, axis=alt.Axis(title="c", orient="top", labelAngle=-90, labelOverlap=True))
    y = alt.Y("b:N", sort=None, axis=alt.Axis(title="b", labelOverlap=True))
    chart = (
        base()
        .mark_rect()
        .encode(
            x=x,
            y=y,
            color=alt.Color(  # a negative weight, which undoes its slot, is drawn as none; the tooltip has it
                "weight:Q", scale=alt.Scale(domainMin=0, zero=True, clamp=True), legend=alt.Legend(title="weight")
            ),
            tooltip=tooltips("b:N", "c:N", ("weight:Q", "of the mean", ".2f")),
        )
    )
    return wide(chart, alt.Step(32))


def frontier(domain: Domain, shown: Domain) -> Chart:
    """What each plan proves for what work, and the best bound for each budget."""
    colour, shape = method_marks(domain, shown)
    x = cost_axis()
    y = bound_axis("bound:Q", "proved accuracy")
    best = (
        base()
        .mark_line(interpolate="step-after", style="ink", strokeWidth=1.5)
        .encode(x=x, y=bound_axis("best:Q", "proved accuracy"))
    )
    marks = (
        base()
        .mark_point(filled=True, size=70, opacity=0.7, clip=True)
        .encode(
            x=x,
            y=y,
            color=colour,
            shape=shape,
            tooltip=tooltips("plan:N", ("proved:N", "accuracy at least"), ("at:Q", "of brute force", ".2%")),
        )
        .add_params(zoom())
    )
    return wide(alt.layer(best, marks), 260)


CIRCLE = 1.25
"""Half the side of the square that shows a unit circle."""


def quadrature(domain: Domain, shown: Domain) -> Chart:
    """Unit vectors of the neurons of one irrep on the unit circle, with the circle."""
    scale = alt.Scale(domain=[-CIRCLE, CIRCLE], nice=False)
    x, y = alt.X("u:Q", scale=scale, axis=None), alt.Y("v:Q", scale=scale, axis=None)
    ring = (
        alt.Chart(alt.SequenceGenerator(sequence=alt.SequenceParams(start=0, stop=6.35, step=0.05, **{"as": "t"})))
        .transform_calculate(u="cos(datum.t)", v="sin(datum.t)")
        .mark_line(style="circle")
        .encode(x=x, y=y, order="t:Q")
    )
    colour = alt.Color("vector:N", scale=alt.Scale(domain=["b", "a", "c"]), legend=alt.Legend(values=list(shown)))
    size = alt.Size("weight:Q", scale=alt.Scale(domain=[0, 1], range=[10, 110]), legend=None)
    told = (("angle:Q", "angle, degrees", ".1f"), ("weight:Q", "weight, of the largest", ".2f"))
    seen = tooltips("neuron:Q", "vector:N", *told)
    discs, rings = (
        base()
        .transform_filter(f"datum.vector {which} 'c'")
        .mark_point(filled=filled, opacity=0.75)
        .encode(x=x, y=y, color=colour, size=size, tooltip=seen)
        for which, filled in (("!=", True), ("==", False))
    )
    return alt.layer(ring, discs, rings).properties(width=200, height=200)


def solid(domain: Domain, shown: Domain) -> Chart:
    """A still of a ρ-set: faces, edges and points from the back to the front, with the names of the points."""
    scale = alt.Scale(domain=[-1.35, 1.35], nice=False)
    x, y = alt.X("x:Q", scale=scale, axis=None), alt.Y("y:Q", scale=scale, axis=None)
    drawn = base().transform_calculate(solid="'solid'")  # a field: the colour of a datum cannot do without a legend
    faces = (
        drawn.transform_filter("datum.kind == 'face'")
        .mark_line(interpolate="linear-closed", filled=True, opacity=0.16, strokeWidth=0)
        .encode(x=x, y=y, detail="item:N", order="corner:Q", fill=alt.Fill("solid:N", legend=None))
    )
    edges = (
        drawn.transform_filter("datum.kind == 'edge'")
        .mark_line(strokeCap="round", strokeWidth=1.8)
        .encode(
            x=x,
            y=y,
            detail="item:N",
            stroke=alt.Stroke("solid:N", legend=None),
            opacity=alt.Opacity("depth:Q", scale=alt.Scale(domain=[-1, 1], range=[0.25, 0.95]), legend=None),
        )
    )
    points = (
        drawn.transform_filter("datum.kind == 'point'")
        .mark_point(filled=True, style="halo", strokeWidth=1.2)
        .encode(
            x=x,
            y=y,
            fill=alt.Fill("solid:N", legend=None),
            size=alt.Size("size:Q", scale=alt.Scale(domain=[0, 1], range=[0, 140]), legend=None),
            opacity=alt.Opacity("depth:Q", scale=alt.Scale(domain=[-1, 1], range=[0.45, 1]), legend=None),
            tooltip=tooltips(("label:N", "point")),
        )
    )
    labels = (
        base()
        .transform_filter("datum.kind == 'point'")
        .mark_text(style="words", dx=9, dy=-9, align="left", fontSize=11)
        .encode(x=x, y=y, text="label:N", opacity=alt.Opacity("depth:Q", legend=None))
    )
    return alt.layer(faces, edges, points, labels).properties(width=320, height=320)
