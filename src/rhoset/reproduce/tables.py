"""The results as Markdown tables: the paper's beside ours, and one line for each population."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rhoset.groups import group, irreps, minimal_rho_set_sizes
from rhoset.populations.tables import to_markdown
from rhoset.report.words import duration, number, percent
from rhoset.reproduce.plan import FULL_BATCH, MAIN
from rhoset.reproduce.published import PUBLISHED

Summary = Mapping[str, Any]

NAMES = {
    "exhaustive": "every output of every input",
    "paper": "the published method, made rigorous",
    "coset": "cosets alone, nothing evaluated",
    "gaps": "readings constant on cosets",
    "points": "what is written, by points; the rest evaluated",
    "lowrank": "few sums of activations, the rest evaluated",
    "irrep": "irreps alone, the rest evaluated",
    "equivariant": "near bi-equivariance, the rest evaluated",
    "orbit": "orbits, nothing evaluated exactly",
    "auto": "the cheapest of all",
}
"""Method → how the tables call it."""


def markdown(results: Mapping[str, Any]) -> str:
    """All tables of a reproduction; what `contrast` shows stands apart."""
    parts = []
    if MAIN in results["summary"]:
        main = results["summary"][MAIN]
        parts += [_beside(main), _alone(main), _methods(main), _irreps(main), _questions(main), _by_neurons(main)]
    shown = {name: found for name, found in results["summary"].items() if name != FULL_BATCH.name}
    parts += [_populations(shown), _machines(results)]
    return "\n\n".join(parts) + "\n"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    return to_markdown(head, rows).rstrip("\n")


def _beside(summary: Summary) -> str:
    """The paper's table: published, and the population by each way of proving."""
    paper, newer = summary["methods"]["paper"], [summary["methods"].get(name) for name in ("auto", "gaps")]
    auto = next((found for found in newer if found is not None), None)
    low, high = PUBLISHED.time_share
    rows = [
        ("networks on S5", str(PUBLISHED.networks), *[str(summary["networks"])] * 3),
        ("steps of training", "–", *[_count(summary["steps"])] * 3),
        ("loss over all pairs, median (nats)", "0.0296 to 0.0303", *[number(summary["loss"])] * 3),
        (
            f"bound ≥ {percent(PUBLISHED.wanted)}",
            str(PUBLISHED.proved),
            *(_share(found, summary["networks"]) for found in (summary["published"], paper)),
            "–" if auto is None else _share(auto, summary["networks"]),
        ),
        ("so with one, two, three ρ-sets an irrep allowed", "–", _by_sets(summary["published"]), "–", "–"),
        *((name, str(value), str(summary["published"][key]), "–", "–") for name, key, value in COUNTED),
        (
            "time of the check over brute force, one input at a time",
            f"{low:.2f} to {high:.2f}",
            number(summary["times"]["one_at_a_time"]),
            "–",
            "–",
        ),
        ("the same, all inputs at once", "–", number(summary["times"]["all_at_once"]), "–", "–"),
        (
            "multiply-adds over brute force",
            "–",
            "–",
            percent(paper["cost"]),
            "–" if auto is None else percent(auto["cost"]),
        ),
        (
            "loss bound, median (nats)",
            "–",
            number(summary["published"]["loss_where_proved"]) + " where proved",
            number(paper["loss"]),
            "–" if auto is None else number(auto["loss"]),
        ),
    ]
    head = ("", "published", "here, same method, floating point", "here, same method, rigorous", "here, newer methods")
    return _table(head, rows)


def contrast(results: Mapping[str, Any]) -> str:
    """The published method on networks of the recipe as it was, and as it stands today (steps on the full batch)."""
    found = [results["summary"][name] for name in (MAIN, FULL_BATCH.name)]
    rows = [
        ("networks on S5", str(PUBLISHED.networks), *(str(one["networks"]) for one in found)),
        ("steps of training", "–", *(_count(one["steps"]) for one in found)),
        ("loss over all pairs, median (nats)", "0.0296 to 0.0303", *(number(one["loss"]) for one in found)),
        (
            f"bound ≥ {percent(PUBLISHED.wanted)}",
            str(PUBLISHED.proved),
            *(_share(one["published"], one["networks"]) for one in found),
        ),
        *((name, str(value), *(str(one["published"][key]) for one in found)) for name, key, value in COUNTED),
    ]
    return _table(("", "published", "here, pairs drawn", "here, full batch"), rows)


COUNTED = (
    ("bound above 50 %", "above_half", PUBLISHED.above_half),
    ("bound above 0", "above_zero", PUBLISHED.above_zero),
    ("flag 'irrep bad'", "irrep_bad", PUBLISHED.irrep_bad),
    ("flag 'a not constant'", "a_not_constant", PUBLISHED.a_not_constant),
    ("either flag", "either", PUBLISHED.either),
)
"""Networks that the published verifier counts: row of the table, key of `summarise`, as published."""


