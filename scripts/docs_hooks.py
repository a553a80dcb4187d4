"""Hooks of the documentation site."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

FORMAT = Path(__file__).parents[1] / "src" / "rhoset_check" / "FORMAT.md"


CODE = r"(?:^```.*?^```$|`[^`\n]*`)"
FORMULA = re.compile(CODE + r"|\$\$(?P<display>.+?)\$\$|(?<![\w\\$])\$(?P<inline>[^$\n]+?)\$(?!\w)", re.M | re.S)
"""Code, which stays as it is, or a formula between dollar signs."""


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Show the checker's own specification on the page about certificates, and formulas as mathematics."""
    if page.file.src_path == "certificate-format.md":
        text = FORMAT.read_text(encoding="utf-8")
        markdown = f"{markdown}\n\n{text.replace('# ', '## ', 1)}"
    return typeset(markdown)


def typeset(markdown: str) -> str:
    """LaTeX between dollar signs as MathML, which browsers show by themselves: no script, no network."""
    from latex2mathml.converter import convert

    def shown(match: re.Match[str]) -> str:
        if match["display"]:
            return "\n" + convert(" ".join(match["display"].split()), display="block") + "\n"
        return str(convert(match["inline"])) if match["inline"] else match[0]

    return FORMULA.sub(shown, markdown)
