"""Obligations of rule points (Theorem 4), as `weaknesses.py` has those of the other rules."""

from __future__ import annotations

from .weakness import Weakness

POINTS = {
    "potentials on both sides": Weakness(
        "points.py", "sums.some(mine) + potential.some(shift) - others", "sums.some(mine) - others",
        ("points_common", "points_alone"),
    ),
    "whose potentials": Weakness("points.py", "for z in (own, back)", "for z in (own, own)", ("points_common",)),
    "the smallest gaps": Weakness(
        "points.py", "np.cumsum(lower, axis=0)", "np.cumsum(lower[::-1], axis=0)", ("points_alone", "points_apart"),
    ),
    "the smallest gaps, not the mean": Weakness(
        "points.py", "np.cumsum(lower, axis=0)", "np.cumsum(lower * 0 + lower.mean(axis=0), axis=0)",
        ("points_alone", "points_apart"),
    ),
    "the next best place": Weakness(
        "points.py", "others.some(others.value.max(axis=1))", "others.some(np.sort(others.value, axis=1)[:, -2])",
        ("points_alone", "points_apart"),
    ),
    "which answer it is": Weakness(
        "points.py", "for z in (own, back)", "for z in (0 * own, back)", ("points_alone", "points_apart"),
    ),
    "which pair's sums": Weakness(
        "points.py", "mine = table.take(here)", "mine = table.take(here)[:, 0 * pair]",
        ("points_apart", "points_common"),
    ),
    "error of sums": Weakness(
        "points.py", "self.gaps(self.written(hidden), own)", "self.gaps(Near.exact(self.written(hidden).value), own)",
        ("points_drowned",),
    ),
    "how many points w moves": Weakness(
        "points.py", "(action != action[identity]).sum(axis=1)",
        "(action != action[identity]).sum(axis=1).max() + 0 * action[:, 0]", ("points_alone", "points_apart"),
    ),
    "by which w": Weakness(
        "points.py", "zip(smallest, self.moved.T, strict=True)", "zip(smallest, self.moved[::-1].T, strict=True)",
        ("points_counted",), ("loss",),
    ),
    "every set": Weakness(
        "points.py", "*(part[k] for part, k in zip(smallest, self.moved.T, strict=True))",
        "smallest[0][self.moved[:, 0]]", ("points_alone", "points_apart"),
    ),
    "what is not written": Weakness(
        "lowrank.py", ".times(writing.T)", ".times(0.0 * writing.T)", ("points_false", "points_driver"),
    ),
    "where a set's numbers start": Weakness(
        "points.py", "sums.value.T[start : start + q * q]", "sums.value.T[: q * q]", ("points_alone", "points_apart"),
    ),
    "N(z)": Weakness(
        "points.py", ", -up(away * self.lengths.max())])", "])", ("points_unwritten", "points_driver"),
    ),
    "half of N(z)": Weakness(
        "points.py", "-up(away * self.lengths.max())", "-up(0.5 * away * self.lengths.max())", ("points_unwritten",),
    ),
    "N(z) at its largest": Weakness(
        "points.py", "-up(away * self.lengths.max())", "-up(away * self.lengths[own, 0])",
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
        "points.py", "Bounds(least.min(axis=0), ", "Bounds(least.max(axis=0), ", ("points_alone", "points_apart"),
    ),
    "every rival in the loss": Weakness(
        "points.py", "np.array([float(len(w)) for w in self.kinds])", "np.ones(len(self.kinds))", ("points_equal",),
        ("loss",),
    ),
    "relations": Weakness(
        "group.py", "require(holds, f", "require(True, f", ("false_points",), ("accuracy", "margin", "loss"),
    ),
    "singly: which pairs": Weakness(
        "points.py", "bounds(x[which], y[which], budget)", "bounds(x[0 * which], y[which], budget)",
        ("points_singly", "points_additive"),
    ),
}  # fmt: skip
