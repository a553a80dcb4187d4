"""The report's answers in words: what the networks learned, what is proved at what cost, why not cheaper."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from rhoset.report.methods import method_family
from rhoset.report.views import (
    CHEAP,
    WANTED,
    AccountView,
    CertificateView,
    CircuitView,
    NetworkView,
    QuadratureView,
    RunView,
)
from rhoset.report.words import adding_up, at_least, counted, hundredths, limit, percent, quantity
from rhoset.shares import quartiles
from rhoset.summaries import FREQUENCY, irreps_listed, listed

COMBINATIONS = 3
"""Combinations of circuits that are told apart in words; the others are counted together."""
QUARTERS = 4
"""Fewer numbers than this have no quartiles."""
COMMON = 0.05
"""Combinations in less than this share of the networks are not told apart, unless none is commoner."""
MINOR = 0.2
"""Circuits and quadratures with less than this share of the neurons of the largest are not named."""


@dataclass(frozen=True)
class CostRow:
    """Quartiles of the cost of the best certificates of one method, as shares of brute force."""

    method: str
    count: int
    quartiles: tuple[float, float, float, float, float]
    worst_bound: float


@dataclass(frozen=True)
class Answers:
    """Sentences and small tables, in the order in which they are asked for."""

    learned: tuple[str, ...]
    proved: tuple[str, ...]
    costs: tuple[CostRow, ...]
    why: tuple[str, ...]
    account: AccountView | None
    """The mean over the networks: its terms add up too, and are summed by their first word."""


def answers(run: RunView) -> Answers:
    """The answers about a run."""
    costs = _costs(run.networks)
    mean = mean_account(run.networks)
    return Answers(tuple(_learned(run)), tuple(_proved(run.networks)), costs, tuple(_why(run.networks, mean)), mean)


def network_answer(network: NetworkView) -> str:
    """One network in one or two sentences."""
    said = _uses(network)
    best = network.best
    if best is None:
        return f"{said} No certificate lies beside it."
    right = "that it is right on every input"
    if best.accuracy_bound < 1:
        right = f"an accuracy of at least {at_least(best.accuracy_bound)}"
    said += f" A certificate proves {right}, for {percent(best.cost)} of the work of brute force."
    return said


def _uses(network: NetworkView) -> str:
    """What one network uses, and what is left over."""
    parts, minor = _parts(network, counts=True), _in_minor_parts(network)
    said = f"It uses {listed(parts)}." if parts else "No circuit was found in it."
    if minor:
        said += f" {counted(minor, 'neuron')} {_are(minor)} in smaller parts."
    if network.left_over:
        said += f" {counted(network.left_over, 'neuron')} {_are(network.left_over)} left over."
    return said


def circuit_said(circuit: CircuitView) -> str:
    """A circuit as a phrase: 'the 5 points that S5 permutes (a regular simplex with 5 corners)'."""
    if circuit.left.dim == 1 and circuit.left_size == 2:
        sign = set(circuit.irrep) <= set("[1,]")
        return "the sign" if sign else f"{circuit.irrep} (±1)"
    return circuit.left.said or f"{circuit.left_size} points of {circuit.irrep}"


def _is_minor(part: CircuitView | QuadratureView, network: NetworkView) -> bool:
    """Does a part hold so few neurons that it is not named? One-dimensional irreps always are; of frequencies those
    that are in use."""
    if isinstance(part, QuadratureView) and part.irrep.startswith(FREQUENCY):
        return part.irrep not in network.in_use
    always = isinstance(part, CircuitView) and part.left.dim == 1
    parts: list[CircuitView | QuadratureView] = [*network.circuits, *network.quadratures]
    most = max(one.neurons for one in parts)
    return not always and part.neurons < MINOR * most


def _in_minor_parts(network: NetworkView) -> int:
    parts: list[CircuitView | QuadratureView] = [*network.circuits, *network.quadratures]
    return sum(part.neurons for part in parts if _is_minor(part, network))


def _parts(network: NetworkView, counts: bool = False) -> list[str]:
    """What a network uses, circuits by size, then frequencies; without its minor parts. With `counts` how many circuits
    are alike: the points of a plane and its lines are both cosets of subgroups of one order."""
    found: dict[tuple[int, str, int], list[str]] = {}
    for c in network.circuits:
        if not _is_minor(c, network):
            said = circuit_said(c)
            alike = found.setdefault((c.left.dim, c.irrep, c.left_size), [])
            alike.append(said if c.left.dim == 1 else f"{said} in {c.irrep}")
    circuits = [
        f"{alike[-1]} ({len(alike)} circuits)" if counts and len(alike) > 1 else alike[-1]
        for _, alike in sorted(found.items())
    ]
    labels = [q.irrep for q in network.quadratures if not _is_minor(q, network)]
    numbers = [label for label in labels if label.startswith(FREQUENCY)]
    others = sorted(label for label in labels if not label.startswith(FREQUENCY))
    if numbers:
        how = f" ({'a quadrature' if len(numbers) == 1 else 'quadratures'})" if circuits else ""
        circuits.append(f"{irreps_listed(numbers)[0]}{how}")
    if others:
        name = "a quadrature" if len(others) == 1 else "quadratures"
        circuits.append(f"directions all around {listed(others)} ({name})")
    return circuits


def _learned(run: RunView) -> list[str]:
    networks = run.networks
    total = len(networks)
    said = []
    combos = Counter(tuple(_parts(n)) for n in networks)
    ranked = [(parts, count) for parts, count in combos.most_common(COMBINATIONS) if parts]
    named = [pair for pair in ranked if pair[1] >= COMMON * total] or ranked[:1]
    if total == 1:
        said.append(_uses(networks[0]))
        tried = networks[0].sampled
        of = "the inputs" if tried is None else f"{quantity(tried)} inputs drawn at random"
        said.append(f"It is right on {percent(networks[0].accuracy)} of {of}, as measured.")
    elif named and named[0][1] > 1:
        for parts, count in named:
            if count > 1 or total <= COMBINATIONS:
                said.append(f"{count} of {total} use {listed(list(parts))}.")
        spoken = sum(count for _, count in named if count > 1 or total <= COMBINATIONS)
        kinds = len(combos) - sum(1 for _, count in named if count > 1 or total <= COMBINATIONS)
        if 0 < spoken < total:
            others = total - spoken
            said.append(
                f"The other {others} use {counted(kinds, 'further combination')}."
                if others > 1
                else "One uses another combination."
            )
    else:
        uses = Counter(part for n in networks for part in _parts(n))
        if uses:
            part, count = uses.most_common(1)[0]
            common = f"; the most common is {part}, in {count} of {total}" if count > 1 else ""
            said.append(f"No two use the same{common}.")
        else:
            said.append("No circuits were found in any of them.")
        waves = [sum(name.startswith(FREQUENCY) for name in n.in_use) for n in networks]
        if max(waves, default=0):
            least, most = min(waves), max(waves)
            span = counted(most, "frequency", "frequencies") if least == most else f"{least} to {most} frequencies"
            said.append(f"They use {span} each.")
    if total > 1:
        full = sum(n.accuracy >= 1 for n in networks)
        said.append(
            f"{'All are' if full == total else f'{full} of {total} {_are(full)}'} right on every input"
            f"{' that was tried' if any(n.sampled for n in networks) else ''}, as measured."
        )
        alone = sum((n.ideal_accuracy or 0) >= 1 for n in networks)
        said.append(
            f"{_held_by(networks)} hold {_share_said([n.explained for n in networks])}; put in the network's place they"
            f" are right on every input for {alone} of {total}."
        )
    return said


def _share_said(shares: Sequence[float]) -> str:
    """How much of the weights' energy explanations hold: the median and quartiles, where so many have them."""
    least, low, middle, high, most = quartiles(shares)
    if percent(least) == percent(most):
        return f"{percent(middle)} of the weights' energy"
    if len(shares) < QUARTERS:
        return f"{percent(least)} to {percent(most)} of the weights' energy"
    half = (
        f" (half of the networks between {percent(low)} and {percent(high)})" if percent(low) != percent(high) else ""
    )
    return f"{percent(middle)} of the weights' energy in the median{half}"


