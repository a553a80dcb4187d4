"""Why a network is not explained better, in words and numbers.

With f̂ the exact form of what the circuits and quadratures hold, and f̄(w) the mean over the inputs
of f̂(xwy | x, y), every margin is at least the margin δ of f̄ less the losses of these terms:

- *uneven*: how far each circuit's (quadrature's) part of f̂ is from its mean;
- *reading*: U (h − ĥ), the activations that α and γ miss;
- *writing*: (U − Û) ĥ, the part of unembed off the slots;
- *left over*: neurons that nothing holds, and *bias*: its part that varies.

The loss of a term D at (x, y) is max_z D(z) − D(xy). The largest tells what costs a bound most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rhoset.arguments import public
from rhoset.explaining.contributions import neuron_groups
from rhoset.explaining.explanation import Explanation
from rhoset.explaining.pairs import activations, spread_pairs
from rhoset.explaining.slot_tables import slot_report, symmetry
from rhoset.explaining.slots import EVEN, SAME_READING, reading_agreement
from rhoset.networks.circuits import Circuit
from rhoset.summaries import Shown

RANK_TWO = 1.5
"""Effective rank of the unembed coefficients from which a neuron is said to write to two slots."""

ONE_IRREP = 0.75
"""A neuron with less than this share of energy in its dominant irrep is said to mix irreps."""


MERGED = 3
"""From this many quadratures on one sentence speaks of all of them."""


@dataclass(frozen=True)
class Term:
    """One term of the budget: mean and largest loss over the pairs, in logits."""

    name: str
    mean: float
    largest: float


@dataclass(frozen=True)
class Finding:
    """One observation: a stable slug, the circuit or neurons, a number, and a sentence."""

    slug: str
    where: str
    number: float
    text: str


@dataclass(frozen=True, repr=False)
class Diagnosis(Shown):
    """Findings and the budget of the margin.

    Attributes
    ----------
    margin
        δ, the margin of the mean f̄.
    terms
        The losses, dearest first.
    findings
        What was found, circuit by circuit, then neurons.
    symmetry
        |Γ_L| and |Γ_R| of `rhoset.explaining.symmetry`: the circuits are nearly equivariant under it.
    """

    margin: float
    terms: tuple[Term, ...]
    findings: tuple[Finding, ...]
    symmetry: tuple[int, int]

    @property
    def said(self) -> tuple[str, ...]:
        """A sentence for each finding; three and more quadratures share one."""
        many = [f for f in self.findings if f.slug == "quadrature"]
        if len(many) < MERGED:
            return tuple(finding.text for finding in self.findings)
        low, high = min(many, key=_number), max(many, key=_number)
        merged = (
            f"The neurons of {len(many)} irreps lie on no common ρ-sets; as quadratures they miss bi-equivariance by"
            f" {low.number:.0%} ({low.where}) to {high.number:.0%} ({high.where}) of their coefficients."
        )
        first = self.findings.index(many[0])
        return tuple(
            merged if k == first else finding.text
            for k, finding in enumerate(self.findings)
            if k == first or finding.slug != "quadrature"
        )

    @property
    def text(self) -> str:
        """Several lines of plain English."""
        lines = list(self.said)
        if self.terms:
            first = self.terms[0]
            lines.append(
                f"Of the ideal margin {self.margin:.2f} the term {first.name!r} costs most:"
                f" {first.mean:.2f} on average, {first.largest:.2f} at worst."
            )
        return "\n".join(lines)


def _number(finding: Finding) -> float:
    return finding.number


@public
def diagnose(explanation: Explanation) -> Diagnosis:
    """Findings and the budget of one network.

    Cost N m n for N = min(n², 2^14) pairs: about 0.2 s for S5.
    """
    margin, terms = margin_budget(explanation)
    findings: list[Finding] = []
    for circuit in explanation.circuits:
        findings += _circuit_findings(circuit)
    for quadrature in explanation.quadratures:
        many, of = len(quadrature.neurons), quadrature.irrep.label
        who = f"{many} neurons of {of} lie on no common ρ-sets; as a quadrature they miss"
        one = f"1 neuron of {of} lies on no common ρ-sets; as a quadrature it misses"
        said = f"{who if many > 1 else one} bi-equivariance by {quadrature.defect:.0%} of its coefficients."
        findings.append(Finding("quadrature", of, quadrature.defect, said))
    findings += _neuron_findings(explanation)
    group = explanation.network.group
    left, right = symmetry(group, explanation.circuits)
    if explanation.circuits and len(left) * len(right) < group.order**2:
        orbits = group.order**2 // (len(left) * len(right))
        findings.append(
            Finding(
                "less-symmetry",
                "circuits",
                float(orbits),
                f"Uneven and missing slots leave the symmetry Γ of order {len(left)} × {len(right)}:"
                f" {orbits} inputs decide the rest.",
            )
        )
    return Diagnosis(margin, terms, tuple(findings), (len(left), len(right)))


def margin_budget(explanation: Explanation) -> tuple[float, tuple[Term, ...]]:
    """δ and the losses, dearest first; see the module's first lines."""
    network, ideal = explanation.network, explanation.ideal
    n, table = network.order, network.table
    x, y = spread_pairs(n)
    h, exact = activations(network), activations(ideal)
    at = np.arange(len(x))
    answer = table[x, y]
    unembed = network.unembed.astype(np.float64)
    unembed -= unembed.mean(axis=1, keepdims=True)
    written = ideal.unembed - ideal.unembed.mean(axis=1, keepdims=True)
    names, member = neuron_groups(explanation)
    left_over = member == len(names) - 1
    held = ~left_over

    def loss(name: str, logits: NDArray[np.float64], right: NDArray[np.integer]) -> Term:
        losses = logits.max(axis=1) - logits[at, right]
        return Term(name, float(losses.mean()), float(losses.max()))

    terms = [
        loss("reading", (h - exact)[:, held] @ unembed[held], answer),
        loss("writing", exact[:, held] @ (unembed - written)[held], answer),
        loss("left over", h[:, left_over] @ unembed[left_over], answer),
    ]
    varying = network.bias.astype(np.float64) - network.bias.astype(np.float64).mean()
    terms.append(loss("bias", np.broadcast_to(varying, (len(x), n)), answer))
    relative = table[table[x], y[:, None]]  # (N, w) the output x w y
    home = np.full(len(x), network.group.identity, dtype=np.intp)
    mean = np.zeros(n)
    for g, name in enumerate(names[:-1]):
        chosen = member == g
        logits = exact[:, chosen] @ written[chosen]
        moved = np.take_along_axis(logits, relative, axis=1)
        own = moved.mean(axis=0)
        mean += own
        terms.append(loss(f"uneven {name}", moved - own, home))
    others = np.delete(mean, network.group.identity)
    margin = float(mean[network.group.identity] - others.max()) if n > 1 else 0.0
    terms.sort(key=lambda term: -term.largest)
    return margin, tuple(terms)


