"""The Python checker and the one extracted from the proofs, on the same hostile files: neither is above the truth, and
every case in which their bounds differ has a cause that is found by changing the case.

`RHOSET_DIFFERENTIAL=10000` runs so many cases; ``-s`` prints how often bounds differ, and why.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from support.orbit_circuits import Case, circuit, damaged, truth

from rhoset.errors import RhosetError
from rhoset.formalize import verify
from rhoset.formalize.fixed_point import UNIT, Places, choose_places, rounded
from rhoset.formalize.reading import read_stored
from rhoset.networks.digest import table_digest
from rhoset_check import check
from rhoset_check.files import read_certificate, read_network
from rhoset_check.group import prove_group
from rhoset_check.network import build_model
from rhoset_check.verdict import prepare, settle

CASES = int(os.environ.get("RHOSET_DIFFERENTIAL", "60"))
RULES = ("gaps", "pairs", "exact")
IDLE = {"blocks": 0, "gaps": False, "even": False, "pairs": False, "own": False, "samples": 0, "singles": 0}
"""A plan that runs nothing; every rule adds what it needs."""
WITHOUT_BUDGETS = {"span_pairs": None, "singles": 6, "exact_pairs": None}
ONLY_PYTHON = {
    "what the proofs do not read": r"plan|claim|gaps\.exact|groups|scale|labels|references|weights|coupling|rows"
    r"|columns|neurons|work|limit|generators",
    "G-sets and places": r"gaps|action|permut|acts",
    "blocks": r"block",
    "numbers": r"float|finite|within|overflow",
}
"""Why only one of the two refuses, by the words of the reason; the first that fits."""


def as_gaps(case: Case, rng: np.random.Generator) -> dict[str, Any]:
    """The explanation of rule gaps: one G-set, the point of every neuron."""
    columns = np.repeat(np.arange(3), 2).tolist() * 3
    case.explanation = {
        "generators": case.explanation["generators"],
        "gaps0.right": case.explanation["block0.right"],
        "gaps.block": np.zeros(18, np.int64),
        "gaps.point": np.array(columns),
        "gaps.exact": np.array([rng.integers(2)]),
    }
    return {"gaps": True, "exact_pairs": 0, "even": bool(rng.random() < 0.25)}


def as_pairs(case: Case, rng: np.random.Generator) -> dict[str, Any]:
    """Rule pairs with the circuit's slot block: with references or without, with means or without, budgets or none."""
    if rng.random() < 0.5:
        case.explanation["references"] = 12.0 * rng.standard_normal((2, 9)) if rng.random() < 0.3 else np.zeros((2, 9))
        case.explanation["references"][0] = -8.0 * (np.ones((3, 3)) - np.eye(3)).ravel() + 4
        case.explanation["labels"] = rng.integers(0, 2, (6, 6)) * (rng.random() < 0.5)
    if rng.random() < 0.5:
        case.explanation["scale"] = np.exp(rng.standard_normal(19))
    plan = {"blocks": 1, "pairs": True, "own": bool(rng.integers(2)), "samples": int(rng.choice([0, 2, 6]))}
    return plan | (WITHOUT_BUDGETS if rng.random() < 0.5 else {"span_pairs": 12, "singles": 1, "exact_pairs": 4})


def as_exact(case: Case, rng: np.random.Generator) -> dict[str, Any]:
    """Nothing but generators."""
    return {"exact_pairs": None}


def write(case: Case, plan: dict[str, Any]) -> None:
    """Both files."""
    save_file({k: np.ascontiguousarray(v) for k, v in case.tensors.items()}, case.network)
    metadata = {
        "format": "rhoset-certificate", "version": "2", "method": "test", "arithmetic": "real",
        "network": read_stored(case.network).digest, "table": table_digest(case.tensors["table"]),
        "plan": json.dumps(IDLE | {"work": "float64", "span_pairs": 0} | plan), "claim": json.dumps({"right": 0}),
    }  # fmt: skip
    save_file({k: np.ascontiguousarray(v) for k, v in case.explanation.items()}, case.certificate, metadata)


def margins(case: Case) -> NDArray[np.float64]:
    """(pairs,): the least margins that the Python checker proves."""
    weights = read_network(case.network)
    n, m = len(weights.table), len(weights.tensors["unembed"])
    certificate = read_certificate(case.certificate, n, m)
    model = build_model(weights, prove_group(weights.table, certificate.generators), "real")
    x, y = np.divmod(np.arange(n * n), n)
    return settle(prepare(certificate, model), x, y).margin


