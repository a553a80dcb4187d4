"""Importers: in which order the elements of a checkpoint are, and the two published originals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.importing import chughtai, save, solved
from support.networks import random_factors
from support.public import public_file

from rhoset.errors import RhosetError
from rhoset.groups import group
from rhoset.networks import (
    Network,
    export_arrays,
    import_network,
    import_networks,
    read_network,
)


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("S4", "sympy"),
        ("S4", "parity"),
        ("S5", "own/opposite"),
        ("D6", "own/opposite"),
        ("D6", "sympy"),
        ("D5", "interleaved"),
        ("D5", "interleaved/opposite"),
        ("A5", "cycle/opposite"),
    ],
)
def test_another_order_is_noticed_and_named(tmp_path: Path, name: str, order: str) -> None:
    g = group(name)
    path = save(tmp_path / "m.pt", export_arrays(solved(g, order), "wu"))
    with pytest.raises(RhosetError) as caught:
        import_network("wu", path, g)
    assert caught.value.slug == "element-order"
    assert f"--order {order}" in str(caught.value)
    found = import_networks("wu", path, g, order=order)[0]
    assert (found.accuracy, found.order) == (1, order)


def test_an_order_that_nobody_knows_is_learned_from_the_answers(tmp_path: Path) -> None:
    g = group("S4")
    network = solved(g)
    old = np.random.default_rng(3).permutation(24)
    t = export_arrays(
        Network(
            network.left[old],
            network.right[old],
            network.unembed[:, old],
            network.bias,
            network.table,
        ),
        "wu",
    )
    path = save(tmp_path / "m.pt", t)
    with pytest.raises(RhosetError, match="--order learned"):
        import_network("wu", path, "S4")
    found = import_networks("wu", path, "S4", order="learned")[0]
    assert found.accuracy == 1
    assert "isomorphic" in found.note
    new = np.argsort(old)
    assert np.array_equal(found.network.table, new[g.table[np.ix_(old, old)]])


def test_a_network_of_another_group_is_noticed(tmp_path: Path) -> None:
    path = save(tmp_path / "m.pt", export_arrays(solved(group("S4")), "wu"))
    with pytest.raises(RhosetError, match="not isomorphic to C24"):
        import_network("wu", path, "C24")
    with pytest.raises(RhosetError, match="has 24 rows, the group has order 60"):
        import_network("wu", path, "A5")


def test_chance_is_said(tmp_path: Path) -> None:
    f = random_factors(60, 4, 8)
    t = {
        "embedding_left": f["embed_left"],
        "embedding_right": f["embed_right"],
        "linear_left": f["hidden_left"],
        "linear_right": f["hidden_right"],
        "unembedding": f["unembed"],
    }
    found = import_networks("wu", save(tmp_path / "m.pt", t), "A5")[0]
    assert "near chance" in found.note
    assert found.network.metadata["import_note"] == found.note


def test_unknown_orders(tmp_path: Path) -> None:
    path = save(tmp_path / "m.pt", chughtai())
    with pytest.raises(RhosetError, match="known are own, and learned"):
        import_network("chughtai", path, "C6", order="sympy")
    with pytest.raises(RhosetError, match="no table of its own"):
        import_network("chughtai", path, "C6", order="file")
    with pytest.raises(RhosetError, match="not the table of a group"):
        import_network("chughtai", path, "C6", order="learned")


@pytest.mark.parametrize(("name", "order"), [("A5", "cycle/opposite"), ("D59", "own")])
@pytest.mark.parametrize("given", [True, False])
def test_published_originals(name: str, order: str, given: bool) -> None:
    path = public_file(f"original/{name}_MLP_seed1/model.pt")
    neutral = read_network(public_file(f"{name}_seed1.safetensors"))
    found = import_networks("chughtai", path, name if given else None)[0]
    assert found.order == order
    assert found.accuracy == 1
    assert found.network.digest == neutral.digest
    assert np.array_equal(found.network.table, neutral.table)
    assert found.network.group.name == name


def test_a_published_original_with_the_wrong_group() -> None:
    path = public_file("original/D59_MLP_seed1/model.pt")
    with pytest.raises(RhosetError) as caught:
        import_network("chughtai", path, "C118")
    assert caught.value.slug == "wrong-group"
