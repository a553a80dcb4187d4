"""What a value says of itself: one line for `repr`, a small table for notebooks, one table for a list.

`Shown` is the base of the types that a user holds. It lies below all rooms and loads nothing; a type's summary is found
by its name, so the rooms need not know of notebooks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any

Line = tuple[str, str]
FREQUENCY = "frequency "
"""What the label of an irrep of a cyclic or dihedral group begins with (`Irrep.label`)."""
MOST_ROWS = 20
"""Rows of a list that are shown; the others are counted."""
MOST_SIZES = 12
"""Sizes of classes that one line names."""
MOST_SETS = 2
"""Key sets that one line names."""


class Shown:
    """A value whose `repr` is one line and that notebooks show as a small table."""

    def __repr__(self) -> str:
        return summarised(self)

    def _repr_html_(self) -> str:
        return html(self) or ""


def counted(number: int, one: str, many: str | None = None) -> str:
    """``1 network``, ``2 networks``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def percentage(value: float, digits: int = 1) -> str:
    """``99.7%``; more digits where a share below 1 would read as 100%, or one above 0 as 0%."""

    def misleading(said: str) -> bool:
        return (value < 1 and said.startswith("100")) or (value > 0 and not said.strip("0.%"))

    while digits < 14 and misleading(f"{value:.{digits}%}"):
        digits += 1
    return f"{value:.{digits}%}"


def listed(parts: Sequence[str]) -> str:
    """``a, b and c``."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def irreps_listed(labels: Sequence[str]) -> list[str]:
    """Names of irreps for `listed`: frequencies are one part, ``frequencies 1, 3 and 7``, and stand last."""
    numbers = sorted(int(label.removeprefix(FREQUENCY)) for label in labels if label.startswith(FREQUENCY))
    waves = listed([str(number) for number in numbers]) if numbers else ""
    named = [f"{'frequency' if len(numbers) == 1 else 'frequencies'} {waves}"] if numbers else []
    return [*(label for label in labels if not label.startswith(FREQUENCY)), *named]


def cell(value: Any) -> str:
    """A cell for a human: four significant digits, up to twelve where a number below 1 would read as 1; – for what
    is not known."""
    if value is None or value != value:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, float):
        return str(value)
    digits = 4
    while value < 1 and f"{value:.{digits}g}" == "1" and digits < 12:
        digits += 1
    return f"{value + 0.0:.{digits}g}"  # no -0


def numeric_columns(rows: Sequence[Sequence[Any]], columns: int) -> list[bool]:
    """Which of so many columns hold numbers, and perhaps what is not known: they stand to the right."""

    def number(value: Any) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool)

    return [
        any(number(row[k]) for row in rows) and all(row[k] is None or number(row[k]) for row in rows)
        for k in range(columns)
    ]


def lines(value: Any) -> list[Line]:
    """(name, what is said of it) of a value of a known type."""
    found = SUMMARIES.get(_key(value), {})
    return [(name, said.format(value)) for name, said in found.items()] if isinstance(found, dict) else found(value)


def summarised(value: Any) -> str:
    """The value in one line of at most about 120 letters: ``Circuit([4,1], 5×5, full, 25 neurons)``."""
    said = ", ".join(part for _, part in lines(value))
    said = said if len(said) <= 110 else f"{said[:109]}…"
    return f"{type(value).__name__}({said})"


def html(value: Any) -> str | None:
    """A small HTML summary of a value of a known type, or of a list of them; None for others."""
    if isinstance(value, list | tuple):
        return table_of(value)
    return "".join(
        ["<table>"]
        + [
            f'<tr><th style="text-align:left">{escape(name)}</th><td style="text-align:left">{escape(said)}</td></tr>'
            for name, said in lines(value)
        ]
        + ["</table>"]
    )


def table_of(values: Sequence[Any]) -> str | None:
    """A list of values of one known type as an HTML table; None for other lists."""
    if not values or len({_key(value) for value in values}) != 1 or _key(values[0]) not in SUMMARIES:
        return None
    rows = [dict(lines(value)) for value in values[:MOST_ROWS]]
    names = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f'<th style="text-align:left">{escape(name)}</th>' for name in ["", *names])
    body = "".join(f"<tr><th>{k}</th>{_cells(row.get(name, '') for name in names)}</tr>" for k, row in enumerate(rows))
    more = f"<p>and {len(values) - MOST_ROWS} more</p>" if len(values) > MOST_ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _cells(parts: Iterable[str]) -> str:
    return "".join(f'<td style="text-align:left">{escape(part)}</td>' for part in parts)


def _key(value: Any) -> tuple[str, str]:
    """Room and name of a value's type: ("rhoset.groups", "Irrep")."""
    kind = type(value)
    return ".".join(kind.__module__.split(".")[:2]), kind.__name__


