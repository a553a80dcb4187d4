"""Obligations of rule points (Theorem 4), as `weaknesses.py` has those of the other rules."""

from __future__ import annotations

from .weakness import Weakness

POINTS = {
    "potentials on both sides": Weakness(
        "points.py", "best = shifted.value[index, index]", "best = mine", ("points_common", "points_alone"),
    ),
    "the smallest gaps": Weakness(
        "points.py", "np.cumsum(lower, axis=0)", "np.cumsum(lower[::-1], axis=0)", ("points_alone", "points_apart"),
    ),
    "the smallest gaps, not the mean": Weakness(
        "points.py", "np.cumsum(lower, axis=0)", "np.cumsum(lower * 0 + lower.mean(axis=0), axis=0)",
        ("points_alone", "points_apart"),
    ),
    "the next best place": Weakness(
        "points.py", "shifted.some(shifted.value.max(axis=1))", "shifted.some(np.sort(shifted.value, axis=1)[:, -2])",
        ("points_alone", "points_apart"),
    ),
    "which answer it is": Weakness(
        "points.py", "q * index[:, None, None] + action.T.take(own, axis=1)",
        "q * index[:, None, None] + action.T.take(0 * own, axis=1)", ("points_alone", "points_apart"),
    ),
    "which pair's sums": Weakness(
        "points.py", "* len(own) + np.arange(len(own))", "* len(own) + 0 * np.arange(len(own))",
        ("points_apart", "points_some_pairs"),
    ),
    "error of sums": Weakness(
        "points.py", "shifted = sums.some(table) + ", "shifted = Near.exact(table) + ", ("points_drowned",),
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
        "points.py", "gaps = [part[k] for part, k in zip(smallest, self.moved.T, strict=True)]",
        "gaps = [smallest[0][self.moved[:, 0]]]", ("points_alone", "points_apart"),
    ),
    "what is not written": Weakness(
        "points.py", "times(given.writing.T)", "times(0.0 * given.writing.T)", ("points_false", "points_driver"),
    ),
    "where a set's numbers start": Weakness(
        "points.py", "start + q * index[:, None, None]", "q * index[:, None, None]", ("points_alone", "points_apart"),
    ),
    "N(z)": Weakness(
        "points.py", "rival = lower_sum([-by_x.most()[place], -self.most_y[y], -up(away * self.lengths.max())])",
        "rival = lower_sum([-by_x.most()[place], -self.most_y[y]])", ("points_unwritten", "points_driver"),
    ),
    "half of N(z)": Weakness(
        "points.py", "-up(away * self.lengths.max())", "-up(0.5 * away * self.lengths.max())", ("points_unwritten",),
    ),
    "N(z) at its largest": Weakness(
        "points.py", "-up(away * self.lengths.max())", "-up(away * self.lengths[own])",
        ("points_unwritten", "points_driver"),
    ),
    "the scale of N(z)": Weakness(
        "points.py", "delta.lengths(1.0 / self.scale)[:, 0]", "delta.length()", ("points_unwritten",),
    ),
    "the scale of e": Weakness(
        "points.py", "rest.lengths(self.scale)[:, 0]", "rest.length()", ("points_counted_driver",),
    ),
    "what x does to rivals": Weakness(
        "points.py", "rival = lower_sum([-by_x.most()[place], ", "rival = lower_sum([",
        ("points_additive", "points_unwritten"),
    ),
    "what y does to rivals": Weakness("points.py", "-self.most_y[y], ", "", ("points_additive",)),
    "which x rivals see": Weakness("points.py", "-by_x.most()[place]", "-by_x.most()[0 * place]", ("points_additive",)),
    "which y rivals see": Weakness("points.py", "-self.most_y[y]", "-self.most_y[0 * y]", ("points_additive",)),
    "the largest that x does": Weakness(
        "points.py", "-by_x.most()[place]", "-by_x.value.min(axis=1)[place]", ("points_additive", "points_unwritten"),
    ),
    "the largest that y does": Weakness(
        "points.py", "self.by_y.most()", "self.by_y.value.min(axis=1)", ("points_additive",),
    ),
    "what x does to the right answer": Weakness(
        "points.py", "sides = by_x.at(place, own).lower[:, 0], ", "sides = 0.0 * away, ",
        ("points_additive", "points_unwritten"),
    ),
    "what y does to the right answer": Weakness(
        "points.py", "self.by_y.at(y, own).lower[:, 0]", "0.0 * away", ("points_additive",),
    ),
    "which x the right answer sees": Weakness(
        "points.py", "by_x.at(place, own)", "by_x.at(0 * place, own)", ("points_additive",),
    ),
    "which y the right answer sees": Weakness(
        "points.py", "self.by_y.at(y, own)", "self.by_y.at(0 * y, own)", ("points_additive",),
    ),
    "the right answer's rest by its length": Weakness(
        "points.py", "besides = lower_sum([*sides, -up(away * self.lengths[own])])", "besides = lower_sum([*sides])",
        ("points_counted_driver",),
    ),
    "the right answer's rest": Weakness(
        "points.py", "np.fmax(besides[hard], lower_sum([exact, *", "np.fmax(besides[hard], lower_sum([*",
        ("points_counted_driver",),
    ),
    "what x and y do where the rest is exact": Weakness(
        "points.py", "lower_sum([exact, *(side[hard] for side in sides)])", "lower_sum([exact])", ("points_counted",),
    ),
    "which rest": Weakness(
        "points.py", "rest = rest.rows(hard)", "rest = rest.rows(0 * hard)",
        ("points_unwritten", "points_driver", "points_false"),
    ),
    "the longest e": Weakness(
        "points.py", "rest.error)).sum())))", "rest.error)).max())))", ("points_counted_driver",),
    ),
    "rivals where the rest is exact": Weakness(
        "points.py", "besides[hard], rival[hard], ", "besides[hard], ", ("points_additive", "points_unwritten"),
    ),
    "gaps where the rest is exact": Weakness(
        "points.py", "*(part[:, hard] for part in gaps)", "*(part[:, 0 * hard] for part in gaps)",
        ("points_alone", "points_apart"),
    ),
    "the least of all kinds": Weakness(
        "points.py", "Bounds(least.min(axis=0), ", "Bounds(least.max(axis=0), ", ("points_alone", "points_apart"),
    ),
    "every rival in the loss": Weakness(
        "points.py", "np.array([float(len(w)) for w in self.groups])", "np.ones(len(self.groups))", ("points_equal",),
        ("loss",),
    ),
    "relations": Weakness(
        "group.py", "require(holds, f", "require(True, f", ("false_points",), ("accuracy", "margin", "loss"),
    ),
    "singly: places of the right answer": Weakness(
        "points.py", "added(mine, sums)", "added(table.max(axis=1), sums)", ("points_singly", "points_far"),
    ),
    "singly: what else the right answer gets": Weakness(
        "points.py", "known = lower_sum([besides[which], ", "known = lower_sum([0 * besides[which], ",
        ("points_singly",),
    ),
    "singly: every point": Weakness(
        "points.py", "columns.take(z, axis=1)", "columns[1:].take(z, axis=1)", ("points_singly", "points_far"),
    ),
    "singly: which pair": Weakness(
        "points.py", "+ which[:, None]), sums)", "+ 0 * which[:, None]), sums)", ("points_singly", "points_apart"),
    ),
    "singly: which pair is known": Weakness(
        "points.py", "*(part[which] for part in right)", "*(part[0 * which] for part in right)", ("points_singly",),
    ),
    "singly: what x does": Weakness(
        "points.py", "sides = (-by_x.at(place[which, None], z).upper, ", "sides = (",
        ("points_additive", "points_singly"),
    ),
    "singly: what y does": Weakness(
        "points.py", ", -self.by_y.at(y[which, None], z).upper)", ",)", ("points_additive", "points_singly"),
    ),
    "singly: N(z)": Weakness(
        "points.py", ", -up(away[which, None] * self.lengths[z]), reached", ", reached",
        ("points_unwritten", "points_singly", "points_driver"),
    ),
    "singly: error of sums": Weakness(
        "points.py", "up(k * (error + gamma", "up(k * (0 * error + gamma", ("points_drowned",),
    ),
    "singly: where a set's numbers are": Weakness(
        "points.py", "a + start + q * np.arange(q) for a", "a + start for a", ("points_alone", "points_apart"),
    ),
}  # fmt: skip