def places_kept(case: Case, rule: str) -> Places:
    """Of the extracted checker's fixed point."""
    if rule != "pairs":
        return choose_places(read_stored(case.network))
    told = case.network.with_suffix(".v")
    verify(case.certificate, case.network, rule, told)
    kept = dict(re.findall(r"Definition kept_(\w+) : Z := (\d+)%Z", told.read_text()))
    return Places(UNIT - int(kept["reads"]), UNIT - int(kept["writes"]))


def tolerance(case: Case, rule: str) -> float:
    """What rounding to fixed point may take from a margin, with what it takes from readings and references."""
    places, stored = places_kept(case, rule), read_stored(case.network)
    left, right, unembed, _ = rounded(stored, places)
    reads, writes = int(np.abs(left).max() + np.abs(right).max()), int(np.abs(unembed).sum(axis=0).max())
    need = 4 * (2 * writes + stored.width * (reads + 2) + 1) + 2
    return float(np.ldexp(4.0 * need, -places.reads - places.writes))


def cause(case: Case, rule: str, plan: dict[str, Any], bounds: tuple[int, int]) -> str:
    """Why two bounds differ: the first change to the certificate after which they are the same, up to rounding."""
    python, proved = bounds
    changes: list[tuple[str, dict[str, Any], dict[str, Any]]] = [("rounding", {}, {})]
    if rule == "gaps":
        exact = {"gaps.exact": np.ones_like(case.explanation["gaps.exact"])}
        changes += [("even (Theorem 5)", {"even": False}, {}), ("means of unembed", {"even": False}, exact)]
    if rule == "pairs":
        changes += [("budgets of the plan", WITHOUT_BUDGETS, {})]
    slack = tolerance(case, rule)
    for name, other, tensors in changes:
        amended = Case(case.network, case.certificate.with_suffix(".amended"), case.tensors, case.explanation | tensors)
        write(amended, plan | other)
        least = margins(amended)
        if (least > slack).sum() <= proved <= (least > -slack).sum():
            return f"{'Python' if python > proved else 'proved'} is higher: {name}"
    return f"unexplained: {bounds}"


def refusal(case: Case, rule: str, python: int | None) -> str:
    """Why only one of the two refuses."""
    if python is None:
        reason, who = check(case.certificate, case.network).reason, "Python alone refuses"
    else:
        try:
            reason = str(verify(case.certificate, case.network, rule).get("reason"))
        except RhosetError as error:
            reason = str(error)
        who = "the proved one alone refuses"
    for name, words in ONLY_PYTHON.items():
        if re.search(words, reason):
            return f"{who}: {name}"
    return f"unexplained: {who}: {reason}"


def test_never_above_the_truth_and_every_difference_has_a_cause(tmp_path: Path, verified: Path):
    rng, found, known = np.random.default_rng(3), Counter[tuple[str, str]](), dict[bytes, int]()
    for trial in range(CASES):
        rule = RULES[trial % 3]
        case = circuit(tmp_path, 3, float(rng.choice([0.0, 0.01, 0.05, 0.2])), trial % 12)
        plan = {"gaps": as_gaps, "pairs": as_pairs, "exact": as_exact}[rule](case, rng)
        for _ in range(rng.integers(0, 4)):
            damaged(case, rng)
        try:
            write(case, plan)
        except RhosetError:
            continue
        python, proved = python_bound(case), proved_bound(case, rule)
        key = b"".join(np.ascontiguousarray(v).tobytes() for v in case.tensors.values())
        right = known[key] if key in known else known.setdefault(key, truth(case.tensors))
        assert all(bound is None or bound <= right for bound in (python, proved)), (trial, rule, python, proved, right)
        if python is None or proved is None:
            why = "refused by both" if python == proved else refusal(case, rule, python)
        else:
            why = "equal" if python == proved else cause(case, rule, plan, (python, proved))
        assert not why.startswith("unexplained"), (trial, rule, why)
        found[rule, why] += 1
    for (rule, name), count in sorted(found.items()):
        print(f"| {rule} | {name} | {count} |")
    assert found["gaps", "equal"] > CASES // 20
    assert found["exact", "equal"] > CASES // 8
    assert found["pairs", "equal"] > CASES // 30


def python_bound(case: Case) -> int | None:
    """Of `rhoset_check`; None where it refuses."""
    verdict = check(case.certificate, case.network)
    return verdict.right if verdict.valid else None


def proved_bound(case: Case, rule: str) -> int | None:
    """Of the extracted checker; None where it refuses."""
    try:
        answer = verify(case.certificate, case.network, rule)
    except RhosetError:
        return None
    return int(answer["right"]) if answer["valid"] else None
