"""Write the tables of docs/reproduction.md from the results that the package keeps.

    python scripts/write_reproduction.py [RESULTS.json …] [SPLIT_SLOTS.jsonl] [stopping.json]

With arguments, those files are kept first: populations of `rhoset reproduce` take the place of those with their names,
the lines of benchmarks/split_slots.py and the rows of benchmarks/stopping.py that of those there are. A test compares
page and results.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rhoset.reproduce import continued, contrast, markdown, stopped, summarise
from rhoset.reproduce.plan import FULL_BATCH

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reproduction.md"
KEPT = ROOT / "src" / "rhoset" / "reproduce" / "results" / "full.json"
SPLIT = KEPT.with_name("split_slots.json")
STOPPING = KEPT.with_name("stopping.json")
TABLES = "<!-- tables: scripts/write_reproduction.py -->\n", "<!-- end of tables -->"
DRAWN = "<!-- drawn: scripts/write_reproduction.py -->\n", "<!-- end of drawn -->"
STOPS = "<!-- stopping: scripts/write_reproduction.py -->\n", "<!-- end of stopping -->"


def main() -> None:
    """Keep the results and write the page."""
    KEPT.parent.mkdir(exist_ok=True)
    for path in map(Path, sys.argv[1:]):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".jsonl":
            SPLIT.write_text(json.dumps([json.loads(line) for line in text.splitlines()]) + "\n", encoding="utf-8")
        elif path.name == STOPPING.name:
            STOPPING.write_text(text, encoding="utf-8")
        else:
            kept, new = json.loads(KEPT.read_text(encoding="utf-8")), json.loads(text)
            for part in ("populations", "machines"):
                kept[part] |= new[part]
            kept["summary"] = {name: summarise(rows) for name, rows in kept["populations"].items()}
            KEPT.write_text(json.dumps(kept, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    results, split, stops = (json.loads(path.read_text(encoding="utf-8")) for path in (KEPT, SPLIT, STOPPING))
    before = {row["index"]: row["published"]["accuracy"] for row in results["populations"][FULL_BATCH.name]}
    page = PAGE.read_text(encoding="utf-8")
    drawn = f"{contrast(results)}\n\n{continued(split, before)}\n"
    parts = (TABLES, markdown(results)), (DRAWN, drawn), (STOPS, stopped(stops) + "\n")
    for (begin, end), text in parts:
        first, _, rest = page.partition(begin)
        page = f"{first}{begin}\n{text}\n{end}{rest.partition(end)[2]}"
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
