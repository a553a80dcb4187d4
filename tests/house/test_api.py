"""`import rhoset as rs`: the names are there, nothing heavy is loaded, displays are small HTML."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

import rhoset as rs
from rhoset import display


def test_every_name_is_there():
    for name in rs.__all__:
        assert getattr(rs, name) is not None
        assert name in dir(rs)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = rs.nonsense


def test_functions_are_functions():
    """What help(), signatures and type checkers see is what runs."""
    network = rs.construct("S3", ["[2,1]", "[1,1,1]"], seed=1).network
    for name in rs.__all__:
        value = getattr(rs, name)
        assert not isinstance(value, ModuleType), name
        if callable(value):
            assert value.__name__ == name
            assert value.__doc__, name
    assert next(iter(inspect.signature(rs.explain).parameters)) == "network"
    assert isinstance(rs.explain(network), rs.Explanation)


def test_a_type_checker_sees_the_functions(tmp_path: Path):
    api = pytest.importorskip("mypy.api")
    good = tmp_path / "good.py"
    good.write_text("import rhoset as rs\n\ndef f(n: rs.Network) -> float:\n    return rs.explain(n).explained\n")
    bad = tmp_path / "bad.py"
    bad.write_text("import rhoset as rs\n\ndef f(n: rs.Network) -> str:\n    return rs.explain(n).explained\n")
    options = ["--strict", "--follow-imports=silent", f"--cache-dir={tmp_path / 'cache'}", "--ignore-missing-imports"]
    assert api.run([*options, str(good)])[2] == 0, api.run([*options, str(good)])[0]
    assert "Incompatible return value" in api.run([*options, str(bad)])[0]


def test_load(tmp_path: Path):
    network = rs.construct("S3", ["[2,1]", "[1,1,1]"], seed=1).network
    for name in ("a", "b"):
        rs.write_network(tmp_path / f"{name}.safetensors", network)
    assert rs.load(tmp_path / "a.safetensors").digest == network.digest
    assert [n.digest for n in rs.load_all(tmp_path)] == [network.digest] * 2
    with pytest.raises(rs.RhosetError) as caught:
        rs.load(tmp_path)
    assert caught.value.slug == "several-networks"
    with pytest.raises(rs.RhosetError):
        rs.load(tmp_path / "c.safetensors")


def test_check_of_a_bad_certificate(tmp_path: Path):
    network = rs.construct("S3", ["[2,1]", "[1,1,1]"], seed=1).network
    path = rs.write_network(tmp_path / "a.safetensors", network)
    with pytest.raises(rs.RhosetError, match="no such file; expected a certificate"):
        rs.check(tmp_path / "a.cert", path)
    bad = tmp_path / "a.cert"
    bad.write_bytes(b"nonsense")
    verdict = rs.check(bad, path)
    assert not verdict.valid
    assert verdict.reason


def test_train_settings(tmp_path: Path):
    pytest.importorskip("torch")
    run = rs.train("C3", 1, out=tmp_path / "run", width=8, max_steps=3, min_steps=1)
    assert rs.load(f"{run.run.path}#0").width == 8
    with pytest.raises(rs.RhosetError):
        rs.train("C3", 1, out=tmp_path / "other", nonsense=8)
    with pytest.raises(rs.RhosetError):
        rs.train("C3", 1, out=tmp_path / "other", preset="nonsense")


def test_pictures(tmp_path: Path):
    group = rs.group("S4")
    network = rs.construct(group, ["[3,1]"], seed=1).network
    for what in (network, rs.explain(network)):
        page = rs.plot(what)
        assert "a tetrahedron" in page.html
        assert page.save(tmp_path / "p.html").read_text(encoding="utf-8") == page.html
        assert page._repr_html_().startswith("<iframe")
    file = rs.write_network(tmp_path / "n.safetensors", network)
    assert "a tetrahedron" in rs.plot(file).html
    with pytest.raises(rs.RhosetError, match="no picture of the int 3"):
        rs.plot(3)


def test_displays_in_a_notebook():
    shown = {}

    def for_type_by_name(module, name, function):
        shown[module, name] = function

    formatter = SimpleNamespace(for_type_by_name=for_type_by_name, for_type=shown.__setitem__)
    plain = SimpleNamespace(for_type_by_name=lambda module, name, function: None)
    formatters = {"text/html": formatter, "text/plain": plain}
    display.register(SimpleNamespace(display_formatter=SimpleNamespace(formatters=formatters)))
    assert set(shown) == {*display.OUTSIDE, list, tuple}
    group = rs.group("S4")
    network = rs.construct(group, ["[3,1]"], seed=1).network
    rho_set = rs.minimal_rho_set(group, rs.irreps(group)[1])
    for value in (group, rho_set, network, rs.explain(network)):
        assert value._repr_html_().startswith("<table>")
    assert shown[tuple](rs.irreps(group)).startswith("<table>")
    assert shown[list]([1, 2]) is None
    proof = rs.certify(network)
    assert "576 of 576" in shown["rhoset_check.verdict", "Verdict"](proof.verdict)
    assert "576 of 576" in proof._repr_html_()
    assert "tetrahedron" not in display.html(group)
    assert "[3,1]" in display.html(rs.explain(network))


def loaded(statement: str) -> set[str]:
    code = f"{statement}\nimport sys; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_torch_stays_out_until_something_is_trained():
    work = "rs.explain(rs.construct('S3', ['[2,1]', '[1,1,1]']).network)"
    assert "torch" not in loaded(f"import rhoset as rs; {work}")
    pytest.importorskip("torch")
    assert "torch" in loaded("import rhoset.training as t; t.Trainer")


def test_without_torch(tmp_path: Path):
    """Everything but training works where PyTorch cannot be imported; training says what to do."""
    code = f"""
import sys
class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ImportError("no torch here")
sys.meta_path.insert(0, NoTorch())
import rhoset as rs
from rhoset.cli import main
path = rs.write_network({str(tmp_path / "a.safetensors")!r}, rs.construct("S4", ["[3,1]"]).network)
assert main(["explain", str(path), "--json", "-q"]) == 0
assert main(["report", str(path), "--json", "-q"]) == 0
for line in (["train", "C3"], ["study", "o57", "--quick", "--out", "s"], ["sweep", "g.toml"], ["reproduce", "--quick"]):
    assert main(line + ["-q"]) == 2
try:
    rs.train("C3", 1, out={str(tmp_path / "run")!r})
except rs.RhosetError as error:
    assert error.slug == "missing-extra", error.slug
    print("DONE")
"""
    (tmp_path / "g.toml").write_text('[grid]\ngroup = ["C3"]\n')
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.endswith("DONE\n"), done.stderr
    assert done.stderr.count("pip install 'rhoset[train]'") == 4, done.stderr
