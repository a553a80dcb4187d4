"""The results as Markdown tables: the paper's beside ours, and one line for each population."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rhoset.groups import group, irreps, minimal_rho_set_sizes
from rhoset.report.words import duration, percent
from rhoset.reproduce.plan import MAIN
from rhoset.reproduce.published import PUBLISHED

NAMES = {
    "exhaustive": "exhaustive, rigorous",
    "paper": "the published method, made rigorous",
    "coset": "cosets alone, the rest evaluated",
    "irrep": "irreps alone, the rest evaluated",
    "equivariant": "irreps and near bi-equivariance",
    "orbit": "circuits, nothing evaluated exactly",
    "auto": "the cheapest mixture",
}
"""Method → how the tables call it."""


def markdown(results: Mapping[str, Any]) -> str:
    """All tables of a reproduction."""
    parts = []
    if MAIN in results["summary"]:
        main = results["summary"][MAIN]
        parts += [_beside(main), _methods(main), _irreps(main), _counts(main)]
    parts += [_populations(results["summary"]), _machine(results)]
    return "\n\n".join(parts) + "\n"


def _beside(summary: Mapping[str, Any]) -> str:
    paper, ours = summary["methods"]["paper"], summary["methods"]["auto"]
    orbit, irrep, coset = (summary["methods"][m] for m in ("orbit", "irrep", "coset"))
    total = summary["networks"]
    rows = [
        ("networks on S5", str(PUBLISHED.networks), str(total), str(total)),
        (
            f"bound ≥ {percent(PUBLISHED.wanted)}",
            percent(PUBLISHED.share_proved),
            _share(paper),
            f"{_share(orbit)} (circuits), {_share(ours)} (mixture)",
        ),
        (
            "time of the check over brute force, one input at a time",
            f"about {percent(PUBLISHED.time_share)}",
            percent(paper["over_brute_force"]),
            f"{percent(orbit['over_brute_force'])}, {percent(ours['over_brute_force'])}",
        ),
        ("the same over vectorised brute force", "–", _times(paper), f"{_times(orbit)}, {_times(ours)}"),
        (
            "multiply-adds over brute force",
            "–",
            percent(paper["cost"]),
            f"{percent(orbit['cost'])}, {percent(ours['cost'])}",
        ),
        ("bound ≥ 95 % from irreps alone", percent(PUBLISHED.irreps_alone), "–", _cheap(irrep, total)),
        ("bound ≥ 95 % from cosets alone", percent(PUBLISHED.cosets_alone), "–", _cheap(coset, total)),
    ]
    head = "| | published | here, the same method | here, newer methods |\n|---|---|---|---|\n"
    return head + "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _share(method: Mapping[str, Any]) -> str:
    return f"{percent(method['share'])} [{percent(method['low'])}, {percent(method['high'])}]"


def _times(method: Mapping[str, Any]) -> str:
    return f"{method['over_vectorised']:.3g} ×"


def _cheap(method: Mapping[str, Any], total: int) -> str:
    return f"{percent(method['share'])}, at a median cost of {percent(method['cost'])}"


def _methods(summary: Mapping[str, Any]) -> str:
    lines = [
        "| method | bound ≥ 95 % | bound = accuracy | multiply-adds over brute force (quartiles) | check | search |",
        "|---|---|---|---|---|---|",
    ]
    for method, found in summary["methods"].items():
        low, high = found["cost_quartiles"]
        lines.append(
            f"| {method}: {NAMES.get(method, method)} | {found['proved']} of {summary['networks']} "
            f"| {found['exact']} | {percent(found['cost'])} ({percent(low)} to {percent(high)}) "
            f"| {duration(found['seconds'])} | {duration(found['search_seconds'])} |"
        )
    return "\n".join(lines)


def _irreps(summary: Mapping[str, Any]) -> str:
    g = group(MAIN)
    found = irreps(g)
    sizes = minimal_rho_set_sizes(g, found)
    lines = [
        "| irrep | dimension | smallest ρ-set | networks that use it | 95 % interval |",
        "|---|---|---|---|---|",
    ]
    for rho in sorted(found, key=lambda rho: sizes[rho.name]):
        used = summary["irreps"].get(rho.name)
        count, interval = ("0", "–")
        if used is not None:
            count = str(used["networks"])
            interval = f"{percent(used['low'])} to {percent(used['high'])}"
        lines.append(f"| {rho.name} | {rho.dim} | {sizes[rho.name]} | {count} | {interval} |")
    return "\n".join(lines)


def _counts(summary: Mapping[str, Any]) -> str:
    kinds = ", ".join(f"{kind} {count}" for kind, count in summary["kinds"].items())
    terms = ", ".join(f"{term} {count}" for term, count in summary["dearest_terms"].items())
    return f"Circuits by kind: {kinds}.\n\nThe term that costs the margin most, by networks: {terms}."


def _populations(summaries: Mapping[str, Any]) -> str:
    lines = [
        "| group | networks | full accuracy | explained | bound ≥ 95 % (mixture) | cost | circuits alone | "
        "published method |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, found in summaries.items():
        if not found["networks"]:
            continue
        auto, orbit, paper = (found["methods"][m] for m in ("auto", "orbit", "paper"))
        lines.append(
            f"| {name} | {found['networks']} | {found['full_accuracy']} | {percent(found['explained'])} "
            f"| {auto['proved']} | {percent(auto['cost'])} | {orbit['proved']} | {paper['proved']} |"
        )
    return "\n".join(lines)


def _machine(results: Mapping[str, Any]) -> str:
    said = results["machine"]
    return (
        f"Measured with rhoset {said['rhoset']}, Python {said['python']}, numpy {said['numpy']}, torch "
        f"{said['torch']} on {said['processor']} ({said['cores']} cores; processes: {said['workers']})."
    )
