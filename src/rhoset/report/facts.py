"""The figures at the head of a network's section, each with its unit and one line."""

from __future__ import annotations

from dataclasses import dataclass

from rhoset.report.views import NetworkView
from rhoset.report.words import at_least, duration, number, percent, quantity


@dataclass(frozen=True)
class Fact:
    """A number with its unit and one line that says what it is."""

    name: str
    value: str
    unit: str
    said: str


def _tried(network: NetworkView) -> str:
    """The inputs that were evaluated."""
    return "all inputs" if network.sampled is None else f"{quantity(network.sampled)} inputs, drawn at random"


def network_facts(network: NetworkView) -> list[Fact]:
    """The figures at the head of one network's section."""
    facts = []
    best = network.best
    if best is not None:
        facts += [
            Fact(
                "Proved accuracy",
                f"≥ {at_least(best.accuracy_bound)}",
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
        Fact("Accuracy", percent(network.accuracy), "of inputs", f"Measured on {_tried(network)}."),
        Fact("Loss", number(network.loss), "nats", f"Mean cross-entropy over {_tried(network)}."),
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
