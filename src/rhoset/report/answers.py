"""The report's answers in words: what the networks learned, what is proved at what cost, why not cheaper."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from rhoset.report.charts.overview import method_family
from rhoset.report.views import CHEAP, WANTED, AccountView, CertificateView, CircuitView, NetworkView, RunView
from rhoset.report.words import counted, number, percent
from rhoset.shares import quartiles

COMBINATIONS = 3
"""Combinations of circuits that are told apart in words; the others are counted together."""
SMALL = 0.005
"""Terms that take less than this share of the margin are not named."""


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
    parts = _parts(network)
    said = f"It uses {_listed(parts)}." if parts else "No circuit was found in it."
    if network.left_over:
        said += f" {counted(network.left_over, 'neuron')} {'is' if network.left_over == 1 else 'are'} left over."
    best = network.best
    if best is None:
        return f"{said} No certificate lies beside it."
    right = "that it is right on every input"
    if best.accuracy_bound < 1:
        right = f"an accuracy of at least {percent(best.accuracy_bound)}"
    said += f" A certificate proves {right}, for {percent(best.cost)} of the work of brute force."
    return said


def circuit_said(circuit: CircuitView) -> str:
    """A circuit as a phrase: 'the 5 points that S5 permutes (a regular simplex with 5 corners)'."""
    if circuit.left.dim == 1 and circuit.left_size == 2:
        sign = set(circuit.irrep) <= set("[1,]")
        return "the sign" if sign else f"{circuit.irrep} (±1)"
    return circuit.left.said or f"{circuit.left_size} points of {circuit.irrep}"


def _parts(network: NetworkView) -> list[str]:
    """What a network uses, circuits by size, then frequencies."""
    found: dict[tuple[int, str], str] = {}
    for c in network.circuits:
        said = circuit_said(c)
        found[(c.left.dim, c.irrep)] = said if c.left.dim == 1 else f"{said} in {c.irrep}"
    circuits = [found[key] for key in sorted(found)]
    labels = [q.irrep for q in network.quadratures]
    numbers = sorted(int(label.split(" ")[1]) for label in labels if label.startswith("frequency "))
    others = sorted(label for label in labels if not label.startswith("frequency "))
    if numbers:
        name = "frequency" if len(numbers) == 1 else "frequencies"
        circuits.append(f"{name} {_listed([str(k) for k in numbers])}")
    circuits += [f"directions all around {label} (a quadrature)" for label in others]
    return circuits


def _learned(run: RunView) -> list[str]:
    networks = run.networks
    total = len(networks)
    said = []
    combos = Counter(tuple(_parts(n)) for n in networks)
    named = [(parts, count) for parts, count in combos.most_common(COMBINATIONS) if parts]
    if total == 1:
        said.append(network_answer(networks[0]))
    elif named and named[0][1] > 1:
        for parts, count in named:
            if count > 1 or total <= COMBINATIONS:
                said.append(f"{count} of {total} use {_listed(list(parts))}.")
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
            said.append(f"No two use the same; the most common is {part}, in {count} of {total}.")
        else:
            said.append("No circuits were found in any of them.")
        waves = [sum(1 for q in n.quadratures if q.irrep.startswith("frequency ")) for n in networks]
        if max(waves, default=0):
            said.append(f"They use {min(waves)} to {max(waves)} frequencies each.")
    if total > 1:
        full = sum(n.accuracy >= 1 for n in networks)
        said.append(
            f"{'All are' if full == total else f'{full} of {total} {_are(full)}'} right on every input, as measured."
        )
        _, low, middle, high, _ = quartiles([n.explained for n in networks])
        alone = sum((n.ideal_accuracy or 0) >= 1 for n in networks)
        said.append(
            f"The circuits hold {percent(middle)} of the weights' energy in the median (half of the networks between"
            f" {percent(low)} and {percent(high)}); put in the network's place they are right on every input for"
            f" {alone} of {total}."
        )
    return said


def _proved(networks: Sequence[NetworkView]) -> list[str]:
    total = len(networks)
    best = [n.best for n in networks if n.best is not None]
    if not best:
        return ["Nothing yet: no network has a certificate that checks. Run rhoset certify and write the report again."]
    full = sum(c.accuracy_bound >= 1 for c in best)
    wanted = sum(WANTED <= c.accuracy_bound < 1 for c in best)
    said = []
    if full:
        said.append(f"{full} of {total} {_are(full)} proved right on every input.")
    if wanted:
        said.append(f"{wanted} of {total} {_are(wanted)} proved right on at least {percent(WANTED)} of the inputs.")
    less = len(best) - full - wanted
    if less:
        said.append(f"For {less} of {total} less is proved.")
    if len(best) < total:
        said.append(f"{total - len(best)} of {total} {_have(total - len(best))} no certificate.")
    low, lower, middle, upper, high = quartiles([c.cost for c in best])
    if len(best) > 1:
        said.append(
            f"A sceptic's check takes {percent(low)} to {percent(high)} of the work of brute force: quartiles"
            f" {percent(lower)}, {percent(middle)} and {percent(upper)}."
        )
    else:
        said.append(f"A sceptic's check takes {percent(middle)} of the work of brute force.")
    return said


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
    said = []
    checked = [n for n in networks if n.best is not None]
    dear = [n for n in checked if not n.cheap]
    if dear:
        who = f"{len(dear)} of {len(checked)} networks {_have(len(dear))}" if len(checked) > 1 else "It has"
        said.append(f"{who} no certificate that proves {percent(WANTED)} for at most {percent(CHEAP)} of brute force.")
    elif len(checked) > 1:
        said.append(f"Each of the {len(checked)} has a certificate for at most {percent(CHEAP)} of brute force.")
    dearest = max((n for n in checked if n.account and n.account.terms), key=_cost, default=None)
    if len(checked) > 1 and dearest is not None and dearest.account is not None:
        name, taken, _ = dearest.account.terms[0]
        said.append(
            f"The dearest is {dearest.name} at {percent(_cost(dearest))}: at its worst input, {name} takes"
            f" {number(taken)} of the explanation's margin of {number(dearest.account.ideal)} nats."
        )
    if mean is not None:
        terms = [f"{name} {number(worst)}" for name, worst, _ in mean.terms if worst > SMALL * abs(mean.ideal)]
        whose = "the mean network" if len(networks) > 1 else "the network"
        losses = f"Lost on the way: {', '.join(terms)}." if terms else "Next to nothing is lost on the way."
        said.append(
            f"A short proof needs the explanation to keep its margin. At its worst input the explanation of {whose} has"
            f" a margin of {number(mean.ideal)} nats, and the network itself {number(mean.margin)}. {losses}"
        )
    return said


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def _cost(network: NetworkView) -> float:
    return network.best.cost if network.best is not None else 0.0


def mean_account(networks: Sequence[NetworkView]) -> AccountView | None:
    """The mean of the networks' accounts, terms summed by their first word; it adds up as each of them does."""
    known = [n.account for n in networks if n.account is not None]
    if not known:
        return None
    if len(known) == 1:
        return known[0]
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


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
