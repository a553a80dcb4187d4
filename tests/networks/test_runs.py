"""Run folders, and what a NET argument means."""

from __future__ import annotations

from pathlib import Path

import pandas
import polars
import pytest
from support.networks import random_network

from rhoset.errors import RhosetError
from rhoset.networks import (
    Run,
    certificate_path,
    certificates,
    create_run,
    open_networks,
    open_run,
    write_network,
)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run that holds networks 0, 1 and 4."""
    run = create_run(tmp_path / "run", {"group": "C5", "train": {"width": 7, "seeds": [0, 1, 4]}})
    for index in (0, 1, 4):
        write_network(run.network_path(index), random_network(seed=index))
    return run


def test_a_run_reads_back(run: Run) -> None:
    again = open_run(run.path)
    assert again.manifest == {"group": "C5", "train": {"width": 7, "seeds": [0, 1, 4]}}
    assert again.indices == (0, 1, 4)
    assert again.network_path(4).name == "0004.safetensors"


def test_other_files_are_no_networks(run: Run) -> None:
    for name in (
        ".0002.safetensors.1.tmp",
        "0003.safetensors.tmp",
        "x.safetensors",
        "0001.orbit.cert",
    ):
        (run.path / "networks" / name).write_bytes(b"")
    assert run.indices == (0, 1, 4)


def test_a_run_is_never_overwritten(run: Run) -> None:
    before = (run.path / "run.toml").read_bytes()
    with pytest.raises(RhosetError) as caught:
        create_run(run.path, {})
    assert caught.value.slug == "run-exists"
    assert (run.path / "run.toml").read_bytes() == before


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("do not lose this")
    with pytest.raises(RhosetError, match="not empty"):
        create_run(tmp_path, {})
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(RhosetError, match="not empty"):
        create_run(tmp_path / "thesis.tex", {})


@pytest.mark.parametrize("content", [b"group = ", b"\xff\xfe\x00", b"[a]\n[a]"])
def test_a_damaged_manifest(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.toml").write_bytes(content)
    with pytest.raises(RhosetError) as caught:
        open_run(tmp_path)
    assert caught.value.slug == "bad-run"


def test_open_run_of_what_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "none", tmp_path / "file"):
        with pytest.raises(RhosetError) as caught:
            open_run(path)
        assert caught.value.slug == "bad-run"


def test_results_open_in_pandas_and_polars(run: Run) -> None:
    rows = [
        {"index": 0, "loss": 0.027, "accuracy": 1.0, "label": "generalised", "stopped": False},
        {"index": 1, "loss": float("nan"), "accuracy": None, "label": 'a, "b"', "stopped": True},
        {"index": 4, "loss": 1e-300, "seconds": float("inf")},
    ]
    path = run.write_results(rows)
    assert path.name == "results.csv"
    for frame in (pandas.read_csv(path), polars.read_csv(path)):
        columns = ["index", "loss", "accuracy", "label", "stopped", "seconds"]
        assert list(frame.columns) == columns
        assert list(frame["index"]) == [0, 1, 4]
        assert list(frame["loss"])[::2] == [0.027, 1e-300]
        assert list(frame["seconds"])[2] == float("inf")
    back = run.results()
    assert back[0] == {**rows[0], "seconds": None}
    assert back[2] == {
        "index": 4,
        "loss": 1e-300,
        "accuracy": None,
        "label": None,
        "stopped": None,
        "seconds": float("inf"),
    }


def test_results_missing_or_damaged(run: Run) -> None:
    assert run.results() == []
    (run.path / "results.csv").write_bytes(b"a,b\n\xff\xfe\n")
    with pytest.raises(RhosetError, match="not a table"):
        run.results()


def test_certificates_lie_beside_their_network(run: Run) -> None:
    network = run.network_path(1)
    assert certificate_path(network, "orbit") == run.path / "networks" / "0001.orbit.cert"
    for method in ("orbit", "irrep"):
        certificate_path(network, method).write_bytes(b"")
    certificate_path(run.network_path(4), "orbit").write_bytes(b"")
    assert list(certificates(network)) == ["irrep", "orbit"]
    assert run.certificates(1) == certificates(network)
    assert run.certificates(0) == {}
    assert certificates(run.path / "none" / "x.safetensors") == {}


def test_net_arguments(run: Run, tmp_path: Path) -> None:
    folder = str(run.path)
    assert open_networks(folder) == [(f"{folder}#{i}", run.network_path(i)) for i in (0, 1, 4)]
    assert open_networks(folder + "/") == open_networks(folder)
    assert open_networks(f"{folder}#4") == [(f"{folder}#4", run.network_path(4))]
    assert open_networks(f"{folder}#004") == open_networks(f"{folder}#4")
    file = run.network_path(1)
    assert open_networks(file) == [(str(file), file)]
    assert [path for _, path in open_networks(run.path / "networks")] == [run.network_path(i) for i in (0, 1, 4)]


def test_a_file_with_a_hash_in_its_name(tmp_path: Path) -> None:
    path = write_network(tmp_path / "net#3", random_network())
    assert open_networks(path) == [(str(path), path)]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("{run}#7", "it has 0–1, 4"),
        ("{run}#x", "'x' is no index"),
        ("{run}#-1", "'-1' is no index"),
        ("{run}#", "'' is no index"),
        ("{tmp}/none", "no such file or folder"),
        ("{tmp}/none#1", "is not a run"),
        ("{tmp}", "not a run"),
        ("{tmp}/empty", "no finished network"),
    ],
)
def test_net_arguments_that_mean_nothing(run: Run, tmp_path: Path, spec: str, words: str) -> None:
    create_run(tmp_path / "empty", {})
    with pytest.raises(RhosetError) as caught:
        open_networks(spec.format(run=run.path, tmp=tmp_path))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
