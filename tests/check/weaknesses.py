"""Obligations of the checker, each as the line that carries it, what stands there without it, and who must notice."""

from __future__ import annotations

from .weakness import Weakness
from .weaknesses_points import POINTS

ARITHMETIC = {
    "gamma is zero": Weakness(
        "near.py", 'return float("inf") if product > 0.01 else product / (1.0 - product) * (1.0 + 1e-9)', "return 0.0",
        ("drowned",),
    ),
    "underflow loses nothing": Weakness(
        "near.py", 'LOST = {"float64": 2.0**-1022, "float32": 2.0**-126}', 'LOST = {"float64": 0.0, "float32": 0.0}',
        ("extreme", "vanishing"),
    ),
    "lower forgets the error": Weakness(
        "near.py", "return self.value.astype(np.float64) - self.slack", "return self.value.astype(np.float64)",
        ("exact_ties", "cancelling", "one_way"),
    ),
    "exact: logits have no error": Weakness(
        "exact.py", "up(2.0 * logits.error.max() + 4.0", "up(0.0 * logits.error.max() + 4.0", ("drowned",)
    ),
    "exact: error left out of the loss": Weakness(
        "exact.py", "LOST[dtype]) * EXP * np.exp(error)", "LOST[dtype])",
        ("large_and_close",), ("loss",),
    ),
    "no floor for float32": Weakness("network.py", "floor=float(up(2.0 * model", "floor=float(up(0.0 * model",
                                     ("single_ties",)),
    "floor left out of the loss": Weakness("settle.py", "np.exp(floor)", "1.0", ("rounded_apart",), ("loss",)),
    "floor in the loss at most 700": Weakness(
        "settle.py", "np.exp(floor)", "np.exp(min(floor, 700.0))", ("rounded_apart",), ("loss",)
    ),
    "folding is exact": Weakness(
        "network.py", 'table = table.times(stored[f"hidden_{name}"].astype(np.float64))',
        'table = Near.exact(table.times(stored[f"hidden_{name}"].astype(np.float64)).value)',
        ("folded_ties", "lost_readings", "drowned_readings"),
    ),
    "folding is in float64": Weakness(
        "network.py", 'table = table.times(stored[f"hidden_{name}"].astype(np.float64))',
        'table = Near.exact(stored[f"embed_{name}"].astype(np.float64))'
        '.times(stored[f"hidden_{name}"].astype(np.float64)).to(dtype)',
        ("folded_slowly",),
    ),
    "nothing proved is no bad margin": Weakness(
        "settle.py", "worst = float(up(2.0 * (logits.size + logits.error).max()))", "worst = 0.0", ("extreme",),
        ("margin",),
    ),
    "nothing proved is no loss": Weakness(
        "settle.py", "(worst + floor + np.log(n))", "np.log(n)", ("uneven_columns",), ("loss",)
    ),
}  # fmt: skip

GROUPS = {
    "associativity": Weakness("group.py", "require(same, f", "require(True, f", ("false_table",)),
    "inverses": Weakness("group.py", "require((table[index, inverse] == e).all(), ", "require(True, ",
                         ("false_table",)),
    "generation": Weakness("group.py", "require(reached, f",
                           "if not reached:\n            break\n        require(True, f", ("false_table",)),
    "relations (gaps)": Weakness("group.py", "require(holds, f", "require(True, f", ("false_gap_action",)),
    "defect of matrices": Weakness("group.py", "return matrices, defect", "return matrices, 0.0", ("false_waves",)),
    "indices are in range": Weakness("files.py", 'require(inside, f"{name} leaves', 'require(True, f"{name} leaves',
                                     ("unwalked",)),
}  # fmt: skip

