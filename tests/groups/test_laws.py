"""Each law of a group broken once: its own slug, and the row and column that break it."""

from __future__ import annotations

import numpy as np
import pytest

from rhoset.errors import RhosetError
from rhoset.groups import Group

KLEIN = np.array([[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0]])
LOOP = np.array(  # the smallest loop that is not a group
    [[0, 1, 2, 3, 4], [1, 0, 3, 4, 2], [2, 4, 0, 1, 3], [3, 2, 4, 0, 1], [4, 3, 1, 2, 0]]
)


def changed(x: int, y: int, value: int) -> np.ndarray:
    table = KLEIN.copy()
    table[x, y] = value
    return table


@pytest.mark.parametrize(
    ("table", "slug", "words"),
    [
        (KLEIN[:3], "table-not-square", "shape (3, 4)"),
        (KLEIN[0], "table-not-square", "shape (4,)"),
        ([[0, 1], [1]], "table-not-square", "differ in length"),
        (np.empty((0, 0), int), "table-empty", "at least one element"),
        (KLEIN.astype(float), "table-not-integer", "float64"),
        (np.array([["0", "1"], ["1", "0"]]), "table-not-integer", "integers 0 to 1"),
        (KLEIN.astype(bool), "table-not-integer", "bool"),
        (changed(2, 3, 4), "table-not-closed", "row 2, column 3 holds 4"),
        (changed(1, 2, -1), "table-not-closed", "row 1, column 2 holds -1"),
        (changed(0, 2, 3), "table-no-identity", "no row"),
        (changed(2, 0, 1), "table-no-identity", "row 2, column 0 holds 1 instead of 2"),
        (changed(2, 3, 0), "table-not-latin", "row 3, column 3 repeats 0"),
        (changed(3, 1, 3), "table-not-latin", "row 3, column 1 repeats 3 within column 1"),
        (np.array([[0, 1, 2], [1, 1, 0], [2, 0, 1]]), "table-not-latin", "within column 1"),
        (LOOP, "table-not-associative", "(row"),
    ],
)
def test_each_broken_law_has_its_own_message(table: object, slug: str, words: str) -> None:
    with pytest.raises(RhosetError) as caught:
        Group("broken", table)  # type: ignore[arg-type]
    assert caught.value.slug == slug
    assert words in str(caught.value)
    assert "broken" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_row_law_is_seen_when_columns_are_fine() -> None:
    rows_repeat = np.array([[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 1, 0], [3, 2, 0, 1]])
    rows_repeat[1:3, 3] = rows_repeat[2:0:-1, 3]
    with pytest.raises(RhosetError, match="within row 1"):
        Group("rows", rows_repeat)


def test_the_associativity_message_names_a_true_violation() -> None:
    with pytest.raises(RhosetError) as caught:
        Group("loop", LOOP)
    import re

    match = re.search(r"\((\d)·(\d)\)·(\d) = (\d) but (\d)·\((\d)·(\d)\) = (\d)", str(caught.value))
    assert match is not None
    x, a, y, left, x2, a2, y2, right = map(int, match.groups())
    assert (x, a, y) == (x2, a2, y2)
    assert LOOP[LOOP[x, a], y] == left != right == LOOP[x, LOOP[a, y]]


def test_every_single_change_of_a_table_is_refused() -> None:
    s3 = np.array(
        [
            [0, 1, 2, 3, 4, 5],
            [1, 2, 0, 4, 5, 3],
            [2, 0, 1, 5, 3, 4],
            [3, 5, 4, 0, 2, 1],
            [4, 3, 5, 1, 0, 2],
            [5, 4, 3, 2, 1, 0],
        ]
    )
    Group("S3", s3)
    for x in range(6):
        for y in range(6):
            for value in range(6):
                if value != s3[x, y]:
                    table = s3.copy()
                    table[x, y] = value
                    with pytest.raises(RhosetError):
                        Group("changed", table)


def test_too_large_is_refused_before_any_work() -> None:
    huge = np.broadcast_to(np.int32(0), (60_000, 60_000))
    with pytest.raises(RhosetError, match=r"order 60000.*14\.4 GB") as caught:
        Group("huge", huge)
    assert caught.value.slug == "table-too-large"


def test_names_and_permutations_must_fit() -> None:
    with pytest.raises(RhosetError, match="3 element names for 4 elements"):
        Group("V", KLEIN, ("a", "b", "c"))
    with pytest.raises(RhosetError, match="permutations have shape"):
        Group("V", KLEIN, permutations=np.zeros((3, 2), np.int32))


def test_the_table_is_a_private_read_only_copy() -> None:
    mine = KLEIN.astype(np.int32)
    g = Group("V", mine)
    mine[0, 0] = 3
    assert g.table[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        g.table[0, 0] = 1


def test_the_digest_is_the_documented_hash() -> None:
    import hashlib

    body = b"rhoset-table-v1" + (4).to_bytes(8, "little") + KLEIN.astype("<i4").tobytes()
    assert Group("V", KLEIN).digest == hashlib.sha256(body).hexdigest()
    assert Group("other name", KLEIN).digest == Group("V", KLEIN.astype(np.uint8)).digest


def test_pickles_carry_the_fields_only_and_stay_read_only() -> None:
    import pickle

    from rhoset.groups import group, irreps

    a5 = group("A5")
    before = len(pickle.dumps(a5))
    irreps(a5)
    assert len(pickle.dumps(a5)) == before
    again = pickle.loads(pickle.dumps(a5))
    assert again.digest == a5.digest
    assert (again.name, again.convention) == (a5.name, a5.convention)
    assert again.permutations is not None
    assert not again.table.flags.writeable
