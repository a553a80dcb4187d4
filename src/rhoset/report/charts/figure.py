"""A figure: the name of a template and its rows; drawn, saved and embedded from these two alone."""

from __future__ import annotations

import functools
import importlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rhoset.errors import RhosetError

if TYPE_CHECKING:
    import altair

Row = dict[str, Any]
Template = Callable[[tuple[str, ...], tuple[str, ...]], Any]
FILES = ("svg", "pdf", "png", "json")
"""What a figure can be drawn as."""
ENDINGS = ("html", *FILES)
"""What a picture can be saved as: `FILES`, and a page."""
PNG_SCALE = 3.0
"""Pixels of a PNG for each unit of the figure: about 300 dots an inch at the width of a text column."""
PAPER_WIDTH = 460
"""Width of a saved figure in units of 1/72 inch: the text block of an article."""


@dataclass(frozen=True)
class Figure:
    """A chart as data.

    Attributes
    ----------
    template
        What makes the chart without rows: a function of `domain` and `shown`, or the name of one of
        `rhoset.report.charts.templates`.
    rows
        One dictionary for each mark, all with the same keys.
    said
        What a screen reader says.
    domain
        The names that have a colour, in the order of the palette; empty where colour means something else.
    """

    template: str | Template
    rows: Sequence[Row]
    said: str
    domain: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    """Names of `domain` that the legend shows."""
    bands: int = 1
    """Rows of a chart whose height goes with their number."""

    @property
    def name(self) -> str:
        """The template's."""
        return self.template if isinstance(self.template, str) else str(getattr(self.template, "__name__", "figure"))

    @property
    def spec(self) -> dict[str, Any]:
        """The Vega-Lite specification without rows; its data is named ``rows``."""
        spec: dict[str, Any] = json.loads(_spec(self.template, self.domain, self.shown))
        if isinstance(spec.get("height"), dict):
            spec["height"] = spec["height"]["step"] * max(self.bands, 1)
        return spec

    def chart(self, theme: str = "light") -> altair.Chart | altair.LayerChart:
        """The Altair chart with its rows, to be changed or combined further."""
        import altair as alt

        from rhoset.report.charts.style import config

        spec = {**self.spec, "data": {"values": list(self.rows), "name": "rows"}, "config": config(theme)}
        if spec.get("width") == "container":
            spec["width"] = PAPER_WIDTH
        made: altair.Chart | altair.LayerChart = alt.Chart.from_dict(spec)
        return made

    def text(self, ending: str) -> bytes:
        """The figure as a file of that ending: svg, pdf, png or json. `rhoset.report.html.figure_page` makes the page.

        Raises RhosetError (slug ``bad-ending``) for another ending.
        """
        return render_spec(self.chart().to_dict(), ending)


def render_spec(spec: dict[str, Any], ending: str) -> bytes:
    """A Vega-Lite specification with rows as the bytes of a file.

    Cost: about a second for the first one (a JavaScript engine starts), then some 50 ms.
    """
    import vl_convert

    if ending == "json":
        return json.dumps(spec, ensure_ascii=False).encode()
    if ending == "svg":
        return str(vl_convert.vegalite_to_svg(spec)).encode()
    if ending == "pdf":
        return bytes(vl_convert.vegalite_to_pdf(spec))
    if ending == "png":
        return bytes(vl_convert.vegalite_to_png(spec, scale=PNG_SCALE))
    raise RhosetError(f"no figure ends in {ending!r}: give one of .{', .'.join(FILES)}", slug="bad-ending")


def ending_of(path: Path) -> str:
    """The ending of a figure's file name, or RhosetError (slug ``bad-ending``)."""
    ending = path.suffix.lower().removeprefix(".")
    if ending not in ENDINGS:
        raise RhosetError(
            f"{path}: a figure can't be saved as {path.suffix or 'a name without ending'!r};"
            f" give a name that ends in .{', .'.join(ENDINGS)}",
            slug="bad-ending",
        )
    return ending


@functools.lru_cache(maxsize=256)
def _spec(template: str | Template, domain: tuple[str, ...], shown: tuple[str, ...]) -> str:
    """The specification as JSON text; making and validating one takes tens of milliseconds, so each is made once."""
    import altair

    named = importlib.import_module("rhoset.report.charts.templates")
    make: Template = getattr(named, template) if isinstance(template, str) else template
    chart = make(domain, shown)
    with altair.data_transformers.enable(consolidate_datasets=False):
        spec = chart.to_dict()
    for noise in ("$schema", "config", "datasets"):
        spec.pop(noise, None)
    return json.dumps(_inherit(spec), separators=(",", ":"), ensure_ascii=False)


def _inherit(spec: dict[str, Any]) -> dict[str, Any]:
    """The specification without the named data of its layers, which then take the rows given at the top."""
    kept = {key: value for key, value in spec.items() if key != "data" or value != {"name": "rows"}}
    if "layer" in kept:
        kept["layer"] = [_inherit(layer) for layer in kept["layer"]]
    return kept


@functools.lru_cache(maxsize=1)
def bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script that needs no network (0.9 MB), from the package vl-convert."""
    import vl_convert

    # An inline script must not hold the text that would end it.
    script = str(vl_convert.javascript_bundle())  # type: ignore[call-arg]
    return re.sub(r"</(?=script)", r"<\\/", script, flags=re.IGNORECASE)
