"""The words that the report explains beside its figures."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

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

ACCOUNTS = (
    ("by_irreps", "Irreps", "each neuron's own irrep"),
    ("by_cosets", "Cosets", "constant on cosets"),
    ("by_circuits", "ρ-sets", "circuits on slots"),
    ("by_circles", "Circles", "waves and harmonics"),
    ("by_approximate_cosets", "Arcs", "approximate cosets"),
    ("by_remainders", "Remainders", "one for each frequency"),
    ("by_writing_law", "Scalars", "one an irrep, for what is written"),
    ("law", "Law", "of unembed, by the training pairs"),
    ("decided", "Decided", "of unembed, by readings and pairs"),
    ("equivariant_left", "Left", "equivariant, of the logits"),
    ("equivariant_right", "Right", "equivariant"),
    ("equivariant_both", "Both", "equivariant"),
)
"""Columns of the table of accounts: key of `rhoset.populations.accounts.COLUMNS`, name, what it is."""

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
        "A number that the true accuracy provably never falls below, however good or bad the explanation.",
    ),
    (
        "brute force",
        "Evaluating every output on every input: n³m + n²m multiply-adds for n elements and m neurons.",
    ),
    (
        "by gaps",
        "A proof from what neurons read: each reads nearly through a point of a set that the group permutes. How far "
        "the right answer leads is added up over the points.",
    ),
    (
        "by points",
        "A proof from what neurons write, nearly a function of such points; their activations are formed as they are.",
    ),
    (
        "by lowrank",
        "A proof by few sums of activations, which say nearly all of every output; the length of what they leave out "
        "bounds the rest.",
    ),
    (
        "by circles",
        "A proof for cyclic and dihedral groups: neurons read and write waves around circles, and ReLU is taken for a "
        "parabola there.",
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
        "quadrature",
        "Neurons whose vectors b and c lie anywhere on a circle or sphere. Their sum stands for an integral over all "
        "directions; the defect is how far it is from the integral.",
    ),
    (
        "frequency",
        "k names the irrep of a cyclic or dihedral group in which an element of greatest order o turns by 2πk/o.",
    ),
    (
        "simplex",
        "The figure of n + 1 points at equal distances from one another in n dimensions: a triangle, a tetrahedron, …",
    ),
    (
        "coset",
        "gH, all products of one element g with a subgroup H. The points of a ρ-set are named by the cosets of the "
        "elements that fix one of them.",
    ),
    (
        "quartile",
        "A quarter of the values lie below the lower one, half below the middle one, three quarters below "
        "the upper one.",
    ),
    (
        "uneven",
        "Part of the margin lost since the slots of a circuit are missing or differ in weight: the idealised circuit "
        "then treats some inputs better than others.",
    ),
    (
        "reading",
        "Part of the margin lost since neurons read something besides their vector a.",
    ),
    (
        "writing",
        "Part of the margin lost since neurons write beside their slot.",
    ),
    (
        "left over",
        "Neurons that no circuit or quadrature holds, and what they take from the margin.",
    ),
    (
        "nat",
        "Unit of logits and losses: a margin of 1 nat is a factor e in odds.",
    ),
)
"""The glossary at the end of the report."""

_ENDINGS = {"frequency": "frequenc(?:y|ies)"} | {
    name: f"{name}s?"
    for name in ("irrep", "ρ-set", "circuit", "quadrature", "coset", "slot", "certificate", "margin", "nat", "quartile")
}
_ENDINGS |= {name: f"[Bb]{name[1:]}" for name, _ in TERMS if name.startswith("by ")}
_WORDS = {_ENDINGS.get(name, name): name for name, _ in TERMS if name != "bound"}
"""How a term is written in a sentence → its entry; a bound is one of many things."""
_PATTERN = re.compile(r"(?<![\w-])(" + "|".join(_WORDS) + r")(?![\w-])")


def defined(text: str, known: set[str] | None = None) -> Markup:
    """Text with each term's first use explained where it stands, on hover, touch or focus.

    `known` collects the terms explained so far, so that neighbouring sentences explain each once.
    """
    seen = set() if known is None else known
    meanings = dict(TERMS)

    def explain(match: re.Match[str]) -> str:
        entry = next(name for pattern, name in _WORDS.items() if re.fullmatch(pattern, match[0]))
        if entry in seen:
            return match[0]
        seen.add(entry)
        return f'<span class="term" tabindex="0">{match[0]}<span role="note">{escape(meanings[entry])}</span></span>'

    whole_options = re.sub(r"--[a-z]+", r'<span class="option">\g<0></span>', str(escape(text)))
    return Markup(_PATTERN.sub(explain, whole_options))
