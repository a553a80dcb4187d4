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
from check.harness import ALL, PLAN, Cert, Net
from support.orbit_circuits import circuit, damaged

RULES = ("even", "lowrank", "exact")
ORDER = 12
"""Largest group order of a hostile case."""
ALL_OPEN = {"singles": 1 << 20, "exact": ALL}
"""A plan without budgets."""


def single(net: Net) -> Net:
    """The same network in float32 and with relu, of which the proofs speak."""
    with np.errstate(all="ignore"):
        tensors = {name: np.asarray(a, np.float32) for name, a in net.tensors.items()}
    return replace(net, tensors=tensors, activation="relu")


def one_rule(cert: Cert) -> tuple[str, Cert]:
    """The rule that the plan asks for, if the proofs know it, and the certificate with nothing beside its bounds."""
    rule = cert.plan["rule"] if cert.plan.get("rule") in ("gaps", "lowrank") else "exact"
    cert = cert.planned(rule=rule)
    if rule == "gaps":  # what a plan evaluates beside the rule's bounds would be counted too
        cert = cert.planned(singles=0, exact=0)
    return "even" if rule == "gaps" else rule, cert


def hostile(seed: int) -> Iterator[tuple[str, Net, Cert]]:
    """Rule, network, certificate: what the campaign draws for a seed."""
    largest = campaign.LARGEST
    campaign.LARGEST = ORDER
    try:
        for net, cert in campaign.family(seed):
            rule, chosen = one_rule(cert)
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
            cert = cert.planned(rule="gaps", singles=0)
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
            budget = ALL_OPEN if rng.random() < 0.5 else {"singles": 1, "exact": 4}
            cert = cert.planned(rule="lowrank", samples=int(rng.choice([0, 2, 6])), **budget)
        if rule == "exact":
            cert = cert.planned(exact=ALL)
        if rule != "exact" and rng.random() < 0.4:
            cert = cert.but(scale=np.exp(rng.standard_normal(19)))
        case.explanation = dict(cert.tensors)
        for _ in range(rng.integers(0, 4)):
            damaged(case, rng)
        tensors = {name: array for name, array in case.tensors.items() if name != "table"}
        yield rule, Net(tensors, case.tensors["table"]), replace(cert, tensors=case.explanation)
