"""Key sets of a run's networks at its checkpoints, as Markdown, and in full as JSON.

    python scripts/key_sets_over_time.py RUN OUT.json

RUN is a run that was trained with checkpoints. Shares have exact 95 % intervals (Clopper-Pearson). Key sets are those
with b² ≥ ε, ε = 0.005, and, in the file, those with b ≥ ε too. The last table counts networks that went from one key
set to another between two moments.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import rhoset
from rhoset.networks import read_network
from rhoset.networks.runs import open_networks, open_run
from rhoset.populations.tables import to_markdown
from rhoset.shares import clopper_pearson

EPSILON = 0.005
LISTED = 6
"""Key sets in the table, those most frequent at the end."""

Measured = dict[int, dict[str, dict[str, Any]]]


def measured(run: Path) -> Measured:
    """Updates → network → its key sets and spectral weights then."""
    last = {row["index"]: int(row["steps"]) for row in open_run(run).results()}
    found: Measured = {}
    for _, path in open_networks(run):
        early = path.with_suffix(".steps")
        files = {int(file.stem): file for file in sorted(early.glob("*.safetensors"))}
        for updates, file in [*files.items(), (last[int(path.stem)], path)]:
            seen = rhoset.observables(read_network(file))
            found.setdefault(updates, {})[path.stem] = {
                "key_set": list(seen.key_sets(EPSILON)[0]),
                "key_set_squared": list(seen.key_sets(EPSILON, squared=True)[0]),
                "b2": {name: round(float(b), 6) for name, b in zip(seen.classes, seen.weights[0], strict=True)},
            }
    return found


def name(key_set: list[str]) -> str:
    """``{[4,1], [1,1,1,1,1]}``."""
    return "{" + ", ".join(key_set) + "}"


def main() -> None:
    """Write the file and print the tables."""
    run, out = Path(sys.argv[1]), Path(sys.argv[2])
    found = dict(sorted(measured(run).items()))
    out.write_text(json.dumps({"epsilon": EPSILON, "updates": found}, ensure_ascii=False) + "\n", encoding="utf-8")
    sets = {updates: {key: name(one["key_set_squared"]) for key, one in of.items()} for updates, of in found.items()}
    end = max(sets)
    listed = [key_set for key_set, _ in Counter(sets[end].values()).most_common(LISTED)]
    rows = []
    for key_set in listed:
        row: list[Any] = [key_set]
        for of in sets.values():
            count = sum(one == key_set for one in of.values())
            share = clopper_pearson(count, len(of))
            row.append(f"{count} of {len(of)} ({share.low:.0%}–{share.high:.0%})")
        rows.append(row)
    print(to_markdown(["key set", *(f"after {updates:,}" for updates in sets)], rows))
    moments = list(sets)
    moved = [
        [f"{a:,} to {b:,}", *change, count]
        for a, b in itertools.pairwise(moments)
        for change, count in Counter((sets[a][k], sets[b][k]) for k in sets[a] if sets[a][k] != sets[b][k]).items()
    ]
    print(to_markdown(["updates", "from", "to", "networks"], moved))


if __name__ == "__main__":
    main()
