"""Colours and type of all charts, in light and dark; the same palette as the style sheet."""

from __future__ import annotations

from typing import Any

INK = {"light": "#1e1d1a", "dark": "#ece9e1"}
SOFT = {"light": "#5d5a52", "dark": "#aeaa9f"}
GRID = {"light": "#ece8de", "dark": "#282c33"}
RULE = {"light": "#c9c4b6", "dark": "#4a4f59"}
GOOD = {"light": "#2b7a4b", "dark": "#6fc491"}
BAD = {"light": "#b3402a", "dark": "#ee8a72"}
CATEGORY = {
    "light": ["#3a6ea5", "#d9822b", "#2a9d8f", "#b5477d", "#7a5fb0", "#8a9a2b", "#c4503c", "#7d8590"],
    "dark": ["#6ea8e0", "#f0a85a", "#4fc7b8", "#e27fb0", "#a993e0", "#bccb58", "#ee8a72", "#a2aab5"],
}
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', Arial, sans-serif"


def config(theme: str = "light") -> dict[str, Any]:
    """The Vega-Lite configuration of a theme, ``light`` or ``dark``.

    Colours of names come from ``range.category`` and those of numbers from ``range.heatmap`` and ``range.diverging``,
    so a specification itself holds no colour. The styles ``ink``, ``soft``, ``good`` and ``bad`` are for marks.
    """
    ink, soft, grid, rule = INK[theme], SOFT[theme], GRID[theme], RULE[theme]
    paper = "#ffffff" if theme == "light" else "#1b1e24"
    label = {"labelColor": soft, "titleColor": soft, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": 400}
    legend = {"orient": "top", "columns": 4, "symbolLimit": 60, "labelLimit": 400, "title": None, "offset": 8}
    return {
        "background": "transparent",
        "font": FONT,
        "padding": 4,
        "axis": {**label, "gridColor": grid, "domainColor": rule, "tickColor": rule, "labelLimit": 400},
        "axisQuantitative": {"labelSeparation": 8},
        "legend": {**label, **legend},
        "view": {"stroke": None},
        "text": {"fill": ink, "fontSize": 12},
        "range": {
            "category": CATEGORY[theme],
            "heatmap": [grid, CATEGORY[theme][0]],
            "ramp": [grid, CATEGORY[theme][0]],
            "diverging": [BAD[theme], grid, CATEGORY[theme][0]],
            "ordinal": [GOOD[theme], BAD[theme], CATEGORY[theme][0]],
        },
        "style": {
            "ink": {"color": ink},
            "words": {"fill": ink},
            "quiet": {"fill": soft},
            "wanted": {"color": GOOD[theme], "strokeDash": [6, 4]},
            "brute": {"color": soft, "strokeDash": [2, 4]},
            "circle": {"color": rule},
            "halo": {"stroke": paper},
        },
    }
