"""Work and memory are bounded before anything is allocated: the largest certificates that are taken, under limits.

benchmarks/limits.py makes them and measures; here they must end in a verdict within the memory and the CPU time of the
contract, with room for a machine that is busy (times are counted in CPU seconds; nothing here waits for a clock).
"""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from check.harness import Cert, Net, derive, plan_of

PLACE = Path(__file__).resolve().parents[2] / "benchmarks" / "limits.py"
SPEC = importlib.util.spec_from_file_location("benchmark_limits", PLACE)
assert SPEC is not None
assert SPEC.loader is not None
limits = importlib.util.module_from_spec(SPEC)
sys.modules[SPEC.name] = limits
SPEC.loader.exec_module(limits)

BUSY = 3.0
"""CPU seconds of a process grow where it shares cores and caches with others."""
FAST = (
    "circles",
    "slots",
    "slots, groups",
    "singles",
    "slot blocks",
    "gaps",
    "gaps, even",
    "gaps, even, types",
    "gaps, each",
    "a matrix",
)


def withstands(kind: str, n: int, m: int, capsys: pytest.CaptureFixture[str]) -> None:
    found = limits.measure(kind, n, m)
    assert found is not None, "not even the smallest is taken"
    assert math.isfinite(found.seconds), f"{kind} {found.size}: {found.reason}"
    with capsys.disabled():
        share = found.seconds / found.allowed
        print(
            f"\n{kind} of {found.size}, n = {n}: {share:.2f} of the seconds, "
            f"{found.seconds / max(found.exhaustive, 1e-6):.0f} × exhaustive; "
            f"{found.peak / found.room:.2f} of the memory"
        )
    assert found.seconds <= BUSY * found.allowed
    assert found.peak <= found.room
    assert "failed" not in found.reason


@pytest.mark.parametrize("kind", FAST)
def test_the_largest_certificates_taken(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    withstands(kind, 24, 32, capsys)


@pytest.mark.slow
@pytest.mark.ends_within(1200)
@pytest.mark.parametrize("n", [2, 24, 113, 120])
@pytest.mark.parametrize("kind", limits.KINDS)
def test_the_largest_certificates_of_every_kind(kind: str, n: int, capsys: pytest.CaptureFixture[str]) -> None:
    withstands(kind, n, 128, capsys)


HOSTILE = {
    "slots of 90 × 90, three blocks": (2, 90, 3, {}),
    "one slot block of 1 × 4,096, n groups": (120, 64, 1, {"groups": np.arange(120)}),
    "slots of 4,096": (24, 4096, 1, {}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_certificates_of_old(name: str) -> None:
    """Small files that took minutes and gigabytes of the first checker: refused, or cheap."""
    n, points, blocks, more = HOSTILE[name]
    net = limits.network(n, 8)
    tensors = {k: v for j in range(blocks) for k, v in limits._slots(n, points, j).items()}
    plan = plan_of("pairs", blocks=blocks)
    verdict = derive(net, Cert({"generators": np.array([1]), **tensors, **more}, plan))
    assert verdict.status in ("accepted", "rejected")
    assert verdict.seconds < 60  # of the clock, on any machine; the true limits are above


def test_a_large_identity_matrix_is_refused() -> None:
    """256 × 256, n = 32, no entries: 222 s and 3.3 GB once."""
    net = limits.network(32, 1)
    tensors = {"block0.matrices": np.eye(256)[None], "block0.neurons": np.zeros(0, int)}
    tensors |= {"block0.coefficients": np.zeros((0, 256 * 256)), "generators": np.array([1])}
    verdict = derive(net, Cert(tensors, plan_of("pairs", blocks=1)))
    assert verdict.status == "rejected"
    assert "more work" in verdict.reason or "too large" in verdict.reason


def test_shapes_are_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    """No tensor but the groups is loaded before the limit of work has spoken."""
    from rhoset_check import files

    net = limits.network(24, 8)
    tensors = {**limits._slots(24, 2000), "generators": np.array([1])}
    loaded: list[str] = []
    true = files.Tensors.array

    def array(self: files.Tensors, name: str, *rest: object) -> object:
        loaded.append(name)
        return true(self, name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(files.Tensors, "array", array)
    verdict = derive(net, Cert(tensors, plan_of("pairs", blocks=1)))
    assert verdict.status == "rejected"
    assert not any(name.startswith("block") for name in loaded)


def test_a_network_too_large_for_memory_ends_in_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a library raises while files are read, no traceback and no verdict that says more."""
    from rhoset_check import verdict as checker

    def fails(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(checker, "read_certificate", fails)
    found = derive(limits.network(2, 2), Cert({}, plan_of("exact")))
    assert (found.status, found.right) == ("unreadable", 0)
    assert "MemoryError" in found.reason


def test_an_empty_factor_is_no_harm() -> None:
    net = Net({"embed_left": np.zeros((2, 0)), "embed_right": np.zeros((2, 0)), "hidden_left": np.zeros((0, 1)),
               "hidden_right": np.zeros((0, 1)), "unembed": np.ones((1, 2))}, limits.network(2, 1).table)  # fmt: skip
    found = derive(net, Cert({"generators": np.array([1])}, plan_of("exact")))
    assert (found.status, found.right) == ("accepted", 0)