def _circuit_findings(circuit: Circuit) -> list[Finding]:
    p, q = circuit.shape
    where = f"{circuit.irrep.label} {p}×{q}"
    report = slot_report(circuit)
    filled = report.filled
    found = []
    if not filled.all():
        missing = int((~filled).sum())
        found.append(Finding("missing-slots", where, missing / filled.size, _missing_text(where, filled)))
    if report.weight_spread > EVEN:
        found.append(
            Finding(
                "uneven-weights",
                where,
                report.weight_spread,
                f"{where}: the weights of the {int(filled.sum())} filled slots vary by {report.weight_spread:.0%}.",
            )
        )
    agreement = reading_agreement(circuit)
    if agreement < SAME_READING:
        found.append(
            Finding(
                "split-slots",
                where,
                report.metric_spread,
                f"{where}: neurons read with different vectors a ({report.families} up to sign);"
                f" the slot metrics differ by {report.metric_spread:.0%}.",
            )
        )
    if report.additive_spread > EVEN:
        found.append(
            Finding(
                "additive-part",
                where,
                report.additive_spread,
                f"{where}: the additive parts of the slots do not cancel; they differ by"
                f" {report.additive_spread:.0%} of the slot metric.",
            )
        )
    return found


def _missing_text(where: str, filled: NDArray[np.bool_]) -> str:
    p, q = filled.shape
    rows, columns = filled.any(axis=1), filled.any(axis=0)
    if filled[np.ix_(rows, columns)].all():
        return (
            f"{where}: {int(rows.sum())} of {p} rows and {int(columns.sum())} of {q} columns of"
            " slots are filled, all others empty."
        )
    return f"{where}: {int((~filled).sum())} of {p * q} slots are empty, in no whole rows."


def _neuron_findings(explanation: Explanation) -> list[Finding]:
    energy = explanation.energy
    found = []
    dead = np.flatnonzero(~energy.live)
    if dead.size:
        found.append(
            Finding(
                "dead-neurons",
                _listed(dead),
                float(dead.size),
                f"{dead.size} neurons are dead: they write or fire next to nothing."
                if dead.size > 1
                else "1 neuron is dead: it writes or fires next to nothing.",
            )
        )
    left = explanation.left_over
    if left.size == 0:
        return found
    total = float(energy.importance[energy.live].sum())
    own = energy.share[left, energy.dominant[left]]
    mixed = own < ONE_IRREP
    second = ~mixed & (energy.rank[left] >= RANK_TWO)
    reasons = (
        (
            "mixed-irreps",
            mixed,
            f"have under {ONE_IRREP:.0%} of their energy in any one irrep",
            f"has under {ONE_IRREP:.0%} of its energy in any one irrep",
        ),
        (
            "rank-two",
            second,
            "write to two slots at once (unembed coefficients of rank two)",
            "writes to two slots at once (unembed coefficients of rank two)",
        ),
        ("no-place", ~mixed & ~second, "fit no pair of points well enough", "fits no pair of points well enough"),
    )
    for slug, which, several, one in reasons:
        if which.any():
            neurons = left[which]
            weight = float(energy.importance[neurons].sum()) / total
            found.append(
                Finding(
                    slug,
                    _listed(neurons),
                    weight,
                    f"{len(neurons)} neurons with {weight:.1%} of the energy {several}."
                    if len(neurons) > 1
                    else f"1 neuron with {weight:.1%} of the energy {one}.",
                )
            )
    return found


def _listed(neurons: NDArray[np.integer]) -> str:
    return "neurons " + ", ".join(str(int(i)) for i in neurons)
