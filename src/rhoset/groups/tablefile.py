"""Multiplication tables from files: CSV as programs and spreadsheets write it, ``.npy`` and ``.npz``."""

from __future__ import annotations

import os
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.groups.laws import MAX_ORDER, require_order
from rhoset.groups.table import Group
from rhoset.reading import require_file, shown

MAX_TEXT = 8 * MAX_ORDER**2
"""Largest text of a table, in bytes: the largest order with eight characters an entry."""

STANDARD_INPUT = ("-", "/dev/stdin")
"""Names of the standard input, from which a CSV table is read too."""

EXPECTED = "a CSV, .npy or .npz file with n rows of n integers"


def table_from_file(path: str | os.PathLike[str]) -> Group:
    """The group whose table a file holds.

    Parameters
    ----------
    path
        A CSV (commas, semicolons, tabs or spaces; cells may be quoted; a byte-order mark is skipped; ``#`` begins a
        remark), an ``.npy`` array, an ``.npz`` with one array or one called ``table`` or ``cayley``; ``-`` or
        ``/dev/stdin`` for a CSV on the standard input.

    Raises
    ------
    RhosetError
        ``no-such-file``, ``bad-table-file``, or the law that the table breaks. Labels in the first row or column and
        entries from 1 to n are named as such.
    """
    if os.fspath(path) in STANDARD_INPUT:
        name = "standard input"
        array = _parsed(name, _standard_input())
    else:
        place = require_file(path, EXPECTED, "no-such-file")
        name, kind = place.name, place.suffix.lower()
        if kind == ".npy":
            array = _npy(place)
        elif kind == ".npz":
            array = _npz(place)
        else:
            array = _parsed(str(place), _text(place))
    _check_base(name, array)
    return Group(f"table:{name}", array, convention=f"as in {name}; the row is the left operand")


def _check_base(name: str, array: NDArray[Any]) -> None:
    """Refuse a table whose entries run from 1 to n."""
    square = array.ndim == 2 and array.shape[0] == array.shape[1] and array.size and array.dtype.kind in "iu"
    if square and array.min() == 1 and array.max() == len(array):
        raise RhosetError(
            f"{name}: the entries run from 1 to {len(array)}; indices are 0-based, so subtract 1 from every entry",
            slug="table-not-closed",
        )


def _npy(path: Path) -> NDArray[Any]:
    try:
        array = np.load(path, allow_pickle=False, mmap_mode="r")
    except (ValueError, OSError, EOFError, TypeError, SyntaxError) as problem:
        raise RhosetError(f"{path}: not a .npy array of integers ({problem})", slug="bad-table-file") from None
    if isinstance(array, np.lib.npyio.NpzFile):
        raise RhosetError(f"{path}: an .npz archive named .npy; rename it", slug="bad-table-file")
    require_order(str(path), max(array.shape, default=0))
    return np.array(array)


def _npz(path: Path) -> NDArray[Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
            if sum(member.file_size for member in members) > MAX_TEXT:
                raise RhosetError(f"{path}: it claims more than {MAX_TEXT} bytes", slug="bad-table-file")
        with np.load(path, allow_pickle=False) as arrays:
            names = list(arrays.keys())
            wanted = [name for name in ("table", "cayley") if name in names] or names
            if len(wanted) != 1 and not {"table", "cayley"} & set(names):
                raise RhosetError(
                    f"{path}: it holds the arrays {', '.join(names[:12]) or 'none'}; expected one, or one called table",
                    slug="bad-table-file",
                )
            array: NDArray[Any] = np.asarray(arrays[wanted[0]])
    except RhosetError:
        raise
    except Exception as problem:  # numpy and zipfile raise many kinds for a damaged archive
        raise RhosetError(f"{path}: not an .npz archive of integers ({problem})", slug="bad-table-file") from None
    return array


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_TEXT:
            raise RhosetError(f"{path}: larger than {MAX_TEXT} bytes, so no table of order up to {MAX_ORDER}")
        return _decoded(shown(path), path.read_bytes())
    except OSError as problem:
        said = problem.strerror or problem
        raise RhosetError(f"{shown(path)}: {said}; expected {EXPECTED}", slug="bad-table-file") from None


def _decoded(where: str, data: bytes) -> str:
    """UTF-8, with or without a mark, or UTF-16 with one, as spreadsheets write it."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise RhosetError(f"{where}: not a text in UTF-8; expected {EXPECTED}", slug="bad-table-file")
    return text


def _standard_input() -> str:
    stream = sys.stdin
    if stream is None or stream.closed:
        raise RhosetError("table: the standard input is closed; give a file", slug="no-such-file")
    try:
        data: str | bytes = getattr(stream, "buffer", stream).read(MAX_TEXT + 1)
        if len(data) > MAX_TEXT:
            raise RhosetError(f"standard input: larger than {MAX_TEXT} bytes", slug="bad-table-file")
        return data if isinstance(data, str) else _decoded("standard input", data)
    except OSError as problem:
        raise RhosetError(f"standard input: {problem.strerror or problem}", slug="bad-table-file") from None


def _parsed(where: str, text: str) -> NDArray[Any]:
    """The integers of a CSV text, row by row."""
    if text.lstrip()[:1] in ("[", "{"):
        raise RhosetError(f"{where}: it looks like JSON; expected {EXPECTED}", slug="bad-table-file")
    rows = []
    for line in text.splitlines():
        cells = re.sub(r"[\"',;\t]", " ", line.split("#")[0]).split()
        if cells:
            rows.append(cells)
    labels = _labels(rows)
    for i, cells in enumerate(rows):
        if len(cells) != len(rows):
            raise RhosetError(
                f"{where}: row {i} has {len(cells)} entries but the table has {len(rows)} rows;"
                f" give n rows of n integers{labels}",
                slug="table-not-square",
            )
    require_order(where, len(rows))
    flat = [cell if cell.isdecimal() else _whole(cell) for cells in rows for cell in cells]
    bad = next((i for i, cell in enumerate(flat) if not re.fullmatch(r"[+-]?\d{1,9}", cell)), None)
    if bad is not None:
        x, y = divmod(bad, len(rows))
        raise RhosetError(
            f"{where}: row {x}, column {y} holds {flat[bad][:40]!r}; give integers 0 to {len(rows) - 1}{labels}",
            slug="table-not-integer",
        )
    return np.array(flat, dtype=np.int64).reshape(len(rows), -1) if rows else np.empty((0, 0), dtype=np.int64)


def _whole(cell: str) -> str:
    """The index that a cell means which was written as a float, ``1.0`` or ``1.00e+00``; other cells as they are."""
    number = float(cell) if _is_number(cell) else 0.5
    return str(int(number)) if number.is_integer() and abs(number) < 1e9 else cell


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _labels(rows: list[list[str]]) -> str:
    """A hint where the first row or the first column look like labels beside a table, otherwise empty."""
    if len(rows) < 2:
        return ""
    if all(len(cells) == len(rows) + 1 and not _is_number(cells[0]) for cells in rows):
        return "; the first column looks like labels: leave it out"
    n = len(rows) - 1
    bodies = {len(cells) for cells in rows[1:]}
    word = not _is_number(rows[0][0])
    column = bodies == {n + 1}
    if (column and (word or len(rows[0]) == n)) or (bodies == {n} and (word or len(rows[0]) in (n, n + 1))):
        return (
            "; the first row looks like a header"
            + (" and the first column like labels" if column else "")
            + ": leave them out"
        )
    return ""
