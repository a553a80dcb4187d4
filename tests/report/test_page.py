"""The page as text: what it says, that it needs nothing else, how large it gets."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from rhoset.errors import RhosetError
from rhoset.networks import read_network, write_network
from rhoset.report import RunView, collect, render, write_report
from rhoset.report.charts.figure import bundle
from rhoset.report.charts.overview import cost_figure
from rhoset.report.views import CertificateView

VOID = {"meta", "link", "br", "input", "hr", "img"}
SHAPES = {"path", "rect", "line", "polyline", "polygon"}


@pytest.fixture(scope="module")
def view(run_folder: Path) -> RunView:
    return collect(run_folder)


@pytest.fixture(scope="module")
def page(view: RunView) -> str:
    return render(view)


def test_accounts_stand_side_by_side_where_they_are_asked_for(run_folder: Path, page: str) -> None:
    assert "Accounts side by side" not in page
    view = collect(run_folder, accounts=True)
    found = render(view)
    table = found.partition("Accounts side by side")[2].partition("</table>")[0]
    said = [n.accounts["by_irreps"] for n in view.networks]
    assert all(value is not None and f'data-value="{value}"' in table for value in said)
    assert {name: name in table for name in ("Irreps", "ρ-sets", "Circles")} == {
        "Irreps": True, "ρ-sets": True, "Circles": False,  # S4's networks have none
    }  # fmt: skip


class Structure(HTMLParser):
    """Checks that tags nest, and collects ids, references and attributes that load something."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.ids += [values["id"]] if "id" in values else []
        if tag == "a" and str(values.get("href")).startswith("#"):
            self.references.append(values["href"][1:])
        self.loads += [values[k] for k in ("src", "href", "data", "poster") if k in values]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in SHAPES | VOID, tag

    def handle_endtag(self, tag):
        assert self.open[-1:] == [tag], f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()


def parsed(page: str) -> Structure:
    structure = Structure()
    structure.feed(page)
    assert structure.open == []
    return structure


def test_tags_nest_and_references_lead_somewhere(page: str):
    structure = parsed(page)
    assert len(structure.ids) == len(set(structure.ids))
    assert set(structure.references) <= set(structure.ids)


def test_nothing_is_loaded(page: str):
    assert all(target.startswith(("#", "data:")) for target in parsed(page).loads)
    ours = page.replace(bundle(), "")
    assert len(ours) < len(page) - 500_000, "the charts' library is in the page"
    assert not re.search(r"https?:", ours)
    assert "url(" not in ours
    assert "default-src 'none'" in page


def test_every_network_has_a_section(view: RunView, page: str):
    assert len(view.networks) == 3
    for network in view.networks:
        assert f'id="network-{network.index}"' in page
        assert network.accuracy == 1
        assert network.explained > 0.9
        assert network.circuits
        assert network.seed == 7 + network.index
    assert view.networks[0].explained == pytest.approx(1)


def test_solids_are_named(page: str):
    assert "a tetrahedron" in page
    assert "an octahedron" in page


def shared(page: str) -> dict:
    return json.loads(re.search(r'id="shared">(.*?)</script>', page, re.S)[1])


def test_figures_are_readable_by_the_viewer(page: str):
    data = shared(page)
    assert {int(k) for k in re.findall(r'data-solid="(\d+)"', page)} == set(range(len(data["solids"])))
    assert len(data["solids"]) >= 2
    for solid in data["solids"]:
        assert {"p", "e", "f", "w", "c", "n", "m"} == set(solid)
        assert all(0 <= k < len(solid["p"]) for edge in solid["e"] for k in edge)
        assert len(set(solid["n"])) == len(solid["p"]), "each point has a name of its own"


def test_what_is_alike_is_written_once(page: str):
    data = shared(page)
    places = re.findall(r'data-spec="(\d+)"', page)
    assert {int(k) for k in places} == set(range(len(data["specs"])))
    assert len(data["specs"]) < len(places) / 1.5


