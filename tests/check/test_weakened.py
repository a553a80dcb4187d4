"""Does the campaign have teeth? With one obligation of the checker removed, its attacks find a bound above the truth.

Every case removes one thing by monkeypatching and names the attacks that must then get through; the same attacks find
nothing against the checker as it is.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from check.attacks import ATTACKS

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
from check.harness import derive
from soundness_campaign import Judge

TRIES = 400
"""Attacks of a kind that are tried before the weakened checker counts as unbroken."""
MODULES = ("rigor", "inputs", "group", "model", "blocks", "pairs", "uniform", "coset", "paper", "verdict")
Patch = pytest.MonkeyPatch


def module(name: str) -> Any:
    return importlib.import_module(f"rhoset_check.{name}")


def everywhere(patch: Patch, name: str, value: Any) -> None:
    """Replace a function in every module that imported it."""
    found = [module(m) for m in MODULES if hasattr(module(m), name)]
    assert found, f"nothing is called {name}"
    for m in found:
        patch.setattr(m, name, value)


def ignoring(reason: str) -> Callable[[Patch], None]:
    """Requirements whose reason contains this text are not checked."""

    def apply(patch: Patch) -> None:
        true = module("rigor").require

        def require(condition: object, why: str) -> None:
            if reason not in why:
                true(condition, why)

        everywhere(patch, "require", require)

    return apply


def scaled_result(where: str, name: str, change: Callable[[Any], Any]) -> Callable[[Patch], None]:
    """A function (or Class.method) whose result is changed."""

    def apply(patch: Patch) -> None:
        owner, attribute = module(where), name
        if "." in name:
            owner, attribute = getattr(owner, name.split(".")[0]), name.split(".")[1]
        true = getattr(owner, attribute)

        @functools.wraps(true)
        def weakened(*args: Any, **kwargs: Any) -> Any:
            return change(true(*args, **kwargs))

        if "." in name:
            patch.setattr(owner, attribute, weakened)
        else:
            everywhere(patch, attribute, weakened)

    return apply


def no_rounding(patch: Patch) -> None:
    everywhere(patch, "gamma", lambda steps, arithmetic: 0.0)


def no_floor(patch: Patch) -> None:
    scaled_result("model", "build_model", lambda model: replace(model, floor=0.0))(patch)


def no_underflow(patch: Patch) -> None:
    """Neither the ranges nor the term for what underflow loses."""
    everywhere(patch, "UNDERFLOW", {"float64": 0.0, "float32": 0.0})
    everywhere(patch, "SINGLE_MOST", 1e300)
    everywhere(patch, "CERTIFICATE_MOST", 1e300)
    ignoring("needs non-zero weights within")(patch)


def without_spread(result: tuple[Any, Any]) -> tuple[Any, Any]:
    return result[0], np.zeros_like(result[1])


def without_bound(residual: Any) -> Any:
    return replace(residual, bound=np.zeros_like(residual.bound))


def own_part_forgotten(result: tuple[Any, ...]) -> tuple[Any, ...]:
    """Cauchy-Schwarz for the wrong output only: the missing factor 2."""
    return result[0], np.zeros_like(result[1]), *result[2:]


def no_errors(result: tuple[Any, ...]) -> tuple[Any, ...]:
    return np.zeros_like(result[0]), np.zeros_like(result[1]), result[2]


def no_halves(patch: Patch) -> None:
    uniform = module("uniform")
    true = uniform.profile

    def profile(model: Any, block: Any, linear: bool, halves: list[Any], *rest: Any) -> Any:
        return true(model, block, linear, [half.copy() for half in halves], *rest)

    patch.setattr(uniform, "profile", profile)


def fewer_slots(patch: Patch) -> None:
    uniform = module("uniform")
    true = uniform.largest_norms
    patch.setattr(uniform, "largest_norms", lambda slots, counts: true(slots, [c // 4 for c in counts]))


def no_activity(patch: Patch) -> None:
    uniform = module("uniform")
    zero = lambda self, plain: (0.0, 0 * plain[0], 0 * plain[1])  # noqa: E731
    patch.setattr(uniform.Activity, "bounds", zero)


def after_init(where: str, name: str, change: Callable[[Any], None]) -> Callable[[Patch], None]:
    """A class whose instances are changed once they are made."""

    def apply(patch: Patch) -> None:
        owner = getattr(module(where), name)
        true = owner.__init__

        def init(self: Any, *args: Any, **kwargs: Any) -> None:
            true(self, *args, **kwargs)
            change(self)

        patch.setattr(owner, "__init__", init)

    return apply


def zero(*names: str) -> Callable[[Any], None]:
    def change(rule: Any) -> None:
        for name in names:
            setattr(rule, name, 0 * getattr(rule, name))

    return change


def ties_count(patch: Patch) -> None:
    """A tie counts as right: the rational comparison is not strict."""
    model = module("model")
    patch.setattr(model, "_wins", lambda model, x, y: True)


def no_slack(patch: Patch) -> None:
    """The error of folding factors is forgotten: the statement is about the folded tables."""
    model = module("model")
    true = model.build_model

    def build_model(weights: Any, group: Any, arithmetic: str) -> Any:
        return replace(true(weights, group, arithmetic), floor=0.0)

    everywhere(patch, "build_model", build_model)


@dataclass(frozen=True)
class Weakness:
    """A checker with something missing, and the attacks that must notice."""

    apply: Callable[[Patch], None]
    attacks: tuple[str, ...]


WEAKNESSES = {
    "half of ‖ΔF‖": Weakness(scaled_result("pairs", "measure", lambda r: (r[0], r[1] / 2)), ("aligned",)),
    "δ dropped": Weakness(scaled_result("pairs", "make_residual", without_bound), ("hidden_driver",)),
    "factor 2 of the residual": Weakness(scaled_result("pairs", "Residual.at", own_part_forgotten), ("hidden_driver",)),
    "gamma is zero": Weakness(no_rounding, ("exact_ties",)),
    "ties are right": Weakness(ties_count, ("exact_ties",)),
    "no floor for float32": Weakness(no_floor, ("single_ties",)),
    "no floor for factors": Weakness(no_slack, ("folded_ties",)),
    "no term for underflow": Weakness(no_underflow, ("vanishing",)),
    "coupling not checked": Weakness(ignoring("not invariant under the group"), ("false_coupling",)),
    "relations not checked": Weakness(ignoring("do not satisfy the group's relations"), ("false_permutations",)),
    "matrices not measured": Weakness(
        scaled_result("group", "matrix_action", lambda r: (r[0], 0.0)), ("false_matrices",)
    ),
    "associativity not checked": Weakness(ignoring("not associative"), ("false_table",)),
    "inverses not checked": Weakness(ignoring("has no right inverse"), ("false_table",)),
    "spread of types dropped": Weakness(scaled_result("uniform", "by_type", without_spread), ("uneven_slots",)),
    "linear halves dropped": Weakness(no_halves, ("linear_driver",)),
    "δl and δr dropped": Weakness(scaled_result("uniform", "profile", no_errors), ("tight_uniform",)),
    "norm over too few slots": Weakness(fewer_slots, ("tight_uniform",)),
    "activity dropped": Weakness(no_activity, ("hidden_driver", "loose_activity")),
    "coset: deviations dropped": Weakness(after_init("coset", "CosetRule", zero("by_x", "by_y")), ("off_orbit",)),
    "coset: rounding dropped": Weakness(after_init("coset", "CosetRule", zero("error")), ("exact_ties",)),
    "paper: hidden error dropped": Weakness(
        after_init("paper", "PaperRule", zero("by_hidden")), ("off_orbit", "hidden_driver", "ghost_circuit")
    ),
    "paper: unembed error dropped": Weakness(
        after_init("paper", "PaperRule", zero("by_unembed")), ("loose_activity", "ghost_circuit")
    ),
    "paper: margin needed dropped": Weakness(after_init("paper", "PaperRule", zero("needed")), ("biased_circuit",)),
    "entries of a slot not counted": Weakness(
        lambda patch: patch.setattr(module("blocks").Block, "chain", 0), ("swallowed",)
    ),
}


def first_fault(attacks: tuple[str, ...], tries: int, seed: int = 0, kinds: tuple[str, ...] = ("",)) -> str | None:
    """The first fault of these kinds (accuracy, margin, loss, table) that the attacks find."""
    for number in range(tries):
        for name in attacks:
            rng = np.random.default_rng([seed, number])
            with np.errstate(all="ignore"):
                net, cert = ATTACKS[name](rng)
            faults = Judge(net, number).faults(cert, derive(net, cert))
            faults = [fault for fault in faults if any(kind in fault for kind in kinds)]
            if faults:
                return f"{name} {number}: {faults[0]}"
    return None


@pytest.mark.parametrize("name", WEAKNESSES)
def test_a_weakened_checker_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    weakness = WEAKNESSES[name]
    weakness.apply(monkeypatch)
    fault = first_fault(weakness.attacks, TRIES, kinds=("accuracy", "no group"))
    assert fault is not None, f"{TRIES} attacks of {weakness.attacks} did not notice"


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_checker_withstands_every_attack(attack: str) -> None:
    assert first_fault((attack,), 40) is None