CIRCLES = {
    "terms at the first step": Weakness(
        "circles.py", "np.diff(active, prepend=0)", "np.diff(active, prepend=active[0])", ("waves", "no_waves")
    ),
    "parabolas are exact": Weakness(
        "circles.py", "(up(middle) + left", "(up(middle * 0.5) + left", ("one_bend", "no_waves")
    ),
    "relu is a parabola everywhere": Weakness(
        "circles.py", "wide = up(np.maximum(", "wide = 0.5 * up(np.maximum(", ("one_bend", "no_waves")
    ),
    "products of waves": Weakness(
        "circles.py", "rest += length", "rest += 0 * length", ("waves", "noisy_waves", "no_waves", "one_bend")
    ),
    "the farthest point of a circle": Weakness("circles.py", "np.square(circle).sum(axis=1).max()",
                                               "np.square(circle).sum(axis=1).min()", ("far_points",)),
    "what x is off its waves": Weakness("circles.py", "* off_x", "* 0 * off_x", ("half_waves",)),
    "what y is off its waves": Weakness("circles.py", "* off_y", "* 0 * off_y", ("half_waves",)),
    "what is not written of rivals": Weakness(
        "circles.py", "-self.logits[y, v], -self.up[0, x, z], -self.up[1, y, z]]", "-self.logits[y, v]]",
        ("no_waves", "noisy_waves", "waves"),
    ),
    "what is not written of the right answer": Weakness(
        "circles.py", "self.low[0, x, own], self.low[1, y, own]", "self.up[0, x, own], self.up[1, y, own]",
        ("no_waves", "noisy_waves", "waves", "half_waves", "one_bend"),
    ),
    "the worst of x": Weakness(
        "circles.py", "self.next[y], -self.up[0].max(axis=1)[x], ", "self.next[y], ",
        ("no_waves", "noisy_waves", "constant_waves"),
    ),
    "sums off what is expected": Weakness(
        "circles.py", "off = up((sums", "off = 0 * up((sums", ("waves", "no_waves", "noisy_waves")
    ),
    "the farthest point where sums are off": Weakness("circles.py", "self.features.lengths(circles).max(axis=0)",
                                                      "self.features.lengths(circles).min(axis=0)", ("skewed_waves",)),
    "the easiest rival": Weakness("circles.py", "ranked[:, 0], up", "ranked[:, -2], up", ("high_output",)),
    "rivals that are not near": Weakness("circles.py", "np.minimum(near.min(axis=1, initial=np.inf), far)",
                                         "near.min(axis=1, initial=np.inf)", ("waves", "no_waves")),
    "rivals that are not near in the loss": Weakness("circles.py", "self.others[y] * np", "0.0 * np",
                                                     ("waves", "no_waves"), ("loss",)),
    "all rivals that are not near in the loss": Weakness("circles.py", "ranked).sum(axis=1)", "ranked).max(axis=1)",
                                                         ("waves", "no_waves"), ("loss",)),
    "a false representation": Weakness("circles.py", "self.lost = up(2.0 * ", "self.lost = up(0.0 * ",
                                       ("false_waves",)),
}  # fmt: skip

