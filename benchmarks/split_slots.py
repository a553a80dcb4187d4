"""What merges split slots: trained networks go on for some steps, with each step's pairs drawn with replacement or not.

    python benchmarks/split_slots.py RUN --networks 1,3,36 --out drawn.jsonl
    python benchmarks/split_slots.py RUN --networks 1,3,36 --full-batch --out full.jsonl

The networks of RUN (preset wu2024) are factored anew, balanced, as training with decay leaves them; Adam begins afresh
with a warm-up. One line a network and look: bound of the published verifier, neurons of each irrep, loss. On S5 17 s a
network.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from rhoset.groups import irreps
from rhoset.networks import Network, read_network
from rhoset.networks.runs import open_run
from rhoset.reproduce.verifier import irrep_neurons, published_bound
from rhoset.training import preset
from rhoset.training.trainer import Trainer

WARM_UP = 300
LIVE = 0.5
"""Neurons whose left table is shorter are not counted."""


def factors(table: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """An embedding (n, E) and a map (E, m) of equal norms whose product is the table, in a random basis."""
    u, s, v = np.linalg.svd(np.asarray(table, dtype=np.float64), full_matrices=False)
    embedding, linear = np.zeros((len(u), width)), np.zeros((width, v.shape[1]))
    embedding[:, : len(s)], linear[: len(s)] = u * np.sqrt(s), np.sqrt(s)[:, None] * v
    basis, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((width, width)))
    return embedding @ basis, basis.T @ linear


def trainer(network: Network, seed: int, replacement: bool) -> Trainer:
    """Training that starts at a trained network."""
    config = preset("wu2024").replace(replacement=replacement, warmup_steps=WARM_UP)
    found = Trainer(np.asarray(network.table), config, seed)
    values = {"unembed": network.unembed, "unembed_bias": network.bias}
    for side in ("left", "right"):
        values[f"embed_{side}"], values[f"hidden_{side}"] = factors(getattr(network, side), config.embed_dim)
    with torch.no_grad():
        for name, parameter in found.module.named_parameters():
            parameter.copy_(torch.from_numpy(np.array(values[name])))
    return found


def look(training: Trainer, table: np.ndarray) -> dict[str, object]:
    """The published verifier's bound, and what the network is made of."""
    network = training.module.to_network(table, {})
    found = irreps(network.group)
    said, now = published_bound(network, found), training.evaluate()
    neurons = {part.irrep.name: len(part.neurons) for part in irrep_neurons(network, found, LIVE)}
    return {
        "step": training.step,
        "bound": said.accuracy,
        "neurons": neurons,
        "loss": now.loss,
        "accuracy": now.accuracy,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--networks", required=True, help="indices with commas between")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--full-batch", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    run = open_run(options.run)
    with options.out.open("a", encoding="utf-8") as out:
        for index in map(int, options.networks.split(",")):
            network = read_network(run.network_path(index))
            training = trainer(network, index, not options.full_batch)
            while training.step < options.steps:
                training.advance()
                if training.step in (options.steps // 2, options.steps):
                    row = {"network": index, "replacement": not options.full_batch, **look(training, network.table)}
                    print(json.dumps(row), file=out, flush=True)


if __name__ == "__main__":
    main()
