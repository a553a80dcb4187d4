"""The cache on disk: hit, damage, parallel use, deletion, switched off."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from support.groups import shuffled

from rhoset.groups import Group, group, irreps, subgroup_classes
from rhoset.groups import cache as cache_module


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RHOSET_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def fresh() -> Group:
    """A new object each time, so that nothing is remembered in memory."""
    return group("SL(2,7)")


def test_a_second_run_reads_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, subgroups = irreps(fresh()), subgroup_classes(fresh())
    assert len(list(folder.iterdir())) == 2
    import rhoset.groups.lattice as lattice
    import rhoset.groups.real_irreps as room

    def forbidden(*_: object) -> None:
        raise AssertionError("computed although the cache holds it")

    monkeypatch.setattr(room, "irrep_of_component", forbidden)
    monkeypatch.setattr(lattice, "_search_all", forbidden)
    second = irreps(fresh())
    for a, b in zip(first, second):
        assert (a.name, a.type, a.rank) == (b.name, b.type, b.rank)
        assert np.array_equal(a.matrices, b.matrices)
        assert not b.matrices.flags.writeable
    again = subgroup_classes(fresh())
    assert [h.elements.tolist() for h in again] == [h.elements.tolist() for h in subgroups]
    with pytest.raises(AssertionError):
        irreps(shuffled(fresh(), 1)[0])


@pytest.mark.parametrize("damage", ["truncate", "flip", "empty", "junk", "directory"])
def test_damaged_entries_are_rebuilt(folder: Path, damage: str) -> None:
    wanted = irreps(fresh())
    (path,) = folder.iterdir()
    raw = path.read_bytes()
    if damage == "directory":
        path.unlink()
        path.mkdir()
    else:
        changed = bytearray(raw)
        changed[len(raw) // 2] ^= 4
        bad = {"truncate": raw[:-9], "flip": bytes(changed), "empty": b"", "junk": b"x" * 500}
        path.write_bytes(bad[damage])
    found = irreps(fresh())
    assert all(np.array_equal(a.matrices, b.matrices) for a, b in zip(wanted, found))
    if damage != "directory":
        assert path.read_bytes() == raw


def test_an_entry_that_lies_is_not_believed(folder: Path) -> None:
    """Right hash, wrong matrices: characters and products are checked on reading."""
    g = fresh()
    wanted = irreps(g)
    by_dim = {rho.dim: rho for rho in wanted}
    negated = {rho.name: np.ascontiguousarray(-rho.matrices) for rho in wanted}
    swapped = {rho.name: by_dim[rho.dim].matrices for rho in wanted}
    assert len(by_dim) < len(wanted)
    for lies in (negated, swapped, {"1a": np.ones(3)}):
        cache_module.write_entry("irreps", g, lies)
        found = irreps(fresh())
        assert all(np.array_equal(a.matrices, b.matrices) for a, b in zip(wanted, found))


def test_parallel_use(folder: Path) -> None:
    tables = [fresh() for _ in range(8)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(irreps, tables))
    for found in results[1:]:
        assert all(np.array_equal(a.matrices, b.matrices) for a, b in zip(results[0], found))
    assert [p.name for p in folder.iterdir() if p.name.startswith(".new")] == []


def test_off_unwritable_and_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RHOSET_CACHE", "off")
    assert cache_module.cache_folder() is None
    assert len(irreps(fresh())) > 1
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("RHOSET_CACHE", str(tmp_path / "file" / "below"))
    assert len(irreps(fresh())) > 1
    monkeypatch.delenv("RHOSET_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_module.cache_folder() == tmp_path / "rhoset"