def _held_by(networks: Sequence[NetworkView]) -> str:
    """What an explanation of these networks consists of."""
    circuits, quadratures = (any(kind) for kind in zip(*((n.circuits, n.quadratures) for n in networks), strict=True))
    return (
        "The circuits and quadratures" if circuits and quadratures else "Quadratures" if quadratures else "The circuits"
    )


def _proved(networks: Sequence[NetworkView]) -> list[str]:
    total = len(networks)
    best = [n.best for n in networks if n.best is not None]
    if not best:
        which = "it has no" if total == 1 else "no network has a"
        return [f"Nothing yet: {which} certificate that checks. Run rhoset certify and write the report again."]
    bounds = [c.accuracy_bound for c in best]
    said = [_bounds_said(bounds, total)]
    if min(bounds) < 1 and all(n.best is None or n.best.accuracy_bound >= n.accuracy for n in networks):
        said.append("The bound is the true accuracy." if total == 1 else "Each bound is the true accuracy.")
    if len(best) < total:
        said.append(f"{total - len(best)} of {total} {_have(total - len(best))} no certificate.")
    said += [_cost_said(row, len(best)) for row in _costs(networks)]
    return said


def _bounds_said(bounds: Sequence[float], total: int) -> str:
    """How many are proved how far."""
    full = sum(b >= 1 for b in bounds)
    good, less = [b for b in bounds if WANTED <= b < 1], [b for b in bounds if b < WANTED]
    if total == 1:
        return (
            "It is proved right on every input."
            if full
            else f"An accuracy of at least {at_least(bounds[0])} is proved."
        )
    parts = [f"{full} of {total} {_are(full)} proved right on every input"] if full else []
    if good:
        who = str(len(good)) if full else f"{len(good)} of {total} {_are(len(good))} proved right"
        parts.append(f"{who} on at least {at_least(min(good))} of the inputs")
    if less:
        parts.append(f"for {len(less)} of {total} less than {limit(WANTED)} is proved (at least {at_least(min(less))})")
    said = ", ".join(parts)
    return f"{said[0].upper()}{said[1:]}."


