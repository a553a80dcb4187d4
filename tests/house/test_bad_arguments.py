"""What is passed wrongly, over all public functions: a result, or one typed line; never an error from inside."""

from __future__ import annotations

import importlib
import inspect
import re
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rhoset as rs
from rhoset.groups import Group
from rhoset.networks import Network, write_network


class Foreign:
    """Some object of another library."""


WRONG = {
    "None": None,
    "int": -1,
    "large": 10**30,
    "float": 3.5,
    "nan": float("nan"),
    "truth": True,
    "empty text": "",
    "text": "nonsense \x1b …",
    "null": "a\0b",
    "bytes": b"x",
    "list": [],
    "nested": [[1, 2], [3]],
    "dict": {},
    "dict of text": {"left": "x"},
    "set": {1},
    "array": np.zeros((2, 3)),
    "objects": np.array([None, "x"], dtype=object),
    "number in an array": np.array(3),
    "many": [1] * 50_000,
    "endless text": "x" * 50_000,
    "surrogate": "\udc80",
    "here": Path("."),
    "inf": float("inf"),
    "object": Foreign(),
    "type": Foreign,
    "function": len,
    "module": types,
}


@dataclass(frozen=True)
class Public:
    """A public function by the name that users know."""

    name: str
    function: Any

    @property
    def parameters(self) -> list[inspect.Parameter]:
        kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        return [p for p in inspect.signature(self.function).parameters.values() if p.kind not in kinds]


ROOMS = (
    "networks.constructing", "networks.importing", "networks", "groups", "explaining", "report", "prove", "populations",
    "frameworks", "formalize", "reproduce", "training",
)  # fmt: skip


def public() -> Iterator[Public]:
    """Every function of ``rs`` and of the rooms, as the packages list them, but for what comes with PyTorch: to train
    takes too long here, and its arguments are checked as those of ``rs.train``."""
    for room in ROOMS:
        page = importlib.import_module(f"rhoset.{room}")
        for name in getattr(page, "__all__", None) or [name for name in vars(page) if not name.startswith("_")]:
            if name not in vars(page).get("_NEEDS_TORCH", {}) and inspect.isfunction(getattr(page, name)):
                yield Public(f"{room}.{name}", getattr(page, name))
    for name in rs.__all__:
        if inspect.isfunction(getattr(rs, name)):
            yield Public(name, getattr(rs, name))


FUNCTIONS = list({id(p.function): p for p in public()}.values())
CASES = [pytest.param(p, parameter, id=f"{p.name}({parameter.name})") for p in FUNCTIONS for parameter in p.parameters]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A value that would do, by the parameter's name."""
    tmp_path = tmp_path_factory.mktemp("good")
    planted = rs.construct("S3", ["[2,1]", "[1,1,1]"], seed=1)
    path = write_network(tmp_path / "net.safetensors", planted.network)
    group = rs.group("S3")
    circuit = rs.explain(planted.network).circuits[0]
    lower = {name: value for name, value in vars(circuit.left_set).items() if name in ("gset", "irrep")}
    return (
        lower_values(planted.network, circuit)
        | lower
        | {
            "network": planted.network,
            "group": group,
            "irrep": rs.irreps(group)[-1],
            "path": tmp_path / "new.safetensors",
            "spec": path,
            "certificate": path,
            "name": "S3",
            "what": planted.network,
            "out": tmp_path / "run",
            "models": 1,
            "x": 0,
            "y": 1,
            "tensors": {"left": planted.network.left},
            "activation": "relu",
            "table": group.table,
            "data": b"x",
            "manifest": {},
            "text": "[2,1]",
            "format": "wu",
            "method": "auto",
            "factors": {},
            "rho_set": rs.minimal_rho_set(group, rs.irreps(group)[-1]),
            "explanation": rs.explain(planted.network),
            "irreps": rs.irreps(group),
            "f": np.arange(6.0),
            "transformed": rs.fourier(rs.irreps(group), np.arange(6.0)),
            "of": planted.network,
            "activations": rs.activations(planted.network),
            "folder": tmp_path / "queries",
            "gset": rs.minimal_rho_set(group, rs.irreps(group)[-1]).gset,
        }
    )


def lower_values(network: Network, circuit: rs.Circuit) -> dict[str, Any]:
    """Values for the functions that the rooms export beside what users know."""
    from rhoset.explaining import analyse
    from rhoset.prove import subject

    group, irreps = network.group, rs.irreps(network.group)
    subgroups = rs.subgroup_classes(group)
    action = circuit.left_set.gset.action
    return {
        **dict.fromkeys(("first", "second", "base", "top", "complement"), group),
        **dict.fromkeys(("h", "k", "normal"), subgroups[1]),
        **dict.fromkeys(("subgroups", "classes"), subgroups),
        **dict.fromkeys(("left", "right", "action"), action),
        **dict.fromkeys(("left_set", "right_set"), circuit.left_set),
        **dict.fromkeys(("n", "m", "order", "degree", "d", "p", "q"), 4),
        **dict.fromkeys(("rank", "multiplier", "point", "index"), 1),
        **dict.fromkeys(("labels", "new_index", "elements"), np.arange(6)),
        **{name: [0, 1] for name in ("gens", "neurons", "permutation")},
        "saved": [(1, network)],
        "factors": [group, group],
        "kind": "SL",
        "generators": [[1, 0, 2]],
        "character": irreps[-1].character,
        "tables": np.ones((2, 6)),
        "matrices": np.ones((2, 2, 2)),
        "vector": np.ones(2),
        "vectors": np.ones((1, 2)),
        "weights": np.ones((2, 3)),
        "circuit": circuit,
        "circuits": [circuit],
        "parts": [circuit],
        "mode": "zero",
        "about": subject(network),
        "networks": [network],
        "rows": [{"a": 1}],
        "steps": [1.0, 2.0],
        "observed": [True, False],
        "value": network,
        "analysis": analyse(network),
    }


