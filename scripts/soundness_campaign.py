"""Try to make the checker print a bound above the truth: many networks, many certificates, an exact reference.

Every case is a (network, certificate) pair on a group of order 2 … 24: honest certificates of every rule, corrupted
ones, hill-climbed ones, and targeted attacks (tests/check). Each is written as two files and read by the checker. What
`rhoset_check` derives (pairs right, margin, loss) is compared with exact integer arithmetic, for `float32` with the
worst of many orders of summation. Ends with 1 if any bound is better than the truth or the checker raises.

    python scripts/soundness_campaign.py --cases 100000 --seed 0 --jobs 2
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from check.attacks import ATTACKS
from check.certificates import draw_certificate
from check.exact import Truth, single_truth, truth
from check.harness import Cert, Net, derive
from check.mutations import bolder, mutate
from check.networks import draw_network
from check.small_groups import is_group, random_group

from rhoset_check import Verdict

LARGEST = 24
"""Largest group order."""


@dataclass
class Judge:
    """The truth about one network, found when first needed."""

    net: Net
    seed: int = 0

    @cached_property
    def group(self) -> bool:
        return bool(is_group(self.net.table.astype(np.intp)))

    @cached_property
    def real(self) -> Truth:
        return truth(self.net.tensors, self.net.table, self.net.activation)

    @cached_property
    def single(self) -> Truth:
        return single_truth(self.net.tensors, self.net.table, self.net.activation, self.seed)

    def faults(self, cert: Cert, verdict: Verdict) -> list[str]:
        """What an accepted certificate got wrong; empty if nothing."""
        if not verdict.valid:
            return (
                []
                if verdict.accuracy_bound == 0 and verdict.reason
                else ["a rejection with a bound or without a reason"]
            )
        if not self.group:
            return ["accepted a table that is no group's"]
        truths = [self.real] if cert.arithmetic == "real" else [self.real, self.single]
        out = []
        for t in truths:
            if not (0 <= verdict.right <= t.right and verdict.accuracy_bound <= verdict.right / t.inputs):
                out.append(f"accuracy: {verdict.right} proved right, {t.right} are")
            if not verdict.margin_bound <= t.margin:
                out.append(f"margin: {verdict.margin_bound} proved, {float(t.margin)} is")
            if not (verdict.loss_bound == 0 and t.log_loss == -np.inf) and t is truths[-1]:
                log_bound = np.log(verdict.loss_bound) if verdict.loss_bound > 0 else -np.inf
                if not log_bound >= t.log_loss - 1e-9:
                    out.append(f"loss: {verdict.loss_bound} proved, exp({t.log_loss}) is")
        return out


@dataclass
class Report:
    """Counts of a campaign."""

    cases: int = 0
    outcome: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def add(self, other: Report) -> None:
        self.cases += other.cases
        self.outcome += other.outcome
        self.kinds += other.kinds
        self.reasons += other.reasons
        self.violations += other.violations

    def lines(self) -> list[str]:
        parts = [f"{self.cases} cases"]
        parts += [
            f"{self.outcome[key]} {key}" for key in ("rejected", "accepted with bound 0", "accepted with bound > 0")
        ]
        parts.append(f"{self.outcome['exact']} with a bound equal to the accuracy (of those above 0)")
        parts.append(f"{self.outcome['margin']} with a finite margin, {self.outcome['loss']} with a finite loss")
        return [", ".join(parts), f"violations: {len(self.violations)}", *self.violations[:50]]


def family(seed: int) -> Iterator[tuple[Net, Cert]]:
    """The cases of one seed: a random network with honest, corrupted and climbing certificates, and attacks."""
    rng = np.random.default_rng(seed)
    group = random_group(rng, LARGEST)
    net, circuits = draw_network(group, rng)
    with np.errstate(all="ignore"):
        for _ in range(4):
            cert = draw_certificate(net, group, circuits, rng)
            yield net, cert
            for _ in range(2):
                yield net, mutate(cert, net, rng)
        yield from climb(net, draw_certificate(net, group, circuits, rng), rng, 6)
        for name in rng.choice(sorted(ATTACKS), 6, replace=False):
            attacked, cert = ATTACKS[str(name)](rng)
            yield attacked, replace(cert, kind=f"attack {name}")


def climb(net: Net, cert: Cert, rng: np.random.Generator, steps: int) -> Iterator[tuple[Net, Cert]]:
    """Move the numbers of a certificate wherever the derived bound does not fall."""

    def height(candidate: Cert) -> tuple[float, float]:
        verdict = derive(net, candidate)
        return (verdict.accuracy_bound, verdict.margin_bound) if verdict.valid else (-1.0, 0.0)

    best = height(cert)
    for _ in range(steps):
        candidate = replace(bolder(cert, rng), kind="climb")
        yield net, candidate
        reached = height(candidate)
        if reached >= best:
            cert, best = candidate, reached


def run_case(judge: Judge, cert: Cert, report: Report, where: str) -> None:
    """One case into the report."""
    report.cases += 1
    report.kinds[cert.kind.split()[0] if not cert.kind.startswith("attack ") else cert.kind] += 1
    try:
        verdict = derive(judge.net, cert)
    except Exception:
        report.violations.append(f"{where} {cert.kind}: raised {traceback.format_exc().splitlines()[-1]}")
        return
    if not verdict.valid:
        report.outcome["rejected"] += 1
        report.reasons[verdict.reason[:60]] += 1
        if "failed" in verdict.reason:
            report.outcome["failed"] += 1
    else:
        report.outcome["accepted with bound > 0" if verdict.right else "accepted with bound 0"] += 1
        report.outcome["exact"] += bool(verdict.right and judge.group and verdict.right == judge.real.right)
        report.outcome["margin"] += bool(np.isfinite(verdict.margin_bound))
        report.outcome["loss"] += bool(np.isfinite(verdict.loss_bound))
    plan = json.dumps(cert.plan, default=str)
    label = f"{where} [{judge.net.kind}; {cert.kind}; {plan}; {cert.arithmetic}]"
    report.violations += [f"{label} {fault}" for fault in judge.faults(cert, verdict)]


def run_seed(seed: int) -> Report:
    """All cases of one seed."""
    report, judge = Report(), None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for index, (net, cert) in enumerate(family(seed)):
            if judge is None or judge.net is not net:
                judge = Judge(net, seed)
            run_case(judge, cert, report, f"seed {seed} case {index}")
    return report


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--json", type=Path, help="also write the counts there")
    parser.add_argument("-q", "--quiet", action="store_true")
    options = parser.parse_args(arguments)
    report, begin, seeds = Report(), time.perf_counter(), iter(range(options.seed * 10**6, (options.seed + 1) * 10**6))
    with multiprocessing.get_context("spawn").Pool(options.jobs) if options.jobs > 1 else _Here() as pool:
        for part in pool.imap_unordered(run_seed, seeds):
            before = report.cases // 5000
            report.add(part)
            if not options.quiet and (report.cases // 5000 > before or part.violations):
                seconds = time.perf_counter() - begin
                print(f"{report.cases} cases, {seconds:.0f} s, {len(report.violations)} violations", file=sys.stderr)
                for line in part.violations[:3]:
                    print("  " + line, file=sys.stderr)
            if report.cases >= options.cases:
                break
    print("\n".join(report.lines()))
    print(
        f"{time.perf_counter() - begin:.0f} s; kinds: " + ", ".join(f"{k} {v}" for k, v in report.kinds.most_common())
    )
    for reason, count in report.reasons.most_common(25):
        print(f"  {count:7d} {reason}")
    if options.json:
        options.json.write_text(json.dumps({
            "cases": report.cases, "outcome": report.outcome, "kinds": report.kinds, "violations": report.violations,
            "seed": options.seed, "reasons": report.reasons,
        }, indent=1))  # fmt: skip
    return 1 if report.violations else 0


class _Here:
    """A pool of this process."""

    def __enter__(self) -> _Here:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    imap_unordered = staticmethod(map)


if __name__ == "__main__":
    sys.exit(main())
