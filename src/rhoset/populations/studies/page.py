"""A study's files for others: its page in Markdown, its figures, one row a network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from rhoset.networks import write_atomic
from rhoset.networks.atomic import write_json
from rhoset.populations.studies.results import SettingResults, StudyResults
from rhoset.populations.tables import to_csv, to_markdown
from rhoset.populations.testing import percentile_interval, resampled_means

MOST_SETS = 6
"""Key sets listed for a setting in the page; results.json has all."""
MOST_CLASSES = 8
"""Classes whose multiplicity the page lists for a setting."""
LONGEST_LABEL = 20
"""Letters of a key set's name in the legend."""
COLOURS = ("#3b6fb6", "#d9822b", "#4a9a5d", "#b04a5a", "#7a5fa8", "#8a8a8a")
"""Blue, orange, green, red, violet, grey: the last stands for all other sets."""


def page(results: StudyResults, drawn: Sequence[str]) -> str:
    """The study's page in Markdown."""
    study = results.study
    networks = sum(len(of) for of in results.settings)
    settled = sum(int(of.converged.sum()) for of in results.settings)
    lines = [
        f"# {study.title}",
        "",
        f"Study `{study.name}`{' (quick)' if study.quick else ''}: {networks} networks, {study.models} for each of"
        f" {len(study.settings)} settings, seeds {study.seeds.start} to {study.seeds.stop - 1};"
        f" {networks - settled} did not converge by the study's rule. ε = {study.epsilon:g}, δ = {study.delta:g}."
        " Settings in full: `settings.json`; every network: `networks.csv`; final networks: `checkpoints/`.",
        "",
        *_missing(results),
        "## Settings",
        "",
        to_markdown(*_settings(results)),
        *(f"![{name}]({name})\n\nShares of the key sets with b² ≥ ε in each setting.\n" for name in drawn),
        "## Key sets",
        "",
        f"K is the set of classes with b ≥ ε (the definition of the source) and, on the right, with b² ≥ ε; the"
        f" {MOST_SETS} most frequent of each setting, shares with exact 95 % intervals; all of them: `results.json`.",
        "",
        to_markdown(*_laws(results)),
        "## Spectral counts and multiplicities",
        "",
        "How many networks have which N_δ, and ν_[ρ],δ, the share of a network's neurons that are pure for the class:"
        " mean over networks, with a 95 % bootstrap interval over networks.",
        "",
        to_markdown(*_counts(results)),
    ]
    for readout in results.summary["readouts"]:
        rows = [list(row) for row in readout["rows"]]
        lines += [f"## {readout['title']}", "", readout["method"], ""]
        lines += [to_markdown(list(readout["headers"]), rows) if rows else "Nothing to say with these networks.\n"]
    return "\n".join(lines).rstrip() + "\n"


def _missing(results: StudyResults) -> list[str]:
    """Says that the study is not finished, if so; settings without any network are named."""
    missing = results.missing
    if not missing:
        return []
    models = results.study.models
    none = [name for name, count in missing.items() if count == models]
    some = [f"{name} ({models - count} of {models})" for name, count in missing.items() if count < models]
    said = f"**Not finished:** {sum(missing.values())} networks are not there."
    said += f" In part: {'; '.join(some)}." if some else ""
    said += f" Not reached: {'; '.join(none)}." if none else ""
    return [said, ""]


def _settings(results: StudyResults) -> tuple[list[str], list[list[Any]]]:
    headers = ["setting", "networks", "converged", "right everywhere", "proved everywhere", "median loss", "mean N"]
    rows = []
    for of, said in zip(results.settings, results.summary["settings"], strict=True):
        rows.append(
            [
                of.setting.name,
                len(of),
                said["converged"],
                said["right_everywhere"],
                said["proved_everywhere"],
                said["median_loss"],
                said["mean_spectral_count"],
            ]
        )
    return headers, rows


def _laws(results: StudyResults) -> tuple[list[str], list[list[Any]]]:
    headers = ["setting", "K (b ≥ ε)", "count", "share", "K (b² ≥ ε)", "count", "share"]
    rows: list[list[Any]] = []
    for of in results.settings:
        loose, tight = of.law()[:MOST_SETS], of.law(squared=True)[:MOST_SETS]
        for i in range(max(len(loose), len(tight))):
            row: list[Any] = [of.setting.name if i == 0 else ""]
            for law in (loose, tight):
                row += _entry(law[i]) if i < len(law) else ["", "", ""]
            rows.append(row)
    return headers, rows


def _counts(results: StudyResults) -> tuple[list[str], list[list[Any]]]:
    rng = np.random.default_rng(0)
    rows: list[list[Any]] = []
    for of in results.settings:
        law = Counter(of.counts.tolist())
        nu = of.multiplicities
        low, high = percentile_interval(resampled_means(nu, rng))
        shown = [
            f"{of.labels[name]}: {mean:.2f} ({a:.2f}–{b:.2f})"
            for name, mean, a, b in zip(of.classes, nu.mean(axis=0), low, high, strict=True)
            if mean > 0
        ]
        law_text = ", ".join(f"{count}: {law[count]}" for count in sorted(law))
        rows.append([of.setting.name, law_text, "; ".join(shown[:MOST_CLASSES]) or "none pure"])
        if len(shown) > MOST_CLASSES:
            rows[-1][-1] += f"; and {len(shown) - MOST_CLASSES} more in `results.json`"
    return ["setting", "N: networks", "ν"], rows