def _cost_said(row: CostRow, total: int) -> str:
    """One method's cost in a sentence."""
    low, lower, middle, upper, high = row.quartiles
    if row.method == "exhaustive":
        who = "It is proved" if total == 1 else f"{row.count} {_are(row.count)} proved"
        return f"{who} by brute force itself: every output on every input."
    if percent(low) == percent(high):
        who = f"By {row.method}" if total == 1 else f"By {row.method} ({counted(row.count, 'network')})"
        return f"{who} a sceptic redoes {percent(middle)} of the work of brute force."
    said = (
        f"By {row.method} ({counted(row.count, 'network')}) a sceptic redoes {percent(low)} to {percent(high)} of the"
        " work of brute force"
    )
    if row.count < QUARTERS:
        return f"{said}."
    return (
        f"{said}: for a quarter of them at most {percent(lower)}, for half {percent(middle)}, for three quarters"
        f" {percent(upper)}."
    )


def _costs(networks: Sequence[NetworkView]) -> tuple[CostRow, ...]:
    found: dict[str, list[CertificateView]] = defaultdict(list)
    for network in networks:
        if network.best is not None:
            found[method_family(network.best.method)].append(network.best)
    return tuple(
        CostRow(method, len(group), quartiles([c.cost for c in group]), min(c.accuracy_bound for c in group))
        for method, group in sorted(found.items(), key=lambda item: min(c.cost for c in item[1]))
    )


def _why(networks: Sequence[NetworkView], mean: AccountView | None) -> list[str]:
    checked = [n for n in networks if n.best is not None]
    dear = [n for n in checked if not n.cheap]
    cheap = [n for n in checked if n.cheap]
    said = []
    if dear:
        said += _dear_said(dear, cheap)
    elif len(checked) > 1:
        proves = f"proves {limit(WANTED)} or more for at most {limit(CHEAP)} of brute force"
        said.append(f"Each of the {len(checked)} has a certificate that {proves}.")
    of_dear = mean_account(dear) if dear and cheap else None
    if of_dear is not None:
        said.append(
            _account_said(of_dear, f"the {len(dear)} dear ones" if len(dear) > 1 else "it", mean_account(cheap))
        )
    elif mean is not None:
        said.append(_account_said(mean, "the networks" if len(networks) > 1 else "it", None))
    return said


