"""Does it matter when training stops: the same seeds at two lengths of training, side by side.

    rhoset train S5 --preset wu2024-replacement --models 10 --steps 5000 --out runs/early
    rhoset train S5 --preset wu2024-replacement --models 10 --steps 25000 --out runs/late
    rhoset reproduce --run "early=runs/early" --run "late=runs/late" --methods gaps --out runs/measured
    python benchmarks/stopping.py runs/early runs/late --out stopping.json

One row for each network that both runs hold: what `rhoset reproduce` measured of it in each, and how far unembed and
the logits of the first are from those of the second (relative norms). A second a network on S5.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from rhoset.networks import Network, logits, read_network
from rhoset.networks.runs import Run, open_run
from rhoset.reading import read_json
from rhoset.reproduce.experiment import MEASURED


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("early", type=Path)
    parser.add_argument("late", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    runs = open_run(options.early), open_run(options.late)
    rows = [row(*runs, index) for index in sorted(set(runs[0].indices) & set(runs[1].indices))]
    options.out.write_text(json.dumps(rows) + "\n", encoding="utf-8")


def row(early: Run, late: Run, index: int) -> dict[str, Any]:
    """One network at both ends."""
    first, last = (read_network(run.network_path(index)) for run in (early, late))
    return {
        "network": index,
        "unembed": apart(np.asarray(first.unembed), np.asarray(last.unembed)),
        "logits": apart(outputs(first), outputs(last)),
        "early": measured(early, index),
        "late": measured(late, index),
    }


def outputs(network: Network) -> np.ndarray:
    """(n, n, n) logits of every pair, their mean over the outputs taken off, which no probability depends on."""
    n = network.order
    x, y = np.divmod(np.arange(n * n), n)
    found = np.asarray(logits(network, x, y), dtype=np.float64)
    return found - found.mean(axis=1, keepdims=True)


def apart(first: np.ndarray, last: np.ndarray) -> float:
    """‖first − last‖ / ‖last‖."""
    return float(np.linalg.norm(first - last) / np.linalg.norm(last))


def measured(run: Run, index: int) -> dict[str, Any]:
    """What the tables show of a measured network."""
    found = read_json(run.path / MEASURED / f"{index:04d}.json")
    if found is None:
        raise SystemExit(f"{run.path}: network {index} is not measured; rhoset reproduce --run {run.path} does it")
    trained = next(said for said in run.results() if int(said["index"]) == index)
    circuits = [c for c in found["circuits"] if c["left_size"] > 2]
    gaps = found["methods"]["gaps"]
    return {
        "steps": int(trained["steps"]),
        "loss": found["loss"],
        "accuracy": found["accuracy"],
        "bound": found["published"]["accuracy"],
        "rigorous": found["methods"]["paper"]["bound"],
        "circuits": [[c["irrep"], c["left_size"], c["right_size"], c["kind"], c["neurons"]] for c in circuits],
        "gaps": gaps["operations"] / gaps["exhaustive_operations"],
    }


if __name__ == "__main__":
    main()
