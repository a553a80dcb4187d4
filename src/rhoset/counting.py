"""How many multiply-adds a check takes, counted from shapes and from what each stage had to do. Nobody believes it.

The unit is one multiply-add, an addition, a comparison or an activation of one number; sums count the entries that are
not zero by the explanation's structure. The bias neuron, always 1, is not counted, as it is not in the exhaustive
n³m + n²m. Apart stands `Count.table`, what comes before any input is looked at: integers compared to prove that the
table is a group's and that permutations act, and left and right formed from factors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log2
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rhoset.summaries import Shown
from rhoset_check.blocks import build_block, differences
from rhoset_check.each import EachRule, Part, parts_of
from rhoset_check.each import kinds as kinds_of
from rhoset_check.files import (
    Certificate,
    CircleTensors,
    GapTensors,
    MatrixTensors,
    SlotTensors,
    Unreadable,
    Weights,
    read_certificate,
    read_network,
)
from rhoset_check.group import permutation_action, prove_group
from rhoset_check.near import Array, Rejected
from rhoset_check.pairs import PairsRule
from rhoset_check.settle import Rules
from rhoset_check.verdict import Verdict


@dataclass(frozen=True)
class Shape:
    """n elements, m neurons; `inner` is the width of the embedding of a network in factors, else 0."""

    order: int
    width: int
    inner: int = 0

    @staticmethod
    def of(weights: Weights) -> Shape:
        """Of a network as the checker read it."""
        inner = weights.tensors["embed_left"].shape[1] if weights.factored else 0
        return Shape(len(weights.table), len(weights.tensors["unembed"]), inner)

    @property
    def exhaustive(self) -> int:
        """n³m + n²m."""
        return self.order**2 * self.width * (self.order + 1)


@dataclass(frozen=True)
class Count:
    """Multiply-adds: done once; for each x; for each pair that rule pairs looks at; in stages, as they were opened.

    `table` is what comes before: the group, its actions, and tables formed from factors.
    """

    once: int
    each_x: int
    each_pair: int
    stages: int
    table: int

    def total(self, xs: float, pairs: float, share: float = 1.0) -> float:
        """All of it for so many x and so many pairs in rule pairs, `share` times the stages."""
        return self.once + self.each_x * xs + self.each_pair * pairs + self.stages * share


@dataclass(frozen=True)
class Facts:
    """What the shapes of a certificate do not say, and its actions do.

    `kinds`: rule gaps, how many w there are of each vector of numbers of moved points. `entries`: rule pairs, for each
    group of outputs what one pair's logits in the span take; `shared`: what all groups of a pair share. `parts`: rule
    each, for each x the entries of the tables that are sums of two, and of those that stay alone.
    """

    kinds: tuple[int, ...] = ()
    entries: tuple[int, ...] = ()
    shared: int = 0
    parts: tuple[int, int] = (0, 0)

    @staticmethod
    def of(certificate: Certificate, rules: Rules) -> Facts:
        """From rules that the checker has prepared."""
        kinds = () if rules.gaps is None else tuple(map(len, rules.gaps.groups))
        pairs = rules.pairs
        parts = np.split(pairs.delta.value, pairs.ends[1:-1]) if isinstance(pairs, PairsRule) else []
        made = _parts(rules.gaps.parts, rules.gaps.joins) if isinstance(rules.gaps, EachRule) else (0, 0)
        return Facts(kinds, *_span(certificate, parts), made)

    @staticmethod
    def together(certificate: Certificate, delta: Array) -> Facts:
        """Of rule pairs without references, which takes all outputs together, from their ΔF(w)."""
        return Facts((), *_span(certificate, [delta]))

    @staticmethod
    def by_actions(certificate: Certificate, weights: Weights, spanned: bool) -> Facts:
        """From the certificate; cost: proving the group and its actions."""
        group = prove_group(weights.table, certificate.generators)
        others, parts, made = np.flatnonzero(np.arange(group.order) != group.identity), list[Array](), (0, 0)
        kinds: tuple[int, ...] = ()
        if certificate.plan.gaps and certificate.gaps is not None:
            named = set(certificate.gaps.block.tolist())
            used = (images for j, images in enumerate(certificate.gaps.actions) if j in named)
            actions = [permutation_action(group, images, "gaps") for images in used]
            moved = np.stack([(a != np.arange(a.shape[1])).sum(axis=1) for a in actions], axis=1)
            kinds = tuple(np.unique(moved[others], axis=0, return_counts=True)[1].tolist())
            if (joins := certificate.gaps.joins) is not None:
                block, point = certificate.gaps.block, certificate.gaps.point
                points = (np.unique(point[block == j]) for j in range(len(certificate.gaps.actions)) if j in named)
                each = zip(actions, points, strict=True)
                places = [place for a, used in each if a.shape[1] > 1 for place in a.T[used]]
                made = _parts(parts_of(places, joins, group.order)[0], joins)
                kinds = tuple(map(len, kinds_of(actions, group.identity)))
        if spanned:
            width = len(weights.tensors["unembed"]) + 1
            blocks = [build_block(block, group, width, f"block{j}") for j, block in enumerate(certificate.blocks)]
            labels = _labels(certificate, group.order)[others]
            groups = (others[labels == g] for g in np.unique(labels))
            parts = [differences(blocks, group.identity, w).value for w in groups]
        return Facts(kinds, *_span(certificate, parts), made)


def _parts(parts: Sequence[Part], joins: NDArray[np.intp]) -> tuple[int, int]:
    """`Facts.parts`."""
    entries = [part.entries for part in parts]
    alone = set(range(len(parts) - 1)) - set(joins.ravel().tolist())
    return sum(entries[len(parts) - len(joins) :]), sum(entries[j] for j in alone)


def _span(certificate: Certificate, parts: Sequence[Array]) -> tuple[tuple[int, ...], int]:
    """(entries, shared) of `Facts`, from ΔF(w), (outputs, features), of each group.

    Block by block the shorter way: the entries of ΔF(w) that are not zero; or, of slots, M = Qᵀυ once a pair and
    Σ_c M[c, w·c]; or, of orthogonal 2 × 2 matrices, which turn or mirror, four sums a pair and two products an output.
    """
    sizes, start, shared = np.array([len(part) for part in parts], dtype=np.int64), 0, 0
    entries = np.zeros(len(parts), dtype=np.int64)
    for block in certificate.blocks if parts else ():
        features = block.coupling.size if isinstance(block, SlotTensors) else block.matrices[0].size
        one = np.array([np.count_nonzero(part[:, start : start + features]) for part in parts], dtype=np.int64)
        start += features
        once, other = 0, one
        if isinstance(block, SlotTensors):
            q = block.coupling.shape[1]
            once, other = q * int(np.count_nonzero(block.coupling)) + q, q * sizes
        elif features == 4:
            once, other = 4, 2 * sizes
        if once + other.sum() < one.sum():
            one, shared = other, shared + once
        entries += one
    return tuple(int(e) for e in entries), shared


@dataclass(frozen=True, repr=False)
class Cost(Shown):
    """Of one check: multiply-adds, those of the exhaustive check, and what comes before both (`Count.table`)."""

    operations: int
    exhaustive: int
    table: int

    @property
    def share(self) -> float:
        """operations / exhaustive."""
        return self.operations / max(self.exhaustive, 1)


def cost(certificate: Certificate, weights: Weights, verdict: Verdict) -> Cost:
    """What the check that gave a verdict took; nothing where nothing was proved.

    Cost: where rule gaps ran or logits in the span were evaluated, that of proving the group's actions; else next to
    none.
    """
    shape, spent = Shape.of(weights), verdict.spent
    if not verdict.valid:
        return Cost(0, shape.exhaustive, 0)
    spanned = bool(spent.get("pairs open"))
    known = Facts.by_actions(certificate, weights, spanned) if spanned or certificate.plan.gaps else Facts()
    found = count(certificate, shape, spent, known)
    return Cost(int(found.total(shape.order, spent.get("pairs", 0))), shape.exhaustive, found.table)


def cost_of_files(certificate: Path, network: Path, verdict: Verdict) -> Cost:
    """`cost` of a verdict on two files, which are read again; zeros where one of them cannot be."""
    try:
        weights = read_network(network)
        shape = Shape.of(weights)
        if not verdict.valid:
            return Cost(0, shape.exhaustive, 0)
        if "operations" in verdict.spent:  # a baseline's checker counts itself
            return Cost(verdict.spent["operations"], shape.exhaustive, 0)
        return cost(read_certificate(certificate, shape.order, shape.width), weights, verdict)
    except (Unreadable, Rejected):
        return Cost(0, 0, 0)


def count(certificate: Certificate, shape: Shape, spent: Mapping[str, int], known: Facts) -> Count:
    """What the rules of a certificate take; `spent` is what the checker's `Budget` kept."""
    n, m, plan, r = shape.order, shape.width, certificate.plan, len(certificate.generators)
    once, each_x, each_pair, table = 0, 0, 0, r * n * n + 2 * n * shape.inner * m
    stages = (spent.get("whole", 0) + spent.get("again", 0)) * m * (n + 1)
    if plan.gaps and certificate.gaps is not None:
        table += r * n * sum(images.shape[1] for images in certificate.gaps.actions)
        apart = 0
        if certificate.gaps.joins is None:
            fixed, each_x = gaps_operations(certificate.gaps, plan.even, shape, len(known.kinds))
        else:
            fixed, each_x = each_operations(certificate.gaps, shape, len(known.kinds), known.parts)
            apart = 0 if certificate.gaps.centred is None else int(certificate.gaps.centred.sum())
        once += fixed
        stages += sum(spent.get(f"gaps {g}", 0) * size * (2 - plan.even) for g, size in enumerate(known.kinds))
        stages += spent.get("gaps singly", 0) * 5
        stages += spent.get("gaps open", 0) * (len(known.kinds) * plan.even + apart)
    if plan.pairs and certificate.circles is None:
        for block in certificate.blocks:
            fixed, moved, each, points = _block(block, n, r)
            once, each_x, each_pair, table = once + fixed, each_x + moved, each_pair + each, table + r * n * points
        once += _pairs_once(certificate, shape)
        each_pair += _pairs_each(certificate, shape)
        also = 3 if plan.samples else 2  # tabulated numbers added to each output
        opened = (spent.get(f"pairs {g}", 0) for g in range(len(known.entries)))
        sizes = np.unique(_labels(certificate, n), return_counts=True)[1].tolist()
        spanned = [spent.get(f"span {g}", 0) for g in range(len(known.entries))]
        stages += sum(pairs * also * w for pairs, w in zip(opened, sizes, strict=False))
        stages += sum(pairs * e for pairs, e in zip(spanned, known.entries, strict=True))
        stages += min(spent.get("pairs open", 0), sum(spanned)) * known.shared
    if certificate.circles is not None:
        fixed, each, spanned_once = _circles(certificate, certificate.circles, shape)
        once += fixed + spent.get("circles changes", 0)
        sizes = np.unique(_labels(certificate, n), return_counts=True)[1].tolist()
        stages += spent.get("circles", 0) * each + spent.get("circles own", 0) * 2 * m
        stages += sum(spent.get(f"circles {g}", 0) * 3 * size for g, size in enumerate(sizes))
        stages += spent.get("circles span", 0) * spanned_once
    stages += spent.get("singles", 0) * m
    return Count(once, each_x, each_pair, stages, table)