def _group(group: Any) -> list[Line]:
    return [
        ("group", group.name),
        ("order", f"order {group.order}"),
        ("classes", counted(len(group.classes), "class", "classes")),
        ("elements", group.convention or "elements by index"),
    ]


def _network(network: Any) -> list[Line]:
    from rhoset.reading import plain

    return [
        ("group", plain(network.metadata.get("group", "")) or f"group of order {network.order}"),
        ("n", f"n={network.order}"),
        ("neurons", f"m={network.width}"),
        ("activation", network.activation),
        ("weights", f"{network.left.dtype}{', factored' if network.factors else ''}"),
        ("SHA-256", network.digest[:12]),
    ]


def _explanation(explanation: Any) -> list[Line]:
    circuits = [c.label for c in explanation.circuits]
    if explanation.quadratures:
        circuits.append(counted(len(explanation.quadratures), "quadrature"))
    return [
        ("explained", f"{percentage(explanation.explained)} of the weights explained"),
        ("circuits", "; ".join(circuits) or "no circuits"),
        ("left over", counted(len(explanation.left_over), "neuron") + " left over"),
    ]


def _circuit(circuit: Any) -> list[Line]:
    return [
        ("circuit", circuit.label),
        ("neurons", counted(len(circuit.neurons), "neuron")),
    ]


def _quadrature(quadrature: Any) -> list[Line]:
    return [
        ("irrep", quadrature.irrep.label),
        ("neurons", counted(len(quadrature.neurons), "neuron")),
        ("defect", f"defect {quadrature.defect:.3g}"),
    ]


def _energy(energy: Any) -> list[Line]:
    live, irreps = int(energy.live.sum()), energy.share.shape[1]
    return [("live", counted(live, "live neuron")), ("irreps", counted(irreps, "irrep"))]


def _step(step: Any) -> list[Line]:
    bound = [] if step.bound is None else [("bound", f"bound {step.bound:.4%}")]
    return [
        ("step", f"step {step.step}"),
        ("accuracy", f"accuracy {percentage(step.result.accuracy)}"),
        ("explained", f"{percentage(step.explained)} explained"),
        ("circuits", counted(step.circuits, "circuit")),
        *bound,
    ]


def _planted(planted: Any) -> list[Line]:
    return [*_network(planted.network), ("circuits", counted(len(planted.circuits), "planted circuit"))]


def _diagnosis(diagnosis: Any) -> list[Line]:
    return [
        ("margin", f"ideal margin {diagnosis.margin:.3g}"),
        ("terms", counted(len(diagnosis.terms), "term")),
        ("findings", counted(len(diagnosis.findings), "finding")),
    ]


def _result(result: Any) -> list[Line]:
    return [
        *_verdict(result.verdict),
        ("cost", f"{result.cost.share:.3g} of exhaustive"),
        ("search", f"search {result.search_seconds:.3g} s"),
    ]


def _verdict(verdict: Any) -> list[Line]:
    if not verdict.valid:
        return [("checked", f"refused: {verdict.reason}")]
    return [
        ("method", verdict.method),
        ("proved", f"at least {verdict.right} of {verdict.inputs} right"),
        ("arithmetic", verdict.arithmetic),
    ]