def _entry(entry: Mapping[str, Any]) -> list[Any]:
    return [
        entry["label"],
        entry["count"],
        f"{entry['share']:.2f} ({entry['low']:.2f}–{entry['high']:.2f})",
    ]


def figures(results: StudyResults) -> dict[str, str]:
    """File name → SVG: one bar a setting, its laws of key sets (b² ≥ ε)."""
    names = _frequent(results.settings)
    colour = {name: COLOURS[i] for i, name in enumerate(names)}
    height, left, width = 22, 320, 420
    total = height * (len(results.settings) + 1) + 24 * (1 + (len(names) + 2) // 3)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 20} {total}" role="img"'
        ' font-family="sans-serif" font-size="12">',
        f"<title>{escape(results.study.title)}: key sets by setting</title>",
    ]
    for row, of in enumerate(results.settings):
        y = 8 + height * row
        parts.append(f'<text x="{left - 8}" y="{y + 13}" text-anchor="end">{escape(of.setting.name)}</text>')
        x = float(left)
        shares: dict[str, float] = {}
        for entry in of.law(squared=True):
            label = entry["label"] if entry["label"] in colour else "others"
            shares[label] = shares.get(label, 0.0) + entry["share"]
        for label in [*names, "others"]:
            share = shares.get(label, 0.0)
            if share:
                parts.append(
                    f'<rect x="{x:.1f}" y="{y}" width="{width * share:.1f}" height="{height - 6}"'
                    f' fill="{colour.get(label, COLOURS[-1])}"><title>{escape(label)}: {share:.0%}</title></rect>'
                )
            x += width * share
    y = 16 + height * len(results.settings)
    for i, label in enumerate([*names, "others"]):
        at, below = left + (i % 3) * 145, y + 24 * (i // 3)
        parts.append(f'<rect x="{at}" y="{below}" width="12" height="12" fill="{colour.get(label, COLOURS[-1])}"/>')
        parts.append(f'<text x="{at + 18}" y="{below + 11}">{escape(_short(label))}</text>')
    return {"key-sets.svg": "\n".join([*parts, "</svg>", ""])}


def _short(label: str) -> str:
    """A key set's name that fits beside its colour; all of it stands in the bar's title."""
    if len(label) <= LONGEST_LABEL:
        return label
    first, *rest = label.split(", ")
    return f"{first}, … {len(rest) + 1} classes}}"


def _frequent(settings: Sequence[SettingResults]) -> list[str]:
    """The key sets with the largest shares over all settings, at most one for each colour."""
    shares: dict[str, float] = {}
    for of in settings:
        for entry in of.law(squared=True):
            shares[entry["label"]] = shares.get(entry["label"], 0.0) + entry["share"]
    return sorted(shares, key=lambda label: -shares[label])[: len(COLOURS) - 1]


def write_results(results: StudyResults, folder: Path) -> None:
    """Write networks.csv, results.json, study.md and its figures, atomically."""
    said = results.summary
    write_json(folder / "results.json", said)
    write_atomic(folder / "networks.csv", networks_csv(results))
    drawn = figures(results)
    for name, text in drawn.items():
        write_atomic(folder / name, text)
    write_atomic(folder / "study.md", page(results, list(drawn)))


def networks_csv(results: StudyResults) -> str:
    """One row a network: setting, seed, updates, convergence, loss, accuracy, proved pairs, K, N, ν of each class."""
    rows: list[list[Any]] = []
    columns = list(dict.fromkeys(key for s in results.settings for key in s.setting.values))
    fixed = ["seed", "updates", "converged", "loss", "objective", "accuracy", "proved_pairs"]
    headers = [*columns, *fixed, "key_set", "key_set_squared", "spectral_count", "pure_neurons"]
    for of in results.settings:
        a, counts = of.arrays, of.counts
        loose, tight = of.key_sets(), of.key_sets(squared=True)
        for i in range(len(of)):
            pure = Counter(of.labels[of.classes[c]] for c in a["pure"][i].tolist() if c >= 0)
            right = int(a["right_pairs"][i])
            rows.append(
                [of.setting.values.get(column, "") for column in columns]
                + [int(a["seed"][i]), int(a["steps"][i]), bool(a["converged"][i])]
                + [float(a[key][i]) for key in ("loss", "objective", "accuracy")]
                + ["" if right < 0 else right, of.name_of(loose[i]), of.name_of(tight[i]), int(counts[i])]
                + [" ".join(f"{name}:{count}" for name, count in sorted(pure.items()))]
            )
    return to_csv(headers, rows)