LOWRANK = {
    "N(z)": Weakness("lowrank.py", "given.features, self.lengths, np", "given.features, 0.0 * self.lengths, np",
                     ("hidden_driver", "unwritten")),
    "half of N(z)": Weakness("lowrank.py", "given.features, self.lengths, np",
                             "given.features, 0.5 * self.lengths, np", ("unwritten",)),
    "the scale of N(z)": Weakness("lowrank.py", "delta.lengths(1.0 / self.scale)", "delta.length()[:, None]",
                                  ("unwritten",)),
    "the scale of e": Weakness("lowrank.py", "rest.lengths(self.scale)", "rest.length()[:, None]", ("unwritten",)),
    "the longest e": Weakness("lowrank.py", "away.error)).sum(keepdims=True)", "away.error)).max(keepdims=True)",
                              ("unwritten",)),
    "what is not written": Weakness("lowrank.py", ".times(writing.T)", ".times(writing.T * 0.0)",
                                    ("false_writing", "hidden_driver")),
    "what is written": Weakness("lowrank.py", "sums = self.sums(rest)", "sums = Near.exact(0 * self.sums(rest).value)",
                                ("loose_writing", "one_by_one", "common_writing")),
    "a constant of the right answer": Weakness("lowrank.py", "return unembed - constant, delta",
                                               "return unembed, delta", ("common_writing",)),
    "what x does to rivals": Weakness("lowrank.py", "place, by_x, y", "place, 0 * by_x, y",
                                      ("additive_driver", "unwritten")),
    "what y does to rivals": Weakness("lowrank.py", "y, self.by_y.value)", "y, 0 * self.by_y.value)",
                                      ("additive_driver",)),
    "which x it is": Weakness("lowrank.py", "place, by_x, y", "0 * place, by_x, y", ("additive_driver",)),
    "which y it is": Weakness("lowrank.py", "y, self.by_y.value)", "0 * y, self.by_y.value)", ("additive_driver",)),
    "columns that are not orthonormal": Weakness("lowrank.py", "return 1.0 - 1e-9 - float(up(np.sqrt(np.square(away)",
                                                 "return 1.0 - 0.0 * float(up(np.sqrt(np.square(away)",
                                                 ("aligned_writing",)),
    "δ in what is written": Weakness("lowrank.py", "2.0 * self.tilt * whole", "0.0 * self.tilt * whole",
                                     ("aligned_writing",)),
    "rounding of logits": Weakness("lowrank.py", "self.slack = float(", "self.slack = 0.0 * float(",
                                   ("tied_writing", "drowned")),
    "error of single outputs": Weakness(
        "exact.py", ".dot(own - rival).lower[:, 0]", ".dot(own - rival).value[:, 0]",
        ("exact_ties", "one_by_one", "cancelling"),
    ),
    "every rival in the loss": Weakness("exact.py", "np.exp(gap, out=room) @ np.ones(n, gap.dtype)",
                                        "np.exp(gap, out=room).max(axis=1)", ("common_writing",), ("loss",)),
}  # fmt: skip

READINGS = {
    "both ends of an activation": Weakness("gaps.py", "np.abs(ends).max(axis=0)", "np.abs(ends)[0]", ("idle_driver",)),
    "a set is one orbit": Weakness("gaps.py", 'require(len(reached) == starts[-1], "gaps.right:', 'require(True, "',
                                   ("two_orbits",)),
}  # fmt: skip

