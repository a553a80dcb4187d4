"""Rule `exact` of the checker against a plain float32 pass over the same pairs, as a ratio in one run.

    python benchmarks/exact.py [--group S7] [--width 128] [--rows 2] [--repeat 5] [--processor]

Both see all pairs of some x of one constructed network on one core, in turn; the least time of each counts. The plain
pass forms activations, multiplies them with unembed in blocks of the checker's size and asks whether the right output
is largest: nothing about it is rigorous. What depends on the network alone (its group, its tables) is made before.
"""

# ruff: noqa: E402 - threads are fixed before numpy is imported

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import argparse
import time
from statistics import median

import numpy as np

from rhoset.networks import Network
from rhoset.networks.constructing import construct
from rhoset.prove.subject import subject
from rhoset_check.exact import CHUNK
from rhoset_check.settle import prepare, settle


def plain(network: Network, xs: np.ndarray) -> int:
    """How many pairs with these x are right in float32."""
    left, right, unembed = (np.asarray(side, np.float32) for side in (network.left, network.right, network.unembed))
    n, correct = network.order, 0
    step = max(1, CHUNK // n)
    for x in xs:
        for start in range(0, n, step):
            hidden = np.maximum(left[x] + right[start : start + step], 0)
            logits = hidden @ unembed + network.bias.astype(np.float32)
            correct += int((logits.argmax(axis=1) == network.table[x, start : start + step]).sum())
    return correct


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--group", default="S7")
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--rows", type=int, default=2, help="so many x, all y each [2]")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--processor", action="store_true", help="processor time, for a busy machine")
    options = parser.parse_args()
    clock = time.process_time if options.processor else time.perf_counter
    network = construct(options.group, ["natural:directions=2"], noise=0.003, seed=1, width=options.width).network
    about, xs = subject(network), np.arange(options.rows)
    rules = prepare(about.certificate("exhaustive"), about.model)
    works = {"plain": lambda: plain(network, xs), "exact": lambda: int((settle(rules, xs)[0] > 0).sum())}
    seconds, right = {name: list[float]() for name in works}, dict[str, int]()
    for _ in range(options.repeat):
        for name, work in works.items():
            begin = clock()
            right[name] = work()
            seconds[name].append(clock() - begin)
    ratios = [one / other for one, other in zip(seconds["exact"], seconds["plain"], strict=True)]
    print(
        f"{options.group}, n = {network.order}, width {network.width}, {len(xs) * network.order} pairs: plain"
        f" {min(seconds['plain']):.3f} s ({right['plain']} right), exact {min(seconds['exact']):.3f} s"
        f" ({right['exact']} proved); exact / plain {min(seconds['exact']) / min(seconds['plain']):.2f}"
        f" (of the least), {median(ratios):.2f} (median of {options.repeat} in turn)"
    )


if __name__ == "__main__":
    main()
