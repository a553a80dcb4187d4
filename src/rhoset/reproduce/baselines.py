"""The methods of earlier work that `rhoset certify` offers, each with the search for its certificate.

Their certificates are checked by `rhoset_check_baselines`; `rhoset.verdicts.check_certificate` knows by the file which
checker it is for.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rhoset.counting import Cost, cost_of_files
from rhoset.errors import RhosetError
from rhoset.groups import irreps
from rhoset.networks import Network, write_atomic, write_network
from rhoset.reproduce.verifier import coset_explanation, paper_explanation, published_bound
from rhoset.reproduce.verifier.writing import Explained, certificate_bytes
from rhoset.verdicts import VerdictSummary, verdict_summary
from rhoset_check.files import read_network as read_weights
from rhoset_check_baselines import BaselineVerdict, check


def _paper(network: Network) -> Explained:
    return paper_explanation(network, published_bound(network, irreps(network.group)).ideal)


BASELINES: Mapping[str, Callable[[Network], Explained]] = {"coset": coset_explanation, "paper": _paper}
"""Method → what its certificate says of a network. ``coset``: cosets alone, nothing evaluated (V_coset of Wu et al.
2024, mended and made rigorous). ``paper``: their ρ-set verifier, made rigorous."""

RULED = ("relu", "abs")
"""Activations that the rules of both baselines are proved for."""


@dataclass(frozen=True, eq=False)
class BaselineResult:
    """A baseline's certificate with its checker's verdict on it; as `rhoset.prove.CertifyResult`.

    Attributes
    ----------
    data
        The file's bytes.
    verdict
        Of `rhoset_check_baselines.check`, with the ideal network's margin and distance.
    cost
        Multiply-adds of the check.
    search_seconds
        Everything before the last check.
    """

    data: bytes
    verdict: BaselineVerdict
    cost: Cost
    search_seconds: float

    def summary(self) -> VerdictSummary:
        """The keys of `rhoset certify --json` that do not depend on files."""
        return {**verdict_summary(self.verdict, self.cost), "search_seconds": self.search_seconds}

    def write(self, path: str | Path) -> Path:
        """Write the certificate, atomically.

        Raises RhosetError (slug ``cannot-write``) where the file cannot be written.
        """
        return write_atomic(path, self.data)


def certify_baseline(
    network: Network,
    method: str,
    *,
    arithmetic: str = "real",
    path: Path | None = None,
    explained: Explained | None = None,
) -> BaselineResult:
    """A certificate of a method of earlier work, and the verdict of the baselines' checker on it.

    Parameters
    ----------
    network
        Any network whose table is a group's.
    method
        A key of `BASELINES`.
    arithmetic
        ``real`` alone: the baselines speak of the exact real function of the stored weights.
    path
        The network's file, where it was read from one: the checker reads that and not a copy.
    explained
        What the certificate is to say, where it is at hand; else it is searched.

    Raises
    ------
    RhosetError
        ``unknown-method``; ``baseline-arithmetic``; ``activation-without-rule``.

    Notes
    -----
    The verdict is the checker's, of the very bytes that `BaselineResult.write` writes. Cost for S5 of width 128:
    ``coset`` half a second, ``paper`` one to ten seconds.
    """
    begin = time.perf_counter()
    if method not in BASELINES:
        raise RhosetError(f"method {method!r} is no baseline: must be {', '.join(BASELINES)}", slug="unknown-method")
    if arithmetic != "real":
        raise RhosetError(
            f"method {method!r} is a baseline, which speaks of the exact real function only: leave out --arithmetic,"
            " or give real",
            slug="baseline-arithmetic",
        )
    if network.activation not in RULED:
        raise RhosetError(
            f"method {method!r} has no rule for activation {network.activation!r}; it has for {', '.join(RULED)}",
            slug="activation-without-rule",
        )
    said = explained or BASELINES[method](network)
    with tempfile.TemporaryDirectory() as folder:
        file = path or write_network(Path(folder) / "network.safetensors", network)
        certificate, weights, right = Path(folder) / "certificate", read_weights(file), 0
        for _ in range(2):  # the first check says what may be claimed
            data = certificate_bytes(method, said, weights, right)
            certificate.write_bytes(data)
            verdict = check(certificate, file)
            right = verdict.right
        if not verdict.valid:
            raise RhosetError(f"the checker refuses the certificate: {verdict.reason}", slug="rejected-proof")
        counted = cost_of_files(certificate, file, verdict)
    return BaselineResult(data, verdict, counted, time.perf_counter() - begin - verdict.seconds)
