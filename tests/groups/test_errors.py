"""Every error of the room, raised: one slug each, one line each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.slugs import assert_all_tested, assert_raises

from rhoset import groups
from rhoset.groups import Group, group

S3 = group("S3")
RHO = groups.irreps(S3)[1]
TWO = np.array([[0, 1], [1, 0]])


def table(rows: object) -> Callable[[], object]:
    return lambda: Group("bad", np.asarray(rows))  # type: ignore[arg-type]


CASES: dict[str, Callable[[], object]] = {
    "bad-argument": lambda: groups.as_group(None),
    "bad-coefficients": lambda: groups.rho_set_families(S3, RHO)[0].rho_set([0.0]),
    "bad-family": lambda: groups.family("Five", "", "C5")(lambda: S3),
    "bad-cycles": lambda: group("perm:(1 2"),
    "element-names-length": lambda: Group("bad", TWO, element_names=("e",)),
    "function-shape": lambda: groups.fourier([RHO], np.zeros(5)),
    "group-too-large": lambda: groups.irreps(group("D3000")),
    "irreps-of-another-group": lambda: groups.minimal_rho_set(group("S4"), RHO),
    "no-coefficients": lambda: groups.inverse_fourier([RHO], {}),
    "no-fixed-vector": lambda: groups.rho_set_family(S3, RHO, groups.generated_subgroup(S3, range(6))),
    "no-natural-action": lambda: groups.natural_gset(Group("bare", TWO)),
    "no-such-file": lambda: group("table:nothing.csv"),
    "not-a-permutation": lambda: groups.relabel(S3, [0, 0, 1, 2, 3, 4]),
    "not-a-subgroup": lambda: groups.subgroup(S3, [0, 1, 2]),
    "not-an-action": lambda: groups.gset_from_permutations(S3, np.zeros((6, 3), dtype=int)),
    "not-automorphisms": lambda: group("C7:C3(3)"),
    "not-fixed": lambda: groups.orbit_of(RHO, groups.natural_gset(S3), np.array([0.6, 0.8])),
    "not-normal": lambda: groups.quotient(S3, groups.natural_gset(S3).stabilizer),
    "not-transitive": lambda: groups.orbit_of(
        RHO, groups.gset_from_permutations(S3, np.tile(np.arange(2), (6, 1))), np.array([1.0, 0.0])
    ),
    "permutations-shape": lambda: Group("bad", TWO, permutations=np.zeros((3, 2), dtype=np.int32)),
    "table-empty": table(np.zeros((0, 0), dtype=int)),
    "table-no-identity": table([[1, 0], [1, 0]]),
    "table-not-associative": table(
        [[0, 1, 2, 3, 4], [1, 0, 3, 4, 2], [2, 4, 0, 1, 3], [3, 2, 4, 0, 1], [4, 3, 1, 2, 0]]
    ),
    "table-not-closed": table([[0, 1], [1, 7]]),
    "table-not-integer": table([[0.5, 1], [1, 0]]),
    "table-not-latin": table([[0, 1], [1, 1]]),
    "table-not-square": table([[0, 1]]),
    "table-too-large": lambda: group("C100000"),
    "too-many-automorphisms": lambda: groups.all_automorphisms(group("C2^3"), limit=100),
    "unknown-group": lambda: group("XYZ"),
    "unknown-irrep": lambda: groups.irrep(S3, "17z"),
    "zero-vector": lambda: groups.orbit(S3, RHO, [0.0, 0.0]),
}


@pytest.mark.parametrize("slug", CASES)
def test_errors(slug: str) -> None:
    assert_raises(slug, CASES[slug])


def test_a_table_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "bad.npy").write_bytes(b"nonsense")
    assert_raises("bad-table-file", lambda: group(f"table:{tmp_path / 'bad.npy'}"))


def test_a_search_that_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rhoset.groups.components.ATTEMPTS", 0)
    assert_raises("irreps-failed", lambda: groups.irreps(group("Q8")))
    monkeypatch.setattr("rhoset.groups.lattice.SUBGROUP_LIMIT", 3)
    assert_raises("too-many-subgroups", lambda: groups.subgroup_classes(group("D8")))
    monkeypatch.setattr("rhoset.groups.isomorphisms.TRIES", 0)
    first = group("F21")
    other = groups.relabel(first, np.roll(np.arange(21), 1))
    assert_raises("isomorphism-undecided", lambda: groups.isomorphism(first, other))


def test_a_library_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def eval(self, code: str) -> object:
            raise RuntimeError("no library of small groups")

    monkeypatch.setattr("rhoset.groups.gap._libgap", lambda name: Broken())
    assert_raises("gap-failed", lambda: group("SmallGroup(24,3)"))


def test_each_slug_of_the_room_is_raised_here() -> None:
    elsewhere = {"bad-table-file", "irreps-failed", "too-many-subgroups", "isomorphism-undecided", "gap-failed"}
    assert_all_tested({*CASES, *elsewhere}, "groups")