def _cost(cost: Any) -> list[Line]:
    return [
        ("operations", f"{cost.operations:.3g} multiply-adds"),
        ("of exhaustive", f"{cost.share:.3g} of exhaustive"),
    ]


def _classes(classes: Any) -> list[Line]:
    sizes = [str(int(size)) for size in classes.sizes[:MOST_SIZES]]
    more = ", …" if len(classes.sizes) > MOST_SIZES else ""
    return [
        ("classes", counted(len(classes.sizes), "class", "classes")),
        ("sizes", f"of {', '.join(sizes)}{more} element{'' if sizes == ['1'] else 's'}"),
    ]


def _law(law: Any) -> list[Line]:
    """Shares of a law that are known; those that no training pairs decide are nan and left out."""
    known = [(name, value) for name, value in law.shares().items() if value == value]
    return [("of", repr(law.network)), *((name, f"{name} {value:.4f}") for name, value in known)]


def _division(division: Any) -> list[Line]:
    said = [(name.replace("_", " "), f"{name} {value:.2f}") for name, value in division.summary().items()]
    return [("parts", ", ".join(division.parts)), *said]


def _intervention(found: Any) -> list[Line]:
    return [
        ("changed", found.what),
        ("how", found.mode),
        ("neurons", counted(found.neurons, "neuron")),
        ("accuracy", f"accuracy {percentage(found.result.accuracy, 4)}"),
        ("loss", f"loss {found.result.loss:.4g}"),
    ]


def _account(found: Any) -> list[Line]:
    return [
        ("by", found.name),
        ("explained", f"{percentage(found.explained)} of the weights explained"),
        ("accuracy", f"accuracy {percentage(found.result.accuracy, 4)} in its place"),
    ]


def _minimality(found: Any) -> list[Line]:
    sets = counted(len(found.sufficient), "smallest set is", "smallest sets are")
    return [
        ("parts", f"{counted(len(found.parts), 'part')}, {counted(len(found.irreps), 'irrep')}"),
        ("minimal", "minimal" if found.minimal else "not minimal"),
        (
            "enough",
            f"{sets} enough for {percentage(found.target, 2)}",
        ),
        ("how", "all sets tried" if found.exhaustive else "one part left out at a time"),
    ]


def _circle(found: Any) -> list[Line]:
    low, high = found.amplitude.min(), found.amplitude.max()
    waves = (found.irrep.label, *found.overtones)
    written = (f"{wave} {percentage(float(share))}" for wave, share in zip(waves, found.harmonics, strict=True))
    return [
        ("irrep", found.irrep.label),
        ("neurons", counted(len(found.neurons), "neuron")),
        ("amplitudes", f"amplitudes {low:.2g} to {high:.2g}"),
        ("written", f"writes {', '.join(written)}"),
    ]


def _recipe(found: Any) -> list[Line]:
    return [
        ("pairs", f"{found.fraction:.0%} of the pairs"),
        ("optimizer", f"{found.optimizer}, decay {found.decay:g}" if found.optimizer else "optimizer not known"),
        ("source", f"from {found.source}" if found.source != "as given" else found.source),
    ]


def _observables(found: Any) -> list[Line]:
    many = len(found.weights)
    sets = "; ".join(f"{{{', '.join(names)}}}" for names in found.key_sets()[:MOST_SETS])
    return [
        ("networks", counted(many, "network")),
        ("classes", counted(len(found.classes), "class of irreps", "classes of irreps")),
        ("key sets", f"{sets}{'; …' if many > MOST_SETS else ''}"),
    ]


def _comparison(found: Any) -> list[Line]:
    return [("networks", f"{found.sizes[0]} and {found.sizes[1]} networks"), ("found", " ".join(found.said))]


def _population(population: Any) -> list[Line]:
    return [*_run(population.run), ("rows", counted(len(population.rows), "row"))]


