"""The Python checker and the one extracted from the proofs, on the same files.

Neither may be above the truth, and every case in which their bounds differ must have a cause that is found by changing
the case.

    python scripts/compare_checkers.py --cases 10000 --seed 0          # hostile and damaged certificates
    python scripts/compare_checkers.py --population FOLDER…            # networks that have certificates beside them

Cases are those of `soundness_campaign.py` (honest, corrupted and climbing certificates, attacks) on groups of order at
most 12, and damaged circuits of S3, each with one of the rules of its plan; some have bytes of a file changed. The
truth is in exact integers. Ends with 1 where a bound is above the truth or a difference has no cause. Needs
`make proofs`.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import re
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from check.exact import truth
from check.harness import Cert, Net, write_pair
from check.small_groups import is_group
from compared_cases import ALL_OPEN, circuits, hostile

from rhoset.errors import RhosetError
from rhoset.formalize import verify
from rhoset.formalize.fixed_point import MACHINE, UNIT, Places, choose_places, rounded
from rhoset.formalize.reading import read_stored
from rhoset_check import check
from rhoset_check.files import Certificate, read_certificate, read_network
from rhoset_check.group import prove_group
from rhoset_check.near import Rejected
from rhoset_check.network import Model, build_model
from rhoset_check.settle import prepare, settle

ONLY_PYTHON = {
    "it reads and checks what the proved rules do not (plan, claim, digests)": r"another|claim|plan|float32|neither"
    r"|method|version",
    "a table, a group or an action": r"group|generat|action|permut|acts|identity|invers",
    "tensors that the proved rule does not need, or takes otherwise": r"gaps|circles|lowrank|scale"
    r"|features|writing|work|limit|shape|tensor|memory|multiply|entries|integer|missing",
    "numbers": r"float|finite|within|overflow|large|small|nan",
    "the file": r"file|read|header|json|safetensors",
}
"""Why only one of the two refuses, by the words of its reason; the first that fits."""
ONLY_PROVED = {
    "activation: the proofs know relu": r"activation",
    "numbers that are no float32 numbers": r"float32|dtype|F64",
    "nothing in the certificate for that rule": r"nothing",
    **ONLY_PYTHON,
}


@dataclass
class Files:
    """A network and a certificate as files, and what they were made of."""

    certificate: Path
    network: Path
    net: Net
    cert: Cert
    rule: str

    def but(self, cert: Cert) -> Files:
        """The same network with another certificate, in other files."""
        folder = self.certificate.parent / "amended"
        folder.mkdir(exist_ok=True)
        certificate, network = write_pair(folder, self.net, cert)
        return Files(certificate, network, self.net, cert, self.rule)

    def read(self) -> tuple[Certificate, Model]:
        """As the Python checker reads them, in real arithmetic where the certificate says so."""
        weights = read_network(self.network)
        certificate = read_certificate(self.certificate, len(weights.table), len(weights.tensors["unembed"]))
        group = prove_group(weights.table, certificate.generators)
        return certificate, build_model(weights, group, certificate.arithmetic)


# ---- the two bounds


def python_bound(files: Files) -> tuple[int | None, str]:
    """Of `rhoset_check`, or None and the reason of its refusal."""
    verdict = check(files.certificate, files.network)
    return (verdict.right, "") if verdict.valid else (None, verdict.reason)


def proved_bound(files: Files) -> tuple[int | None, str]:
    """Of the extracted checker, or None and the reason of its refusal."""
    try:
        answer = verify(files.certificate, files.network, files.rule)
    except RhosetError as error:
        return None, str(error)
    return (int(answer["right"]), "") if answer["valid"] else (None, str(answer["reason"]))


def margins(files: Files) -> NDArray[np.float64]:
    """(pairs,): the least margins that the Python checker proves; by rule even without an evaluation."""
    certificate, model = files.read()
    rules, n = prepare(certificate, model), model.order
    if files.rule != "even" or rules.rule is None or not certificate.singles:
        return settle(rules, np.arange(n))[0]
    x, y = np.divmod(np.arange(n * n), n)
    with np.errstate(all="ignore"):
        found = rules.rule.bounds(x, y, rules.budget)
    own = np.arange(n) == model.products(x, y)[:, None]
    return np.fmax(found.least, np.where(own, np.inf, found.outputs(np.arange(n * n))).min(axis=1))


# ---- why they differ


def places_kept(files: Files) -> Places:
    """Of the extracted checker's fixed point."""
    if files.rule != "lowrank":
        return choose_places(read_stored(files.network))
    told = files.network.with_suffix(".v")
    verify(files.certificate, files.network, "lowrank", told)
    kept = {name: int(value) for name, value in re.findall(r"Definition kept_(\w+) : Z := (\d+)%Z", told.read_text())}
    if "reads" in kept:
        return Places(UNIT - kept["reads"], UNIT - kept["writes"])
    embed, linear = UNIT - kept["embed"], UNIT - kept["linear"]
    return Places(embed + linear - kept["dropped"], UNIT - kept["writes"], embed, linear, kept["dropped"])


