"""The format `mapping`: what a file says which tensor is what."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.importing import save, solved, stander

from rhoset.errors import RhosetError
from rhoset.groups import group
from rhoset.networks import (
    import_network,
    import_networks,
    logits,
)

MAPPING = """
group = "C6"
activation = "gelu"
ignore = ["step", "opt.*"]
[tensors]
embed_left = "E.weight"
embed_right = {{ name = "E.weight" }}
hidden_left = {{ name = "fc.weight", transpose = true, rows = [0, 4] }}
hidden_right = {{ name = "fc.weight", transpose = true, rows = [4, 8] }}
hidden_bias = "fc.bias"
unembed = {{ name = "all", index = 1, columns = [0, 6] }}
bias = "out.bias"
{extra}
"""


def _mapped_arrays() -> dict[str, np.ndarray]:
    t = stander()
    rng = np.random.default_rng(5)
    return {
        "E.weight": t["lembed.weight"],
        "fc.weight": t["linear.weight"],
        "fc.bias": t["linear.bias"],
        "all": rng.standard_normal((2, 7, 9)).astype(np.float32),
        "out.bias": t["unembed.bias"],
        "step": np.array(3),
        "opt.moment": np.ones(2),
    }


@pytest.mark.parametrize("kind", ["npz", "safetensors"])
def test_mapping_by_its_formula(tmp_path: Path, kind: str) -> None:
    t = _mapped_arrays()
    plan = tmp_path / "map.toml"
    plan.write_text(MAPPING.format(extra=""))
    network = import_network("mapping", save(tmp_path / "m", t, kind), mapping=plan)
    from scipy.special import erf

    both = np.concatenate([t["E.weight"][3], t["E.weight"][4]])
    pre = t["fc.weight"] @ both + t["fc.bias"]
    h = pre * (1 + erf(pre / 2**0.5)) / 2
    expected = h @ t["all"][1][:, :6] + t["out.bias"]
    assert logits(network, 3, 4) == pytest.approx(expected, rel=1e-5)
    assert network.metadata["group"] == "C6"


def test_mapping_of_folded_tables_with_a_table(tmp_path: Path) -> None:
    network = solved(group("S4"))
    t = {"a": network.left, "b": network.right, "c": network.unembed, "t": network.table}
    plan = tmp_path / "map.toml"
    plan.write_text('[tensors]\nleft = "a"\nright = "b"\nunembed = "c"\ntable = "t"\n')
    found = import_networks("mapping", save(tmp_path / "m.npz", t, "npz"), mapping=plan)[0]
    assert (found.order, found.accuracy) == ("file", 1)


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("[[", "not TOML"),
        ("tabel = 't'", "unknown roles tabel"),
        ("left = 'a'", "missing roles right"),
        ("left = 'a'\nright = 'b'", "not both"),
        ("table = 3", "table is 3"),
        ("table = { name = 't', indx = 1 }", "unknown options indx"),
        ("table = { name = 't', rows = [3, 1] }", "rows is [3, 1]"),
        ("table = { name = 't', index = -1 }", "index is -1"),
        ("table = { name = 't', transpose = 1 }", "transpose is 1"),
        ("table = 'nowhere'", "missing tensors nowhere"),
        ("table = { name = 'all', index = 2 }", "no index 2"),
        ("table = { name = 'step', rows = [0, 1] }", "no rows 0 to 1"),
        ("table = 'all'", "3 axes are left, expected 2"),
    ],
)
def test_mappings_that_are_wrong(tmp_path: Path, extra: str, words: str) -> None:
    plan = tmp_path / "map.toml"
    plan.write_text(MAPPING.format(extra=extra))
    path = save(tmp_path / "m.npz", _mapped_arrays(), "npz")
    with pytest.raises(RhosetError) as caught:
        import_network("mapping", path, mapping=plan)
    assert words in str(caught.value)


def test_mapping_names_tensors_it_says_nothing_about(tmp_path: Path) -> None:
    plan = tmp_path / "map.toml"
    plan.write_text(MAPPING.format(extra=""))
    path = save(tmp_path / "m.npz", {**_mapped_arrays(), "attention.W_Q": np.ones(3)}, "npz")
    with pytest.raises(RhosetError, match=r"neither used nor ignored: attention\.W_Q"):
        import_network("mapping", path, mapping=plan)
    for change in ("group = 5\n", "ignore = 'x'\n", "color = 1\n", "activation = 'tanh'\n"):
        plan.write_text(change + '[tensors]\nleft = "a"\nright = "b"\nunembed = "c"\n')
        with pytest.raises(RhosetError):
            import_network("mapping", path, mapping=plan)
    with pytest.raises(RhosetError, match="no such file"):
        import_network("mapping", path, mapping=tmp_path / "none.toml")
    with pytest.raises(RhosetError, match="belong together"):
        import_network("mapping", path)
