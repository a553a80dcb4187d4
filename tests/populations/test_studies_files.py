"""Studies: what a file may say, and what the built-in ones say."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.studies import SMALL, written

from rhoset.errors import RhosetError
from rhoset.groups import group
from rhoset.populations.studies import read_study


def test_o61_is_the_published_specification():
    study = read_study("o61")
    assert len(study.settings) == 24
    assert study.models * len(study.settings) == 2400
    assert (study.epsilon, study.delta) == (0.005, 0.05)
    grid = {(s.group.name, s.config.activation, s.config.width, s.decay) for s in study.settings}
    wanted = {(g, a, m, d) for g in ("C5", "S3") for a in ("square", "relu") for m in (2, 8) for d in (0.0, 1e-4, 1e-2)}
    assert grid == wanted
    for setting in study.settings:
        config = setting.config
        assert config.init == "gaussian"
        assert config.init_scale == pytest.approx(setting.group.order**-0.5)
        assert config.weight_decay == 2 * setting.decay  # the gradient of λ‖θ‖² is 2λθ
        assert (config.optimizer, config.learning_rate, config.betas) == ("adam", 1e-3, (0.9, 0.999))
        assert (config.epsilon, config.batch, config.train_fraction) == (1e-8, 0, 1.0)
        assert (config.max_steps, config.convergence_tolerance, config.convergence_updates) == (20_000, 1e-7, 500)
        assert (config.architecture, config.hidden_bias, config.unembed_bias) == ("folded", False, False)
        assert (config.stop_loss, config.plateau_window, config.precision) == (0.0, 0, "float64")


@pytest.mark.parametrize("name", ["o61", "o57", "o54", "o52", "o58"])
def test_built_in_studies_read(name: str):
    whole, quick = read_study(name), read_study(name, quick=True)
    assert whole.name == quick.name == name
    assert quick.models * len(quick.settings) < whole.models * len(whole.settings)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('name = "small"', 'name = "a/b"'), "a word of letters"),
        (("models = {models}", "models = 0"), "study.models is 0"),
        (('"growth"]', '"nope"]'), "known are same_class"),
        (('group = ["C3", "S3"]', 'group = ["C3", "Q5"]'), "Q5"),
        (("width = [2, 4]", "width = []"), "at least one value"),
        (("decay = [0.0, 0.01]", "decay = [-1.0]"), "at least 0"),
        (("decay = [0.0, 0.01]", "decay = [0.0, 0.0]"), "same"),
        (("tau_power = -0.5", "width = 3"), "both in"),
        (("tau_power = -0.5", "speed = 3"), "no training setting"),
        (("at = [10, 20]", "at = [0]"), "list of numbers of updates"),
        (("at = [10, 20]", "at = [10, 41]"), "names 41, but a setting is trained for max_steps = 40"),
        (('proofs = "exhaustive"', 'proofs = "yes"'), "one of auto"),
        (("[observables]", "[observables]\nepsilon = 2"), "in (0, 1)"),
        (("[quick]", "[hasty]"), "not known at the top"),
        (("[study]", "[study"), "not a readable TOML"),
    ],
)
def test_what_a_file_may_not_say(tmp_path: Path, change: tuple[str, str], said: str):
    assert change[0] in SMALL
    with pytest.raises(RhosetError) as caught:
        read_study(written(tmp_path, SMALL.replace(*change)))
    assert said in str(caught.value)
    assert "small.toml" in str(caught.value)


def test_the_file_of_the_docs_reads(tmp_path: Path):
    page = (Path(__file__).parents[2] / "docs" / "studies" / "index.md").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(page.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    study = read_study(path)
    assert (study.name, len(study.settings), study.models) == ("mine", 3, 20)
    assert read_study(path, quick=True).models == 2


def test_a_name_that_is_none():
    with pytest.raises(RhosetError, match="built in are o61"):
        read_study("o99")


def test_quick_changes_what_it_names(tmp_path: Path):
    study = read_study(written(tmp_path), quick=True)
    assert (study.models, len(study.settings)) == (1, 4)
    assert study.settings[0].config.max_steps == 5
    assert study.at == ()  # none of 10 and 20 is reached
    assert study.settings[0].config.evaluate_every == 20


def test_groups_in_the_names_of_settings(tmp_path: Path):
    study = read_study(written(tmp_path, SMALL.replace('"C3", "S3"', '"perm:(1 2 3)"')))
    assert study.settings[0].name.startswith("perm_(1_2_3),")
    assert study.settings[0].group.order == group("C3").order
