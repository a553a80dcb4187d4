"""One row a network: as a data frame, and as files that a spreadsheet, a notebook or a paper takes."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rhoset.arguments import public
from rhoset.errors import RhosetError, needing
from rhoset.networks import write_atomic
from rhoset.networks.accept import places_of
from rhoset.populations.accounts import add_accounts
from rhoset.populations.rows import files_of, flat, records
from rhoset.summaries import cell, numeric_columns

COLUMNS: dict[str, tuple[str, str]] = {
    "network": ("", "label: RUN#index, or the file"),
    "group": ("", "name of the group"),
    "order": ("elements", "n"),
    "seed": ("", "seed of the network, where the run or the file says it"),
    "width": ("neurons", "m"),
    "activation": ("", "φ"),
    "steps": ("updates", "of training"),
    "accuracy": ("share", "of all pairs, the right logit strictly largest"),
    "loss": ("nats", "mean cross-entropy over all pairs"),
    "margin": ("nats", "least over the pairs of the right logit minus the largest other"),
    "explained": ("share", "of the weights' energy that the explanation holds"),
    "irreps": ("", "irreps that dominate a neuron, and how many each does; frequencies f of cyclic groups"),
    "circuits": ("", "irrep, sizes of the two ρ-sets, kind"),
    "key_set": ("", "K_ε, ε = 0.005: classes with b_[ρ] ≥ ε"),
    "spectral_count": ("classes", "N_δ, δ = 0.05"),
    "pure": ("share", "of all neurons that are (0.05, [ρ])-pure for some [ρ]"),
    "METHOD_bound": ("share", "accuracy that the checker derives from METHOD's certificate"),
    "METHOD_cost": ("share", "multiply-adds of that check over those of exhaustive evaluation"),
    "METHOD_seconds": ("s", "of that check, now"),
    "b2 IRREP": ("share", "b_[ρ]², with spectrum=True"),
    "nu IRREP": ("share", "ν_[ρ],δ, δ = 0.05, with spectrum=True"),
}
"""Column → (unit, meaning). Settings of training that differ between the networks stand between `activation` and
`steps` under their own names."""

ENDINGS = (".csv", ".parquet", ".tex", ".md")


@public
def table(
    *specs: Any,
    bounds: bool = True,
    settings: str = "differing",
    spectrum: bool = False,
    frame: str = "pandas",
    accounts: bool = False,
) -> Any:
    """One row a network of runs, sweeps, folders or files.

    Parameters
    ----------
    specs
        NET arguments: run, sweep or network folders, files, ``RUN#3``; or lists, Series or data frames of them.
    bounds
        Columns of the certificates beside the networks, each checked anew.
    settings
        Settings of training as columns: ``differing`` between the networks, ``all`` or ``none``.
    spectrum
        Columns of spectral weight and multiplicity for every class of irreps.
    frame
        ``pandas`` or ``polars``.
    accounts
        Columns of every account of the weights (`rhoset.populations.accounts.COLUMNS`), 0.5 s a network of S5.

    Returns
    -------
    pandas.DataFrame or polars.DataFrame
        Columns, units and meanings: `COLUMNS`.

    Raises
    ------
    RhosetError
        Nothing there, no networks, a table that is no group's; another `settings` (``bad-settings``) or `frame`
        (``bad-frame``); ``missing-extra`` without `rhoset[table]`.

    Notes
    -----
    What was measured of a network is kept in ``.measured`` beside its run and used again while weights, table and
    version agree: about 0.2 s a network of S5 the first time.
    """
    as_frame(list(flat([], settings=settings)), frame)  # what is wrong with the arguments is said before measuring
    files = files_of([place for spec in specs for place in places_of(spec)])
    said = records(files, bounds=bounds)
    rows = list(flat(said, settings=settings, spectrum=spectrum))
    if accounts:
        add_accounts(said, rows, dict(files))
    return as_frame(rows, frame)


def as_frame(rows: Sequence[Mapping[str, Any]], frame: str = "pandas") -> Any:
    """Rows of scalars as a data frame of pandas or polars; see `table` for what it raises."""
    if frame not in ("pandas", "polars"):
        raise RhosetError(f"frame is {frame!r}; it must be 'pandas' or 'polars'", slug="bad-frame")
    with needing(f"a {frame} data frame", "table"):
        if frame == "pandas":
            import pandas

            return pandas.DataFrame([dict(row) for row in rows])
        import polars

        return polars.DataFrame([dict(row) for row in rows], infer_schema_length=None)


def write_table(path: str | Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write rows of scalars by the file's ending: .csv, .parquet, .tex or .md.

    Raises
    ------
    RhosetError
        Another ending (``bad-ending``), a place that cannot be written, Parquet without `rhoset[table]`.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise RhosetError(
            f"{path}: the ending {path.suffix!r} is not known; known are {', '.join(ENDINGS)}", slug="bad-ending"
        )
    columns = list(dict.fromkeys(key for row in rows for key in row))
    headers = list(columns) if ending == ".csv" else [with_unit(column) for column in columns]
    if ending == ".parquet":
        target = io.BytesIO()
        as_frame(rows, "polars").write_parquet(target)
        return write_atomic(path, target.getvalue())
    writers: dict[str, Callable[..., str]] = {".csv": to_csv, ".tex": to_latex, ".md": to_markdown}
    return write_atomic(path, writers[ending](headers, [[row.get(c) for c in columns] for row in rows]))


def with_unit(column: str) -> str:
    """A column's name for readers: with its unit where that is no share or count, ``loss (nats)``."""
    kind = "METHOD_" + column.rpartition("_")[2] if column.endswith("_seconds") else column
    unit = COLUMNS.get(kind, ("", ""))[0]
    return f"{column} ({unit})" if unit in ("nats", "s") else column


