"""The figures at the heads of the report and of its sections, each with its unit and one line."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from rhoset.report.views import WANTED, NetworkView
from rhoset.report.words import duration, number, percent, quantity


@dataclass(frozen=True)
class Fact:
    """A number with its unit and one line that says what it is."""

    name: str
    value: str
    unit: str
    said: str


def overview_facts(networks: Sequence[NetworkView]) -> list[Fact]:
    """The figures at the head of the report."""
    total = len(networks)
    best = [n.best for n in networks if n.best is not None]
    proved = [c for c in best if c.accuracy_bound >= WANTED]
    facts = [
        Fact("Networks", str(total), "", "Trained from different random starts."),
        Fact(
            "Reach full accuracy",
            f"{sum(n.accuracy >= 1 for n in networks)}",
            f"of {total}",
            "Right on every input, measured by evaluating all of them.",
        ),
    ]
    if best:
        facts += [
            Fact(
                f"Proved ≥ {percent(WANTED)}",
                f"{len(proved)}",
                f"of {total}",
                "Have a certificate whose bound on the accuracy is that high.",
            ),
            Fact(
                "Length of the proof",
                percent(statistics.median(c.cost for c in best)),
                "of brute force",
                "Median cost of checking the best certificate, in multiply-adds.",
            ),
        ]
    if networks:
        facts.append(
            Fact(
                "Explained",
                percent(statistics.median(n.explained for n in networks)),
                "of the weights",
                "Median share of the weights' energy that the circuits hold.",
            )
        )
    return facts


def network_facts(network: NetworkView) -> list[Fact]:
    """The figures at the head of one network's section."""
    facts = []
    best = network.best
    if best is not None:
        facts += [
            Fact(
                "Proved accuracy",
                f"≥ {percent(best.accuracy_bound)}",
                "",
                f"By {best.method}, for {best.arithmetic} arithmetic.",
            ),
            Fact(
                "Length of the proof",
                quantity(best.operations),
                "multiply-adds",
                f"{percent(best.cost)} of brute force's {quantity(best.exhaustive_operations)}.",
            ),
        ]
    facts += [
        Fact("Accuracy", percent(network.accuracy), "of inputs", "Measured on all of them."),
        Fact("Loss", number(network.loss), "nats", "Mean cross-entropy over all inputs."),
        Fact(
            "Explained",
            percent(network.explained),
            "of energy",
            "Share of the weights that the idealised network keeps.",
        ),
    ]
    if network.ideal_accuracy is not None:
        facts.append(
            Fact(
                "Explanation alone",
                percent(network.ideal_accuracy),
                "accuracy",
                f"With the idealised network in its place; loss {number(network.ideal_loss)} nats.",
            )
        )
    if network.steps is not None:
        facts.append(
            Fact(
                "Training",
                quantity(network.steps),
                "steps",
                f"Seed {network.seed}, width {network.width}, {duration(network.seconds)}.",
            )
        )
    return facts
