"""The page in headless Chromium: no errors, the figures are painted, it fits a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rhoset.report import collect, render

from .conftest import Page, with_probe

UNTIL = """
const until = (holds, then, left = 100) =>
  holds() || !left ? then() : setTimeout(() => until(holds, then, left - 1), 200);
"""
"""Goes on once something holds, or after 20 s of the page's time."""
PATIENT = "--virtual-time-budget=40000"
PAINTED = (
    UNTIL
    + """
const canvases = [...document.querySelectorAll("canvas.solid")];
const copy = document.createElement("canvas"), pen = copy.getContext("2d", {willReadFrequently: true});
const pixels = c => {
  [copy.width, copy.height] = [c.width, c.height];
  pen.drawImage(c, 0, 0);
  return pen.getImageData(0, 0, c.width, c.height).data;
};
const painted = () => canvases.filter(c => c.dataset.ready && c.width && pixels(c).some(v => v));
until(() => painted().length === canvases.length, () => {
  document.body.dataset.canvases = canvases.length;
  document.body.dataset.painted = painted().length;
});
"""
)


@pytest.fixture(scope="module")
def page(run_folder: Path) -> str:
    return render(collect(run_folder))


def write(path: Path, html: str) -> Path:
    path.write_text(html, encoding="utf-8")
    return path


def test_no_errors_and_everything_painted(browse: Callable[..., Page], page: str, tmp_path: Path):
    probe = 'document.getElementById("open-all").click();' + PAINTED
    seen = browse(write(tmp_path / "r.html", with_probe(page, probe)), PATIENT)
    assert seen.console == []
    assert 'data-loaded="yes"' in seen.dom
    assert int(seen.data("canvases")) >= 3
    assert seen.data("painted") == seen.data("canvases")


def test_errors_would_be_seen(browse: Callable[..., Page], page: str, tmp_path: Path):
    broken = page.replace('"use strict";', '"use strict"; nonsense();')
    seen = browse(write(tmp_path / "r.html", broken))
    assert any("nonsense is not defined" in line for line in seen.console)


def test_keys_turn_a_figure(browse: Callable[..., Page], page: str, tmp_path: Path):
    probe = """
    const canvas = document.querySelector("canvas.solid");
    const view = viewers.find(v => v.canvas === canvas);
    canvas.focus();
    view.spinning = false;
    const before = view.turn.flat().join();
    canvas.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowLeft", bubbles: true}));
    document.body.dataset.turned = before !== view.turn.flat().join();
    document.body.dataset.focused = document.activeElement === canvas;
    canvas.dispatchEvent(new KeyboardEvent("keydown", {key: " ", bubbles: true}));
    document.body.dataset.spinning = view.spinning;
    """
    seen = browse(write(tmp_path / "r.html", with_probe(page, probe)))
    assert seen.console == []
    assert seen.data("turned") == seen.data("focused") == seen.data("spinning") == "true"


def test_sorting_and_theme(browse: Callable[..., Page], page: str, tmp_path: Path):
    probe = """
    const first = () => document.querySelector("tbody tr td").dataset.value;
    const button = document.querySelector("thead button");
    button.click(); document.body.dataset.up = first();
    button.click(); document.body.dataset.down = first();
    document.body.dataset.sorted = button.parentElement.getAttribute("aria-sort");
    const before = getComputedStyle(document.body).backgroundColor;
    document.getElementById("theme").click();
    document.body.dataset.recoloured = before !== getComputedStyle(document.body).backgroundColor;
    """
    seen = browse(write(tmp_path / "r.html", with_probe(page, probe)))
    assert (seen.data("up"), seen.data("down")) == ("0", "2")
    assert seen.data("sorted") == "descending"
    assert seen.data("recoloured") == "true"


