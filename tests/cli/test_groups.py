"""`rhoset groups list` and `rhoset groups show`."""

from __future__ import annotations

import pytest


def test_list(rhoset):
    ran = rhoset("groups", "list")
    assert ran.code == 0
    assert "PSL(2,7)" in ran.out
    families = rhoset("groups", "list", "--json").json["families"]
    assert {"pattern", "meaning", "example"} == set(families[0])


def test_every_listed_example_is_a_group(rhoset):
    from rhoset.groups import group

    examples = [f["example"] for f in rhoset("groups", "list", "--json").json["families"]]
    for example in examples:
        if not example.startswith(("table:", "SmallGroup", "M11")):
            assert group(example).order > 1, example


def test_show_s5(rhoset):
    shown = rhoset("groups", "show", "S5", "--json").json
    assert (shown["name"], shown["order"], shown["abelian"]) == ("S5", 120, False)
    assert (shown["classes"], shown["subgroup_classes"]) == (7, 19)
    by_dim = sorted((i["dim"], i["minimal_rho_set"]) for i in shown["irreps"])
    assert by_dim == [(1, 1), (1, 2), (4, 5), (4, 10), (5, 6), (5, 10), (6, 20)]
    assert all(i["rank"] == i["dim"] ** 2 for i in shown["irreps"])
    assert {i["type"] for i in shown["irreps"]} == {"real"}


@pytest.mark.parametrize(
    ("name", "kinds"),
    [("Q8", ["quaternionic", "real"]), ("C3", ["complex", "real"]), ("D4", ["real"])],
)
def test_show_types(rhoset, name: str, kinds: list[str]):
    shown = rhoset("groups", "show", name, "--json").json
    assert sorted({i["type"] for i in shown["irreps"]}) == kinds


def test_show_for_a_human(rhoset):
    ran = rhoset("groups", "show", "S4")
    assert ran.code == 0
    assert "order 24, not abelian" in ran.out
    assert "11 classes of subgroups" in ran.out


def test_long_lists_are_cut(rhoset):
    ran = rhoset("groups", "show", "C59")
    assert "… 19 more" in ran.out
    assert rhoset("groups", "show", "C59", "--json").json["classes"] == 59


@pytest.mark.parametrize("name", ["", "Z_", "S99", "table:missing.csv", "perm:(1 1)", "C0"])
def test_bad_names_are_one_line(rhoset, name: str):
    ran = rhoset("groups", "show", name)
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.count("\n") == 1


def test_a_missing_subcommand_is_a_wrong_call(rhoset):
    assert rhoset("groups").code == 2
    assert rhoset("groups", "nonsense").code == 2
    assert "show" in rhoset("groups", "--help").out