EVEN = {
    "the least over all x": Weakness("even.py", "gains[types == kind].min(axis=0)", "gains[types == kind].mean(axis=0)",
                                     ("uneven_slots", "uneven_rows")),
    "x of every type": Weakness("even.py", "[self.types[xs]].ravel()", "[0 * self.types[xs]].ravel()",
                                ("typed_bias", "typed_rows")),
    "bias": Weakness("even.py", "np.append(given.block, home)", "np.append(given.block, len(self.actions))",
                     ("biased_even", "typed_bias")),
    "neurons at no point": Weakness("even.py", "self.slack += idle(", "self.slack += 0.0 * idle(",
                                    ("idle_driver", "each_idle")),
    "half of neurons at no point": Weakness("even.py", "self.slack += idle(", "self.slack += 0.5 * idle(",
                                            ("idle_driver", "each_idle")),
    "the lower end of what is read": Weakness("even.py", "low, high = low[..., None] + self.reads[0][:, None],",
                                              "low, high = high[..., None] + self.reads[1][:, None],",
                                              ("left_fibres", "even_readings")),
    "the upper end of what is read": Weakness("even.py", ", high[..., None] + self.reads[1][:, None]\n",
                                              ", low[..., None] + self.reads[0][:, None]\n",
                                              ("left_fibres", "even_readings")),
    "the lower end of what is read of x": Weakness("even.py", "self.activations(of_x.min(axis=0),",
                                                   "self.activations(of_x.max(axis=0),", ("left_fibres",)),
    "the upper end of what is read of x": Weakness("even.py", " of_x.max(axis=0))", " of_x.min(axis=0))",
                                                   ("left_fibres",)),
    "error of readings": Weakness("even.py", "error = (left.slack + right.slack)[own]",
                                  "error = 0.0 * (left.slack + right.slack)[own]", ("lost_apart",)),
    "an activation between its ends": Weakness("even.py", "np.minimum(np.maximum(low, 0.0), high)", "high",
                                               ("crossing",)),
    "fibres of x": Weakness("even.py", "where.swapaxes(1, 2).take(self.b, axis=1)", "where.take(self.b, axis=1)",
                            ("inverted",)),
    "x by its inverse": Weakness("even.py", "Sums(action[model.group.inverse].T[self.rows])",
                                 "Sums(action.T[self.rows])", ("inverted",)),
    "readings where a point is fixed": Weakness("even.py", "(self.radius + rest)", "(0.0 + rest)",
                                                ("even_readings",)),
    "half of readings where a point is fixed": Weakness(
        "even.py", "(self.radius + rest)", "(0.5 * self.radius + rest)", ("even_readings",)
    ),
    "readings where a point is moved": Weakness("even.py", "self.apart[:, None, None] * self.radius",
                                                "0.0 * self.radius", ("even_readings", "left_fibres")),
    "half of readings where a point is moved": Weakness("even.py", "self.apart[:, None, None] * self.radius",
                                                        "0.5 * self.apart[:, None, None] * self.radius",
                                                        ("even_readings", "left_fibres", "crossing")),
    "the rest of unembed": Weakness("even.py", "np.where(split[:, None, None], 0.0, np.abs(self.hidden))",
                                    "0.0 * np.abs(self.hidden)", ("even_driver", "rest_driver")),
    "half of the rest of unembed": Weakness(
        "even.py", "np.where(split[:, None, None], 0.0, np.abs(self.hidden))",
        "np.where(split[:, None, None], 0.0, 0.5 * np.abs(self.hidden))", ("even_driver", "rest_driver"),
    ),
    "the rest of unembed where a point is moved": Weakness(
        "even.py", "axis2=-1) - always - moved", "axis2=-1) - moved", ("even_driver", "rest_driver", "biased_even"),
    ),
    "every w but e": Weakness("even.py", "value[np.arange(len(rows)), rows % n] = np.inf",
                              "value[:, -1] = value[np.arange(len(rows)), rows % n] = np.inf",
                              ("uneven_rows", "biased_even", "typed_rows")),
    "rounding of sums": Weakness("even.py", "self.slack = float(up(gamma", "self.slack = 0.0 * float(up(gamma",
                                 ("even_drowned",)),
    "sums of two for all pairs": Weakness("gaps.py", "made[other][:, j[:, None], j]",
                                          "made[other][:, j[:, None], j[:1]]",
                                          ("uneven_slots", "uneven_columns", "perfect_circuit")),
    "sums of two": Weakness("gaps.py", "made[one][i] + made[other][j]", "made[one][i] + 0 * made[other][j]",
                            ("by_product", "even_y", "even_driver", "biased_even", "uneven_slots", "perfect_circuit")),
    "the right answer's rest": Weakness("even.py", "-up(far * self.beyond[self.answers[x, y]])", "0.0 * far",
                                        ("rest_apart",)),
    "the rivals' rest": Weakness("even.py", "-up(self.far.max(axis=1, keepdims=True) * beyond)", "0.0 * beyond",
                                 ("rest_apart",)),
    "the right answer's part by x": Weakness("even.py", "found = taken(self.by_x, self.answers), ",
                                             "found = 0.0 * taken(self.by_x, self.answers), ",
                                             ("even_driver", "biased_even")),
    "the rivals' part by x": Weakness("even.py", "lower_sum([-by_x, -up(self.far.max",
                                      "lower_sum([-0.0 * by_x, -up(self.far.max", ("even_driver", "biased_even")),
    "the right answer's part by y": Weakness("even.py", "taken(self.by_y, self.answers.T).T, np",
                                             "0.0 * taken(self.by_y, self.answers.T).T, np", ("even_y",)),
    "the rivals' part by y": Weakness("even.py", ", -self.by_y[y, z], -", ", -0.0 * self.by_y[y, z], -",
                                      ("even_y",)),
    "the right answer's part by xy": Weakness("even.py", "np.diag(self.by_z)[self.answers]",
                                              "0.0 * np.diag(self.by_z)[self.answers]", ("by_product",)),
    "the rivals' part by xy": Weakness("even.py", "-self.by_z[self.answers[x, y], z]\n",
                                       "-0.0 * self.by_z[self.answers[x, y], z]\n", ("by_product",)),
    "every rival's part by y or xy": Weakness("even.py", "np.column_stack([t, t.max(axis=1)])",
                                              "np.column_stack([t, t.min(axis=1)])", ("even_y", "by_product")),
    "the rest of activations": Weakness("even.py", "np.square((np.abs(rest.value)",
                                        "np.square((0.0 * np.abs(rest.value)", ("rest_apart",)),
    "rest left out of the loss": Weakness("even.py", "np.exp(-rest)", "np.exp(-0.0 * rest)",
                                          ("rest_apart", "by_product", "even_driver"), ("loss",)),
    "every rival in the loss": Weakness("even.py", "np.exp(-value).sum(axis=1)", "np.exp(-value).max(axis=1)",
                                        ("tight_even",), ("loss",)),
}  # fmt: skip

