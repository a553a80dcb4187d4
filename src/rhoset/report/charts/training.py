"""Templates of what happens in the course of a training, see `rhoset.report.charts.templates`."""

from __future__ import annotations

import altair as alt

from rhoset.report.charts.parts import (
    PERCENT,
    Chart,
    Domain,
    base,
    energy_axis,
    names,
    step_axis,
    tooltips,
    wide,
    zoom,
)


def history(domain: Domain, shown: Domain) -> Chart:
    """Loss over training, logarithmic."""
    near = alt.selection_point(nearest=True, on="pointerover", empty=False, clear="pointerout", fields=["step"])
    x = step_axis()
    y = alt.Y("loss:Q", scale=alt.Scale(type="log"), axis=alt.Axis(title="loss, nats", format="~e", tickCount=5))
    seen = tooltips(("step:Q", "", ","), ("loss:Q", "", ".3~e"), ("accuracy:Q", "", ".2%"))
    line = base().mark_line().encode(x=x, y=y).add_params(zoom())
    dots = (
        base()
        .mark_point(filled=True, size=60)
        .encode(x=x, y=y, tooltip=seen, opacity=alt.condition(near, alt.value(1), alt.value(0)))
        .add_params(near)
    )
    return wide(alt.layer(line, dots), 180)


def shares(domain: Domain, shown: Domain) -> Chart:
    """How the weights' energy moves into few irreps during training; dotted: what circuits explain."""
    line = (
        base()
        .transform_filter("datum.kind == 'explained'")
        .mark_line(style="ink", strokeDash=[2, 4], point={"filled": True, "size": 25})
        .encode(x=step_axis(), y=energy_axis(), tooltip=_SHARE_SEEN)
    )
    return wide(alt.layer(_areas(domain, shown), line), 180)


def energies(domain: Domain, shown: Domain) -> Chart:
    """`shares` where no snapshot was explained."""
    return wide(_areas(domain, shown), 180)


def _areas(domain: Domain, shown: Domain) -> alt.Chart:
    areas: alt.Chart = (
        base()
        .transform_filter("datum.kind == 'energy'")
        .mark_area(opacity=0.8)
        .encode(
            x=step_axis(),
            y=energy_axis().stack("zero"),
            color=names(domain, shown),
            order="rank:Q",
            tooltip=_SHARE_SEEN,
        )
    )
    return areas


_SHARE_SEEN = tooltips(("step:Q", "", ","), "irrep:N", ("share:Q", "", ".1%"))


def formation(domain: Domain, shown: Domain) -> Chart:
    """Accuracy, the share that circuits explain, and the certified bound over the saved steps of a training."""
    curves = alt.Scale(domain=["accuracy", "explained by circuits", "proved accuracy"])
    chart = (
        base()
        .mark_line(point={"filled": True, "size": 36})
        .encode(
            x=step_axis(),
            y=alt.Y("share:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(title=None, format=PERCENT)),
            color=alt.Color("what:N", scale=curves, legend=alt.Legend()),
            strokeDash=alt.StrokeDash("what:N", scale=curves, legend=None),
            tooltip=tooltips(
                ("step:Q", "", ","),
                ("what:N", " "),
                ("share:Q", "", ".2%"),
                "circuits:Q",
                ("loss:Q", "loss, nats", ".3~e"),
            ),
        )
        .add_params(zoom())
    )
    return wide(chart, 240)