def _run(run: Any) -> list[Line]:
    return [("run", str(run.path)), ("networks", counted(len(run.indices), "network"))]


SUMMARIES: dict[tuple[str, str], Callable[[Any], list[Line]] | dict[str, str]] = {
    ("rhoset.groups", "Group"): _group,
    ("rhoset.groups", "Irrep"): {
        "irrep": "{0.label}", "dimension": "dim {0.dim}", "type": "{0.type}", "rank": "rank {0.rank}",
    },
    ("rhoset.groups", "Subgroup"): {"of": "{0.group.name}", "order": "order {0.order}", "index": "index {0.index}"},
    ("rhoset.groups", "GSet"): {
        "group": "{0.group.name}", "points": "{0.size} points",
        "stabilizer": "stabilizer of order {0.stabilizer.order}",
    },
    ("rhoset.groups", "PointSet"): {
        "group": "{0.gset.group.name}", "points": "{0.size} points",
        "stabilizer": "stabilizer of order {0.gset.stabilizer.order}",
    },
    ("rhoset.groups", "RhoSet"): {
        "group": "{0.gset.group.name}", "irrep": "{0.irrep.label}", "points": "{0.size} points",
        "dimension": "dim {0.irrep.dim}", "stabilizer": "stabilizer of order {0.gset.stabilizer.order}",
    },
    ("rhoset.groups", "RhoSetFamily"): {
        "irrep": "{0.irrep.label}", "points": "{0.size} points",
        "stabilizer": "stabilizer of order {0.stabilizer.order}", "fixed vectors": "fixed space of dim {0.fixed_dim}",
    },
    ("rhoset.networks", "Network"): _network,
    ("rhoset.networks", "Evaluation"): {
        "accuracy": "accuracy {0.accuracy:.4%}", "loss": "loss {0.loss:.4g}", "margin": "margin {0.margin:.4g}",
        "right": "{0.correct} of {0.pairs} pairs",
    },
    ("rhoset.networks", "Planted"): _planted,
    ("rhoset.networks", "Run"): _run,
    ("rhoset.explaining", "Explanation"): _explanation,
    ("rhoset.networks", "Circuit"): _circuit,
    ("rhoset.explaining", "Quadrature"): _quadrature,
    ("rhoset.explaining", "NeuronEnergy"): _energy,
    ("rhoset.explaining", "Step"): _step,
    ("rhoset.explaining", "Diagnosis"): _diagnosis,
    ("rhoset.prove", "CertifyResult"): _result,
    ("rhoset_check.verdict", "Verdict"): _verdict,
    ("rhoset_check.files", "Certificate"): {
        "method": "{0.method}", "network": "network {0.network:.12}", "arithmetic": "{0.arithmetic}",
    },
    ("rhoset.counting", "Cost"): _cost,
    ("rhoset.groups", "ConjugacyClasses"): _classes,
    ("rhoset.explaining", "Equivariance"): {
        "left": "left {0.left:.4f}", "right": "right {0.right:.4f}", "both": "both {0.both:.4f}",
        "by_class": "by class {0.by_class:.4f}", "margin": "margin {0.margin:.4g}",
    },
    ("rhoset.explaining", "Minimality"): _minimality,
    ("rhoset.explaining", "Division"): _division,
    ("rhoset.explaining", "WritingLaw"): _law,
    ("rhoset.explaining", "ReadingLaw"): _law,
    ("rhoset.explaining", "Intervention"): _intervention,
    ("rhoset.explaining", "Account"): _account,
    ("rhoset.explaining", "Circle"): _circle,
    ("rhoset.explaining", "Recipe"): _recipe,
    ("rhoset.populations", "Observables"): _observables,
    ("rhoset.populations", "Comparison"): _comparison,
    ("rhoset.training", "Population"): _population,
}  # fmt: skip
"""Room and name of a type → its summary: a function, or name → what is said, as `str.format` takes it."""