EACH = {
    "the lower end of what is read": Weakness("even.py", "of_y.min(axis=0) - error", "of_y.max(axis=0) - error",
                                              ("each_readings",)),
    "the upper end of what is read": Weakness("even.py", "of_y.max(axis=0) + error", "of_y.min(axis=0) + error",
                                              ("each_readings",)),
    "readings of every y": Weakness("even.py", "of_y.max(axis=0) + error", "of_y[-1] + error",
                                    ("each_readings", "each_some_y")),
    "error of readings": Weakness("even.py", "error = (left.slack + right.slack)[own]",
                                  "error = 0.0 * (left.slack + right.slack)[own]", ("each_lost",)),
    "readings where a point is fixed": Weakness("each.py", "in (slots.widths, slots.apart)",
                                                "in (0.0 * slots.widths, slots.apart)", ("each_readings",)),
    "half of readings where a point is fixed": Weakness("each.py", "in (slots.widths, slots.apart)",
                                                        "in (0.5 * slots.widths, slots.apart)", ("each_readings",)),
    "readings where a point is moved": Weakness("each.py", "in (slots.widths, slots.apart)",
                                                "in (slots.widths, 0.0 * slots.apart)",
                                                ("each_readings", "each_places")),
    "half of readings where a point is moved": Weakness("each.py", "in (slots.widths, slots.apart)",
                                                        "in (slots.widths, 0.5 * slots.apart)",
                                                        ("each_readings", "each_places")),
    "where the right answer stands": Weakness("each.py", "slots.action[self.xs])", "slots.action[0 * self.xs])",
                                              ("each_circuits", "each_far", "each_inverted")),
    "x by its inverse": Weakness("each.py", "slots.action[slots.model.group.inverse[xs]]", "slots.action[xs]",
                                 ("each_inverted", "each_apart", "each_product", "each_driver")),
    "the rest of activations": Weakness("each.py", "np.square(np.abs(self.rest.value) + self.rest.error)",
                                        "np.square(0.0 * np.abs(self.rest.value))", ("each_apart", "each_rest")),
    "the right answer's rest by its length": Weakness("even.py", "-up(far * self.beyond[self.answers[x, y]])",
                                                      "0.0 * far", ("each_apart", "each_rest")),
    "the right answer's rest": Weakness("each.py", ".dot(self.slots.delta.rows(z)).lower[:, 0]",
                                        ".dot(self.slots.delta.rows(z)).lower[:, 0].clip(0.0)",
                                        ("each_rest", "each_apart")),
    "the rivals' rest": Weakness("each.py", "self.rest.beyond[-1] = self.rest.beyond.max()",
                                 "self.rest.beyond[-1] = 0.0", ("each_apart", "each_rest")),
    "a single rival's rest": Weakness("even.py", "-up(far * self.beyond[z])", "0.0 * far", ("each_apart", "each_rest")),
    "the rivals' part by x": Weakness("each.py", "- taken(self.by_x[xs]", "- 0.0 * taken(self.by_x[xs]",
                                      ("each_driver", "each_biased")),
    "the rivals' part by x once": Weakness("each.py", "np.zeros_like(self.rest.by_x)", "1.0 * self.rest.by_x",
                                           ("each_apart",)),
    "the rivals' part by y": Weakness("even.py", ", -self.by_y[y, z], -", ", -0.0 * self.by_y[y, z], -", ("each_y",)),
    "the rivals' part by xy": Weakness("even.py", "-self.by_z[self.answers[x, y], z]\n",
                                       "-0.0 * self.by_z[self.answers[x, y], z]\n", ("each_product",)),
    "every rival's part by y or xy": Weakness("even.py", "np.column_stack([t, t.max(axis=1)])",
                                              "np.column_stack([t, t.min(axis=1)])", ("each_y", "each_product")),
    "a single rival": Weakness("each.py", "self.model.group.table[inverse[x[which]]])  # at z",
                               "self.model.group.table[x[which]])", ("each_circuits", "each_far", "each_inverted")),
    "every w but e": Weakness("each.py", "value[np.arange(len(x)), y] = value.max()",
                              "value[:, -1] = value[np.arange(len(x)), y] = value.max()",
                              ("each_rows", "each_biased")),
    "functions that are in no sum": Weakness("each.py", "value += table[:, place[:, None], place]",
                                             "value += 0.0 * table[:, place[:, None], place]",
                                             ("each_circuits", "each_far", "each_perfect")),
    "every rival in the loss": Weakness("each.py", "up((n - 1) * up(", "up(1.0 * up(", ("each_tight",), ("loss",)),
}  # fmt: skip

