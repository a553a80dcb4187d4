"""Networks and certificates on which `compare_checkers.py` puts the two checkers side by side."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import soundness_campaign as campaign
from check.harness import PLAN, Cert, Net
from support.orbit_circuits import circuit, damaged

RULES = ("even", "lowrank", "exact")
ORDER = 12
"""Largest group order of a hostile case."""
ALL_OPEN = {"single_pairs": None, "singles": 1 << 20, "exact_pairs": None}
"""A plan without budgets."""


def single(net: Net) -> Net:
    """The same network in float32 and with relu, of which the proofs speak."""
    with np.errstate(all="ignore"):
        tensors = {name: np.asarray(a, np.float32) for name, a in net.tensors.items()}
    return replace(net, tensors=tensors, activation="relu")


def one_rule(cert: Cert, rng: np.random.Generator) -> tuple[str, Cert]:
    """One of the rules that the plan asks for, and the certificate with that alone."""
    plan = cert.plan
    if not isinstance(plan, dict) or not set(plan) >= set(PLAN):
        return "exact", cert
    asked = [rule for rule in ("gaps", "lowrank") if plan[rule] is True]
    rule = str(rng.choice(asked)) if asked else "exact"
    cert = cert.planned(circles=False, points=False, **{name: name == rule for name in asked})
    if rule == "gaps":  # what a plan evaluates beside the rule's bounds would be counted too
        cert = cert.planned(single_pairs=0, singles=0, exact_pairs=0)
    return "even" if rule == "gaps" else rule, cert


def hostile(seed: int) -> Iterator[tuple[str, Net, Cert]]:
    """Rule, network, certificate: what the campaign draws for a seed."""
    rng, largest = np.random.default_rng([seed, 1]), campaign.LARGEST
    campaign.LARGEST = ORDER
    try:
        for net, cert in campaign.family(seed):
            rule, chosen = one_rule(cert, rng)
            yield rule, single(net), chosen
    finally:
        campaign.LARGEST = largest


def circuits(seed: int, folder: Path) -> Iterator[tuple[str, Net, Cert]]:
    """Rule, network, certificate: circuits of S3 with noise, every rule, some damaged."""
    rng = np.random.default_rng([seed, 2])
    for rule in 6 * RULES:
        case = circuit(folder, 3, float(rng.choice([0.0, 0.01, 0.05, 0.2])), int(rng.integers(1 << 30)))
        cert = Cert({"generators": case.explanation["generators"]}, dict(PLAN), kind="circuit")
        mine = {"even": "gaps", "lowrank": "lowrank"}.get(rule, "none")
        cert = cert.but(**{name: array for name, array in case.explanation.items() if name.startswith(mine)})
        if rule == "even":
            cert = cert.planned(gaps=True, single_pairs=0)
            if rng.random() < 0.7:  # means taken off some activations
                cert = cert.but(**{"gaps.centred": (rng.random(18) < rng.choice([0.3, 1.0])).astype(np.int64)})
            if rng.random() < 0.5:
                cert = cert.but(**{"gaps.types": np.array([0, int(rng.integers(3))])})
        if rule == "lowrank":
            if rng.random() < 0.5:
                noise, given = rng.choice([0.01, 0.3]), cert.tensors
                names = ("lowrank.features", "lowrank.writing")
                cert = cert.but(
                    **{name: given[name] + noise * rng.standard_normal(given[name].shape) for name in names}
                )
            budget = ALL_OPEN if rng.random() < 0.5 else {"single_pairs": 12, "singles": 1, "exact_pairs": 4}
            cert = cert.planned(lowrank=True, samples=int(rng.choice([0, 2, 6])), **budget)
        if rule == "exact":
            cert = cert.planned(exact_pairs=None)
        if rule != "exact" and rng.random() < 0.4:
            cert = cert.but(scale=np.exp(rng.standard_normal(19)))
        case.explanation = dict(cert.tensors)
        for _ in range(rng.integers(0, 4)):
            damaged(case, rng)
        tensors = {name: array for name, array in case.tensors.items() if name != "table"}
        yield rule, Net(tensors, case.tensors["table"]), replace(cert, tensors=case.explanation)
