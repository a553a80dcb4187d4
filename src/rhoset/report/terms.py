"""The words that the report explains beside its figures."""

from __future__ import annotations

KINDS = {
    "full": (
        "Every slot is filled evenly and all neurons read alike: the ideal network treats all "
        "inputs alike, so one input stands for all."
    ),
    "split": "Every slot is filled evenly, but by neurons that read different vectors a.",
    "uneven": "Every slot is filled, but with weights that differ.",
    "rows": (
        "Whole rows of slots are empty and the others filled: fewer symmetries remain, so more inputs have to be tried."
    ),
    "columns": (
        "Whole columns of slots are empty and the others filled: fewer symmetries remain, so more "
        "inputs have to be tried."
    ),
    "partial": "Some slots are empty: fewer symmetries remain, so more inputs have to be tried.",
    "twisted": ("Every slot is filled, and C is neither B nor −B: the two ρ-sets are related in another way."),
}
"""What the kinds of circuits (`rhoset.explaining.KINDS`) mean for a proof."""

COLUMNS = (
    {"name": "Network", "said": "its name in the run", "side": "left"},
    {"name": "Proved", "said": "accuracy, at least"},
    {"name": "Method", "said": "of the best certificate", "side": "left"},
    {"name": "Cost", "said": "of the check, of brute force"},
    {"name": "Accuracy", "said": "measured, all inputs"},
    {"name": "Loss", "said": "nats, all inputs"},
    {"name": "Explained", "said": "of the weights' energy"},
    {"name": "Circuits", "said": "irrep, slots, kind", "side": "left"},
)
"""Columns of the table of networks."""

TERMS = (
    (
        "irrep",
        "A real irreducible representation ρ of the group: matrices ρ(g) that multiply as the "
        "group's elements do and leave no smaller space to themselves.",
    ),
    (
        "ρ-set",
        "A finite set of vectors that every ρ(g) maps to itself. Its points are the corners of "
        "a figure with the group as symmetries.",
    ),
    (
        "circuit",
        "Neurons on the slots (b, c) of two ρ-sets. Such a neuron reads bᵀρ(x)a and aᵀρ(y)c and writes bᵀρ(z)c.",
    ),
    (
        "slot",
        "A pair (b, c) of points: the place in the output where a neuron writes. A full circuit "
        "has every slot filled evenly.",
    ),
    (
        "certificate",
        "A file that names an explanation. The checker recomputes a bound from the weights, the "
        "multiplication table and the explanation, and trusts none of its claims.",
    ),
    (
        "bound",
        "A number that the true accuracy provably never falls below, whatever the explanation.",
    ),
    (
        "brute force",
        "Evaluating every output on every input: n³m + n²m multiply-adds for n elements and m neurons.",
    ),
    (
        "margin",
        "The right answer's logit minus that of a wrong answer, in nats. Positive everywhere "
        "means that every answer is right.",
    ),
    (
        "energy",
        "Sum of squares of a table of weights; by Plancherel it splits over the irreps.",
    ),
    (
        "nat",
        "Unit of logits and losses: a margin of 1 nat is a factor e in odds.",
    ),
)
"""The glossary at the end of the report."""
