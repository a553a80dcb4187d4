"""Data frames, Series and lists where a table of a group or names of networks are wanted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rhoset as rs
from rhoset.errors import RhosetError
from rhoset.networks.accept import places_of

pandas = pytest.importorskip("pandas", reason="data frames need the extra table")
polars = pytest.importorskip("polars", reason="data frames need the extra table")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("networks")
    made = []
    for seed in range(3):
        path = folder / f"{seed}.safetensors"
        rs.write_network(path, rs.construct("S3", ["[2,1]"], seed=seed).network)
        made.append(str(path))
    return made


def as_series(kind: str, values: list[str]) -> Any:
    frames = {"list": list, "tuple": tuple, "array": np.array, "pandas": pandas.Series, "polars": polars.Series}
    return frames[kind](values)


@pytest.mark.parametrize("kind", ["list", "tuple", "array", "pandas", "polars"])
def test_lists_of_paths(kind: str, files: list[str]):
    digests = [rs.load(file).digest for file in files]
    assert [n.digest for n in rs.load_all(as_series(kind, files))] == digests
    assert list(rs.table(as_series(kind, files))["network"]) == files
    assert "3 networks on S3" in repr(rs.plot(as_series(kind, files)))


@pytest.mark.parametrize("frame", ["pandas", "polars"])
def test_rows_chosen_from_a_table(frame: str, files: list[str]):
    table = rs.table(*files, frame=frame)
    chosen = table[1:]
    assert [n.digest for n in rs.load_all(chosen)] == [rs.load(file).digest for file in files[1:]]
    assert rs.compare(table[:1], chosen, distances=False).sizes == (1, 2)
    assert list(rs.table(chosen)["network"]) == files[1:]


@pytest.mark.parametrize("value", [3, None, {"a": 1}, [1, 2], pandas.DataFrame({"x": [1]})])
def test_other_things_name_no_networks(value: Any):
    with pytest.raises(RhosetError) as caught:
        places_of(value)
    assert caught.value.slug == "bad-argument"


@pytest.mark.parametrize("frame", [pandas.DataFrame, polars.DataFrame])
def test_a_frame_is_a_table(frame: Any):
    group = rs.group("Q8")
    assert rs.group(frame(group.table)).digest == group.digest
    assert len(rs.irreps(frame(group.table))) == len(rs.irreps(group))


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_a_frame_of_names(kind: str):
    group = rs.group("S3")
    names = [group.element_name(k) for k in range(group.order)]
    rows = [[names[k] for k in row] for row in group.table]
    frame = pandas.DataFrame(rows, columns=names) if kind == "pandas" else polars.DataFrame(rows, names, orient="row")
    read = rs.group(frame)
    assert read.digest == group.digest
    assert [read.element_name(k) for k in range(6)] == names
    with pytest.raises(RhosetError) as caught:
        rs.group(frame.rename(columns={names[1]: "x"}) if kind == "pandas" else frame.rename({names[1]: "x"}))
    assert names[1] in str(caught.value)


def test_weights_as_frames(files: list[str]):
    network = rs.load(files[0])
    tensors = {name: pandas.DataFrame(getattr(network, name)) for name in ("left", "right", "unembed", "table")}
    assert rs.evaluate({**tensors, "bias": pandas.Series(network.bias)}) == rs.evaluate(network)
