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
from rhoset.report.views import CertificateView

VOID = {"meta", "link", "br", "input", "hr", "img"}
SHAPES = {"path", "rect", "line", "polyline", "polygon"}


@pytest.fixture(scope="module")
def view(run_folder: Path) -> RunView:
    return collect(run_folder)


@pytest.fixture(scope="module")
def page(view: RunView) -> str:
    return render(view)


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
    assert not re.search(r"https?:", page)
    assert "url(" not in page
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


def test_figures_are_readable_by_the_viewer(page: str):
    figures = re.findall(r"data-solid='([^']*)'", page)
    assert len(figures) >= 3
    for text in figures:
        data = json.loads(text.replace("&#34;", '"'))
        assert {"p", "e", "f", "w", "c"} == set(data)
        assert all(0 <= k < len(data["p"]) for edge in data["e"] for k in edge)


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


def test_certificates_are_drawn(view: RunView):
    certificate = CertificateView("orbit", 0.97, 0.1, 2_000, 100_000, 0.01, "real", "x.cert", True)
    refused = dataclasses.replace(certificate, accuracy_bound=1.0, valid=False)
    networks = tuple(dataclasses.replace(n, certificates=(certificate, refused)) for n in view.networks)
    page = render(dataclasses.replace(view, networks=networks))
    parsed(page)
    assert page.count('class="mark m-orbit"') == 3 + 1, "one a network, one in the legend"
    assert "≥ 97.0 %" in page
    assert "✗ refused" in page
    assert networks[0].best is certificate, "a refused certificate proves nothing"


def test_frontier(run_folder: Path, tmp_path: Path):
    folder = shutil.copytree(run_folder, tmp_path / "run")
    points = [
        {"method": "orbit", "cost": 0.01, "accuracy_bound": 0.0},
        {"method": "irrep", "cost": 0.3, "accuracy_bound": 1.0},
        {"method": "mixture", "cost": 0.1, "accuracy_bound": 0.5},
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


def test_a_crowd_is_counted(view: RunView):
    certificate = CertificateView("orbit", 1.0, 0.1, 2_000, 100_000, 0.01, "real", "x.cert", True)
    networks = tuple(dataclasses.replace(view.networks[0], index=k, certificates=(certificate,)) for k in range(80))
    page = render(dataclasses.replace(view, networks=networks))
    parsed(page)
    assert page.count('class="mark m-orbit"') == 1 + 1, "one for all, one in the legend"
    assert ">80</text>" in page


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
