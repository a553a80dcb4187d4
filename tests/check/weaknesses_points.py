"""Obligations of rule points (Theorem 4), as `weaknesses.py` has those of the other rules."""

from __future__ import annotations

from .weakness import Weakness

POINTS = {
    "potentials on both sides": Weakness(
        "points.py", "np.sort(right - shift - table", "np.sort(right - table", ("points_common", "points_alone"),
    ),
    "whose potentials": Weakness(
        "points.py", "by_place.reshape(-1)[column] = shift", "by_place[...] = shift", ("points_common",),
    ),
    "the smallest gaps": Weakness(
        "points.py", "table.max(axis=1), axis=0)", "table.max(axis=1), axis=0)[::-1]",
        ("points_alone", "points_apart"),
    ),
    "the smallest gaps, not the mean": Weakness(
        "points.py", "np.sort(right - shift - table.max(axis=1), axis=0)",
        "np.repeat((right - shift - table.max(axis=1)).mean(axis=0, keepdims=True), q, axis=0)",
        ("points_alone", "points_apart"),
    ),
    "the next best place": Weakness(
        "points.py", "table.max(axis=1)", "np.sort(table, axis=1)[:, -2]", ("points_alone", "points_apart"),
    ),
    "which answer it is": Weakness(
        "points.py", "action.take(own, axis=1)", "action.take(0 * own, axis=1)", ("points_alone", "points_apart"),
    ),
    "which pair's sums": Weakness(
        "points.py", "hidden.value @", "hidden.value[:1].repeat(pairs, axis=0) @", ("points_apart", "points_common"),
    ),
    "error of sums": Weakness(
        "points.py", "(2.0 * sums.error.max() + 7.0", "(0.0 * sums.error.max() + 0.0", ("points_drowned",),
    ),
    "which sums are nothing": Weakness(
        "points.py", "given.writing.any(axis=0)", "given.writing.all(axis=0)",
        ("points_alone", "points_apart", "points_equal"),
    ),
    "how many points w moves": Weakness(
        "points.py", "(one[:, model.group.identity] != one.T).sum(axis=1)",
        "(one[:, model.group.identity] != one.T).sum(axis=1).max() + 0 * one[0]", ("points_alone", "points_apart"),
    ),
    "by which w": Weakness(
        "points.py", "count.astype(np.float64)", "count[::-1].astype(np.float64)",
        ("points_counted",), ("loss",),
    ),
    "every set": Weakness(
        "points.py", "found += moved @", "found[...] = moved @", ("points_alone", "points_apart"),
    ),
    "what is not written": Weakness(
        "lowrank.py", ".times(writing.T)", ".times(0.0 * writing.T)", ("points_false", "points_driver"),
    ),
    "where a set's numbers start": Weakness(
        "points.py", "sums[start : start + len(action) ** 2]", "sums[: len(action) ** 2].copy()",
        ("points_alone", "points_apart"),
    ),
    "N(z)": Weakness(
        "points.py", "away * self.lengths.max()", "0.0 * away", ("points_unwritten", "points_driver"),
    ),
    "half of N(z)": Weakness(
        "points.py", "away * self.lengths.max()", "0.5 * away * self.lengths.max()", ("points_unwritten",),
    ),
    "N(z) at its largest": Weakness(
        "points.py", "away * self.lengths.max()", "away * self.lengths[own, 0]",
        ("points_unwritten", "points_driver"),
    ),
    "the scale of N(z)": Weakness(
        "lowrank.py", "self.delta.lengths(1.0 / self.scale)", "self.delta.length()[:, None]", ("points_unwritten",),
    ),
    "the scale of e": Weakness("points.py", "lengths(self.scale)[:, 0]", "length()", ("points_unwritten",)),
    "what x does to rivals": Weakness(
        "points.py", "-self.most_x[x], ", "", ("points_additive", "points_unwritten"),
    ),
    "what y does to rivals": Weakness("points.py", "-self.most_y[y], ", "", ("points_additive",)),
    "which x rivals see": Weakness("points.py", "-self.most_x[x]", "-self.most_x[0 * x]", ("points_additive",)),
    "which y rivals see": Weakness(
        "points.py", "-self.most_y[y]", "-self.most_y[0 * y]", ("points_additive",),
    ),
    "the largest that x and y do": Weakness(
        "points.py", "side.times(*off).most()", "side.times(*off).value.min(axis=1)", ("points_additive",),
    ),
    "what the right answer gets besides": Weakness(
        "points.py", "besides = lower_sum([right, ", "besides = lower_sum([",
        ("points_additive", "points_unwritten", "points_driver"),
    ),
    "which right answer": Weakness(
        "points.py", "self.delta.rows(own)", "self.delta.rows(0 * own)",
        ("points_additive", "points_unwritten", "points_driver"),
    ),
    "the least of all kinds": Weakness(
        "points.py", "least.min(axis=0)", "least.max(axis=0)", ("points_alone", "points_apart"),
    ),
    "every rival in the loss": Weakness(
        "points.py", "up(self.count @", "up(np.ones_like(self.count) @", ("points_equal",), ("loss",),
    ),
    "what stands beside gaps, in the loss": Weakness(
        "points.py", "np.exp(-least)", "np.exp(-gaps)",
        ("points_additive", "points_unwritten", "points_driver"), ("loss",),
    ),
    "relations": Weakness(
        "group.py", "require(holds, f", "require(True, f", ("false_points",), ("accuracy", "margin", "loss"),
    ),
    "singly: which pairs": Weakness(
        "points.py", "bounds(x[which], y[which], budget)", "bounds(x[0 * which], y[which], budget)",
        ("points_singly", "points_additive"),
    ),
}  # fmt: skip