def tolerance(files: Files) -> float:
    """What rounding to fixed point may take from a margin, with what it takes from middles, means and lengths."""
    places, stored = places_kept(files), read_stored(files.network)
    left, right, unembed, _ = rounded(stored, places)
    reads, writes = int(np.abs(left).max() + np.abs(right).max()), int(np.abs(unembed).sum(axis=0).max())
    if 2 * reads * writes >= 1 << MACHINE:
        raise OverflowError("the outputs leave the machine integers")
    known = 4 if stored.factored else 2
    need = 4 * (known * writes + stored.width * (reads + known) + 1) + 2
    unit = float(np.ldexp(1.0, -places.reads - places.writes))
    rest = 2.0**-20 * float(reads) * float(writes) if files.rule == "even" else 0.0  # lengths have about 25 bits
    return 4.0 * unit * (float(need) + rest)


def changes(files: Files) -> Iterator[tuple[str, Cert]]:
    """Certificates with one thing more changed each, and what was; every change stays for those that follow."""
    cert = files.cert
    yield "rounding", cert
    cert = replace(cert, arithmetic="real")
    yield "float32 arithmetic, of which the proofs do not speak", cert
    cert = cert.planned(**ALL_OPEN)
    yield "budgets of the plan, which the proved rule does not keep", cert
    if "gaps.each" in cert.tensors:
        yield (
            "rule each, of which nothing is extracted",
            cert.but(**{"gaps.left": cert.tensors["gaps.each"], "gaps.each": None}),
        )


def cause(files: Files, python: int, proved: int) -> str:
    """The first change to the certificate after which the bounds are the same, up to rounding."""
    try:
        slack = tolerance(files)
    except (OverflowError, OSError, ValueError):
        slack = np.inf
    who = "Python" if python > proved else "proved"
    found: list[tuple[str, NDArray[np.float64]]] = []
    for name, cert in changes(files):
        with contextlib.suppress(Rejected):
            found.append((name, margins(files.but(cert))))
    for name, least in found:
        if (least > slack).sum() <= proved <= (least > -slack).sum():
            return f"{who} is higher: {name if slack < np.inf else 'no fixed point fits the numbers'}"
    return f"unexplained: Python {python}, proved {proved}"


def refused(who: str, reason: str, kinds: dict[str, str]) -> str:
    """By the words of the reason."""
    for name, words in kinds.items():
        if re.search(words, reason, flags=re.I):
            return f"refused by {who} alone: {name}"
    return f"unexplained: refused by {who} alone: {reason}"


def compared(files: Files) -> tuple[int, str]:
    """The better bound of the two, and the outcome."""
    (python, why), (proved, why_not) = python_bound(files), proved_bound(files)
    if python is None and proved is None:
        return 0, "refused by both"
    if python is None:
        return proved or 0, refused("Python", why, ONLY_PYTHON) if proved else "refused by Python, 0 by the proved rule"
    if proved is None:
        return python, refused("the proved one", why_not, ONLY_PROVED)
    return max(python, proved), "equal" if python == proved else cause(files, python, proved)


def byte_damage(files: Files, rng: np.random.Generator) -> None:
    """A few bytes of the certificate changed, or its end cut off."""
    data = bytearray(files.certificate.read_bytes())
    if rng.random() < 0.3:
        data = data[: rng.integers(len(data))]
    else:
        for _ in range(rng.integers(1, 6)):
            data[rng.integers(len(data))] = rng.integers(256)
    files.certificate.write_bytes(bytes(data))


