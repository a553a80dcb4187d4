"""Everything that a user holds says in one line, and in a small table, what it is."""

from __future__ import annotations

import re
from typing import Any

import pytest

import rhoset as rs
from rhoset.summaries import SUMMARIES, cell, percentage, summarised, table_of

LONGEST = 160
"""Letters of a line."""


@pytest.fixture(scope="module")
def held() -> dict[str, Any]:
    group = rs.group("S4")
    planted = rs.construct("S4", ["[3,1]", "sign"], seed=1)
    network = planted.network
    explanation = rs.explain(network)
    proof = rs.certify(network)
    noisy = rs.explain(rs.construct("C7", [rs.irreps("C7")[1].name], noise=0.2).network)
    found = {
        "group": group, "irrep": rs.irreps(group)[1], "subgroup": rs.subgroup_classes(group)[2],
        "classes": group.classes, "family": rs.rho_set_families(group, rs.irreps(group)[1])[0],
        "rho_set": rs.minimal_rho_set(group, rs.irreps(group)[1]),
        "gset": rs.minimal_rho_set(group, rs.irreps(group)[1]).gset,
        "planted": planted, "network": network, "evaluation": rs.evaluate(network),
        "explanation": explanation, "circuit": explanation.circuits[0], "energy": explanation.energy,
        "quadrature": noisy.quadratures[0], "noisy": noisy,
        "diagnosis": rs.diagnose(explanation), "equivariance": rs.equivariance(network),
        "minimality": rs.minimality(explanation), "intervention": rs.faithfulness(explanation)[0],
        "writing": rs.writing_law(network), "reading": rs.reading_law(network),
        "observables": rs.observables(network), "proof": proof, "cost": proof.cost,
        "plan": rs.CircuitPlan("[3,1]"), "plot": rs.plot(network, "energy"),
    }  # fmt: skip
    return {name: value for name, value in found.items() if value is not None}  # some networks show no reading law


def test_one_line(held: dict[str, Any]):
    for name, value in [*held.items(), ("verdict", held["proof"].verdict)]:
        said = repr(value)
        assert "\n" not in said, name
        assert len(said) <= LONGEST, (name, said)
        assert "array(" not in said, name


def test_one_is_no_plural():
    """Of one part, one set and one class: C2 has two of most things, a network of one circuit one."""
    explanation = rs.explain(rs.construct("S4", ["[3,1]"], seed=1).network)
    found = [rs.minimality(explanation), rs.division(explanation), explanation, rs.group("C1"), rs.group("C1").classes]
    said = [summarised(value) for value in found]
    plural = re.compile(r"\b1 (classes|parts|irreps|sets|terms|rows|elements|smallest sets)")
    assert not [line for line in said if plural.search(line)], said


@pytest.mark.parametrize(
    ("share", "digits", "said"),
    [
        (1.0, 1, "100.0%"), (0.9997, 1, "99.97%"), (1 - 1e-8, 2, "99.999999%"), (0.5, 1, "50.0%"), (0.0, 2, "0.00%"),
        (0.0002, 1, "0.02%"), (3e-7, 1, "0.00003%"),
    ],
)  # fmt: skip
def test_what_is_not_all_never_reads_as_all_nor_what_is_something_as_nothing(share: float, digits: int, said: str):
    assert percentage(share, digits) == said


def test_nothing_reads_as_less_than_nothing():
    assert cell(-0.0) == "0"


def test_a_small_table(held: dict[str, Any]):
    for name, value in held.items():
        if name not in ("plan", "plot"):
            assert 1 <= value._repr_html_().count("<tr>") <= 20, name


def test_lists_are_short():
    many = [rs.group("S3")] * 300
    text = table_of(many)
    assert text.count("<tr>") <= 21
    assert "and 280 more" in text


def test_what_the_checker_says_in_a_notebook(held: dict[str, Any]):
    """The checker's own types stay as they are; IPython is told how to show them."""
    interactive = pytest.importorskip("IPython.core.interactiveshell", reason="IPython is not installed")
    from rhoset.display import register

    shell = interactive.InteractiveShell()
    register(shell)
    for value in (held["proof"].verdict, held["proof"].certificate):
        shown, _ = shell.display_formatter.format(value)
        assert len(shown["text/plain"]) <= LONGEST
        assert "<table>" in shown["text/html"]
    assert "at least 576 of 576 right" in summarised(held["proof"].verdict)


def test_all_that_functions_return_has_a_summary(held: dict[str, Any]):
    known = {name for _, name in SUMMARIES}
    classes = {name for name in rs.__all__ if isinstance(getattr(rs, name), type)}
    without = {"CircuitPlan", "Plot", "RhosetError"}  # a plan is its own line
    assert classes - without <= known
