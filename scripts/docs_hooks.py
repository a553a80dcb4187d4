"""Hooks of the documentation site."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

CHECKER = Path(__file__).parents[1] / "src" / "rhoset_check"
SHOWN = {"certificate-format.md": "FORMAT.md", "theorems.md": "THEOREMS.md"}
"""Page of the site → the document of the checker that is shown on it."""

CODE = r"(?:^```.*?^```$|`[^`\n]*`)"
FORMULA = re.compile(CODE + r"|\$\$(?P<display>.+?)\$\$|(?<![\w\\$])\$(?P<inline>[^$\n]+?)\$(?!\w)", re.M | re.S)
"""Code, which stays as it is, or a formula between dollar signs."""


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Show the checker's own documents on their pages, and formulas as mathematics."""
    document = SHOWN.get(page.file.src_path)
    if document is not None:
        markdown = f"{markdown}\n\n{shown_document(document)}"
    return typeset(markdown)


def shown_document(name: str) -> str:
    """A document of the checker, headings one level down, its links to the others leading to their pages."""
    text = re.sub(r"^#", "##", (CHECKER / name).read_text(encoding="utf-8"), flags=re.M)
    for page, document in SHOWN.items():
        text = text.replace(f"]({document})", f"]({page})")
    return text


def typeset(markdown: str) -> str:
    """LaTeX between dollar signs as MathML, which browsers show by themselves: no script, no network."""
    from latex2mathml.converter import convert

    def shown(match: re.Match[str]) -> str:
        if match["display"]:
            return "\n" + convert(" ".join(match["display"].split()), display="block") + "\n"
        return str(convert(match["inline"])) if match["inline"] else match[0]

    return FORMULA.sub(shown, markdown)