def test_margins_add_up(view: RunView, run_folder: Path):
    from rhoset.groups import group
    from rhoset.networks import logits

    network = read_network(run_folder / "networks" / "0000.safetensors")
    g = group("S4")
    n = g.order
    x, y = np.divmod(np.arange(n * n), n)
    f = logits(network, x, y)
    for name, size, parts in zip(
        view.networks[0].margins.classes,
        view.networks[0].margins.sizes,
        view.networks[0].margins.parts,
        strict=True,
    ):
        representative = next(w for w in range(n) if g.element_name(w) == name)
        members = np.flatnonzero(g.classes.labels == g.classes.labels[representative])
        assert len(members) == size
        right = f[np.arange(n * n), g.table[x, y]]
        wrong = [f[np.arange(n * n), g.table[g.table[x, w], y]] for w in members]
        assert sum(parts) == pytest.approx(float(np.mean(right - np.mean(wrong, 0))), abs=1e-3)


def rows_of(page: str, template: str) -> list[dict]:
    """The rows of the first figure of a template."""
    found = re.search(rf'class="chart {template}"[^>]*><script type="application/json">(.*?)</script>', page, re.S)
    table = json.loads(found[1])
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


def test_certificates_are_drawn(view: RunView):
    certificate = CertificateView("gaps", 0.87, 0.1, 2_000, 100_000, 0.01, "real", "x.cert", True)
    refused = dataclasses.replace(certificate, accuracy_bound=1.0, valid=False)
    dear = dataclasses.replace(certificate, operations=9_000)
    networks = tuple(
        dataclasses.replace(n, certificates=(c, refused))
        for n, c in zip(view.networks, (certificate, certificate, dear), strict=True)
    )
    page = render(dataclasses.replace(view, networks=networks))
    parsed(page)
    rows = rows_of(page, "cost")
    assert [row["bound"] for row in rows] == [0.87] * 3, "one a network, at its height; the refused one is not drawn"
    assert len({row["at"] for row in rows}) == 3, "spread sideways"
    assert [row["costs"] for row in rows] == ["2.0 %", "2.0 %", "9.0 %"], "the tooltip has the cost itself"
    assert "≥ 87.0 %" in page
    assert "✗ refused" in page
    assert networks[0].best is certificate, "a refused certificate proves nothing"
    squares = rows_of(page, "costs")
    assert [(row["place"], row["top"], row["level"]) for row in squares] == [(k, k + 1, "less") for k in (0, 1, 0)]
    assert all(row["at"] < cost <= row["until"] for row, cost in zip(squares, (0.02, 0.02, 0.09), strict=True))


def test_bound_against_cost_is_left_out_where_all_marks_would_lie_on_one_line(view: RunView):
    certificate = CertificateView("gaps", 1.0, 0.1, 2_000, 100_000, 0.01, "real", "x.cert", True)
    networks = tuple(dataclasses.replace(n, certificates=(certificate,)) for n in view.networks)
    page = render(dataclasses.replace(view, networks=networks))
    assert 'class="chart cost"' not in page
    assert 'class="chart costs"' not in page
    assert "All best certificates cost the same" in page


def test_every_method_has_a_colour_and_a_mark():
    """A method without a place in the scale would be left out of the chart without a word."""
    from rhoset.prove.methods import METHODS
    from rhoset.report.methods import method_domain, method_family

    assert set(METHODS) <= set(method_domain(()))
    assert method_domain(("new",))[-1] == "new"
    assert method_family("gaps-even") == "gaps"


def test_a_single_network_has_no_charts_of_many(view: RunView):
    page = render(dataclasses.replace(view, networks=view.networks[:1]))
    assert 'class="chart learned"' not in page
    assert "All networks" not in page
    assert page.count('class="chart account"') == 1


@pytest.mark.parametrize("bound", [0.0, 0.2, 1.0])
def test_a_pile_keeps_its_height(view: RunView, bound: float):
    certificate = CertificateView("orbit", bound, 0.1, 2_000, 100_000, 0.01, "real", "x.cert", True)
    networks = tuple(dataclasses.replace(view.networks[0], index=k, certificates=(certificate,)) for k in range(80))
    rows = cost_figure(networks).rows
    assert [row["bound"] for row in rows] == [bound] * 80
    costs = [row["at"] for row in rows]
    assert min(costs) > 0.02 * 0.65
    assert max(costs) < 0.02 * 1.5
    assert all(row["count"] == 80 for row in rows)