def test_charts_are_drawn_and_drawn_again_in_the_other_theme(browse: Callable[..., Page], page: str, tmp_path: Path):
    probe = """
    const place = document.querySelector(".chart.learned");
    const fills = () => [...place.querySelectorAll("path")].map(p => p.getAttribute("fill")).join();
    place.scrollIntoView({behavior: "instant"});
    drawChart(place);
    until(() => place.dataset.ready === "yes" && fills().length > 0, () => {
      const before = fills();
      document.body.dataset.drawn = place.dataset.ready;
      document.getElementById("theme").click();
      const redrawn = () => fills().length > 0 && fills() !== before;
      until(redrawn, () => { document.body.dataset.recoloured = redrawn(); });
    });
    """
    seen = browse(write(tmp_path / "r.html", with_probe(page, UNTIL + probe)), PATIENT)
    assert seen.console == []
    assert seen.data("drawn") == "yes"
    assert seen.data("recoloured") == "true"


def test_nothing_is_missing_on_paper(browse: Callable[..., Page], page: str, tmp_path: Path):
    """All charts of open sections are drawn, those too that nobody scrolled to."""
    probe = """
    const open = [...document.querySelectorAll(".chart")].filter(place => place.clientWidth);
    const ready = () => open.filter(place => place.dataset.ready === "yes").length;
    until(() => ready() === open.length, () => {
      document.body.dataset.open = open.length;
      document.body.dataset.ready = ready();
    });
    """
    never = page.replace("inView.observe(place);", "")
    assert never != page
    seen = browse(write(tmp_path / "r.html", with_probe(never, UNTIL + probe)), PATIENT)
    assert seen.console == []
    assert seen.data("ready") == seen.data("open") != "0"


def test_keys_go_from_network_to_network_every_time(browse: Callable[..., Page], page: str, tmp_path: Path):
    probe = """
    const press = key => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
    const at = () => document.activeElement.closest("details")?.id;
    const seen = [];
    for (const key of ["j", "j", "j", "j", "k", "k"]) { press(key); seen.push(at()); }
    document.body.dataset.seen = seen.join(" ").replaceAll("network-", "");
    """
    seen = browse(write(tmp_path / "r.html", with_probe(page, probe)))
    assert seen.console == []
    assert seen.data("seen") == "0 1 2 2 1 0"


def test_a_slot_marks_its_points_and_an_element_moves_them(browse: Callable[..., Page], page: str, tmp_path: Path):
    probe = """
    const view = viewers[0], before = view.points.map(p => p.join()).sort().join(";");
    view.canvas.dispatchEvent(new KeyboardEvent("keydown", {key: "]", bubbles: true}));
    document.body.dataset.marked = [view.marked.b, view.marked.c].join();
    const move = view.moves.find(m => m.p.some((k, b) => k !== b)), steps = moved(view.points[0], move, 1);
    const target = view.places[move.p[0]];
    document.body.dataset.lands = Math.max(...steps.map((x, k) => Math.abs(x - target[k]))) < 1e-3;
    const select = view.canvas.nextElementSibling.querySelector("select");
    select.value = String(view.moves.indexOf(move)); select.dispatchEvent(new Event("change"));
    const there = () => before === view.points.map(p => p.join()).sort().join(";");
    until(() => view.at.join() === move.p.join() && there(), () => {
      document.body.dataset.permuted = view.at.join() === move.p.join();
      document.body.dataset.same = there();
    });
    """
    seen = browse(
        write(tmp_path / "r.html", with_probe(page, UNTIL + probe)), PATIENT, "--force-prefers-reduced-motion"
    )
    assert seen.console == []
    assert seen.data("marked") == "0,0"
    assert [seen.data(name) for name in ("lands", "permuted", "same")] == ["true"] * 3


@pytest.mark.parametrize("width", [360, 1600])
def test_fits_the_width(browse: Callable[..., Page], page: str, tmp_path: Path, width: int):
    probe = "parent.postMessage(document.documentElement.scrollWidth, '*');"
    write(tmp_path / "r.html", with_probe(page, probe))
    outer = write(
        tmp_path / "outer.html",
        "<!doctype html><body>"
        f'<iframe src="r.html" style="width:{width}px;height:900px;border:0"></iframe>'
        "<script>onmessage = e => { document.body.dataset.wide = e.data; };</script></body>",
    )
    assert int(browse(outer, "--window-size=1700,1000").data("wide")) <= width
