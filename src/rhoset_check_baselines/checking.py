"""From two files to a verdict, by the rule that the certificate names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from rhoset_check.files import Unreadable, read_network
from rhoset_check.near import Rejected
from rhoset_check_baselines.coset import read_coset
from rhoset_check_baselines.judging import BaselineVerdict, Build, judged, rule_of
from rhoset_check_baselines.paper import read_paper

RULES: Mapping[str, Callable[[Path, int, int], Build]] = {"coset": read_coset, "paper": read_paper}
"""Rule → what decodes its certificates."""


def check(certificate_path: str | Path, network_path: str | Path) -> BaselineVerdict:
    """Check a baseline's certificate against a network file. Never raises for bad files: the verdict says why."""
    header = BaselineVerdict("rejected", arithmetic="real")
    try:
        weights = read_network(Path(network_path))
        n, m = len(weights.table), len(weights.tensors["unembed"])
        header = replace(header, network=weights.digest, table=weights.table_digest, activation=weights.activation,
                         factored=weights.factored, inputs=n * n)  # fmt: skip
        rule = rule_of(Path(certificate_path))
        if rule not in RULES:
            raise Unreadable(f"certificate: of no baseline ({', '.join(RULES)}): {certificate_path}")
        header = replace(header, method=rule)
        with np.errstate(all="ignore"):
            return judged(RULES[rule](Path(certificate_path), n, m), weights, header)
    except Unreadable as refusal:
        return replace(header, status="unreadable", reason=str(refusal))
    except Rejected as refusal:
        return replace(header, reason=f"certificate: {refusal}"[:200])
    except Exception as failure:  # whatever goes wrong, nothing is proved
        return replace(header, reason=f"the check failed ({type(failure).__name__})")