@dataclass
class Report:
    """Counts by rule and outcome, and what must not be."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    truths: dict[bytes, int] = field(default_factory=dict)

    def right(self, net: Net) -> int:
        """How many pairs are right, exactly; 0 where the table is no group's."""
        key = b"".join(np.ascontiguousarray(a).tobytes() for a in (*net.tensors.values(), net.table))
        if key not in self.truths:
            finite = all(np.isfinite(a).all() for a in net.tensors.values())
            known = finite and is_group(net.table.astype(np.intp))
            self.truths = {key: truth(net.tensors, net.table, net.activation).right if known else 0}
        return self.truths[key]

    def add(self, files: Files, where: str) -> None:
        """One case."""
        best, outcome = compared(files)
        self.outcomes[files.rule, outcome] += 1
        if best and best > self.right(files.net):
            self.faults.append(f"{where}: {best} proved right, {self.right(files.net)} are")
        if outcome.startswith("unexplained"):
            self.faults.append(f"{where}, rule {files.rule}: {outcome}")

    def lines(self) -> list[str]:
        """A Markdown table."""
        rows = [f"| {rule} | {name} | {count} |" for (rule, name), count in sorted(self.outcomes.items())]
        return ["| rule | outcome | cases |", "|---|---|---|", *rows]


def run(cases: int, seed: int, folder: Path) -> Report:
    """So many hostile and damaged cases."""
    report, rng, count = Report(), np.random.default_rng([seed, 3]), 0
    for family in itertools.count(seed * 10**6):
        for rule, net, cert in itertools.chain(hostile(family), circuits(family, folder)):
            try:
                files = Files(*write_pair(folder, net, cert), net, cert, rule)
            except (TypeError, ValueError):  # no file can hold this
                continue
            if rng.random() < 0.05:
                byte_damage(files, rng)
            report.add(
                files, f"family {family} case {count} [{net.kind}; {cert.kind}; {json.dumps(cert.plan, default=str)}]"
            )
            count += 1
            if count % 500 == 0:
                print(
                    f"{count} cases, {len(report.faults)} faults",
                    *report.faults[-3:],
                    sep="\n",
                    file=sys.stderr,
                    flush=True,
                )
            if count >= cases:
                return report
    return report


def within_rounding(path: Path, network: Path, verdicts: tuple[int, int]) -> bool:
    """Whether the bounds differ by no more pairs than have a margin that fixed point may lose."""
    files = Files(path, network, Net({}, np.zeros((0, 0))), Cert({}, {}), "exact")
    _, model = files.read()
    n = model.order
    x, y = np.divmod(np.arange(n * n), n)
    close = 0
    for part in np.array_split(np.arange(n * n), n):
        logits, rows = model.logits(x[part], y[part], "float64").value, np.arange(len(part))
        answers = model.group.table[x[part], y[part]]
        own = logits[rows, answers]
        logits[rows, answers] = -np.inf
        close += int((np.abs(own - logits.max(axis=1)) <= tolerance(files)).sum())
    return abs(verdicts[0] - verdicts[1]) <= close


def population(folders: list[Path]) -> Report:
    """Every certificate beside its network: rule by rule as the extracted checker chooses."""
    report = Report()
    for path in sorted(itertools.chain.from_iterable(folder.rglob("*.cert") for folder in folders)):
        network = path.with_name(path.name.split(".")[0] + ".safetensors")
        verdict, begin = check(path, network), time.process_time()
        if not verdict.valid:
            report.outcomes["", refused("Python", verdict.reason, ONLY_PYTHON)] += 1
            continue
        try:
            answer = verify(path, network)
        except RhosetError as error:
            report.outcomes["", refused("the proved one", str(error), ONLY_PROVED)] += 1
            continue
        proved, rule = int(answer.get("right", 0)), str(answer.get("rule"))
        outcome = "equal"
        if verdict.right != proved:
            found = f"Python {verdict.right}, proved {proved} of {verdict.inputs}"
            explained = within_rounding(path, network, (verdict.right, proved))
            outcome = f"{found}: rounding" if explained else f"unexplained: {found}"
            report.faults += [] if explained else [f"{path}: {outcome}"]
        report.outcomes[f"{verdict.method}, settled by {rule}", outcome] += 1
        print(
            f"{path}: {rule}, Python {verdict.right}, proved {proved}, {time.process_time() - begin:.2f} s here",
            file=sys.stderr,
        )
    return report


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--population", type=Path, nargs="+", metavar="FOLDER")
    options = parser.parse_args(arguments)
    begin = time.process_time()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = (
            population(options.population) if options.population else run(options.cases, options.seed, Path(folder))
        )
    print("\n".join([*report.lines(), *report.faults[:50]]))
    total = sum(report.outcomes.values())
    print(
        f"{total} cases, {len(report.faults)} faults, {time.process_time() - begin:.0f} s of the processor here, "
        f"{sum(os.times()[2:4]):.0f} s in the extracted checker"
    )
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
