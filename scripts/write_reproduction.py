"""Write the tables of docs/reproduction.md from the results that the package keeps.

    python scripts/write_reproduction.py [RESULTS.json]

With an argument, that file becomes the kept result first. A test compares page and results.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rhoset.reproduce import markdown

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reproduction.md"
KEPT = ROOT / "src" / "rhoset" / "reproduce" / "results" / "full.json"
BEGIN, END = "<!-- tables: scripts/write_reproduction.py -->\n", "<!-- end of tables -->"


def main() -> None:
    """Keep the results and write the page."""
    if len(sys.argv) > 1:
        results = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(json.dumps(results, ensure_ascii=False) + "\n", encoding="utf-8")
    results = json.loads(KEPT.read_text(encoding="utf-8"))
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{markdown(results)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
