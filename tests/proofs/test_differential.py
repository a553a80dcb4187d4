"""The Python checker and the one extracted from the proofs, on the same hostile files: neither is above the truth.

`RHOSET_DIFFERENTIAL=10000` runs so many cases; ``-s`` shows how often, and in which way, their bounds differ.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from support.orbit_circuits import Case, circuit, damaged, truth

from rhoset.errors import RhosetError
from rhoset.formalize import verify
from rhoset.formalize.reading import read_stored
from rhoset.networks.digest import table_digest
from rhoset_check import check

CASES = int(os.environ.get("RHOSET_DIFFERENTIAL", "60"))


def as_gaps(case: Case, rng: np.random.Generator) -> None:
    """The explanation of rule gaps: one G-set, the point of every neuron."""
    columns = np.repeat(np.arange(3), 2).tolist() * 3
    case.explanation = {
        "generators": case.explanation["generators"],
        "gaps0.right": case.explanation["block0.right"],
        "gaps.block": np.zeros(18, np.int64),
        "gaps.point": np.array(columns),
        "gaps.exact": np.array([rng.integers(2)]),
    }


def write(case: Case, rule: str) -> None:
    """Both files, with a plan of this rule alone."""
    save_file({k: np.ascontiguousarray(v) for k, v in case.tensors.items()}, case.network)
    plan: dict[str, Any] = {"blocks": 0, "gaps": rule == "gaps", "pairs": False, "work": "float64", "samples": 0}
    plan |= {"even": False, "own": False, "span_pairs": 0, "singles": 0, "exact_pairs": None if rule == "exact" else 0}
    metadata = {
        "format": "rhoset-certificate", "version": "2", "method": "test", "arithmetic": "real",
        "network": read_stored(case.network).digest, "table": table_digest(case.tensors["table"]),
        "plan": json.dumps(plan), "claim": json.dumps({"right": 0}),
    }  # fmt: skip
    save_file({k: np.ascontiguousarray(v) for k, v in case.explanation.items()}, case.certificate, metadata)


def kind(python: int | None, proved: int | None) -> str:
    if python is None or proved is None:
        return "refused by both" if python == proved else "refused by one"
    if python == proved:
        return "equal"
    return "proved is higher" if proved > python else "Python is higher"


def test_never_above_the_truth(tmp_path: Path, verified: Path):
    rng, found, known = np.random.default_rng(3), Counter[tuple[str, str]](), dict[bytes, int]()
    for trial in range(CASES):
        rule = ("gaps", "exact")[trial % 2]
        case = circuit(tmp_path, 3, float(rng.choice([0.0, 0.01, 0.05, 0.2])), trial % 12)
        as_gaps(case, rng)
        for _ in range(rng.integers(0, 4)):
            damaged(case, rng)
        try:
            write(case, rule)
        except RhosetError:
            continue
        bounds = python_bound(case), proved_bound(case, rule)
        key = b"".join(np.ascontiguousarray(v).tobytes() for v in case.tensors.values())
        right = known[key] if key in known else known.setdefault(key, truth(case.tensors))
        assert all(bound is None or bound <= right for bound in bounds), (trial, rule, bounds, right)
        found[rule, kind(*bounds)] += 1
    for (rule, name), count in sorted(found.items()):
        print(f"{rule:6} {name:18} {count}")
    assert found["gaps", "equal"] > CASES // 10
    assert found["exact", "equal"] > CASES // 5


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
