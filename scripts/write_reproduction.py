"""Write the tables of docs/reproduction.md from the results that the package keeps.

    python scripts/write_reproduction.py [RESULTS.json …] [SPLIT_SLOTS.jsonl]

With arguments, those files are kept first: populations of `rhoset reproduce` take the place of those with their names,
the lines of benchmarks/split_slots.py that of the lines there are. A test compares page and results.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rhoset.reproduce import continued, markdown
from rhoset.reproduce.plan import FULL_BATCH

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reproduction.md"
KEPT = ROOT / "src" / "rhoset" / "reproduce" / "results" / "full.json"
SPLIT = KEPT.with_name("split_slots.json")
TABLES = "<!-- tables: scripts/write_reproduction.py -->\n", "<!-- end of tables -->"
DRAWN = "<!-- drawn: scripts/write_reproduction.py -->\n", "<!-- end of drawn -->"


def main() -> None:
    """Keep the results and write the page."""
    KEPT.parent.mkdir(exist_ok=True)
    for path in map(Path, sys.argv[1:]):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".jsonl":
            SPLIT.write_text(json.dumps([json.loads(line) for line in text.splitlines()]) + "\n", encoding="utf-8")
        else:
            kept, new = json.loads(KEPT.read_text(encoding="utf-8")), json.loads(text)
            for part in ("populations", "summary", "machines"):
                kept[part] |= new[part]
            KEPT.write_text(json.dumps(kept, ensure_ascii=False) + "\n", encoding="utf-8")
    results, split = (json.loads(path.read_text(encoding="utf-8")) for path in (KEPT, SPLIT))
    before = {row["index"]: row["published"]["accuracy"] for row in results["populations"][FULL_BATCH.name]}
    page = PAGE.read_text(encoding="utf-8")
    for (begin, end), text in ((TABLES, markdown(results)), (DRAWN, continued(split, before) + "\n")):
        first, _, rest = page.partition(begin)
        page = f"{first}{begin}\n{text}\n{end}{rest.partition(end)[2]}"
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