def to_csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Comma-separated, numbers in full precision, nothing for what is not known."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([["" if v is None else repr(v) if isinstance(v, float) else v for v in row] for row in rows])
    return text.getvalue()


def to_markdown(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table of GitHub's Markdown; numbers to the right, four significant digits."""
    numeric = numeric_columns(rows, len(columns))
    lines = [list(columns), ["---:" if right else "---" for right in numeric]]
    lines += [[cell(value).replace("|", "\\|") for value in row] for row in rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


TEX = {
    "\\": r"\textbackslash{}",
    **{letter: "\\" + letter for letter in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "[": "{[}",  # after \\ a bracket would be read as a distance
    "×": r"$\times$",
    "ρ": r"$\rho$",
    "φ": r"$\varphi$",
    "ε": r"$\varepsilon$",
    "δ": r"$\delta$",
    "≤": r"$\le$",
    "≥": r"$\ge$",
    "–": "--",
    "−": "$-$",
    "…": r"\dots{}",
    "²": "$^2$",
}
"""Letter → LaTeX, for text outside of formulas."""


PAGE, LETTER, GAP = 330, 5.3, 12
"""Points: the width of the text of LaTeX's article less an indent, a letter of 10 pt, the gap of columns."""
WRAPPED = 0.4
"""Columns of words that would take more of a page that is too narrow are set in lines of so much."""


def to_latex(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A ``tabular`` that needs no package: numbers to the right with four significant digits, everything escaped.

    What is wider than a page is cut between columns into several, one below the other, each with the first column.
    """
    numeric = numeric_columns(rows, len(columns))
    heads = [name.replace("_", " ") for name in columns]
    texts = [[head, *(cell(row[j]) for row in rows)] for j, head in enumerate(heads)]
    letters = [max(map(len, column)) for column in texts]
    words = [max(len(word) for text in column for word in text.split(" ")) for column in texts]
    most = WRAPPED * PAGE / LETTER
    wide = sum(GAP + LETTER * count for count in letters) > PAGE
    wrapped = [wide and not numeric[j] and words[j] <= most < letters[j] for j in range(len(columns))]
    widths = [GAP + LETTER * (most if wrapped[j] else letters[j]) for j in range(len(columns))]
    kinds = ["r" if numeric[j] else f"p{{{WRAPPED}\\linewidth}}" if wrapped[j] else "l" for j in range(len(columns))]
    said = []
    for part in _parts(widths):
        head = " & ".join(tex(heads[j]) for j in part)
        body = "".join(" & ".join(_tex_cell(row[j]) for j in part) + " \\\\\n" for row in rows)
        spec = "".join(kinds[j] for j in part)
        said.append(f"\\begin{{tabular}}{{{spec}}}\n\\hline\n{head} \\\\\n\\hline\n{body}\\hline\n\\end{{tabular}}\n")
    return "\n".join(said)


def _parts(widths: Sequence[float]) -> list[list[int]]:
    """Columns that fit a page side by side, the first among each."""
    parts = [[0]] if widths else []
    for j in range(1, len(widths)):
        if len(parts[-1]) > 1 and sum(widths[k] for k in [*parts[-1], j]) > PAGE:
            parts.append([0])
        parts[-1].append(j)
    return parts


def tex(text: str) -> str:
    """Text with the letters escaped that LaTeX reads as commands."""
    return "".join(TEX.get(letter, letter) for letter in text)


def _tex_cell(value: Any) -> str:
    text = cell(value)
    if isinstance(value, float) and "e" in text:
        digits, _, power = text.partition("e")
        return f"${digits}\\cdot10^{{{int(power)}}}$"
    if isinstance(value, int | float) and text.startswith("-"):
        return f"${text}$"
    return tex(text)