def _circles(certificate: Certificate, given: CircleTensors, shape: Shape) -> tuple[int, int, int]:
    """(once, each pair, each output in the span) of rule circles, but for terms that come and go.

    Once: the representations; readings sorted and merged, both ways; sums at the first steps; for each pair and number
    that is written two by prefix sums, added; what is written, the two tables of what is not, parabolas and their
    errors; readings as waves and products of these; D(x) K; lengths. Each pair: D(x) K D(y), its distance from the sums
    by planes, the right answer's logit, distances by lengths, the terms of each group. Of 2 × 2 matrices a turn and a
    mirror meet two numbers of four; in what only turns two numbers hold each.
    """
    n, m, r = shape.order, shape.width, len(certificate.generators)
    blocks = [b for b in certificate.blocks if isinstance(b, MatrixTensors)]
    dims = [b.matrices.shape[1] for b in blocks]
    ranks = [2 if d == 2 and _turns(b.matrices.reshape(-1, 4)) else d * d for d, b in zip(dims, blocks, strict=True)]
    both = list(zip(ranks, blocks, strict=True))
    written = sum(len(b.neurons) * rank for rank, b in both)
    summed = sum(len(np.unique(given.walk[b.neurons])) * rank for rank, b in both)
    waves = np.array(ranks)[given.reads][given.walk[:-1]]
    carried = sum(4 * int(np.count_nonzero(planes)) for planes in _carried(certificate, dims))
    groups, planes = len(np.unique(_labels(certificate, n))), sum(max(1, rank // 2) for rank in ranks)
    once = sum((1 + r) * n * d**3 for d in dims) + 2 * n * m * ceil(log2(max(n, 2))) + 3 * n * written
    once += 3 * n * n * summed + 2 * n * n * (m + 7) + 10 * n * m + n * int((5 * waves + waves**2).sum())
    once += 4 * n * sum(ranks)
    return once, carried + 2 * sum(ranks) + sum(dims) + 2 * planes + 2 * groups + 4, sum(dims) + 2


def _carried(certificate: Certificate, dims: Sequence[int]) -> list[tuple[bool, bool]]:
    """Of each block, whether what of the reference is no multiple of the identity turns, and whether it mirrors."""
    given = np.zeros(sum(d * d for d in dims)) if certificate.references is None else certificate.references[0]
    parts = np.split(given, np.cumsum([d * d for d in dims])[:-1])
    return [(b != c, a != d or b + c != 0) for a, b, c, d in (p if len(p) == 4 else (p[0], 0, 0, p[0]) for p in parts)]


def _labels(certificate: Certificate, n: int) -> NDArray[np.intp]:
    return np.zeros(n, np.intp) if certificate.groups is None else certificate.groups


def _features(certificate: Certificate) -> int:
    return sum(b.coupling.size if isinstance(b, SlotTensors) else b.matrices[0].size for b in certificate.blocks)


def _block(block: SlotTensors | MatrixTensors, n: int, r: int) -> tuple[int, int, int, int]:
    """(once, each x, each pair, points) of a block.

    Slots: what is written, k entries over n outputs; a pair's sums and their means off. Matrices: the representation
    from its generators and the test that it is one; what is written; transport of what is written by x, of sums by y.
    """
    k = len(block.neurons)
    if isinstance(block, MatrixTensors):
        d = block.matrices.shape[1]
        rank = 2 if d == 2 and _turns(block.coefficients) else d * d
        return (1 + r) * n * d**3 + n * k * rank, k * d * rank, (k + d) * rank, 0
    p, q = block.coupling.shape
    return n * k, 0, k + 2 * p * q, p + q


def _turns(coefficients: Array) -> bool:
    """Whether 2 × 2 matrices all turn, so that two numbers hold each."""
    a, b, c, d = coefficients.T
    size = float(np.abs(coefficients).max(initial=0.0))
    return bool(max(np.abs(a - d).max(initial=0.0), np.abs(b + c).max(initial=0.0)) <= 1e-9 * size)


def _pairs_once(certificate: Certificate, shape: Shape) -> int:
    """The lengths of what is not written; its additive part; features at the identity and margins at references."""
    n, m, samples = shape.order, shape.width, certificate.plan.samples
    kept = 0 if certificate.references is None else len(certificate.references)
    additive = 2 * n * samples * m + 2 * n * n * m if samples else 0
    return n * m + additive + (kept + 1) * n * _features(certificate)


def _pairs_each(certificate: Certificate, shape: Shape) -> int:
    """The hidden vector; its length, means taken off; the right answer's part of what is not written; one reference."""
    m, plan = shape.width, certificate.plan
    each = 2 * m + (2 * m if plan.samples else 0) + (m if plan.own else 0)
    if certificate.references is None:
        return each
    groups = len(np.unique(_labels(certificate, shape.order)))
    return each + 2 * _features(certificate) + groups * (len(certificate.blocks) + 1)


def gaps_operations(given: GapTensors, even: bool, shape: Shape, kinds: int) -> tuple[int, int]:
    """(once, each x) of rule gaps, or of rule even.

    Once, for each point: mid-ranges of readings and of what is written, errors, and what they cost. For each x and
    point its table: its neurons at every point, their length, the product. From tables the outcomes: the best and
    second of every row, for each output the sum of the rows, its least gaps in order, the rivals of every kind. Then
    one comparison for each y and kind.
    """
    n, m, whole = shape.order, shape.width, bool(given.exact.all())
    once, tables, outcomes = 4 * n * m, 0, n + kinds * n * (len(given.actions) + 1)
    for j, images in enumerate(given.actions):
        q, points = images.shape[1], np.bincount(given.point[given.block == j], minlength=images.shape[1])
        used, columns = [int(k) for k in points if k], n if given.exact[j] else q
        once += sum(n * k * (2 * q + 2) for k in used)
        tables += sum((1 if whole else 2) * q * k + q * k * columns for k in used)
        tables += 0 if given.potentials[j] is None else len(used) * q * columns
        outcomes += len(used) * (n + (q * columns + 2 * n if q > 1 else 0))
        if len(used) > 1 and q > 1:
            outcomes += n * len(used) * (ceil(log2(len(used))) + 1)
    if even:
        least, pairs = _even_operations(given, shape)
        return once + n * tables + least, n * pairs
    return once, tables + outcomes + n * kinds


def each_operations(given: GapTensors, shape: Shape, kinds: int, parts: tuple[int, int]) -> tuple[int, int]:
    """(once, each x) of rule each; `parts` as in `Facts`.

    Once: as rule gaps; what is believed of activations, their means and what of unembed they meet, for each class of x
    and for each point, summed for all (x, z) and (y, z). For each x: its activations, what is believed taken off, the
    squares; the tables of points, with the errors of readings; the sums; the largest of what stays alone; for each y
    the length of what is left, and the right answer; for each (y, z) a comparison; the bound of every kind.
    """
    n, m, (sums, alone) = shape.order, shape.width, parts
    once, each_x = 6 * n * m, sums + alone + n * n + n * (2 * kinds + 8)
    apart = np.zeros(m, bool) if given.centred is None else given.centred > 0
    classes = np.zeros((1, n), np.intp) if given.classes is None else given.classes
    row = np.zeros(m, np.intp) if given.row is None else given.row
    counts = np.array([len(np.unique(labels)) for labels in classes])
    once += len(np.unique(row[apart])) * n * n + n * int(counts[row[apart]].sum())
    for j, images in enumerate(given.actions):
        q, mine = images.shape[1], given.block == j
        points = np.bincount(given.point[mine], minlength=q)
        used, k = int((points > 0).sum()), int(points.sum())
        once += n * k * (2 * q + 2) + 3 * q * int(counts[row[mine & apart]].sum())
        once += n * q * int((mine & apart).sum()) + used * n * n
        each_x += 4 * q * k + used * n + (q * k * q + used * q * q if q > 1 else 0)
    return once, each_x


def _even_operations(given: GapTensors, shape: Shape) -> tuple[int, int]:
    """(once, each pair) of rule even beside its tables.

    Once: their least over x, and what is left of activations without their means. For each (y, w) and type the sum over
    the points, its least and its exponential; for each (x, z) δᵀa; for each (y, z) and (x, y) δᵀb and the length of the
    rest, summed over the points; the terms of the bound.
    """
    n, columns, once = shape.order, 0, 0
    centred = np.zeros(shape.width, bool) if given.centred is None else given.centred > 0
    types = 1 if given.types is None else given.actions[given.types[0]].shape[1]
    for j, images in enumerate(given.actions):
        q, mine = images.shape[1], given.block == j
        used = len(np.unique(given.point[mine]))
        once += n * used * q * (2 * q + 2 * types) + 6 * n * q * int((mine & centred).sum())
        columns += used
    several = 2 * columns if centred.any() else 0
    return once, types * (columns + (types > 1) + 2) + int(centred.sum()) + several + 9