@pytest.mark.parametrize(("public", "parameter"), CASES)
def test_a_result_or_one_typed_line(
    public: Public,
    parameter: inspect.Parameter,
    good: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    if public.name == "train":
        pytest.importorskip("torch")
    needed = {p.name: good.get(p.name) for p in public.parameters if p.default is p.empty}
    failed = []
    for name, wrong in WRONG.items():
        given = {**needed, parameter.name: wrong}
        if public.name == "train":
            given["nonsense"] = 1  # whatever is right, nothing is trained
        try:
            public.function(**given)
        except rs.RhosetError as error:
            if "\n" in str(error) or not 0 < len(str(error)) <= 1300 or not re.fullmatch(r"[a-z0-9-]+", error.slug):
                failed.append(f"{name}: {error.slug}: {error}")
        except Exception as error:
            failed.append(f"{name}: {type(error).__name__}: {error}")
    assert not failed, "\n".join(failed)


def test_that_there_are_functions_to_try() -> None:
    names = {public.name for public in FUNCTIONS}
    assert {
        "explain",
        "certify",
        "check",
        "irreps",
        "load",
        "train",
        "evaluate",
        "networks.import_networks",
    } <= names
    assert {"groups.coset_gset", "explaining.slot_weights", "report.collect", "prove.subject"} <= names
    assert len(CASES) > 250


def test_what_does_not_fit_together() -> None:
    """Values of the right types that no function can use: one line, with the error from inside as its cause."""
    from rhoset.groups import convolve, orbit, subgroup

    group = rs.group("S3")
    with pytest.raises(rs.RhosetError, match="orbit: what was given does not fit together") as raised:
        orbit(group, rs.irreps(group)[-1], np.ones(5))
    assert isinstance(raised.value.__cause__, ValueError)
    with pytest.raises(rs.RhosetError, match="convolve: h is a Group; expected an array of numbers"):
        convolve(group, np.ones(6), group)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        subgroup(group)  # type: ignore[call-arg]


# What a user would pass ---------------------------------------------------------------------------


def test_a_path_stands_for_a_network(tmp_path: Path) -> None:
    network = rs.construct("S3", ["[2,1]", "[1,1,1]"], seed=1).network
    path = write_network(tmp_path / "net.safetensors", network)
    for given in (path, str(path), rs.explain(network), rs.construct("S3", ["[2,1]", "[1,1,1]"], seed=1)):
        assert rs.explain(given).network.digest == network.digest
        assert rs.evaluate(given).accuracy == 1
        assert rs.minimality(given).accuracy == rs.minimality(rs.explain(network)).accuracy
    assert rs.certify(str(path), method="exhaustive").verdict.right == 36
    assert rs.diagnose(path).said == rs.diagnose(rs.explain(network)).said
    with pytest.raises(rs.RhosetError, match="diagnose: explanation is the int 3; expected an Explanation, or what is"):
        rs.diagnose(3)
    with pytest.raises(rs.RhosetError, match="explain: network is a list; expected a Network, the path"):
        rs.explain([network])
    write_network(tmp_path / "other.safetensors", network)
    with pytest.raises(rs.RhosetError, match="means 2 networks"):
        rs.explain(tmp_path)


def test_tensors_and_modules_stand_for_a_network() -> None:
    network = rs.construct("S3", ["[2,1]", "[1,1,1]"], seed=1).network
    tensors = {name: getattr(network, name) for name in ("left", "right", "unembed", "bias", "table")}
    assert rs.evaluate(tensors).accuracy == 1
    torch = pytest.importorskip("torch")
    module = torch.nn.Module()
    for name, array in tensors.items():
        module.register_buffer(name, torch.from_numpy(np.array(array)))
    for given in (module, module.state_dict()):
        assert rs.explain(given).network.digest == network.digest
    with pytest.raises(rs.RhosetError, match="missing tensors left, right, unembed, table"):
        rs.explain(torch.nn.Linear(2, 2))


@pytest.mark.parametrize(
    "given", ["S3", [[0, 1], [1, 0]], ((0, 1), (1, 0)), np.array([[0, 1], [1, 0]]), rs.group("S3")], ids=repr
)
def test_what_stands_for_a_group(given: Any) -> None:
    assert rs.irreps(given)[0].dim == 1
    assert rs.construct(given, [rs.irreps(given)[1].name]).network.order in (2, 6)


def test_a_network_and_a_group_of_sympy_stand_for_a_group() -> None:
    network = rs.construct("S3", "[2,1]", seed=1).network
    assert [i.name for i in rs.irreps(network)] == ["[3]", "[2,1]", "[1,1,1]"]
    named_groups = pytest.importorskip("sympy.combinatorics.named_groups")
    found = rs.rho_set_families(named_groups.SymmetricGroup(4), "[3,1]")
    assert found[0].size == 4


def test_lists_of_numbers_make_a_network() -> None:
    network = Network([[0.0], [1.0]], [[0.0], [1.0]], [[0.0, 1.0]], [0.0, 0.0], [[0, 1], [1, 0]])  # type: ignore[arg-type]
    assert isinstance(network.group, Group)
    assert network.left.dtype == np.float64
