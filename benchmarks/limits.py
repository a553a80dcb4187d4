"""Worst cases of work and memory: the largest certificates of every kind that the checker still takes.

For each kind the size grows until the reader refuses it; what it takes last is checked in a process of its own with
limits of memory and time. The contract: at most four times the seconds of the exhaustive check of that network and one
second, and a small multiple of the two files plus 256 MB. CPU seconds; other work on the machine makes both numbers
larger.

    python benchmarks/limits.py [--orders 24 120] [--kinds "lowrank, one by one" …]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from check.harness import Cert, Net, certificate_bytes, network_bytes, plan_of

CHILD = """
import json, resource, sys, time
import numpy, rhoset_check
from rhoset_check import check
files, memory, seconds = sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5])
def high():  # kB; getrusage would count what the parent held
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
base = high()
resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
spent = []
for certificate in files[:2]:
    begin = time.process_time()
    verdict = check(certificate, files[2])
    spent.append(time.process_time() - begin)
peak = (high() - base) * 1024
print(json.dumps([verdict.status, verdict.reason, *spent, peak]))
"""
ADDRESSES = 4 << 30
"""Bytes of address space of a child: libraries map much that they never touch."""


@dataclass(frozen=True)
class Measured:
    """The last certificate of a kind that was taken."""

    kind: str
    order: int
    width: int
    size: int
    seconds: float
    exhaustive: float
    peak: int
    files: int
    reason: str

    @property
    def allowed(self) -> float:
        return 4 * self.exhaustive + 1

    @property
    def room(self) -> int:
        return 4 * self.files + (256 << 20)


def network(n: int, m: int) -> Net:
    """C_n (or C_2 × C_n/2, that more actions have), with random weights: nothing can be proved but by evaluation."""
    rng = np.random.default_rng(0)
    shapes = {"left": (n, m), "right": (n, m), "unembed": (m, n), "bias": (n,)}
    tensors = {k: rng.normal(size=s).astype(np.float32) for k, s in shapes.items()}
    return Net(tensors, (np.add.outer(np.arange(n), np.arange(n)) % n).astype(np.int32))


Maker = Callable[[int, int, int], tuple[dict[str, Any], dict[str, Any]]]
"""(order, width, size) → tensors, plan."""


def _lowrank(n: int, m: int, k: int, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    rng = np.random.default_rng(1)
    tensors = {"lowrank.features": rng.normal(size=(n, k)), "lowrank.writing": rng.normal(size=(m + 1, k))}
    return tensors, plan_of("lowrank", "exact", **{"samples": n, **options})


def _points(n: int, m: int, sizes: list[int], **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Sets of these sizes, as many points moved as can be; writing is of few bytes, so that memory is not excused by
    the file."""
    sizes, tensors = [max(2, q) for q in sizes], dict[str, Any]()
    for j, q in enumerate(sizes):
        moved = max(d for d in range(1, q + 1) if n % d == 0)
        tensors[f"points{j}.right"] = np.append(np.roll(np.arange(moved), 1), np.arange(moved, q))[None]
    writing = np.random.default_rng(1).normal(size=(m + 1, sum(q * q for q in sizes)))
    tensors["points.writing"] = writing.astype(np.float16)
    return tensors, plan_of("points", "exact", **{"samples": n, **options})