def _dear_said(dear: Sequence[NetworkView], cheap: Sequence[NetworkView]) -> list[str]:
    """Which networks have no cheap proof, and what sets them apart."""
    total = len(dear) + len(cheap)
    who = f"{len(dear)} of {total} networks {_have(len(dear))}" if total > 1 else "It has"
    said = [f"{who} no certificate that proves {limit(WANTED)} for at most {limit(CHEAP)} of brute force."]
    brute = sum(n.best is not None and method_family(n.best.method) == "exhaustive" for n in dear)
    if brute:
        them = "all of them" if brute == len(dear) else f"{brute} of them"
        chosen = f"For {them} trying everything was chosen" if len(dear) > 1 else "Trying everything was chosen"
        said.append(
            f"{chosen}: rhoset certify takes what is quickest by the clock, unless --objective operations asks for the"
            " shortest proof."
        )
    combos = Counter(tuple(_parts(n)) for n in cheap)
    if combos and dear:
        parts, count = combos.most_common(1)[0]
        same = sum(tuple(_parts(n)) == parts for n in dear)
        others, cheap_others = total - count - same, len(cheap) - count
        if parts and others:
            said.append(
                f"Of those that use {listed(parts)}, {count} of {count + same} have a cheap proof; of the others"
                f" {cheap_others} of {others}."
            )
    return said


def _account_said(view: AccountView, whose: str, other: AccountView | None) -> str:
    """Where the margin goes, as a sum; with that of `other` networks beside it."""
    several = ", on average" if whose != "it" else ""
    owner = "its explanation" if whose == "it" else f"the explanation of {whose}"
    beside = f" Of those with a cheap proof it is {_sum_said(other)}." if other else ""
    beside += " At that input it is wrong." if whose == "it" and view.margin <= 0 else ""
    return (
        "A short proof needs an explanation that keeps its margin. At the worst input the margin that"
        f" {owner} promises, less what each term takes, is the network's own, in nats{several}: {_sum_said(view)}."
        f"{beside}"
    )


def _sum_said(view: AccountView) -> str:
    """The account as a sum that adds up as it is written: '15.92 − uneven 3.24 − writing 3.08 = 9.60'."""
    start, taken, end = adding_up(view.ideal, [worst for _, worst, _ in view.joined], view.margin)
    said = [
        f" {'−' if value > 0 else '+'} {name} {hundredths(abs(value))}"
        for (name, _, _), value in zip(view.joined, taken, strict=True)
        if hundredths(abs(value)) != "0.00"
    ]
    return f"{start}{''.join(said)} = {end}"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def mean_account(networks: Sequence[NetworkView]) -> AccountView | None:
    """The mean of the networks' accounts, terms summed by their first word; it adds up as each of them does."""
    known = [n.account for n in networks if n.account is not None]
    if not known:
        return None
    worst: dict[str, float] = defaultdict(float)
    mean: dict[str, float] = defaultdict(float)
    for one in known:
        for name, at_worst, on_average in one.terms:
            word = "left over" if name == "left over" else name.split(" ")[0]
            worst[word] += at_worst / len(known)
            mean[word] += on_average / len(known)
    terms = sorted(((name, worst[name], mean[name]) for name in worst), key=lambda term: -term[1])
    return AccountView(
        ideal=sum(a.ideal for a in known) / len(known),
        margin=sum(a.margin for a in known) / len(known),
        terms=tuple(terms),
        mean_ideal=sum(a.mean_ideal for a in known) / len(known),
        mean_margin=sum(a.mean_margin for a in known) / len(known),
        input=(0, 0),
        answers=(0, 0),
        pairs=known[0].pairs,
    )
