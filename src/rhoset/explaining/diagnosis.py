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

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.arguments import public
from rhoset.explaining.explanation import Explanation, Quadrature
from rhoset.explaining.pairs import activations_of, spread_pairs
from rhoset.explaining.quadrature import carried_sums
from rhoset.explaining.slot_tables import carried_slots, slot_report, symmetry
from rhoset.explaining.slots import EVEN, SAME_READING, reading_agreement
from rhoset.networks import Network
from rhoset.networks.circuits import Circuit
from rhoset.summaries import Shown, counted, irreps_listed, listed, percentage

RANK_TWO = 1.5
"""Effective rank of the unembed coefficients from which a neuron is said to write to two slots."""

ONE_IRREP = 0.75
"""A neuron with less than this share of energy in its dominant irrep is said to mix irreps."""

BLOCK = 1 << 17
"""Logits that are formed at once: they stay in cache."""

SINGLE = (1e-12, 1e12)
"""What a neuron can add to a logit where the budget is reckoned in float32: it is read to three digits."""

NOTHING = 1e-12
"""A neuron that can add less than this part of what another can is left out of the budget."""


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
        """A sentence for each finding; three and more quadratures share one, and so do three that are none."""
        waves = [finding for finding in self.findings if finding.slug == "quadrature"]
        near, far = [f for f in waves if f.number < 1], [f for f in waves if f.number >= 1]
        shared = dict[Finding, str]()
        if len(near) >= MERGED:
            low, high = min(near, key=_number), max(near, key=_number)
            shared |= dict.fromkeys(near, "") | {
                near[0]: f"Neurons of {len(near)} irreps lie on no common ρ-sets; as quadratures they miss"
                f" bi-equivariance by {low.number:.0%} ({low.where}) to {high.number:.0%} ({high.where}) of their"
                " coefficients."
            }
        if len(far) >= MERGED:
            where = listed(irreps_listed([f.where for f in far]))
            shared |= dict.fromkeys(far, "") | {
                far[0]: f"Neurons of {len(far)} irreps ({where}) lie on no common ρ-sets,"
                " too few or too uneven for a quadrature: bi-equivariance is missed by more than their coefficients."
            }
        said = (shared.get(finding, finding.text) for finding in self.findings)
        return tuple(text for text in said if text)

    @property
    def text(self) -> str:
        """Several lines of plain English."""
        lines = list(self.said)
        first = self.terms[0] if self.terms else None
        if first is not None and first.largest >= 0.005:  # what does not read as 0.00
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
    for name, circuit in zip(explanation.neuron_groups()[0], explanation.circuits, strict=False):  # circuits come first
        findings += _circuit_findings(name, circuit)
    findings += [_quadrature_finding(quadrature) for quadrature in explanation.quadratures]
    findings += _neuron_findings(explanation)
    group = explanation.network.group
    left, right = symmetry(group, explanation.circuits)
    if explanation.circuits and not explanation.quadratures and len(left) * len(right) < group.order**2:
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
    network, ideal, table = explanation.network, explanation.ideal, explanation.network.table
    n, (x, y) = network.order, spread_pairs(network.order)
    bounds = range(0, len(x), max(1, BLOCK // n))
    blocks = [slice(start, start + bounds.step) for start in bounds]
    answer, most = table[x, y], np.maximum(_most(network), _most(ideal))
    dtype: Any = np.float32 if SINGLE[0] < most.max(initial=0.0) < SINGLE[1] else np.float64
    unembed, written = (_centred(one.unembed).astype(dtype) for one in (network, ideal))
    names, member = explanation.neuron_groups()
    held = np.flatnonzero(member < len(names) - 1)
    true, exact = activations_of(network, held, dtype), activations_of(ideal, held, dtype)
    rest = np.flatnonzero((member == len(names) - 1) & (most > NOTHING * most.max(initial=0.0)))
    left_over = activations_of(network, rest, dtype)
    u_held, u_off, u_rest = unembed[held], (unembed - written)[held], unembed[rest]
    terms = [_Losses("reading"), _Losses("writing"), _Losses("left over")]
    for block in blocks:
        at = x[block], y[block]
        missed, fires = true(*at), exact(*at)
        missed -= fires
        for term, hidden, writes in zip(terms, (missed, fires, left_over(*at)), (u_held, u_off, u_rest), strict=True):
            if len(writes):
                term.add(_product(hidden, writes), answer[block])
    bias = _Losses("bias")
    varying = np.broadcast_to(_centred(network.bias[None]), (n, n))
    bias.add(varying, np.arange(n), np.bincount(answer, minlength=n))
    terms.append(bias)
    mean, e = np.zeros(n), network.group.identity
    for part, name in zip(explanation.parts, names, strict=False):  # the last name is that of what is left over
        sums_of, features = carried(ideal, part, dtype)
        sums = np.concatenate([sums_of(x[block], y[block]) for block in blocks])
        own = sums.mean(axis=0, dtype=np.float64)
        mean += own if features is None else own @ features
        sums -= own.astype(dtype)
        uneven, column = _Losses(f"uneven {name}"), e
        if features is not None:
            features = features.astype(dtype, copy=False)
            if (features == features[:, [e]]).all(axis=0).sum() > 1:  # then columns repeat: of sign two are left
                features, of_w = np.unique(features, axis=1, return_inverse=True)
                column = int(of_w.ravel()[e])
        for block in blocks:
            logits = sums[block] if features is None else _product(sums[block], features)
            uneven.add(logits, np.full(len(logits), column))
        terms.append(uneven)
    margin = float(mean[e] - np.delete(mean, e).max()) if n > 1 else 0.0
    return margin, tuple(sorted((term.term for term in terms), key=lambda term: -term.largest))


@dataclass
class _Losses:
    """Mean and largest loss of one term, block by block."""

    name: str
    total: float = 0.0
    largest: float = 0.0
    """No loss is less: one of the outputs is the right one."""
    pairs: int = 0

    def add(self, logits: NDArray[Any], right: NDArray[Any], times: NDArray[Any] | None = None) -> None:
        """Of pairs with these logits and right outputs, each so many times; a pair that does not occur is none."""
        losses = (logits.max(axis=1) - logits[np.arange(len(right)), right]).astype(np.float64)
        if times is not None:
            losses, times = losses[times > 0], times[times > 0]
        self.total += float(losses.sum() if times is None else losses @ times)
        self.pairs += len(losses) if times is None else int(times.sum())
        self.largest = max(self.largest, float(losses.max()))

    @property
    def term(self) -> Term:
        return Term(self.name, self.total / max(self.pairs, 1), self.largest)


def carried(ideal: Network, part: Circuit | Quadrature, dtype: Any) -> tuple[Callable[[Any, Any], Any], Any]:
    """The function from N pairs to (N, k) the sums Q(x, y) of a part's neurons, carried to the identity, and (k, n)
    features F with f̂(xwy | x, y) = Q(x, y) F(w), constants aside. Where a circuit has many slots, Q are the outputs,
    and there are no features."""
    n, table = ideal.order, ideal.table.astype(np.intp)
    if isinstance(part, Circuit) and 2 * part.coupling.size <= n:
        return carried_slots(part, dtype), part.slot_features()
    if isinstance(part, Quadrature):
        return carried_sums(part, ideal.activation, dtype), part.irrep.matrices.reshape(n, -1).T
    hidden = activations_of(ideal, part.neurons, dtype)
    written = _centred(ideal.unembed[part.neurons]).astype(dtype)

    at = table * n

    def outputs(x: Any, y: Any) -> Any:
        place = at.take(x, axis=0)
        place += y[:, None]
        table.take(place, out=place, mode="clip")  # all are inside; looking would take as long
        place += np.arange(0, place.size, n)[:, None]
        return (hidden(x, y) @ written).take(place, mode="clip")

    return outputs, None


def _product(hidden: NDArray[Any], writes: NDArray[Any]) -> NDArray[Any]:
    """hidden @ writes, column by column in memory: the largest of each row is found several times as quickly."""
    return np.asarray((writes.T @ hidden.T).T)


def _centred(table: NDArray[Any]) -> NDArray[np.float64]:
    """Rows less their means."""
    rows = table.astype(np.float64)
    return np.asarray(rows - rows.mean(axis=1, keepdims=True))


def _most(network: Network) -> NDArray[np.float64]:
    """(m,) what a neuron can add to a logit, at most."""
    left, right, writes = (np.abs(table).astype(np.float64) for table in (network.left, network.right, network.unembed))
    reads = left.max(axis=0) + right.max(axis=0)
    return np.asarray(np.maximum(reads, np.square(reads)) * writes.max(axis=1))


def _circuit_findings(where: str, circuit: Circuit) -> list[Finding]:
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


def _quadrature_finding(quadrature: Quadrature) -> Finding:
    count, label, defect = counted(len(quadrature.neurons), "neuron"), quadrature.irrep.label, quadrature.defect
    text = f"{count} of {label} on no common ρ-sets"
    if defect < 1:
        text += f": as a quadrature they miss bi-equivariance by {defect:.0%} of its coefficients."
    else:
        text += ", too few or too uneven for a quadrature: bi-equivariance is missed by more than its coefficients."
    return Finding("quadrature", label, defect, text)


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
        doing = "it writes or fires" if dead.size == 1 else "they write or fire"
        text = f"{counted(int(dead.size), 'neuron')} dead: {doing} next to nothing."
        found.append(Finding("dead-neurons", _listed(dead), float(dead.size), text))
    left = explanation.left_over
    if left.size == 0:
        return found
    total = float(energy.importance[energy.live].sum())
    own = energy.share[left, energy.dominant[left]]
    mixed = own < ONE_IRREP
    second = ~mixed & (energy.rank[left] >= RANK_TWO)
    reasons = (
        ("mixed-irreps", mixed, f"under {ONE_IRREP:.0%} of it in any one irrep"),
        ("rank-two", second, "writing to two slots at once (unembed coefficients of rank two)"),
        ("no-place", ~mixed & ~second, "fitting no pair of points well enough"),
    )
    for slug, which, words in reasons:
        if which.any():
            neurons = left[which]
            weight = float(energy.importance[neurons].sum()) / total
            found.append(
                Finding(
                    slug,
                    _listed(neurons),
                    weight,
                    f"{counted(len(neurons), 'neuron')} with {percentage(weight)} of the energy: {words}.",
                )
            )
    return found


def _listed(neurons: NDArray[np.integer]) -> str:
    return "neurons " + ", ".join(str(int(i)) for i in neurons)
