"""Hooks of the documentation site."""

from __future__ import annotations

from pathlib import Path
from typing import Any

FORMAT = Path(__file__).parents[1] / "src" / "rhoset_check" / "FORMAT.md"


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Show the checker's own specification on the page about certificates."""
    if page.file.src_path != "certificate-format.md":
        return markdown
    text = FORMAT.read_text(encoding="utf-8")
    return f"{markdown}\n\n{text.replace('# ', '## ', 1)}"
