"""Work and memory are bounded before anything is allocated: the largest certificates that are taken, under limits.

benchmarks/limits.py makes them and measures; here they must end in a verdict within the memory and the CPU time of the
contract, with room for a machine that is busy (times are counted in CPU seconds; nothing here waits for a clock).
"""

from __future__ import annotations

import importlib.util
import math
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from check.corpus_parts import good_pair
from check.harness import Cert, Net, derive, plan_of
from rhoset_check import Verdict, gaps
from rhoset_check.files import Unreadable, read_certificate

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
    "lowrank",
    "lowrank, one by one",
    "points",
    "points of two",
    "gaps",
    "gaps, types",
    "gaps, apart",
    "gaps, each",
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


def test_features_without_end_are_refused() -> None:
    """A few bytes of header ask for k² and n·k numbers; nothing is allocated for them."""
    net = limits.network(2, 1)
    tensors = {"lowrank.features": np.zeros((2, 1 << 16)), "lowrank.writing": np.zeros((2, 1 << 16))}
    verdict = derive(net, Cert({"generators": np.array([1]), **tensors}, plan_of("lowrank")))
    assert verdict.status == "rejected"
    assert "too large" in verdict.reason


def affine(sets: int, **more: np.ndarray) -> Verdict:
    """Rule even on AGL(1, 31), of 930 elements, which two of its 31 points tell apart; each set has one neuron."""
    p, n = 31, 930
    factor, shift = np.divmod(np.arange(n), p)
    product = (factor[:, None] + 1) * (factor + 1) % p
    table = (product - 1) * p + ((factor[:, None] + 1) * shift + shift[:, None]) % p
    images = ((factor[:, None] + 1) * np.arange(p) + shift[:, None]) % p
    net = Net(limits.network(n, sets).tensors, table.astype(np.int32))
    generators, places = np.array([(3 - 1) * p, 1]), np.arange(sets)
    points = {f"gaps{j}.right": images[generators] for j in range(sets)}
    neurons = {"gaps.block": places, "gaps.point": places, "gaps.left": places}
    return derive(net, Cert({"generators": generators, **points, **neurons, **more}, plan_of("gaps")))


def test_points_that_would_be_compared_two_by_two_without_end_are_refused() -> None:
    """Of 1,100 sets of two points 1,500 have neurons: the order of their sums took 36 s, evaluation takes 0.9."""
    n, m, sets = 256, 1500, 1100
    net, place = limits.network(n, m), np.arange(m)
    points = {f"gaps{j}.right": np.array([[1, 0]]) for j in range(sets)}
    neurons = {"gaps.block": place % sets, "gaps.point": place % 2, "gaps.left": place % 2}
    net = Net(net.tensors, (np.arange(n)[:, None] + np.arange(n)).astype(np.int32) % n)
    verdict = derive(net, Cert({"generators": np.array([1]), **points, **neurons}, plan_of("gaps")))
    assert verdict.status == "rejected"
    assert "far more work" in verdict.reason


def test_a_header_without_end_is_not_read(tmp_path: Path) -> None:
    """1.4 million empty tensors took 1.3 GB before any limit could be asked for."""
    path = tmp_path / "long.cert"
    path.write_bytes((1 << 23).to_bytes(8, "little") + b"{" + b" " * (1 << 23))
    with pytest.raises(Unreadable, match=r"header would take 8388608 bytes"):
        read_certificate(path, 2, 1)


def test_sums_of_many_points_are_refused() -> None:
    """A sum of two points is a table of 930² numbers for each type of x, 215 MB for 31 types."""
    verdict = affine(3, **{"gaps.types": np.array([0, 0])})
    assert verdict.status == "rejected"
    assert "sums over points" in verdict.reason


def test_sums_that_are_not_joined_stand_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 31 functions of all pairs of elements, 7 MB each, no more than a few are there at once."""
    monkeypatch.setattr(gaps, "MOST_CLASSES", 31)
    tracemalloc.start()
    try:
        verdict = affine(1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert verdict.status == "accepted"
    assert peak < 160 << 20


@pytest.mark.parametrize("most", [1, 4, 12])
def test_what_is_joined_changes_no_bound(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to rounding."""
    _, net, cert = good_pair("gaps")
    whole = derive(net, cert)
    monkeypatch.setattr(gaps, "MOST_CLASSES", most)
    apart = derive(net, cert)
    assert (apart.right, apart.margin_bound) == (whole.right, pytest.approx(whole.margin_bound, rel=1e-9))
    assert apart.loss_bound == pytest.approx(whole.loss_bound, rel=1e-9)


def test_shapes_are_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    """No tensor but the groups is loaded before the limit of work has spoken."""
    from rhoset_check import files

    net = limits.network(24, 8)
    tensors, plan = limits._lowrank(24, 8, 5000)
    loaded: list[str] = []
    true = files.Tensors.array

    def array(self: files.Tensors, name: str, *rest: object) -> object:
        loaded.append(name)
        return true(self, name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(files.Tensors, "array", array)
    verdict = derive(net, Cert({**tensors, "generators": np.array([1])}, plan))
    assert verdict.status == "rejected"
    assert not loaded[-1:] or not loaded[-1].startswith("lowrank")


def test_a_network_too_large_for_memory_ends_in_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a library raises while files are read, no traceback and no verdict that says more."""
    from rhoset_check import verdict as checker

    def fails(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(checker, "read_certificate", fails)
    found = derive(limits.network(2, 2), Cert({}, plan_of("exact")))
    assert (found.status, found.right) == ("rejected", 0)
    assert "MemoryError" in found.reason


def test_an_empty_factor_is_no_harm() -> None:
    net = Net({"embed_left": np.zeros((2, 0)), "embed_right": np.zeros((2, 0)), "hidden_left": np.zeros((0, 1)),
               "hidden_right": np.zeros((0, 1)), "unembed": np.ones((1, 2))}, limits.network(2, 1).table)  # fmt: skip
    found = derive(net, Cert({"generators": np.array([1])}, plan_of("exact")))
    assert (found.status, found.right) == ("accepted", 0)
