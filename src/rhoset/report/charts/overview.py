"""Figures of a whole run: bound against cost, learned irreps, reasons."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

from rhoset.report.charts.figure import Figure, Row
from rhoset.report.methods import method_domain, method_family
from rhoset.report.palette import Colours, colour_order
from rhoset.report.views import WANTED, CertificateView, IrrepView, NetworkView
from rhoset.report.words import at_least, counted, percent
from rhoset.shares import wilson

NEAR = 0.08
"""Certificates of one method whose costs differ by less than this factor (natural logarithm), and whose bounds by less
than `NEAR_BOUND`, would hide one another and are spread sideways."""
NEAR_BOUND = 0.02
SPREAD = 0.35
"""Most that a mark is moved along the axis of costs (natural logarithm), to either side; its tooltip has the cost."""
NAMED = 12
"""Most networks that a tooltip names."""
LOSSES = {
    "uneven": ("uneven slots", "slots are missing or differ in weight, so the explanation favours some inputs"),
    "reading": ("other reading", "neurons read something besides their vectors a"),
    "writing": ("other writing", "neurons write beside their slots"),
    "left": ("neurons left over", "neurons that no circuit holds write to the logits"),
    "bias": ("bias", "the bias varies over the outputs"),
}
"""First word of a term of the account → its name, and what it means."""

DECADE = 4
"""Bars of the chart of costs in a factor of ten."""


def costs_figure(networks: Sequence[NetworkView]) -> Figure:
    """How much the best proofs of the networks cost: a square for each, in bars of a factor of 10^(1/`DECADE`)."""
    shown = sorted(
        ((n, n.best) for n in networks if n.best is not None),
        key=lambda pair: (pair[1].accuracy_bound < 1, pair[1].accuracy_bound < WANTED, pair[1].cost, pair[0].index),
    )
    heights: Counter[int] = Counter()
    rows: list[Row] = []
    for network, best in shown:
        bar = math.ceil(round(DECADE * math.log10(_drawn(best)), 6))
        bound = best.accuracy_bound
        rows.append(
            {
                "network": network.name,
                "method": method_family(best.method),
                "level": "every input" if bound >= 1 else "95 % or more" if bound >= WANTED else "less",
                "at": 10 ** ((bar - 1) / DECADE),
                "until": 10 ** (bar / DECADE),
                "place": heights[bar],
                "top": heights[bar] + 1,
                "proved": at_least(bound),
                "costs": percent(best.cost),
                "href": f"#network-{network.index}",
            }
        )
        heights[bar] += 1
    said = f"Histogram of the cost of the check for {counted(len(rows), 'network')}; further left is better."
    return Figure("costs", rows, said, shown=tuple(dict.fromkeys(row["level"] for row in rows)))


def cost_figure(networks: Sequence[NetworkView]) -> Figure:
    """Every certificate that checks: what it proves, and what its check costs; a network's best is drawn strongly."""
    shown = [(n, c) for n in networks for c in n.certificates if c.valid is not False]
    piles: dict[tuple[str, int, int], list[tuple[NetworkView, CertificateView]]] = defaultdict(list)
    for network, certificate in shown:
        place = round(math.log(_drawn(certificate)) / NEAR), round(certificate.accuracy_bound / NEAR_BOUND)
        piles[(method_family(certificate.method), *place)].append((network, certificate))
    families = {family for family, _, _ in piles}
    rows: list[Row] = []
    for (family, _, _), pile in piles.items():
        pile.sort(key=lambda pair: (pair[1].cost, pair[0].index))
        for k, (network, certificate) in enumerate(pile):
            rows.append(
                {
                    "network": network.name,
                    "method": family,
                    "at": _drawn(certificate) * math.exp(_aside(k, len(pile))),
                    "bound": certificate.accuracy_bound,
                    "proved": at_least(certificate.accuracy_bound),
                    "costs": percent(certificate.cost),
                    "best": certificate is network.best,
                    "count": len(pile),
                    "href": f"#network-{network.index}",
                }
            )
    rows.sort(key=lambda row: (row["best"], row["at"]))
    said = (
        f"Scatter plot: proved accuracy against cost of the check for {counted(len(shown), 'certificate')} of"
        f" {counted(len(networks), 'network')}. Up and to the left is better."
    )
    seen = tuple(sorted(families))
    return Figure("cost", rows, said, method_domain(seen), seen)


def _drawn(certificate: CertificateView) -> float:
    return max(certificate.cost, 1e-7)


def _aside(place: int, many: int) -> float:
    """Where the `place`-th of `many` marks goes, symmetric about 0."""
    if many == 1:
        return 0.0
    reach = min(SPREAD, 0.05 * (many - 1))
    return reach * (2 * place / (many - 1) - 1)


def learned_figure(irreps: Sequence[IrrepView], networks: Sequence[NetworkView], colours: Colours) -> Figure:
    """In how many networks each irrep is in use, with Wilson 95 % intervals."""
    total = len(networks)
    uses = Counter(name for n in networks for name, _, _ in n.key)
    shown = sorted((i for i in irreps if uses[i.name]), key=lambda i: -uses[i.name])
    rows: list[Row] = []
    for irrep in shown:
        used = uses[irrep.name]
        found = wilson(used, total)
        rows.append(
            {
                "irrep": irrep.name,
                "share": found.share,
                "low": found.low,
                "high": found.high,
                "interval": f"{percent(found.low)} to {percent(found.high)}",
                "said": f"{used} of {total}",
                "dim": irrep.dim,
                "smallest": f"{irrep.minimal_rho_set} points" if irrep.minimal_rho_set else "–",
                "line": f"{irrep.name}  ·  dimension {irrep.dim}  ·  {used} of {total}",
            }
        )
    among = counted(total, "network")
    said = f"Irreps in use among {among}: " + ", ".join(f"{i.name} in {uses[i.name]}" for i in shown)
    return Figure("learned", rows, said, colour_order(colours), (), len(rows))


def reasons_figure(networks: Sequence[NetworkView]) -> Figure | None:
    """Networks without a cheap proof, counted by the term that costs their margin most; None where there is none."""
    found: dict[str, list[NetworkView]] = defaultdict(list)
    for network in networks:
        if network.best is not None and not network.cheap and network.account is not None and network.account.terms:
            found[network.account.dearest.split(" ")[0]].append(network)
    if not found:
        return None
    rows: list[Row] = []
    for reason, members in sorted(found.items(), key=lambda item: -len(item[1])):
        names = ", ".join(str(n.index) for n in members[:NAMED])
        more = f" and {len(members) - NAMED} more" if len(members) > NAMED else ""
        short, words = LOSSES.get(reason, (reason, reason))
        rows.append(
            {"reason": words, "networks": len(members), "which": names + more, "line": f"{short}:  {len(members)}"}
        )
    said = "; ".join(f"{row['networks']}: {row['reason']}" for row in rows)
    return Figure("reasons", rows, f"Why some have no cheap proof. {said}", bands=len(rows))
