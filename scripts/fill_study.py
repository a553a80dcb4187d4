"""Put the results of studies into their pages.

    python scripts/fill_study.py [--checkpoints] DIR...

DIR is what `rhoset study NAME --out DIR` left, finished or not (`--so-far`). docs/studies/results/NAME/ gets its
settings.json, networks.csv, results.json (without the laws at early moments) and figure, with --checkpoints the final
networks as well, and docs/studies/NAME.md the tables of its study.md below the marker. Nothing is computed here, and
files of a megabyte are left where they are.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

PAGES = Path(__file__).resolve().parents[1] / "docs" / "studies"
MARKER = "<!-- results: written by scripts/fill_study.py -->"
LARGEST = 1_000_000


def fill(folder: Path, checkpoints: bool) -> Path:
    """Returns the page."""
    said = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    if said["quick"]:
        raise SystemExit(f"{folder} is a quick run; the page is about the whole study")
    name = said["study"]
    for setting in said["settings"]:
        setting.pop("key_sets_at")
    kept = PAGES / "results" / name
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    (kept / "results.json").write_text(json.dumps(said, ensure_ascii=False) + "\n", encoding="utf-8")
    files = [folder / "settings.json", folder / "networks.csv", folder / "key-sets.svg"]
    files += sorted((folder / "checkpoints").iterdir()) if checkpoints else []
    for file in files:
        if file.stat().st_size < LARGEST:
            target = kept / file.relative_to(folder)
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(file, target)
    page = PAGES / f"{name}.md"
    written = page.read_text(encoding="utf-8").split(MARKER)[0].rstrip()
    page.write_text(f"{written}\n\n{MARKER}\n{_body(folder, kept, name)}", encoding="utf-8")
    return page


def _body(folder: Path, kept: Path, name: str) -> str:
    body = (folder / "study.md").read_text(encoding="utf-8").split("\n", 1)[1]
    body = body.replace("(key-sets.svg)", f"(results/{name}/key-sets.svg)").replace(
        "[key-sets.svg]", "[key sets by setting]"
    )
    for file in ("settings.json", "networks.csv"):
        if (kept / file).is_file():
            body = body.replace(f"`{file}`", f"[{file}](results/{name}/{file})")
    if (kept / "checkpoints").is_dir():
        body = body.replace("`checkpoints/`", f"`docs/studies/results/{name}/checkpoints/`")
    else:
        body = body.replace("`checkpoints/`", "made again, byte for byte on a like machine, by the command above")
    return body.replace("`results.json`", f"[results.json](results/{name}/results.json)")


if __name__ == "__main__":
    arguments = sys.argv[1:]
    for argument in arguments:
        if argument != "--checkpoints":
            print(fill(Path(argument), "--checkpoints" in arguments))
