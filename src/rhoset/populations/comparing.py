"""Two populations side by side: what differs, with intervals and tests, and what could not have been seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, TypeVar

from rhoset.arguments import public
from rhoset.errors import Attempt, RhosetError, raising
from rhoset.networks import read_network
from rhoset.networks.accept import places_of
from rhoset.populations.distances import distance_matrix
from rhoset.populations.record import Record
from rhoset.populations.rows import Progress, circuit_text, files_of, irrep_text, key_set_text, records
from rhoset.populations.summaries import used_irreps
from rhoset.populations.testing import ALPHA, RankTest, ShareTest, energy_test, holm, law_test, rank_test, share_test
from rhoset.summaries import Shown
from rhoset.summaries import counted as plural

WANTED = 0.95
"""The bound that counts as proved (Wu et al. 2024)."""


@dataclass(frozen=True)
class Distances:
    """Distances between the networks as functions.

    Attributes
    ----------
    unit
        ``nats``, or empty for scale-free ones.
    up_to_automorphisms
        Whether the least over the group's automorphisms was taken.
    within
        Mean distance of two different networks of A, and of B; None for one network.
    between
        Mean distance of a network of A to one of B.
    energy, p
        Energy statistic and its p value by relabelling; None where a side has fewer than two networks.
    """

    unit: str
    up_to_automorphisms: bool
    within: tuple[float | None, float | None]
    between: float
    energy: float | None
    p: float | None


@dataclass(frozen=True, repr=False)
class Comparison(Shown):
    """What `compare` found.

    Attributes
    ----------
    sizes
        Networks of A and B.
    laws
        Name → p value of the hypothesis that A and B have one law of it (key sets; irreps in use).
    shares
        Tests of shares: key sets, irreps, circuit kinds, networks that are right everywhere or proved.
    numbers
        Rank tests of margins, losses, costs.
    distances
        None where the groups differ or they were not asked for.
    said
        Conclusions, one sentence each.
    """

    sizes: tuple[int, int]
    laws: dict[str, float]
    shares: tuple[ShareTest, ...]
    numbers: tuple[RankTest, ...]
    distances: Distances | None
    said: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON can hold it."""
        return asdict(self)


@public
def compare(
    a: Any,
    b: Any,
    *,
    distances: bool = True,
    scale_free: bool = False,
    automorphisms: bool = False,
    progress: Progress = lambda done, total: None,
) -> Comparison:
    """Compare two populations.

    Parameters
    ----------
    a, b
        Runs, sweeps, folders or files; or lists or Series of them, or data frames as `rhoset.table` makes.
    distances, scale_free, automorphisms
        Whether to compare the networks as functions, and how: see `rhoset.populations.distances.distance_matrix`.
    progress
        Called with networks measured and in all.

    Raises
    ------
    RhosetError
        As `rhoset.populations.rows.records` and `distance_matrix`.

    Notes
    -----
    Every family of tests (shares; numbers; laws and functions) is corrected by Holm's method; a difference counts as
    found when the adjusted p value is at most 0.05. Networks are taken to be independent draws. Random relabellings
    have a fixed seed.
    """
    said_a, said_b = both_records(a, b, progress, raising)
    return compare_records(said_a, said_b, distances=distances, scale_free=scale_free, automorphisms=automorphisms)


def both_records(a: Any, b: Any, progress: Progress, attempt: Attempt) -> tuple[list[Record], list[Record]]:
    """Records of both sides, see `rhoset.populations.rows.records`; `progress` counts the networks of both."""
    files = [files_of(places_of(side), attempt) for side in (a, b)]
    before, total = len(files[0]), len(files[0]) + len(files[1])
    return (
        records(files[0], progress=lambda done, _: progress(done, total), attempt=attempt),
        records(files[1], progress=lambda done, _: progress(before + done, total), attempt=attempt),
    )


def compare_records(
    said_a: Sequence[Record],
    said_b: Sequence[Record],
    *,
    distances: bool = True,
    scale_free: bool = False,
    automorphisms: bool = False,
) -> Comparison:
    """`compare` of records; raises RhosetError (``no-such-network``) where a side has none."""
    for side, said in (("A", said_a), ("B", said_b)):
        if not said:
            raise RhosetError(
                f"{side} has no network that could be read, so there is nothing to compare", slug="no-such-network"
            )
    shares, numbers = _shares(said_a, said_b), _numbers(said_a, said_b)
    laws = {
        "key sets": law_test([key_set_text(r) for r in said_a], [key_set_text(r) for r in said_b]),
        "irreps in use": law_test(
            [" ".join(sorted(used_irreps(r))) for r in said_a], [" ".join(sorted(used_irreps(r))) for r in said_b]
        ),
    }
    same = len({r["digest_of_table"] for r in (*said_a, *said_b)}) == 1
    apart = None
    if distances and same:
        networks = [read_network(record["file"]) for record in (*said_a, *said_b)]
        apart = _distances(networks, len(said_a), scale_free, automorphisms)
    sizes = (len(said_a), len(said_b))
    return Comparison(sizes, laws, shares, numbers, apart, _conclusions(sizes, laws, shares, numbers, apart, same))


T = TypeVar("T", ShareTest, RankTest)


def _adjusted(tests: Sequence[T]) -> tuple[T, ...]:
    return tuple(replace(test, p_adjusted=p) for test, p in zip(tests, holm([test.p for test in tests]), strict=True))


