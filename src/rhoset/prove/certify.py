"""From a network to a certificate: the cheapest plan that proves what is wanted."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rhoset.arguments import public
from rhoset.counting import Cost
from rhoset.errors import RhosetError
from rhoset.networks import Network, write_atomic
from rhoset.prove.certificates import bounds_only
from rhoset.prove.choose import choose
from rhoset.prove.methods import candidates
from rhoset.prove.search import Estimate, Search
from rhoset.prove.subject import Subject, judged, subject
from rhoset.prove.wish import Target, wish
from rhoset.summaries import Shown
from rhoset.verdicts import VerdictSummary, verdict_summary
from rhoset_check.files import Certificate
from rhoset_check.verdict import Verdict

if TYPE_CHECKING:
    from rhoset.explaining import Explanation

PATIENCE = 600.0
"""Where the true accuracy is expected to take more seconds on one core, ``auto`` proves it only if ``exact`` is asked
for by name; without that it gives the best bound for so many seconds."""


@dataclass(frozen=True, eq=False, repr=False)
class CertifyResult(Shown):
    """A certificate with the checker's verdict on it.

    Attributes
    ----------
    certificate
        As the checker decoded it from `data`; its claim is the bound that the checker derived.
    data
        The file's bytes.
    verdict
        Of `rhoset_check.verdict.judge`: accuracy, margin and loss bounds, seconds.
    cost
        Multiply-adds of the check (`rhoset.counting`); nobody believes them.
    search_seconds
        Everything before the last check.
    tried
        Plans that were estimated, in order.
    """

    certificate: Certificate
    data: bytes
    verdict: Verdict
    cost: Cost
    search_seconds: float
    tried: tuple[Estimate, ...]

    def summary(self) -> VerdictSummary:
        """The keys of `rhoset certify --json` that do not depend on files."""
        return {**verdict_summary(self.verdict, self.cost), "search_seconds": self.search_seconds}

    def write(self, path: str | Path) -> Path:
        """Write the certificate, atomically.

        Raises RhosetError (slug ``cannot-write``) where the file cannot be written.
        """
        return write_atomic(path, self.data)


@public
def certify(
    network: Network | Explanation,
    *,
    method: str = "auto",
    arithmetic: str = "real",
    target: Target = None,
    budget: float | None = None,
    objective: str = "time",
) -> CertifyResult:
    """Search for a proof of a network's accuracy and have it checked.

    Parameters
    ----------
    network
        Any network whose table is a group's; or its explanation, which is then not searched for again.
    method
        ``auto`` (the cheapest), ``exhaustive``, ``gaps``, ``circles``, ``points``, ``lowrank``, ``irrep``,
        ``equivariant``, ``orbit``, or a baseline, ``coset`` or ``paper``.
    arithmetic
        ``real``: the exact real function of the stored weights; ``float32``: every order of summation of an IEEE
        float32 evaluation.
    target
        ``exact`` (default, but see `PATIENCE`): the true accuracy, what bounds leave open is evaluated. A number: stop
        at the cheapest plan that proves at least this accuracy.
    budget
        The best bound for at most this share of exhaustive work.
    objective
        What is cheap: ``time``, search and check by the clock, where ``auto`` is exhaustive unless a look at the
        weights and a few rows of pairs promises less; or ``operations``, the length of the proof.

    Raises
    ------
    RhosetError
        Unknown method or arithmetic, a target or budget out of range, an activation that the checker has no rule for
        (slug ``activation-without-rule``, before any search), a network that it refuses.

    Notes
    -----
    The verdict is the checker's, of the very bytes that `CertifyResult.write` writes; with ``operations`` the search is
    deterministic. For S5 of width 128 it costs, over the exhaustive check, about 2 with ``time`` and 2 to 25 with
    ``operations``, whose search may take about 20 times that check for any group (`rhoset.prove.methods.ALLOWED`).
    """
    known = None if isinstance(network, Network) else network
    about = subject(network if isinstance(network, Network) else network.network, arithmetic)
    return certify_subject(about, known, method=method, target=target, budget=budget, objective=objective)


def certify_subject(
    about: Subject,
    known: Explanation | None = None,
    *,
    method: str = "auto",
    target: Target = None,
    budget: float | None = None,
    objective: str = "time",
) -> CertifyResult:
    """`certify` of a network as the checker read it, from its file where `about` was made of one."""
    begin = time.perf_counter()
    wanted, search = wish(target, budget, objective), Search(about, known, by_time=objective == "time")
    made = candidates(method, search, wanted)
    if method == "auto" and target is None and budget is None:
        prices = [wanted.price(candidate.estimate) for candidate in made]  # the last is exhaustive
        allowed = PATIENCE / about.exhaustive_seconds
        wanted = wanted if min(prices) <= allowed * prices[-1] else wish(None, allowed, objective)
    found = choose(search, made, wanted)
    if found is None:  # nothing to go by, or nothing within the budget: an empty proof, bound 0
        found = judged(search.subject, bounds_only(search.subject.certificate(method)))
    if found is None:
        raise RhosetError("the checker refuses an empty certificate for this network", slug="rejected-proof")
    spent = about.seconds + time.perf_counter() - begin - found.verdict.seconds
    return CertifyResult(found.certificate, found.data, found.verdict, found.cost, spent, tuple(search.tried))