def _by_sets(published: Mapping[str, Any]) -> str:
    return ", ".join(map(str, published["proved_with_sets"]))


def _count(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _alone(summary: Summary) -> str:
    names = {
        "cosets": "cosets alone, as published (first g, no factor 2; proves nothing)",
        "cosets, mended": "cosets alone, lowest coset and factor 2, floating point",
        "irreps": "irreps alone, nothing evaluated",
    }
    alone = {names[name]: found for name, found in summary["alone"].items()}
    if "coset" in summary["methods"]:
        alone["cosets alone, mended and rigorous (method coset)"] = summary["methods"]["coset"]
    rows = [
        (name, str(found["above_zero"]), number(found["margin"]), number(found["distance"]))
        for name, found in alone.items()
    ]
    said = {"gaps": "one-sided cosets, unembed as it is (gaps)", "irrep": "irreps, the rest evaluated"}
    rows += [
        (said[method], f"{found['proved']} ≥ 95 %", "–", f"cost {percent(found['cost'])}")
        for method, found in summary["methods"].items()
        if method in said
    ]
    return _table(("understanding", "networks with a bound above 0", "margin (median)", "distance (median)"), rows)


def _share(found: Summary, total: int) -> str:
    part = f" of {found['networks']}" if found.get("networks", total) != total else ""
    return f"{found['proved']}{part} [{percent(found['low'])}, {percent(found['high'])}]"


def _methods(summary: Summary) -> str:
    rows = []
    for method, found in summary["methods"].items():
        low, high = found["cost_quartiles"]
        rows.append(
            (
                f"{method}: {NAMES.get(method, method)}",
                f"{found['proved']} of {found['networks']}",
                f"{found['exact']} of {found['networks']}",
                f"{percent(found['cost'])} ({percent(low)} to {percent(high)})",
                str(found["within_hundredth"]),
                number(found["loss"]),
                duration(found["seconds"]),
                duration(found["search_seconds"]),
            )
        )
    head = (
        "method", "bound ≥ 95 %", "bound = accuracy", "multiply-adds over brute force (quartiles)", "proved at ≤ 1 %",
        "loss bound", "check", "search",
    )  # fmt: skip
    return _table(head, rows)


def _irreps(summary: Summary) -> str:
    from scipy.stats import spearmanr

    g = group(MAIN)
    found = irreps(g)
    sizes = minimal_rho_set_sizes(g, found)
    rows, counts = [], []
    for rho in sorted(found, key=lambda rho: sizes[rho.name]):
        used = summary["irreps"].get(rho.name)
        count = used["networks"] if used else 0
        interval = f"{percent(used['low'])} to {percent(used['high'])}" if used else "–"
        rows.append((rho.name, str(rho.dim), str(sizes[rho.name] ** 2), str(count), interval))
        if not rho.is_trivial:
            counts.append((sizes[rho.name] ** 2, count))
    table = _table(
        ("irrep", "dimension", "least \\|ρ-set\\|²", "networks where it holds 1 % of the energy", "95 % interval"), rows
    )
    constant = any(len(set(column)) < 2 for column in zip(*counts, strict=True))
    correlation = math.nan if constant else spearmanr(counts).statistic
    said = f"Rank correlation of least |ρ-set|² with the number of networks (all but the trivial): {correlation:.2f}."
    return f"{table}\n\n{said}"


def _questions(summary: Summary) -> str:
    replaced, full = summary["replaced"], summary["full_circuits"]
    kinds = ", ".join(f"{kind} {count}" for kind, count in summary["kinds"].items())
    sizes = ", ".join(f"{name} {count}" for name, count in full.items())
    equal = ", ".join(
        f"{name} {number(found['median'])} (least {number(found['least'])})"
        for name, found in summary["equivariance"].items()
    )
    return (
        f"Share of the logits' variance that is equivariant: {equal}.\n\n"
        f"Circuits by kind: {kinds}. Full circuits (k ≥ 3) by neurons: {sizes}.\n\n"
        "A neuron replaced by its prediction, over all inputs: squared error "
        f"{number(replaced['error'])} of its variance in the median ({number(replaced['largest_error'])} for the "
        f"worst neuron of a network), correlation {number(replaced['correlation'])} "
        f"({number(replaced['least_correlation'])})."
    )


def _by_neurons(summary: Summary) -> str:
    lines = [(name, f"{proved} of {count}") for name, (proved, count) in summary["proved_by_neurons"].items()]
    return _table(("networks whose irrep beside sign has", "published method ≥ 95 %"), lines)


def _populations(summaries: Mapping[str, Summary]) -> str:
    rows = []
    for name, found in sorted(summaries.items(), key=lambda item: item[0] != MAIN):
        if not found["networks"]:
            continue
        methods = found["methods"]
        rows.append(
            (
                name,
                str(found["networks"]),
                _count(found["steps"]),
                str(found["full_accuracy"]),
                percent(found["explained"]),
                _share(found["published"], found["networks"]),
                str(methods["paper"]["proved"]) if "paper" in methods else "–",
                *(
                    f"{methods[name][key]} ({percent(methods[name]['cost'])})" if name in methods else "–"
                    for name, key in (("gaps", "proved"), ("auto", "exact"))
                ),
            )
        )
    head = (
        "population", "networks", "steps", "full accuracy", "explained", "published method ≥ 95 %", "rigorous",
        "gaps ≥ 95 % (cost)", "auto: exact (cost)",
    )  # fmt: skip
    return _table(head, rows)


def continued(rows: Sequence[Mapping[str, Any]], before: Mapping[int, float]) -> str:
    """Trained networks that went on for some steps (benchmarks/split_slots.py), last look of each.

    `rows` are the lines that the benchmark writes, `before` the bound of each network as it was trained.
    """
    last = {(row["network"], row["replacement"]): row for row in sorted(rows, key=lambda row: row["step"])}
    shown = [("as trained", {index: before[index] for index, _ in last})]
    for kind, name in ((False, "on the full batch"), (True, "with drawn pairs")):
        found = {index: row for (index, drawn), row in last.items() if drawn is kind}
        steps = max((row["step"] for row in found.values()), default=0)
        shown.append((f"gone on for {steps:,} steps {name}", {index: row["bound"] for index, row in found.items()}))
    lines = []
    for name, bounds in shown:
        proved, values = sum(bound >= PUBLISHED.wanted for bound in bounds.values()), sorted(bounds.values())
        middle = f"{values[len(values) // 2]:.2f}" if values else "–"
        least = f"{values[0]:.2f} to {values[-1]:.2f}" if values else "–"
        lines.append((name, f"{proved} of {len(bounds)}", middle, least))
    head = ("networks with one circuit of 30 to 45 neurons", f"bound ≥ {percent(PUBLISHED.wanted)}", "median", "range")
    return _table(head, lines)


def stopped(rows: Sequence[Mapping[str, Any]]) -> str:
    """The same networks at two lengths of training (benchmarks/stopping.py), one line each, and what they come to."""
    lines = []
    for row in rows:
        ends = row["early"], row["late"]
        lines.append(
            (
                str(row["network"]),
                f"{row['unembed']:.2f}",
                f"{row['logits']:.3f}",
                _changed(*(_learned(end) for end in ends)),
                _changed(*(f"{end['loss']:.4f}" for end in ends)),
                _changed(*(f"{end['bound']:.3f}" for end in ends)),
                _changed(*(percent(end["gaps"]) for end in ends)),
            )
        )
    steps = [max(row[end]["steps"] for row in rows) for end in ("early", "late")]
    proved = [sum(row[end]["bound"] >= PUBLISHED.wanted for row in rows) for end in ("early", "late")]
    rigorous = [sum(row[end]["rigorous"] >= PUBLISHED.wanted for row in rows) for end in ("early", "late")]
    head = (
        "network", "unembed apart", "logits apart", "circuits with more than two points: neurons", "loss",
        "published method", "cost of gaps",
    )  # fmt: skip
    said = (
        f"{steps[0]:,} steps → {steps[1]:,}; one value where both are equal. Of these {len(rows)} networks the "
        f"published method proves {proved[0]} → {proved[1]} (rigorous {rigorous[0]} → {rigorous[1]})."
    )
    return f"{_table(head, lines)}\n\n{said}"


def _learned(end: Mapping[str, Any]) -> str:
    """Irreps of the circuits, with the neurons that hold them."""
    neurons: dict[str, int] = {}
    for irrep, _, _, _, count in end["circuits"]:
        neurons[irrep] = neurons.get(irrep, 0) + count
    return ", ".join(f"{irrep} {count}" for irrep, count in sorted(neurons.items()))


def _changed(early: str, late: str) -> str:
    return early if early == late else f"{early} → {late}"


def _machines(results: Mapping[str, Any]) -> str:
    """Where each population was trained and measured; alike ones in one sentence."""
    said: dict[str, list[str]] = {}
    for name, found in results["machines"].items():
        trained = found.get("trained_on")
        text = (
            f"measured with rhoset {found['rhoset']}, Python {found['python']}, numpy {found['numpy']}, torch "
            f"{found['torch']} on {found['processor']} ({found['cores']} cores; processes: {found['workers']})"
            + (f", trained on {trained}" if trained else "")
        )
        said.setdefault(text, []).append(name)
    return "\n\n".join(f"{'; '.join(names)}: {text}." for text, names in said.items())
