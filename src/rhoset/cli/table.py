"""`rhoset table`: one row a network, to the terminal or a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rhoset.cli._command import command as make_command
from rhoset.cli._networks import attempts, require_there
from rhoset.cli._output import Output, Payload
from rhoset.cli._types import FILE

KEYS = ("network", "group", "seed", "accuracy", "loss", "irreps", "circuits", "explained", "bounds")
"""Keys of ``--json`` that come first; scripts rely on them."""

FOR_READERS = (".tex", ".md")
"""Files that get the columns of the terminal; data files get all."""


@make_command(example="rhoset table runs/s5 --out s5.tex")
@click.argument("networks", metavar="RUN...", nargs=-1, required=True)
@click.option(
    "--out",
    "target",
    metavar="FILE",
    type=FILE,
    help="Write it instead: .csv, .parquet, .tex or .md.",
)
@click.option("--columns", metavar="A,B,…", help="These columns, in this order.")
@click.option("--by", metavar="A,B,…", help="One row for each value of these columns: how often which irreps.")
@click.option("--spectrum", is_flag=True, help="Columns of spectral weight and multiplicity for every irrep.")
@click.option("--accounts", is_flag=True, help="Columns of every account of the weights, side by side.")
@click.option("--decided", is_flag=True, help="With --accounts: what the training pairs decide (seconds each).")
@click.option("--no-bounds", is_flag=True, help="Leave the certificates alone.")
def command(
    out: Output,
    networks: tuple[str, ...],
    target: Path | None,
    columns: str | None,
    by: str | None,
    spectrum: bool,
    accounts: bool,
    decided: bool,
    no_bounds: bool,
) -> Payload:
    """One row a network of runs, sweeps, folders and files.

    Settings that differ, accuracy, loss (nats), irreps (frequencies), circuits, the share of the weights that is
    explained, and what the certificates beside the networks prove, each checked anew. What was measured is kept beside
    the run and used again. CSV and Parquet get all columns, the terminal, LaTeX and Markdown those that tell the
    networks apart; --columns chooses.
    """
    if len(networks) == 1:
        require_there(*networks)
    from rhoset.errors import RhosetError
    from rhoset.populations.accounts import add_accounts
    from rhoset.populations.rows import files_of, flat, records
    from rhoset.populations.summaries import counted
    from rhoset.populations.tables import ENDINGS, write_table

    if target is not None and target.suffix.lower() not in ENDINGS:
        raise RhosetError(f"{target}: the ending must be one of {', '.join(ENDINGS)}", slug="bad-ending")
    for option, text in (("--columns", columns), ("--by", by)):
        if text is not None and not _names(text):
            raise RhosetError(
                f"{option} names no column; give some, such as {option} group,width", slug="no-such-column"
            )
    with out.counting("measuring") as tell:
        attempt = attempts(out, networks)
        files = files_of(networks, attempt)
        said = records(files, bounds=not no_bounds, progress=tell, attempt=attempt)
    if not said:
        return {"networks": []}
    for record in said:
        for method in record["refused"].keys() - record["unreadable"]:
            out.note(f"{record['network']}: the certificate of {method} does not check: {record['refused'][method]}")
    rows = list(flat(said, spectrum=spectrum))
    plain = set(rows[0])
    if accounts or decided:
        with out.counting("explaining") as tell:
            add_accounts(said, rows, dict(files), decide=decided, progress=tell)
    if by is not None:
        rows = counted(said, rows, _names(by))
    if columns is not None:
        rows = _chosen(rows, _names(columns))
    elif by is None and (target is None or target.suffix.lower() in FOR_READERS):
        rows = _narrow(rows, set(rows[0]) - plain)
        rows = rows if target is None else _short(rows)
    if target is not None:
        write_table(target, rows)
        out.say(str(target))
    else:
        out.table(list(rows[0]), [list(row.values()) for row in rows])
    first: dict[str, Any] = dict.fromkeys(KEYS)
    payload: dict[str, Any] = {"networks": [first | dict(record) for record in said]}
    return {**payload, "counts": rows} if by is not None else payload


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _chosen(rows: list[dict[str, Any]], names: list[str]) -> list[dict[str, Any]]:
    from rhoset.errors import RhosetError

    for name in names:
        if name not in rows[0]:
            raise RhosetError(f"no column {name!r}; there are {', '.join(rows[0])}", slug="no-such-column")
    return [{name: row[name] for name in names} for row in rows]


def _narrow(rows: list[dict[str, Any]], asked: set[str]) -> list[dict[str, Any]]:
    """What fits a terminal and a page: columns that are the same in all rows are left out, but for the main ones, and
    those asked for where there is one row only."""
    main = {"network", "accuracy", "loss", "irreps", "circuits", "explained"} | (asked if len(rows) == 1 else set())
    hidden = {"margin", "key_set", "order", "seed"}

    def keep(name: str) -> bool:
        varied = len({repr(row[name]) for row in rows}) > 1
        return name in main or name.endswith(("_bound", "_cost")) or (varied and name not in hidden)

    return [{name: value for name, value in row.items() if keep(name)} for row in rows]


def _short(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Labels without the folders that all of them share."""
    folders = [row["network"].split("/")[:-1] for row in rows]
    shared = 0
    while all(len(f) > shared for f in folders) and len({f[shared] for f in folders}) == 1:
        shared += 1
    return [{**row, "network": "/".join(row["network"].split("/")[shared:])} for row in rows]