def test_frontier(run_folder: Path, tmp_path: Path):
    folder = shutil.copytree(run_folder, tmp_path / "run")
    points = [
        {"method": "orbit", "cost": 0.01, "accuracy_bound": 0.0},
        {"method": "irrep", "cost": 0.3, "accuracy_bound": 1.0},
        {"method": "lowrank", "cost": 0.1, "accuracy_bound": 0.5},
    ]
    (folder / "networks" / "0000.frontier.json").write_text(json.dumps({"points": points}))
    (folder / "networks" / "0001.frontier.json").write_text("nonsense")
    (folder / "networks" / "0002.frontier.json").write_text(json.dumps({"points": [{}]}))
    view = collect(folder)
    assert [p[1] for p in view.networks[0].frontier.points] == [0.01, 0.1, 0.3]
    assert view.networks[1].frontier is view.networks[2].frontier is None
    page = render(view)
    parsed(page)
    assert page.count("What a budget buys") == 1


def test_processes_give_the_same(view: RunView, run_folder: Path):
    shared = collect(run_folder, workers=2)
    assert [n.circuits for n in shared.networks] == [n.circuits for n in view.networks]
    assert [n.margins for n in shared.networks] == [n.margins for n in view.networks]


def test_names_are_escaped(view: RunView):
    odd = '<script>alert(1)</script> & "ρ" \''
    networks = tuple(dataclasses.replace(n, name=odd, findings=(odd,)) for n in view.networks)
    page = render(dataclasses.replace(view, title=odd, group=odd, networks=networks))
    assert "<script>alert" not in page
    parsed(page)


def test_a_hundred_networks_stay_below_10_mb(view: RunView):
    rng = np.random.default_rng(0)
    energy = tuple(tuple(map(float, row)) for row in rng.dirichlet(np.ones(5), size=128).round(2))
    networks = tuple(dataclasses.replace(view.networks[k % 3], index=k, energy=energy) for k in range(100))
    page = render(dataclasses.replace(view, networks=networks))
    assert len(page.encode()) < 10_000_000


def test_written_atomically(view: RunView, tmp_path: Path):
    path = write_report(view, tmp_path / "report.html")
    assert path.read_text(encoding="utf-8") == render(view)
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_networks_of_two_groups_are_refused(run_folder: Path, tmp_path: Path):
    network = read_network(run_folder / "networks" / "0000.safetensors")
    write_network(tmp_path / "a.safetensors", network)
    turned = dataclasses.replace(network, table=np.ascontiguousarray(network.table.T))
    write_network(tmp_path / "b.safetensors", turned)
    with pytest.raises(RhosetError) as caught:
        collect(tmp_path)
    assert caught.value.slug == "mixed-groups"


