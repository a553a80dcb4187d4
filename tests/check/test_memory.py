"""No certificate takes more memory than four times both files and 256 MB: random shapes, as large as are taken.

Rules, options, orders and widths are drawn; what grows in a certificate grows until the reader refuses it
(benchmarks/limits.py has chosen worst cases, and times). A process of its own, whose address space is limited, checks
one after another and says how far its memory rose.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from check.harness import network_bytes
from check.test_limits import limits

CHILD = """
import json, resource, sys
import numpy, rhoset_check
def kilobytes(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name))
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
for certificate, network in json.loads(sys.stdin.read()):
    open("/proc/self/clear_refs", "w").write("5")  # the highest is where it is
    before = kilobytes("VmHWM")
    verdict = rhoset_check.check(certificate, network)
    print(json.dumps([verdict.status, verdict.reason, 1024 * (kilobytes("VmHWM") - before)]), flush=True)
"""
ORDERS = (2, 3, 7, 12, 24, 60, 96, 120, 240)
Maker = Callable[[int, int, int], tuple[dict[str, Any], dict[str, Any]]]


def drawn(rng: np.random.Generator, n: int, m: int) -> tuple[str, Maker]:
    """What is made of (order, width, size), and its name: the rule with its options."""
    few, some = int(rng.integers(1, 6)), int(2 ** rng.uniform(0, 7))
    options: dict[str, Any] = {"samples": int(rng.choice([0, 1, n])), "singles": int(rng.choice([0, 1, n]))}
    ways: dict[str, Maker] = {
        "lowrank": lambda n, m, s: limits._lowrank(n, m, s, **options),
        "points": lambda n, m, s: limits._points(n, m, [s] * few, **options),
        "points, sets": lambda n, m, s: limits._points(n, m, [few + 1] * min(s, m), **options),
        "points, sizes": lambda n, m, s: limits._points(n, m, [*range(2, 2 + min(s, m))], **options),
        "circles": lambda n, m, s: limits._circles(n, m, s, min(s, some, m)),
        "even": lambda n, m, s: limits._gaps(n, m, s, min(few, m)),
        "even, sets": lambda n, m, s: limits._gaps(n, m, few + 1, min(s, m)),
        "even, apart": lambda n, m, s: limits._apart(*limits._typed(*limits._gaps(n, m, s, min(few, m)))),
        "each": lambda n, m, s: limits._each(*limits._gaps(n, m, s, min(few, m))),
        "each, sets": lambda n, m, s: limits._each(*limits._gaps(n, m, few + 1, min(s, m))),
    }
    name = str(rng.choice(list(ways)))
    return f"{name}, n = {n}, m = {m}, few = {few}, some = {some}, {options}", ways[name]


def peaks(folder: Path, cases: int, seed: int, largest: int) -> list[str]:
    """Certificates that took too much, or whose check failed; each with all that makes it again."""
    rng, made = np.random.default_rng(seed), list[tuple[str, list[str]]]()
    while len(made) < cases:
        n, m = int(rng.choice([n for n in ORDERS if n <= largest])), int(2 ** rng.uniform(0, 7))
        name, make = drawn(rng, n, m)
        here, net = folder / str(len(made)), limits.network(n, m)
        here.mkdir(exist_ok=True)
        size, _ = limits.largest(net, make, here)
        if size:
            (here / "net").write_bytes(network_bytes(net))
            made.append((f"{name}, size = {size}", [str(here / "worst.cert"), str(here / "net")]))
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    pairs = json.dumps([files for _, files in made])
    run = subprocess.run(
        [sys.executable, "-c", CHILD], input=pairs, capture_output=True, text=True, env={**os.environ, **threads}
    )
    found = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(found) == cases, f"{made[len(found)][0]}: {run.stderr[-300:]}"
    wrong = []
    for (name, files), (status, reason, peak) in zip(made, found, strict=True):
        room = 4 * sum(Path(file).stat().st_size for file in files) + (256 << 20)
        if peak > room or "failed" in reason:
            wrong.append(f"{name}: {peak >> 20} MB of {room >> 20}, {status} {reason}")
    return wrong


def test_a_few_hostile_shapes(tmp_path: Path) -> None:
    assert not peaks(tmp_path, 12, 0, 24)


@pytest.mark.slow
@pytest.mark.ends_within(1800)
@pytest.mark.parametrize("seed", range(1, 5))
def test_many_hostile_shapes(seed: int, tmp_path: Path) -> None:
    assert not peaks(tmp_path, 50, seed, 240)