def _shares(a: Sequence[Record], b: Sequence[Record]) -> tuple[ShareTest, ...]:
    kinds: list[tuple[str, Callable[[Record], set[str]]]] = [
        ("key set ", lambda r: {key_set_text(r)}),
        ("irrep ", lambda r: {irrep_text(name, r["frequency"]) for name in used_irreps(r)}),
        ("circuit ", lambda r: {circuit_text(c, r["frequency"]) for c in r["circuits"]}),
    ]
    tests = [
        share_test("right everywhere", _count(a, b, lambda r: r["accuracy"] == 1), (len(a), len(b))),
    ]
    if any(r["bounds"] for r in a) and any(r["bounds"] for r in b):
        tests.append(share_test(f"proved ≥ {WANTED:.0%}", _count(a, b, _proved), (len(a), len(b))))
    for prefix, names_of in kinds:
        for name in sorted({name for r in (*a, *b) for name in names_of(r)}):
            counts = (sum(name in names_of(r) for r in a), sum(name in names_of(r) for r in b))
            tests.append(share_test(prefix + name, counts, (len(a), len(b))))
    return _adjusted(tests)


def _count(a: Sequence[Record], b: Sequence[Record], so: Callable[[Record], bool]) -> tuple[int, int]:
    return sum(map(so, a)), sum(map(so, b))


def _proved(record: Record) -> bool:
    return any(bound["accuracy_bound"] >= WANTED for bound in record["bounds"].values())


def _numbers(a: Sequence[Record], b: Sequence[Record]) -> tuple[RankTest, ...]:
    wanted: list[tuple[str, str, Callable[[Record], Any]]] = [
        ("margin", "nats", lambda r: r["margin"]),
        ("loss", "nats", lambda r: r["loss"]),
        ("accuracy", "share", lambda r: r["accuracy"]),
        ("explained", "share", lambda r: r["explained"]),
        ("spectral count", "classes", lambda r: r["spectral_count"]),
        ("irreps in use", "irreps", lambda r: len(used_irreps(r))),
        ("pure neurons", "share", lambda r: sum(r["multiplicity"].values())),
        ("steps", "updates", lambda r: r["training"].get("steps")),
    ]
    methods = sorted({m for r in a for m in r["bounds"]} & {m for r in b for m in r["bounds"]})
    wanted += [(f"cost of {method}", "share", partial(_cost, method)) for method in methods]
    tests = []
    for name, unit, of in wanted:
        sides = [[float(of(r)) for r in side if of(r) is not None] for side in (a, b)]
        test = rank_test(name, unit, sides[0], sides[1])
        if test is not None:
            tests.append(test)
    return _adjusted(tests)


def _cost(method: str, record: Record) -> float | None:
    bound = record["bounds"].get(method)
    return None if bound is None else bound["cost"]


def _distances(networks: Sequence[Any], first: int, scale_free: bool, automorphisms: bool) -> Distances:
    matrix = distance_matrix(networks, scale_free=scale_free, automorphisms=automorphisms)
    parts = (matrix[:first, :first], matrix[first:, first:])
    within = [float(p.sum() / (len(p) * (len(p) - 1))) if len(p) > 1 else None for p in parts]
    between = float(matrix[:first, first:].mean())
    energy, p = (None, None) if None in within else energy_test(matrix, first)
    return Distances("" if scale_free else "nats", automorphisms, (within[0], within[1]), between, energy, p)


def _conclusions(
    sizes: tuple[int, int],
    laws: dict[str, float],
    shares: Sequence[ShareTest],
    numbers: Sequence[RankTest],
    apart: Distances | None,
    same: bool,
) -> tuple[str, ...]:
    said = []
    if not same:
        said.append(
            "A and B have different multiplication tables: irreps are compared by name, and networks not as functions."
        )
    tests: list[ShareTest | RankTest] = [*shares, *numbers]
    found = [test for test in tests if test.p_adjusted <= ALPHA]
    said += [_difference(test) for test in found]
    whole = {f"The laws of {name}": p for name, p in laws.items()}
    if apart is not None and apart.p is not None:
        whole["The populations as functions"] = apart.p
    differ = [(what, p) for what, p in zip(whole, holm(list(whole.values())), strict=True) if p <= ALPHA]
    said += [f"{what} differ; p = {p:.2g} after correction." for what, p in differ]
    if not found and not differ:
        said.append("No difference was found.")
    said.append(power_text(sizes))
    return tuple(said)


def _difference(test: ShareTest | RankTest) -> str:
    if isinstance(test, ShareTest):
        what = ", ".join(
            f"{c}/{t} ({low:.0%}–{high:.0%})"
            for c, t, (low, high) in zip(test.counts, test.totals, test.intervals, strict=True)
        )
    else:
        first, second = test.medians
        what = f"medians {first:.4g} and {second:.4g} {test.unit}, P(A > B) = {test.greater:.2f}"
    return f"{test.name}: {what}; p = {test.p_adjusted:.2g} after correction."


def power_text(sizes: tuple[int, int]) -> str:
    """What populations of these sizes can show at all: one uncorrected test at level 0.05, power 0.8."""
    half = share_test("", (round(sizes[0] / 2), round(sizes[1] / 2)), sizes).detectable
    rank = rank_test("", "", [0.0] * sizes[0], [0.0] * sizes[1])
    text = f"With {sizes[0]} and {plural(sizes[1], 'network')}, one test at level {ALPHA:g} finds with 80 % power "
    if half[1] is None:
        text += "no difference of shares"
    else:
        text += f"a share of 50 % against one of {half[1]:.0%} or more"
    if rank is not None and rank.detectable is not None:
        text += f", and a number that is greater in A with a chance of {0.5 + rank.detectable:.0%} or more"
    return text + "; smaller differences may be there unseen."