def _gaps(n: int, m: int, q: int, sets: int) -> tuple[dict[str, Any], dict[str, Any]]:
    q = max(d for d in range(1, q + 1) if n % d == 0)  # transitive
    tensors: dict[str, Any] = {f"gaps{j}.right": np.roll(np.arange(q), 1)[None] for j in range(sets)}
    tensors |= {"gaps.block": np.arange(m) % sets, "gaps.point": np.arange(m) // sets % q}
    return {**tensors, "gaps.left": np.arange(m) // (sets * q) % q}, plan_of("gaps", "exact")


def _apart(tensors: dict[str, Any], plan: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    return {**tensors, "gaps.centred": np.ones_like(tensors["gaps.block"])}, plan


def _typed(tensors: dict[str, Any], plan: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    return {**tensors, "gaps.types": np.zeros(2, np.int64)}, plan


def _circles(n: int, m: int, circles: int, read: int) -> tuple[dict[str, Any], dict[str, Any]]:
    tensors = {f"circles{j}.matrices": np.eye(2)[None] for j in range(circles)}
    tensors |= {"circles.writing": np.full((m + 1, 2 * circles), 1e-3), "circles.reads": np.arange(m + 1) % read}
    return tensors, plan_of("circles", "exact")


def _each(tensors: dict[str, Any], plan: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Every x by itself."""
    return {name.replace("gaps.left", "gaps.each"): array for name, array in tensors.items()}, plan


KINDS: dict[str, Maker] = {
    "circles": lambda n, m, s: _circles(n, m, s, 1),
    "circles, all read": lambda n, m, s: _circles(n, m, s, min(s, m)),
    "lowrank": lambda n, m, s: _lowrank(n, m, s),
    "lowrank, no samples": lambda n, m, s: _lowrank(n, m, s, samples=0),
    "lowrank, no single outputs": lambda n, m, s: _lowrank(n, m, s, singles=0),
    "lowrank, one by one": lambda n, m, s: _lowrank(n, m, 1, singles=s),
    "lowrank, one by one of some": lambda n, m, s: _lowrank(n, m, 1, singles=n, exact=s),
    "points": lambda n, m, s: _points(n, m, [s]),
    "points, no samples": lambda n, m, s: _points(n, m, [s], samples=0),
    "points of two": lambda n, m, s: _points(n, m, [2] * min(s, m)),
    "points of many kinds": lambda n, m, s: _points(n, m, list(range(2, 2 + min(s, m)))),
    "points, no single outputs": lambda n, m, s: _points(n, m, [s, s], singles=0),
    "points, one by one": lambda n, m, s: _points(n, m, [2], singles=s),
    "gaps": lambda n, m, s: _gaps(n, m, s, 1),
    "gaps, types": lambda n, m, s: _typed(*_gaps(n, m, s, 1)),
    "gaps, apart": lambda n, m, s: _apart(*_typed(*_gaps(n, m, s, 1))),
    "gaps, each": lambda n, m, s: _each(*_gaps(n, m, s, 1)),
    "gaps of two points": lambda n, m, s: _gaps(n, m, 2, min(s, m)),
    "gaps of one point": lambda n, m, s: _gaps(n, m, 1, min(s, m)),
}  # fmt: skip


def largest(net: Net, make: Maker, folder: Path) -> tuple[int, str]:
    """The largest size that is taken, by doubling and halving; its certificate is left in `folder`."""
    from rhoset_check.files import read_certificate
    from rhoset_check.near import Rejected

    n, m = net.order, net.width
    generators = {"generators": np.array([1 % n])}
    reason = ""

    def taken(size: int) -> bool:
        nonlocal reason
        tensors, plan = make(n, m, size)
        path = folder / "trial.cert"
        path.write_bytes(certificate_bytes(net, Cert({**generators, **tensors}, plan)))
        try:
            read_certificate(path, n, m)
        except Rejected as refusal:
            reason = str(refusal)
            return False
        path.replace(folder / "worst.cert")
        return True

    low, high, top = 0, 1, 1 << 13
    while high <= top and taken(high):
        low, high = high, 2 * high
    while high - low > max(1, low // 16):
        middle = (low + high) // 2
        low, high = (middle, high) if taken(middle) else (low, middle)
    return low, reason


def measure(kind: str, n: int, m: int) -> Measured | None:
    """The worst certificate of this kind in a child process; None where not even the smallest is taken."""
    net = network(n, m)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "net").write_bytes(network_bytes(net))
        (folder / "exact.cert").write_bytes(
            certificate_bytes(net, Cert({"generators": np.array([1 % n])}, plan_of("exact")))
        )
        size, reason = largest(net, KINDS[kind], folder)
        if not size:
            return None
        paths = [str(folder / name) for name in ("exact.cert", "worst.cert", "net")]
        threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        call = [sys.executable, "-c", CHILD, *paths, str(ADDRESSES), "120"]
        run = subprocess.run(call, capture_output=True, text=True, env={**os.environ, **threads}, check=False)
        files = sum((folder / name).stat().st_size for name in ("worst.cert", "net"))
    if run.returncode:
        return Measured(kind, n, m, size, float("inf"), 0.0, 0, files, run.stderr[-200:] or str(run.returncode))
    status, said, exhaustive, seconds, peak = json.loads(run.stdout)
    return Measured(kind, n, m, size, seconds, exhaustive, peak, files, f"{status} {said}; then: {reason}")


def worst_cases(orders: dict[int, int], kinds: list[str]) -> Iterator[Measured]:
    for n, m in orders.items():
        for kind in kinds:
            found = measure(kind, n, m)
            if found is not None:
                yield found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, nargs="*", default=[2, 24, 113, 120])
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS))
    options = parser.parse_args()
    worst = 0.0
    print("kind, order, size: CPU s of (allowed), times exhaustive; MB over the start of (allowed); files")
    for found in worst_cases(dict.fromkeys(options.orders, options.width), options.kinds):
        share = found.seconds / found.allowed
        worst = max(worst, share, found.peak / found.room)
        print(
            f"{found.kind:28} n={found.order:4} size={found.size:5} {found.seconds:7.2f} s of {found.allowed:5.2f} "
            f"{found.seconds / max(found.exhaustive, 1e-9):7.1f}×  {found.peak >> 20:5} MB of {found.room >> 20:5}  "
            f"{found.files >> 10:7} kB  {found.reason[:60]}{'  EXCEEDS' if share > 1 else ''}",
            flush=True,
        )
    print(f"worst share of what is allowed: {worst:.2f}")
    return int(worst > 1)


if __name__ == "__main__":
    sys.exit(main())
