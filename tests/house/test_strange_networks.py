"""Networks at the edges, and files of strange names, over all commands that read networks: an answer or one line.

No traceback, no warning of a library, nothing that never ends, no control characters on the terminal.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from support.commands import Command, Good, commands, metavar

import rhoset as rs
from rhoset.cli import main
from rhoset.networks import write_network

pytestmark = pytest.mark.ends_within(300)

NETWORKS = {"NET", "RUN", "A", "B"}
COMMANDS = [
    c for c in commands() if any(metavar(a) in NETWORKS for a in c.arguments) and c.name not in ("export", "formation")
]
MORE = {
    command.name: [
        option.opts[0]
        for option in command.options
        if option.is_flag and not re.search(r"json|quiet|debug|version|help|verified|force|--no-", option.opts[-1])
    ]
    for command in COMMANDS
}
MORE["certify"] += ["--arithmetic", "float32"]
"""Options that look at everything."""


def tables(n: int, m: int, value: float, dtype: Any = np.float32) -> dict[str, Any]:
    x = np.arange(n, dtype=np.int32)
    return {
        "left": np.full((n, m), value, dtype),
        "right": np.full((n, m), value, dtype),
        "unembed": np.full((m, n), value, dtype),
        "bias": np.zeros(n, dtype),
        "table": (x[:, None] + x) % n,
    }


STRANGE = {
    "zeros": tables(3, 4, 0),
    "alike": tables(3, 4, 1),
    "no neurons": tables(3, 0, 0),
    "one element": tables(1, 2, 1),
    "two elements": tables(2, 1, 1),
    "largest": tables(2, 3, 3e38),
    "largest of doubles": tables(2, 3, 1e308, np.float64),
    "denormal": tables(2, 3, 1e-44),
    "halves": tables(2, 3, 6e4, np.float16),
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    def call(line: list[str]) -> tuple[int, str, str]:
        capfd.readouterr()
        code = main(line)
        return code, *capfd.readouterr()

    return call


def line(command: Command, network: Path) -> list[str]:
    words = Good(network.parent).call(command, {str(a.name): str(network) for a in command.arguments})
    if any("--out" in option.opts for option in command.options) and command.name not in ("certify", "table"):
        words = [w for k, w in enumerate(words) if w != "--out" and words[k - 1] != "--out"]
        words += ["--out", str(network.parent / {"report": "r.html"}.get(command.name, "f.svg"))]
    return [*words, *MORE.get(command.name, [])]


def fine(ran: tuple[int, str, str]) -> None:
    code, out, err = ran
    assert code in (0, 2), err
    assert "unexpected" not in err
    assert "Traceback" not in err
    assert "Warning" not in err
    if code == 2:
        assert err.startswith("rhoset: "), err
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\x9b]", out + err)


@pytest.mark.parametrize("kind", STRANGE)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
def test_networks_at_the_edges(command: Command, kind: str, run: Callable[..., Any], tmp_path: Path) -> None:
    save_file(STRANGE[kind], tmp_path / "net.safetensors")
    fine(run([*line(command, tmp_path / "net.safetensors"), "-q"]))


NAMES = ["sp ace", "new\nline", "ünï—ρ", "#3", "%s{0}", "'q\"", "\x1b[31m", "a\rb", "[bold]x[bold]"]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    network = rs.construct("S3", ["[2,1]", "[1,1,1]"], seed=1).network
    return write_network(tmp_path_factory.mktemp("good") / "net.safetensors", network)


@pytest.mark.parametrize("name", NAMES, ids=ascii)
@pytest.mark.parametrize("command", [c for c in COMMANDS if c.name != "report"], ids=lambda c: c.name)
def test_files_of_strange_names(
    command: Command, name: str, good: Path, run: Callable[..., Any], tmp_path: Path
) -> None:
    place = tmp_path / f"{name}.safetensors"
    shutil.copy(good, place)
    ran = run(line(command, place)[: -len(MORE.get(command.name, [])) or None])
    assert ran[0] == 0, ran[2]
    fine(ran)


def test_one_is_no_plural(run: Callable[..., Any], tmp_path: Path) -> None:
    """A network of one neuron, in all that is said of it."""
    x = np.arange(2, dtype=np.int32)
    sign = np.array([[1.0], [-1.0]], dtype=np.float32)
    tensors = {"left": sign, "right": sign, "unembed": np.ascontiguousarray(sign.T), "bias": np.zeros(2, np.float32)}
    save_file({**tensors, "table": (x[:, None] + x) % 2}, tmp_path / "net.safetensors")
    said = [str(value) for value in (rs.explain("net.safetensors"), *rs.explain("net.safetensors").circuits)]
    for command in COMMANDS:
        said += run(line(command, tmp_path / "net.safetensors"))[1:]
    said.append((tmp_path / "r.html").read_text() if (tmp_path / "r.html").exists() else "")
    text = re.sub(r"<script.*?</script>", "", "\n".join(said), flags=re.DOTALL)
    assert "1 neuron" in text
    wrong = r"\b1 (neurons|networks|circuits|steps|snapshots|findings|irreps|elements|pairs|cells|rows|certificates)\b"
    assert [found[0] for found in re.finditer(wrong, text)] == []
