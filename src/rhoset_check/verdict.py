"""From two files to a verdict: decode, settle, state."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from rhoset_check.files import Certificate, Unreadable, Weights, read_certificate, read_network
from rhoset_check.group import prove_group
from rhoset_check.limits import rows_at_once
from rhoset_check.near import ACTIVATIONS, Rejected, require, up
from rhoset_check.network import build_model
from rhoset_check.settle import prepare, settle

CHECKER = "5.1"
"""Version of this checker, part of every statement."""


@dataclass(frozen=True)
class Verdict:
    """The outcome of a check; `right` of the `inputs` pairs are proved right, none unless `status` is accepted."""

    status: str
    """accepted; rejected: the certificate does not check; unreadable: a file is no network or certificate."""
    reason: str = ""
    network: str = field(default="", repr=False)
    table: str = field(default="", repr=False)
    method: str = ""
    arithmetic: str = ""
    activation: str = field(default="", repr=False)
    factored: bool = field(default=False, repr=False)
    right: int = 0
    inputs: int = 0
    margin_bound: float = field(default=-math.inf, repr=False)
    loss_bound: float = field(default=math.inf, repr=False)
    seconds: float = field(default=0.0, repr=False)
    checker: str = field(default=CHECKER, repr=False)
    spent: dict[str, int] = field(default_factory=dict, repr=False)
    """Of `Budget`: what each stage had to do."""

    @property
    def valid(self) -> bool:
        return self.status == "accepted"

    @property
    def accuracy_bound(self) -> float:
        """right / inputs, rounded down; the fraction is the statement."""
        value = self.right / max(self.inputs, 1)
        exceeds = Fraction(value) > Fraction(self.right, max(self.inputs, 1))
        return math.nextafter(value, 0.0) if exceeds else value

    def statement(self) -> str:
        """What was proved, in a sentence that a paper could quote."""
        if not self.valid:
            return f"Nothing was proved: {self.reason}."
        how = "as an exact real function of the stored numbers" if self.arithmetic == "real" else (
            "in IEEE float32 with round to nearest, sums in any order, products fused or not, subnormals kept"
        )  # fmt: skip
        what = "folded from factors, left = embed_left·hidden_left and right alike," if self.factored else "stored,"
        return (
            f"The network f(z|x,y) = Σ_i unembed[i,z] φ(left[x,i] + right[y,i]) + bias[z], φ(t) = "
            f"{ACTIVATIONS[self.activation][0]}, tables {what} evaluated {how}, gives the right product, strictly "
            f"above every other output, for at least {self.right} of the {self.inputs} pairs of elements of the group "
            f"whose multiplication table has SHA-256 {self.table}. The network's SHA-256 is {self.network} (of its "
            f"tensors, as FORMAT.md serialises them). Method {self.method}, rhoset_check {self.checker}."
        )


def check(certificate_path: str | Path, network_path: str | Path) -> Verdict:
    """Check a certificate file against a network file. Never raises for bad files: the reason is in the verdict."""
    header = Verdict("rejected")
    try:
        weights = read_network(Path(network_path))
        n, m = len(weights.table), len(weights.tensors["unembed"])
        header = replace(header, network=weights.digest, table=weights.table_digest, inputs=n * n)
        certificate = read_certificate(Path(certificate_path), n, m)
        header = replace(header, method=certificate.method, arithmetic=certificate.arithmetic)
        return judge(certificate, weights)
    except Unreadable as refusal:
        return replace(header, status="unreadable", reason=str(refusal))
    except Rejected as refusal:
        return replace(header, reason=f"certificate: {refusal}"[:200])
    except Exception as failure:  # of a library, or for want of memory: no file ends in a traceback
        return replace(header, reason=f"the check failed ({type(failure).__name__})")


@np.errstate(all="ignore")
def judge(certificate: Certificate, weights: Weights) -> Verdict:
    """Derive what a decoded certificate proves; `Rejected` where that is less than its claim, or nothing."""
    n, begin = len(weights.table), time.perf_counter()
    require(certificate.network == weights.digest, "for another network (SHA-256 of the tensors differs)")
    require(certificate.table == weights.table_digest, "for another table (SHA-256 differs)")
    group = prove_group(weights.table, certificate.generators)
    rules = prepare(certificate, build_model(weights, group, certificate.arithmetic))
    right, margin, loss = 0, math.inf, 0.0
    rows = rows_at_once(n, rules.model.width - 1)
    for xs in np.split(np.arange(n), range(rows, n, rows)):
        margins, losses = settle(rules, xs)
        right += int((margins > 0).sum())
        margin, loss = min(margin, float(margins.min())), loss + float(up(losses.sum()))
    require(right >= certificate.right, f"claims {certificate.right} right pairs, only {right} can be derived")
    loss, seconds = float(up(loss / (n * n))), time.perf_counter() - begin
    return Verdict("accepted", "", weights.digest, weights.table_digest, certificate.method, certificate.arithmetic,
                   weights.activation, weights.factored, right, n * n, margin, loss, seconds,
                   spent=dict(rules.budget.spent))  # fmt: skip
