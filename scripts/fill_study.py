"""Put the results of studies into their pages.

    python scripts/fill_study.py DIR...

DIR is what `rhoset study NAME --out DIR` left, finished or not (`--so-far`). docs/studies/results/NAME.json becomes its
results.json without the laws at early moments, docs/studies/results/NAME.svg its figure, and docs/studies/NAME.md gets
the tables of its study.md below the marker. Nothing is computed here.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

PAGES = Path(__file__).resolve().parents[1] / "docs" / "studies"
MARKER = "<!-- results: written by scripts/fill_study.py -->"


def fill(folder: Path) -> Path:
    """Returns the page."""
    said = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    if said["quick"]:
        raise SystemExit(f"{folder} is a quick run; the page is about the whole study")
    name = said["study"]
    for setting in said["settings"]:
        setting.pop("key_sets_at")
    kept = PAGES / "results"
    kept.mkdir(exist_ok=True)
    (kept / f"{name}.json").write_text(json.dumps(said, ensure_ascii=False) + "\n", encoding="utf-8")
    shutil.copyfile(folder / "key-sets.svg", kept / f"{name}.svg")
    page = PAGES / f"{name}.md"
    written = page.read_text(encoding="utf-8").split(MARKER)[0].rstrip()
    body = (folder / "study.md").read_text(encoding="utf-8").split("\n", 1)[1]
    body = body.replace("![key-sets.svg](key-sets.svg)", f"![key sets by setting](results/{name}.svg)")
    page.write_text(f"{written}\n\n{MARKER}\n{body}", encoding="utf-8")
    return page


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print(fill(Path(argument)))
