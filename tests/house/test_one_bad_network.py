"""One bad file in a folder, run or sweep costs itself only, over all commands that take several networks.

The rest is done and written, the bad ones are named with their files, the exit code is 2.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from support.commands import Command, Good, commands, metavar

import rhoset as rs
from rhoset import processes
from rhoset.cli import main
from rhoset.networks import create_run, write_network

SEVERAL = {"NET": "net", "RUN": "net", "A": "net", "B": "net", "NET|FOLDER": "net"}
"""Metavars of arguments that may mean several networks."""
OF_ONE = {"check", "export", "formalize"}
"""Commands with such a word in an option, that speak of one network."""
COMMANDS = [c for c in commands() if any(metavar(a) in SEVERAL for a in c.arguments) and c.name not in OF_ONE]
IDS = [command.name for command in COMMANDS]
WITH_CERTIFICATES = [c for c in COMMANDS if c.name in ("report", "plot", "table", "compare")]
"""Commands that check the certificates beside the networks."""


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def failures(self) -> dict[str, str]:
        """Message by the last part of what failed."""
        return {Path(f["input"]).name: f["message"] for f in json.loads(self.out)["failures"]}


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    def call(*arguments: object) -> Ran:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        return Ran(code, *capfd.readouterr())

    return call


def line(command: Command, place: Path, target: Path) -> list[str]:
    """The command line with `place` for each argument that means networks."""
    instead = {str(a.name): str(place) for a in command.arguments if metavar(a) in SEVERAL}
    words = Good(target.parent).call(command, instead)
    if any("--out" in option.opts for option in command.options):
        ending = {"certify": "", "report": ".html", "table": ".csv"}.get(command.name, ".svg")
        words = [w for k, w in enumerate(words) if w != "--out" and words[k - 1] != "--out"]
        words += ["--out", str(target.with_suffix(ending))]
    return words


def written(target: Path) -> list[Path]:
    """What a command has left at its place, with nothing half-written beside it."""
    return sorted(p for p in target.parent.rglob("*") if p.is_file())


@pytest.fixture(scope="module")
def networks() -> list[Any]:
    return [rs.construct("S3", ["[2,1]", "[1,1,1]"], seed=seed).network for seed in (1, 2)]


def fill(folder: Path, networks: list[Any]) -> None:
    """Two good networks, named by their step as snapshots are."""
    for k, network in enumerate(networks):
        write_network(folder / f"good-{k}.safetensors", network)


def no_table(place: Path) -> None:
    x = np.arange(6, dtype=np.int32)
    w = np.ones((6, 3), dtype=np.float32)
    tensors = {"left": w, "right": w, "unembed": np.ascontiguousarray(w.T), "bias": w[:, 0].copy()}
    save_file({**tensors, "table": (x[:, None] - x) % 6}, place)


def truncated(place: Path) -> None:
    data = (place.parent / "good-0.safetensors").read_bytes()
    place.write_bytes(data[: len(data) // 2])


def infinite(place: Path) -> None:
    x = np.arange(6, dtype=np.int32)
    w = np.full((6, 3), np.inf, dtype=np.float32)
    tensors = {"left": w, "right": w, "unembed": np.ascontiguousarray(w.T), "bias": w[:, 0].copy()}
    save_file({**tensors, "table": (x[:, None] + x) % 6}, place)


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "truncated": (truncated, "not a safetensors file or damaged"),
    "empty": (lambda place: place.write_bytes(b""), "it is empty"),
    "table": (no_table, "no identity"),
    "numbers": (infinite, "not finite"),
    "pipe": (lambda place: os.mkfifo(place), "is a pipe or a device"),
    "pointer": (lambda p: p.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:ab\n"), "Git LFS"),
    "link": (lambda place: place.symlink_to("nowhere"), "no such file"),
    "loop": (lambda place: place.symlink_to(place), "symbolic links"),
}
"""Kinds of bad network files, and words of the line that says so."""


def add_bad(folder: Path) -> dict[str, str]:
    """A bad file of each kind, before and after the good ones in the alphabet; name → words."""
    said = {}
    for k, (kind, (make, words)) in enumerate(BAD.items()):
        name = f"{'az'[k % 2]}-{kind}-{100 + k}.safetensors"
        make(folder / name)
        said[name] = words
    return said


def test_that_all_commands_are_there() -> None:
    assert {"explain", "certify", "report", "plot", "formation", "table", "compare"} == set(IDS)


@pytest.mark.parametrize("command", COMMANDS, ids=IDS)
def test_bad_files_in_a_folder(command: Command, networks: list[Any], run: Callable[..., Ran], tmp_path: Path) -> None:
    folder, target = tmp_path / "in", tmp_path / "out" / "made"
    folder.mkdir()
    target.parent.mkdir()
    fill(folder, networks)
    said = add_bad(folder)
    ran = run(*line(command, folder, target), "--json", "-q")
    assert ran.code == 2, ran.err
    assert set(ran.failures) == set(said)
    for name, words in said.items():
        assert words in ran.failures[name]
        assert name in ran.failures[name]
        assert ran.err.count(name) == 1
    assert ran.err.count("\n") == len(said)
    assert "Traceback" not in ran.err
    assert "unexpected" not in ran.err
    if command.name in ("explain", "table"):
        assert len(json.loads(ran.out)["networks"]) == 2
    if command.name == "compare":
        assert json.loads(ran.out)["sizes"] == [2, 2]
    made = written(target)
    assert len(made) == {"certify": 2, "explain": 0, "compare": 0}.get(command.name, 1)
    for path in made:
        assert path.stat().st_size > 300
        assert not path.name.startswith(".")
    if command.name == "report":
        text = made[0].read_text()
        assert "2 networks on S3" in text
        assert all(name in text for name in said)


@pytest.mark.skipif(not hasattr(os, "seteuid") or os.getuid() != 0, reason="only root can become someone else")
@pytest.mark.parametrize("command", COMMANDS, ids=IDS)
def test_a_file_without_permission(
    command: Command, networks: list[Any], run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        monkeypatch.setattr(processes, "cores", lambda: 1)  # a new process of someone else can't read Python's files
        fill(folder, networks)
        shutil.copy(folder / "good-0.safetensors", folder / "secret-7.safetensors")
        (folder / "out").mkdir()
        (folder / "out").chmod(0o777)
        run(*line(command, folder, folder / "out" / "first"), "-q")  # whatever is imported is imported now
        shutil.rmtree(folder / "out" / "first", ignore_errors=True)
        (folder / "secret-7.safetensors").chmod(0)
        os.seteuid(65534)
        try:
            ran = run(*line(command, folder, folder / "out" / "made"), "--json", "-q")
        finally:
            os.seteuid(0)
        assert ran.code == 2
        assert list(ran.failures) == ["secret-7.safetensors"]
        assert "Permission denied" in ran.err


@pytest.mark.parametrize("command", COMMANDS, ids=IDS)
def test_nothing_good_is_left(command: Command, run: Callable[..., Ran], tmp_path: Path) -> None:
    """Each is named, nothing is written, and what was there stays."""
    folder, target = tmp_path / "in", tmp_path / "out" / "made"
    folder.mkdir()
    target.parent.mkdir()
    for name in ("a-1", "b-2"):
        (folder / f"{name}.safetensors").write_text("{}")
    ran = run(*line(command, folder, target), "-q")
    assert ran.code == 2
    assert "Traceback" not in ran.err
    assert ran.err.count("a-1.safetensors") == ran.err.count("b-2.safetensors") == 1
    assert all(text.startswith("rhoset: ") for text in ran.err.splitlines())
    assert written(target) == []


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.name in ("plot", "formation")], ids=lambda c: c.name)
def test_a_network_of_another_group(
    command: Command, networks: list[Any], run: Callable[..., Ran], tmp_path: Path
) -> None:
    """What is about one group is about the one that most networks have, even where the odd one comes first."""
    folder, target = tmp_path / "in", tmp_path / "out" / "made"
    folder.mkdir()
    target.parent.mkdir()
    fill(folder, networks)
    odd = "z-9" if command.name == "formation" else "a-9"
    write_network(folder / f"{odd}.safetensors", rs.construct("C3", "2a", seed=1).network)
    ran = run(*line(command, folder, target), "--json", "-q")
    assert ran.code == 2
    assert list(ran.failures) == [f"{odd}.safetensors"]
    assert "multiplication table differs" in ran.err
    assert len(written(target)) == 1


def test_networks_of_several_groups_have_a_report_each(
    networks: list[Any], run: Callable[..., Ran], tmp_path: Path
) -> None:
    """Two tables may have one name; a bad file is said in none of the reports but the first."""
    fill(tmp_path, networks)
    write_network(tmp_path / "a.safetensors", rs.construct("C3", "2a", seed=1).network)
    for k in (1, 2):  # the same group with its elements in another order
        order = np.roll(np.arange(6), k)
        table = np.argsort(order)[networks[0].table[np.ix_(order, order)]].astype(np.int32)
        write_network(tmp_path / f"turned-{k}.safetensors", dataclasses.replace(networks[0], table=table))
    ran = run("report", tmp_path, "--json", "-q")
    said = json.loads(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert [Path(one["report"]).name for one in (said, *said["others"])] == [
        "report.html",
        "report-C3.html",
        "report-S3.html",
        "report-S3-2.html",
    ]
    for one in (said, *said["others"]):
        assert f"{one['networks']} network" in Path(one["report"]).read_text()
    assert (said["networks"], said["group"], said["others"][0]["group"]) == (2, "S3", "C3")
    (tmp_path / "z.safetensors").write_text("{}")
    ran = run("report", tmp_path, "--json", "-q")
    assert (ran.code, list(ran.failures)) == (2, ["z.safetensors"])
    assert len(list(tmp_path.glob("*.html"))) == 4


# What lies beside the networks --------------------------------------------------------------------


CERTIFICATES: dict[str, Callable[[Path], object]] = {
    "truncated": lambda place: place.write_bytes(b"\x40\0\0\0\0\0\0\0{"),
    "pipe": os.mkfifo,
    "pointer": lambda place: place.write_text("version https://git-lfs.github.com/spec/v1\n"),
    "link": lambda place: place.symlink_to("nowhere"),
    "folder": lambda place: place.mkdir(),
}


@pytest.mark.parametrize("command", WITH_CERTIFICATES, ids=lambda c: c.name)
def test_bad_certificates(command: Command, networks: list[Any], run: Callable[..., Ran], tmp_path: Path) -> None:
    """Those that cannot be read are named; one of another network is remarked on and proves nothing."""
    folder, target = tmp_path / "in", tmp_path / "out" / "made"
    folder.mkdir()
    target.parent.mkdir()
    fill(folder, networks)
    assert run("certify", folder, "-q").code == 0
    shutil.copy(folder / "good-1.auto.cert", folder / "good-0.other.cert")
    remarked = run(*line(command, folder, target))
    assert remarked.code == 0
    if command.name != "compare":
        assert remarked.err.count("does not check") == 1
    for name, make in CERTIFICATES.items():
        make(folder / f"good-0.{name}.cert")
    ran = run(*line(command, folder, target), "--json", "-q")
    assert ran.code == 2
    for name in CERTIFICATES:
        assert ran.err.count(f"good-0.{name}.cert") == 1
    assert ran.err.count("\n") == len(CERTIFICATES)
    if command.name == "table":
        said = json.loads(ran.out)["networks"][0]
        assert said["bounds"]["auto"]["accuracy_bound"] == 1
        assert set(said["refused"]) == {"other", *CERTIFICATES}


@pytest.fixture
def trained(networks: list[Any], tmp_path: Path) -> Path:
    """A run as `rhoset train` leaves it, with snapshots and records."""
    run = create_run(tmp_path / "run", {"config": {"width": 13}})
    for k, network in enumerate(networks):
        write_network(run.network_path(k), network)
        steps = run.network_path(k).with_suffix(".steps")
        steps.mkdir()
        (run.path / "records").mkdir(exist_ok=True)
        history = [[step, 1.0 / step, 0.5] for step in (1, 10, 100)]
        (run.path / "records" / f"{k:04d}.json").write_text(json.dumps({"history": history}))
        for step in (1, 10):
            write_network(steps / f"{step:06d}.safetensors", network)
    run.write_results([{"index": k, "seed": k, "steps": 100} for k in range(2)])
    return run.path


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.name != "formation"], ids=lambda c: c.name)
def test_a_bad_network_of_a_run(command: Command, trained: Path, run: Callable[..., Ran], tmp_path: Path) -> None:
    target = tmp_path / "out" / "made"
    target.parent.mkdir()
    (trained / "networks" / "0002.safetensors").write_bytes(b"{}")
    ran = run(*line(command, trained, target), "--json", "-q")
    assert ran.code == 2
    assert list(ran.failures) == ["run#2"]
    assert "0002.safetensors" in ran.err
    assert ran.err.count("\n") == 1
    if command.name == "table":
        assert [n["seed"] for n in json.loads(ran.out)["networks"]] == [0, 1]


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if c.name in ("report", "table", "compare")], ids=lambda c: c.name
)
def test_a_bad_table_of_results(command: Command, trained: Path, run: Callable[..., Ran], tmp_path: Path) -> None:
    target = tmp_path / "out" / "made"
    target.parent.mkdir()
    (trained / "results.csv").write_bytes(b"\xff\xfe\x00")
    ran = run(*line(command, trained, target), "--json", "-q")
    assert ran.code == 2
    assert list(ran.failures) == ["results.csv"]
    assert len(written(target)) == (command.name != "compare")


def test_what_a_report_draws_from_beside_the_networks(trained: Path, run: Callable[..., Ran]) -> None:
    """Snapshots, the record of a training, the curve of bound against cost."""
    bad = {
        trained / "networks" / "0000.steps" / "000005.safetensors": b"{}",
        trained / "records" / "0001.json": b'{"history": 3}',
        trained / "networks" / "0001.frontier.json": b"[1]",
    }
    for place, data in bad.items():
        place.write_bytes(data)
    ran = run("report", trained, "--json", "-q")
    assert ran.code == 2
    assert {str(place) for place in bad} == {f["input"] for f in json.loads(ran.out)["failures"]}
    assert ran.err.count("\n") == len(bad)
    assert (trained / "report.html").stat().st_size > 10_000


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.name != "formation"], ids=lambda c: c.name)
def test_a_bad_cell_of_a_sweep(command: Command, networks: list[Any], run: Callable[..., Ran], tmp_path: Path) -> None:
    target = tmp_path / "out" / "made"
    target.parent.mkdir()
    sweep = tmp_path / "sweep"
    (sweep / "cells").mkdir(parents=True)
    (sweep / "sweep.toml").write_text("")
    for k, network in enumerate(networks):
        write_network(create_run(sweep / "cells" / f"width={k}", {}).network_path(k), network)
    (sweep / "cells" / "width=7").mkdir()
    (sweep / "cells" / "width=7" / "run.toml").write_text("= =")
    (sweep / "cells" / "width=8").mkdir()
    (sweep / "cells" / "width=8" / "run.toml").symlink_to("nowhere")
    ran = run(*line(command, sweep, target), "--json", "-q")
    assert ran.code == 2
    assert set(ran.failures) == {"width=7", "width=8"}
    assert ran.err.count("\n") == 2


def test_workers_do_the_rest_too(networks: list[Any], run: Callable[..., Ran], tmp_path: Path) -> None:
    fill(tmp_path, networks)
    add_bad(tmp_path)
    ran = run("certify", tmp_path, "--workers", 2, "--json", "-q")
    assert ran.code == 2
    assert len(json.loads(ran.out)["certificates"]) == 2
    assert len(ran.failures) == len(BAD)


def test_without_someone_who_keeps_them_errors_are_raised(networks: list[Any], tmp_path: Path) -> None:
    fill(tmp_path, networks)
    (tmp_path / "z.safetensors").write_text("{}")
    for function in (rs.table, rs.plot, rs.load_all):
        with pytest.raises(rs.RhosetError, match=r"z\.safetensors"):
            function(tmp_path)
    with pytest.raises(rs.RhosetError, match=r"z\.safetensors"):
        rs.compare(tmp_path, tmp_path)


def test_one_bad_file_by_its_name_is_said_as_it_is(run: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "z.safetensors").write_text("{}")
    for command in COMMANDS:
        if command.name == "formation":
            continue
        ran = run(*line(command, tmp_path / "z.safetensors", tmp_path / "made"), "--json", "-q")
        assert ran.code == 2
        assert ("error" in json.loads(ran.out)) or command.name == "compare"
        assert "z.safetensors" in ran.err
