"""Tables as spreadsheets and programs write them, and hints at what is wrong with others."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from rhoset.errors import RhosetError
from rhoset.groups import group, table_from_file

C4 = (np.arange(4)[:, None] + np.arange(4)) % 4
CSV = "\n".join(",".join(map(str, row)) for row in C4)


@pytest.mark.parametrize(
    "text",
    [
        CSV,
        CSV.replace(",", ";"),
        CSV.replace(",", "\t"),
        CSV.replace(",", ", "),
        CSV.replace("\n", "\r\n") + "\r\n",
        "\n".join(",".join(f'"{x}"' for x in row) for row in C4),
        "# the cyclic group\n" + CSV,
    ],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_csv_as_it_comes(tmp_path: Path, text: str, mark: bytes) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(mark + text.encode())
    assert np.array_equal(group(f"table:{path}").table, C4)


def test_npy_and_npz(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", C4)
    np.savez(tmp_path / "one.npz", anything=C4)
    np.savez_compressed(tmp_path / "named.npz", table=C4, other=np.ones(3))
    for name in ("t.npy", "one.npz", "named.npz"):
        assert np.array_equal(table_from_file(tmp_path / name).table, C4)
    np.savez(tmp_path / "two.npz", a=C4, b=C4)
    with pytest.raises(RhosetError, match="holds the arrays a, b; expected one"):
        table_from_file(tmp_path / "two.npz")
    (tmp_path / "junk.npz").write_bytes(b"PK junk")
    with pytest.raises(RhosetError, match=r"not an \.npz archive"):
        table_from_file(tmp_path / "junk.npz")


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_the_standard_input(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbf" + CSV.encode())))
    assert np.array_equal(group(f"table:{name}").table, C4)
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(RhosetError, match="standard input is closed"):
        group(f"table:{name}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("e,r,r2,r3\n" + CSV, "the first row looks like a header: leave them out"),
        ("0,1,2,3\n" + CSV, "looks like a header"),
        (
            "*,e,a,b,c\n" + "\n".join(f"{n},{row}" for n, row in zip("eabc", CSV.split("\n"))),
            "first column like labels",
        ),
        (",0,1,2,3\n" + "\n".join(f"{n},{row}" for n, row in zip("0123", CSV.split("\n"))), "first column like labels"),
        (
            "\n".join(f"{n},{row}" for n, row in zip("eabc", CSV.split("\n"))),
            "first column looks like labels:",
        ),
        ("\n".join(",".join(str(x + 1) for x in row) for row in C4), "run from 1 to 4; indices are 0-based"),
    ],
)
def test_hints(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(RhosetError, match=words):
        group(f"table:{tmp_path / 't.csv'}")


def test_one_based_arrays(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", C4 + 1)
    with pytest.raises(RhosetError, match="subtract 1"):
        table_from_file(tmp_path / "t.npy")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "t.csv")
    with pytest.raises(RhosetError, match="is a pipe or a device"):
        table_from_file(tmp_path / "t.csv")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_encodings_of_spreadsheets(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("0\t1\n1\t0\n".encode(encoding))
    assert table_from_file(tmp_path / "t.csv").order == 2


@pytest.mark.parametrize("one", ["1.0", "1.", "1.000000e+00", "+1"])
def test_whole_numbers_written_as_floats(one: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(f"0.0,{one}\n{one},0\n")
    assert table_from_file(tmp_path / "t.csv").table.tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize("cell", ["0.5", "nan", "inf", "1e400", "99999999999999999999"])
def test_what_is_no_index_is_no_header(cell: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(f"0,{cell}\n1,0\n")
    with pytest.raises(RhosetError, match=r"row 0, column 1 holds .* give integers 0 to 1$"):
        table_from_file(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("data", "said"), [(b"0\0,\0" * 9, "not a text in UTF-8"), (b"[[0,1],[1,0]]", "looks like JSON")]
)
def test_other_kinds_of_files(data: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(data)
    with pytest.raises(RhosetError, match=said):
        table_from_file(tmp_path / "t.csv")


def test_names_that_are_nearly_right() -> None:
    for wrong, right in (("s4", "S4"), ("c12", "C12"), ("dic3", "Dic3"), ("m11", "M11")):
        with pytest.raises(RhosetError, match=f"did you mean {right}"):
            group(wrong)
    with pytest.raises(RhosetError, match="too large"):
        group("C999999999999")