SINGLY = {
    "the least of all outputs": Weakness("settle.py", "return lower.min(axis=1)",
                                         "return np.partition(lower, 1, axis=1)[:, 1]",
                                         ("unwritten", "uneven_columns", "far_outputs")),
    "the loss of all outputs": Weakness("settle.py", "up(np.exp(-lower) * EXP).sum(axis=1)",
                                        "up(np.exp(-lower) * EXP).max(axis=1)",
                                        ("equal_rivals", "unwritten", "tight_even", "far_outputs"), ("loss",)),
    "the output from all neurons": Weakness("settle.py", "exact_outputs(model, x[i], y[i], j)",
                                            "exact_outputs(model, x[i], y[i], 0 * j)", ("one_by_one",)),
    "even: the output": Weakness("even.py", "group.table[group.inverse[x[which]]])", "group.table[x[which]])",
                                 ("uneven_columns", "far_outputs")),
    "even: the rival's part by x": Weakness("even.py", "terms = -self.by_x[x, z],", "terms = -0.0 * self.by_x[x, z],",
                                           ("even_driver", "biased_even")),
    "even: the rival's rest": Weakness("even.py", "-up(far * self.beyond[z])", "0.0 * far", ("rest_apart",)),
    "even: the type of x": Weakness("even.py", "np.unique(n * self.types[x[which]] + y[which], ",
                                    "np.unique(y[which], ",
                                    ("typed_rows", "typed_bias")),
    "even: the answer": Weakness("even.py", "lower_sum([found[i, z], own[i], ", "lower_sum([found[i, z], 0 * own[i], ",
                                 ("even_driver", "biased_even", "by_product")),
}  # fmt: skip

WEAKNESSES = {
    f"{room}: {name}": weakness
    for room, found in {
        "arithmetic": ARITHMETIC,
        "groups": GROUPS,
        "circles": CIRCLES,
        "points": POINTS,
        "lowrank": LOWRANK,
        "readings": READINGS,
        "even": EVEN,
        "each": EACH,
        "singly": SINGLY,
    }.items()
    for name, weakness in found.items()
}