def test_command(run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    from rhoset.cli import main

    target = tmp_path / "r.html"
    assert main(["report", str(run_folder), "--out", str(target), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["report"] == str(target)
    assert said["networks"] == 3
    assert said["bytes"] == target.stat().st_size
    assert main(["report", str(tmp_path / "missing")]) == 2


def test_the_command_certifies_and_answers(run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """What networks learned and what is proved, from a bare run in one command."""
    from rhoset.cli import main

    folder = shutil.copytree(run_folder, tmp_path / "run")
    for certificate in folder.rglob("*.cert"):
        certificate.unlink()
    assert main(["report", str(folder), "--certify", "-q"]) == 0
    said = capsys.readouterr().out
    assert "What did they learn? 2 of 3 use the 4 points that S4 permutes (a tetrahedron)" in said
    assert "3 of 3 are proved right on every input" in said
    assert len(list(folder.rglob("*.auto.cert"))) == 3
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.cert")}
    assert main(["report", str(folder), "--certify", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["certified"] == 3
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.cert")} == before, "made once"


def test_frequencies_of_circuits_and_of_quadratures_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    from rhoset.cli import main
    from rhoset.networks import write_network
    from rhoset.networks.constructing import construct

    write_network(tmp_path / "a.safetensors", construct("C12", ["frequency 1"]).network)
    write_network(tmp_path / "b.safetensors", construct("C12", ["frequency 5", "frequency 4"]).network)
    assert main(["report", str(tmp_path), "--out", str(tmp_path / "r.html"), "-q"]) == 0
    said = capsys.readouterr().out
    assert "They use 1 to 2 frequencies each." in said
    assert "order 1 " not in said, "cosets of one element are elements"
    assert main(["report", str(tmp_path / "a.safetensors"), "--out", str(tmp_path / "r.html"), "-q"]) == 0
    said = capsys.readouterr().out
    assert "What did it learn? It uses the 12 elements in frequency 1." in said
    assert "Nothing yet: it has no certificate" in said
    assert "What did it learn?" in (tmp_path / "r.html").read_text()


def test_quartiles_in_words(view: RunView):
    """Between two clusters of costs one median says nothing: all quartiles stand there."""
    from rhoset.report.answers import answers

    costs = [1_000, 1_000, 2_000, 40_000, 50_000]
    made = [CertificateView("gaps", 1.0, 0.1, cost, 100_000, 0.01, "real", "x.cert", True) for cost in costs]
    networks = tuple(dataclasses.replace(view.networks[0], index=k, certificates=(c,)) for k, c in enumerate(made))
    assert answers(dataclasses.replace(view, networks=networks)).proved[1] == (
        "By gaps (5 networks) a sceptic redoes 1.0 % to 50.0 % of the work of brute force: for a quarter of them at"
        " most 1.0 %, for half 2.0 %, for three quarters 40.0 %."
    )


def test_answers_in_words(view: RunView, page: str):
    """What is said is what the networks and certificates have."""
    from rhoset.report.answers import answers

    said = answers(view)
    learned = " ".join(said.learned)
    assert "2 of 3 use the 4 points that S4 permutes (a tetrahedron)" in learned
    assert "All are right on every input" in learned
    assert "Nothing yet" in said.proved[0]
    good = CertificateView("orbit", 1.0, 0.1, 2_000, 100_000, 0.01, "real", "x.cert", True)
    dear = dataclasses.replace(good, method="lowrank", operations=60_000)
    weak = dataclasses.replace(good, accuracy_bound=0.5)
    networks = tuple(
        dataclasses.replace(n, certificates=(c,)) for n, c in zip(view.networks, (good, dear, weak), strict=True)
    )
    said = answers(dataclasses.replace(view, networks=networks))
    assert said.proved[0] == (
        "2 of 3 are proved right on every input, for 1 of 3 less than 95 % is proved (at least 50.0 %)."
    )
    assert said.proved[1] == "By orbit (2 networks) a sceptic redoes 2.0 % of the work of brute force."
    assert said.proved[2] == "By lowrank (1 network) a sceptic redoes 60.0 % of the work of brute force."
    assert "2 of 3 networks have no certificate that proves 95 % for at most 30 %" in said.why[0]
    sums = re.findall(r"\d+\.\d\d(?: [−+] [^−+=]+? \d+\.\d\d)* = −?\d+\.\d\d", said.why[-1])
    assert len(sums) == 2, "of those with a dear proof, and beside it of those with a cheap one"
    for one in sums:
        left, end = one.replace(" −", " -").replace("= −", "= -").split(" = ")
        start, *terms = re.split(r" ([-+]) ", left)
        values = [float(sign + term.split()[-1]) for sign, term in zip(terms[::2], terms[1::2], strict=True)]
        assert round(100 * (float(start) + sum(values) - float(end))) == 0, one
    brute = dataclasses.replace(good, method="exhaustive", operations=100_000)
    networks = tuple(
        dataclasses.replace(n, certificates=(c,)) for n, c in zip(view.networks, (good, brute, brute), strict=True)
    )
    said = answers(dataclasses.replace(view, networks=networks))
    assert said.proved[-1] == "2 are proved by brute force itself: every output on every input."
    assert said.why[1].startswith("For all of them trying everything was chosen")
    assert [(row.method, row.count) for row in said.costs] == [("orbit", 1), ("exhaustive", 2)]
    assert 'class="term" tabindex="0">margin<span role="note">' in page, "terms are defined where they stand"


def test_circuits_that_are_alike_are_counted(view: RunView):
    from rhoset.report.answers import network_answer

    network = next(n for n in view.networks if n.circuits and n.circuits[0].left.dim > 1)
    twice = dataclasses.replace(network, circuits=(network.circuits[0], *network.circuits))
    assert "(2 circuits)" in network_answer(twice)
    assert "circuits)" not in network_answer(network)
