"""The figures of docs/understanding.md, as SVG files.

    python scripts/draw_understanding.py OUT --s5 RUN --cyclic RUN… --public FOLDER --moving RUN…

RUN of S5 is `rhoset train S5 --preset wu2024 --models 100`, those of `--cyclic` are `rhoset train C59 --models 2` and
the same of D29, those of `--moving` were trained by AdamW with many snapshots; FOLDER holds the published checkpoints.
A figure whose networks are not given is left as it is.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np

import rhoset as rs
from rhoset.explaining import Quadrature, analyse, circles, division, equivariance, explain, minimality, recipe
from rhoset.explaining.circles import circle_tables
from rhoset.explaining.remainders import turns
from rhoset.networks import Network, Tables, open_networks, read_network
from rhoset.networks.runs import steps_folder
from rhoset.report.charts.figure import render_spec
from rhoset.report.charts.style import CATEGORY, config

Chart = Any
CIRCUIT, DIVIDED = 3, 6
"""Networks of the S5 run that are shown: one clean circuit beside sign, and two irreps that share the work."""
POINTS = 120
"""Entries of unembed in a panel of the writing law."""
WIDE, HIGH = 200, 190
FIRST_STEP, LAST_STEP, FLOOR = 1_000, 20_000, 1e-5
"""Steps that the picture of networks on the way shows, and the least share missed."""
BLUE, RED = CATEGORY["light"][0], CATEGORY["light"][6]


def _data(rows: list[dict[str, Any]]) -> Any:
    return alt.Data(values=rows)  # type: ignore[no-untyped-call]


def draw(chart: Chart, path: Path) -> None:
    """Write it; a figure above 150 kB is an error, since the page would grow with it."""
    spec = chart.to_dict()
    spec["config"] = {**config("light"), "background": "#ffffff"}
    data = render_spec(spec, "svg")
    if len(data) > 150_000:
        raise SystemExit(f"{path}: {len(data)} bytes; draw fewer marks")
    path.write_bytes(data)
    print(path, len(data))


def circuit_figure(network: Network) -> Chart:
    """One neuron of a ρ-set circuit: each table is a function of where its point goes."""
    explanation = explain(network)
    circuit = explanation.circuits[0]
    k = int(np.argmax(circuit.weight))
    i, b, c = int(circuit.neurons[k]), int(circuit.rows[k]), int(circuit.columns[k])
    inverse = network.group.inverse
    left = circuit.left_set.gset.action[inverse, b]  # x⁻¹·b
    right = circuit.right_set.gset.action[:, c]  # y·c
    panels = []
    for title, label, points, values, said in (
        ("reads on the left: l(x)", f"where x⁻¹ takes point {b + 1}", left, network.left[:, i], circuit.alpha[k]),
        ("reads on the right: r(y)", f"where y takes point {c + 1}", right, network.right[:, i], circuit.gamma[k]),
        (
            "writes: u(z)",
            f"where z takes point {c + 1}",
            right,
            network.unembed[i],
            circuit.coupling[b] * circuit.weight[k],
        ),
    ):
        rows = [{"point": int(p) + 1, "value": float(v)} for p, v in zip(points, values, strict=True)]
        shift = float(np.mean(values) - np.mean(said[points]))
        ticks = [{"point": p + 1, "value": float(v) + shift} for p, v in enumerate(said)]
        x = alt.X("point:O", title=label, axis=alt.Axis(labelAngle=0))
        y = alt.Y("value:Q", title=None)
        dots = alt.Chart(_data(rows)).mark_circle(size=28, opacity=0.45, color=BLUE).encode(x=x, y=y)
        tick = alt.Chart(_data(ticks)).mark_tick(thickness=2, width=24, color=RED).encode(x=x, y=y)
        panels.append((tick + dots).properties(width=WIDE, height=HIGH, title=title))
    return alt.hconcat(*panels)


def writing_figure(network: Network) -> Chart:
    """Entries of unembed against what three descriptions say they are."""
    law = rs.writing_law(network)
    shares = law.shares()
    assert law.law is not None
    rng = np.random.default_rng(0)
    live = np.flatnonzero(law.live)
    i, z = rng.choice(live, POINTS), rng.integers(0, network.order, POINTS)
    own = law._own(law.written)
    panels = []
    for title, said, share in (
        ("a free matrix in the own irrep", own, shares["own"]),
        ("readings, one scalar an irrep", law.group, shares["group"]),
        ("readings and training pairs", law.law, shares["law"]),
    ):
        rows = [{"said": float(said[a, b]), "is": float(law.written[a, b])} for a, b in zip(i, z, strict=True)]
        size = float(np.abs(law.written[i, z]).max())
        scale = alt.Scale(domain=[-size, size])
        dots = alt.Chart(_data(rows)).mark_circle(size=14, opacity=0.7, color=BLUE)
        dots = dots.encode(x=alt.X("said:Q", title="said", scale=scale), y=alt.Y("is:Q", title="is", scale=scale))
        line = alt.Chart(_data([{"a": -size, "b": -size}, {"a": size, "b": size}]))
        line = line.mark_line(strokeWidth=1, color=RED).encode(x="a:Q", y="b:Q")
        panels.append((line + dots).properties(width=WIDE, height=HIGH, title=[title, f"{share:.2%} of the energy"]))
    return alt.hconcat(*panels)


def moving_figure(specs: list[str]) -> Chart:
    """Share of unembed that the law gives over training, as it stands and less what unembed still moves by."""
    panels = []
    for spec in specs:
        (_, path), *_ = open_networks(spec)
        saved = [(int(each.stem), read_network(each)) for each in sorted(steps_folder(path).glob("*.safetensors"))]
        rows = []
        for (_, before), (step, now) in pairwise(saved):
            shares = rs.writing_law(now, before=before).shares() if step >= FIRST_STEP else {}
            for name, what in (("law", "at rest"), ("moving", "less what moves")):
                missed = max(1 - shares.get(name, np.nan), FLOOR)
                rows += [{"step": step, "missed": missed, "law": what}] if missed == missed else []
        lines = alt.Chart(_data(rows)).mark_line(clip=True)
        lines = lines.encode(
            x=alt.X(
                "step:Q",
                title="step",
                scale=alt.Scale(type="log", domain=[FIRST_STEP, LAST_STEP], nice=False),
                axis=alt.Axis(values=[FIRST_STEP, 2_000, 5_000, 10_000, LAST_STEP], format="~s"),
            ),
            y=alt.Y(
                "missed:Q",
                title="share of unembed missed",
                scale=alt.Scale(type="log", domain=[FLOOR, 1]),
                axis=alt.Axis(values=[1, 0.1, 0.01, 1e-3, 1e-4, 1e-5], format="~r"),
            ),
            color="law:N",
        )
        network = saved[-1][1]
        title = f"{network.group.name}, {recipe(network).fraction:.0%} of the pairs"
        panels.append(lines.properties(width=WIDE, height=HIGH, title=title))
    return alt.hconcat(*panels)


def division_figure(network: Network) -> Chart:
    """Mean margins by class of w, split by irrep, and the least true margin."""
    found = division(explain(network))
    order = sorted(found.classes, key=lambda row: row.total_mean)
    names = [f"{row.element} ({row.size})" for row in order]
    bars = [
        {"w": name, "margin": value, "irrep": part}
        for name, row in zip(names, order, strict=True)
        for part, value in zip(found.parts, row.mean, strict=True)
        if part != "the rest"
    ]
    least = [{"w": name, "margin": row.total_least} for name, row in zip(names, order, strict=True)]
    y = alt.Y("w:N", sort=names, title="w = x⁻¹zy⁻¹ like (how many)")
    drawn = alt.Chart(_data(bars)).mark_bar(height=16)
    drawn = drawn.encode(y=y, x=alt.X("margin:Q", title="margin of the right answer over xwy"), color="irrep:N")
    ticks = alt.Chart(_data(least)).mark_tick(thickness=3, height=20, style="ink").encode(y=y, x="margin:Q")
    title = ["bars: mean over all pairs, irrep by irrep; tick: least true margin"]
    return (drawn + ticks).properties(width=480, height=26 * len(names), title=title)


def circle_figure(network: Network) -> Chart:
    """What one neuron reads along its circle, and the harmonics that all read and write."""
    of = analyse(network)
    part = max((p for p in of.explanation.parts if isinstance(p, Quadrature)), key=lambda p: len(p.neurons))
    tables, _ = circle_tables(of.spectrum, of.explanation)
    own, angles = Tables.of(network, part.neurons), turns(part)
    off = ((own.left - Tables.of(of.explanation.ideal, part.neurons).left) ** 2).sum(axis=1)
    k = int(np.argmax(off))
    i = int(part.neurons[k])
    wave = Tables.of(of.explanation.ideal).left[i]
    order = np.argsort(angles.left[k])
    rows, lines = [], []
    for x in order:
        angle = float(np.degrees(angles.left[k, x]))
        rows.append({"angle": angle, "l(x)": float(own.left[k, x])})
        lines.append({"angle": angle, "l(x)": float(wave[x]), "as": "wave"})
        lines.append({"angle": angle, "l(x)": float(tables.left[i, x]), "as": "wave and 3f"})
    x_axis = alt.X("angle:Q", title="angle of x on the circle of f, degrees", scale=alt.Scale(domain=[-180, 180]))
    dots = alt.Chart(_data(rows)).mark_circle(size=24, style="ink").encode(x=x_axis, y="l(x):Q")
    curves = alt.Chart(_data(lines)).mark_line(strokeWidth=1.5).encode(x=x_axis, y="l(x):Q", color="as:N")
    title = f"a neuron of {part.irrep.label} reads"
    first = (curves + dots).properties(width=300, height=HIGH, title=title)
    found = circles(of.explanation)
    weight = np.array([len(circle.neurons) for circle in found], dtype=float)
    bars = [
        {"harmonic": f"{j + 1}f" if j else "f", "share": float(np.average(shares, weights=weight)), "of": what}
        for what, name in (("read", "read"), ("written", "harmonics"))
        for j, shares in enumerate(zip(*(getattr(circle, name).tolist() for circle in found), strict=True))
    ]
    bars = [row for row in bars if float(str(row["share"])) > 0]
    second = alt.Chart(_data(bars)).mark_circle(size=90)
    second = second.encode(
        x=alt.X("harmonic:N", title=None, sort=["f", "2f", "3f"], axis=alt.Axis(labelAngle=0)),
        y=alt.Y(
            "share:Q",
            title="share of the energy",
            scale=alt.Scale(type="log", domain=[1e-6, 1]),
            axis=alt.Axis(values=[1e-6, 1e-4, 0.01, 0.1, 1], format="~r"),
        ),
        color="of:N",
    )
    panels = alt.hconcat(first, second.properties(width=150, height=HIGH, title="all neurons"))
    return panels.resolve_scale(color="independent")


def needed_figure(networks: Iterator[Network]) -> Chart:
    """How many parts networks have, and with how few every right pair stays right."""
    counts: dict[tuple[int, int], int] = {}
    for network in networks:
        found = minimality(explain(network))
        key = len(found.parts), min(map(len, found.sufficient), default=len(found.parts))
        counts[key] = counts.get(key, 0) + 1
    rows = [{"parts": a, "enough": b, "networks": count} for (a, b), count in counts.items()]
    base = alt.Chart(_data(rows)).encode(
        x=alt.X("parts:O", title="parts (circuits and quadratures)", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("enough:O", title="parts that are enough", sort="descending"),
    )
    shade = alt.Color("networks:Q", scale=alt.Scale(type="sqrt", scheme="blues", domain=[0, 80]), legend=None)
    words = base.mark_text(style="words").encode(text="networks:Q")
    chart = base.mark_rect().encode(color=shade) + words
    return chart.properties(width=320, height=HIGH, title="networks by their parts, and by the parts they need")


def sides_figure(networks: Iterator[Network]) -> Chart:
    """Equivariance on the left against the right."""
    rows = []
    for network in networks:
        found, parts = equivariance(network), len({c.irrep.label for c in explain(network).circuits})
        kind = f"{parts} irrep" if parts == 1 else f"{parts} irreps"
        rows.append({"left": found.left, "right": found.right, "irreps with circuits": kind})
    scale = alt.Scale(zero=False, domain=[0.6, 1])
    dots = alt.Chart(_data(rows)).mark_circle(size=40, opacity=0.7)
    dots = dots.encode(
        x=alt.X("left:Q", scale=scale, title="equivariant on the left, share of the logits' energy"),
        y=alt.Y("right:Q", scale=scale, title="on the right"),
        color="irreps with circuits:N",
    )
    return dots.properties(width=320, height=280, title="each dot a network")


def apart_figure(specs: list[str]) -> Chart:
    """Of cyclic and dihedral networks: the margin of the mean, the true one, and what adding the worst leaves."""
    rows = []
    for spec in specs:
        for label, path in open_networks(spec):
            network = read_network(path)
            said = division(explain(network)).summary()
            name = f"{network.group.name}, seed {network.metadata.get('seed', '?')}"
            name += ", all pairs" if "#" in label else ""
            for key, what in (
                ("mean", "mean over the pairs"),
                ("joint", "least true margin"),
                ("apart", "worst of each frequency, output by output"),
                ("coarse", "worst of each, over all outputs"),
            ):
                rows.append({"network": name, "margin": said[key], "what": what})
    order = ["mean over the pairs", "least true margin", "worst of each frequency, output by output"]
    order.append("worst of each, over all outputs")
    rule = alt.Chart(_data([{"zero": 0}])).mark_rule(color=RED).encode(x="zero:Q")
    dots = alt.Chart(_data(rows)).mark_circle(size=70)
    dots = dots.encode(
        x=alt.X("margin:Q", title="margin"),
        y=alt.Y("network:N", title=None, sort=None),
        color=alt.Color("what:N", sort=order, legend=alt.Legend(columns=1)),
    )
    height = 24 * len({row["network"] for row in rows})
    return (rule + dots).properties(width=480, height=height, padding={"left": 30, "right": 5, "top": 5, "bottom": 5})


def networks_of(spec: str) -> Iterator[Network]:
    """Every network that an argument names."""
    return (read_network(path) for _, path in open_networks(spec))


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--s5", help="run of S5 networks")
    parser.add_argument("--cyclic", nargs="*", default=[], help="runs on cyclic and dihedral groups, all pairs")
    parser.add_argument("--public", type=Path, help="folder of the published checkpoints")
    parser.add_argument("--moving", nargs="*", default=[], help="runs by AdamW with snapshots")
    given = parser.parse_args(arguments)
    figures: dict[str, Callable[[], Chart]] = {}
    if given.s5:
        figures["circuit"] = lambda: circuit_figure(rs.load(f"{given.s5}#{CIRCUIT}"))
        figures["division"] = lambda: division_figure(rs.load(f"{given.s5}#{DIVIDED}"))
        figures["needed"] = lambda: needed_figure(networks_of(given.s5))
        figures["sides"] = lambda: sides_figure(networks_of(given.s5))
    if given.cyclic:
        figures["circle"] = lambda: circle_figure(next(networks_of(given.cyclic[0])))
    if given.moving:
        figures["moving"] = lambda: moving_figure(given.moving)
    if given.public:
        names = [f"{g}_seed{s}.safetensors" for g in ("C113", "C118", "D59", "D61") for s in (1, 2)]
        specs = [str(given.public / name) for name in names]
        figures["apart"] = lambda: apart_figure([*given.cyclic, *specs])
        figures["writing"] = lambda: writing_figure(read_network(given.public / "C113_seed1.safetensors"))
    given.out.mkdir(parents=True, exist_ok=True)
    for name, make in figures.items():
        draw(make(), given.out / f"{name}.svg")


if __name__ == "__main__":
    main(sys.argv[1:])
