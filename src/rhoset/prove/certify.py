"""From a network to a certificate: the cheapest plan that proves what is wanted."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rhoset_check.inputs import Certificate
from rhoset_check.verdict import Verdict

from ..errors import RhosetError
from ..explaining import Explanation
from ..networks import Network
from .auto import automatic
from .context import Context, Tried
from .files import verdict_summary
from .measure import verdict_of
from .methods import plans_of
from .proof import as_certificate, write_certificate
from .select import Wish, choose

Target = float | str | None
LONG, SHORT = 10**12, 10**10
"""Where exhaustive work takes more than `LONG` multiply-adds (about a minute), ``auto`` proves the true accuracy only
if ``exact`` or a budget is asked for by name; without that it gives the best bound for `SHORT` of them."""


@dataclass(frozen=True, eq=False)
class CertifyResult:
    """A certificate with the checker's verdict on it.

    Attributes
    ----------
    certificate
        Ready to be written; its claim is the bound that the checker derived.
    verdict
        Of `rhoset_check.verdict.judge`: accuracy, margin and loss bounds, operations, seconds.
    search_seconds
        Everything before the last check.
    tried
        Plans that were estimated, in order.
    """

    certificate: Certificate
    verdict: Verdict
    search_seconds: float
    tried: tuple[Tried, ...]

    def summary(self) -> dict[str, Any]:
        """The keys of `rhoset certify --json` that do not depend on files."""
        return {**verdict_summary(self.verdict), "search_seconds": self.search_seconds}

    def write(self, path: str | Path) -> Path:
        """Write the certificate, atomically.

        Raises RhosetError (slug ``cannot-write``) where the file cannot be written.
        """
        numbers = {
            "margin_bound": self.verdict.margin_bound,
            "loss_bound": self.verdict.loss_bound,
            "operations": self.verdict.operations,
        }
        claim = {name: value for name, value in numbers.items() if math.isfinite(value)}
        try:
            return write_certificate(Path(path), self.certificate, claim)
        except OSError as error:
            raise RhosetError(f"cannot write {path}: {error.strerror or error}", slug="cannot-write") from None


def certify(
    network: Network,
    *,
    method: str = "auto",
    arithmetic: str = "real",
    target: Target = None,
    budget: float | None = None,
    explanation: Explanation | None = None,
) -> CertifyResult:
    """Search for a proof of a network's accuracy and have it checked.

    Parameters
    ----------
    network
        Any network whose table is a group's.
    method
        ``auto`` (the cheapest), ``exhaustive``, ``irrep``, ``equivariant``, ``orbit``, ``coset``, ``paper`` or
        ``mixture``.
    arithmetic
        ``real``: the exact real function of the stored weights; ``float32``: every order of summation of an IEEE
        float32 evaluation.
    target
        ``exact`` (default of ``auto`` up to `LONG`): the true accuracy, what bounds leave open is evaluated. A
        number: stop at the cheapest plan that proves at least this accuracy.
    budget
        The best bound for at most this share of exhaustive work.
    explanation
        `rhoset.explaining.explain` of the network, when it is at hand.

    Raises
    ------
    RhosetError
        Unknown method or arithmetic, a target or budget out of range, a network that the checker refuses.

    Notes
    -----
    Deterministic. The bound is that of `rhoset_check`, whatever the search believed. The search costs a few tens of
    estimates on `rhoset.prove.measure.SAMPLE_PAIRS` pairs: 0.05 to 1 s for S5 of width 128.
    """
    begin = time.perf_counter()
    n, m = network.order, network.width
    if method == "auto" and target is None and budget is None and n * n * m * (n + 1) > LONG:
        budget = SHORT / (n * n * m * (n + 1))
    wish = Wish(_target(target), _budget(budget))
    context = Context(network, arithmetic, explanation)
    plans = automatic(context, wish) if method == "auto" else plans_of(method, context)
    chosen = choose(context, plans, wish)
    if chosen is None:  # nothing to go by, or nothing within the budget: an empty proof, bound 0
        proof = context.proof(method, [{**context.exact, "max_operations": 0}])
        chosen = proof, verdict_of(context.subject, proof)
    proof, verdict = chosen
    searched = time.perf_counter() - begin - verdict.seconds
    certificate = as_certificate(proof, network, verdict.accuracy_bound)
    return CertifyResult(certificate, verdict, searched, tuple(context.tried))


def _target(target: Target) -> float | None:
    """None for the true accuracy, otherwise the accuracy wanted."""
    if target is None or target == "exact":
        return None
    try:
        value = float(target)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 1:
        raise RhosetError(f"target {target!r}: must be 'exact' or an accuracy from 0 to 1", slug="bad-target")
    return value


def _budget(budget: float | None) -> float | None:
    if budget is not None and not 0 < budget < float("inf"):
        raise RhosetError(
            f"budget {budget}: must be a positive share of exhaustive work, such as 0.3",
            slug="bad-budget",
        )
    return budget
