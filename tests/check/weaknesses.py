"""Obligations of the checker, each as the line that carries it, what stands there without it, and who must notice."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Weakness:
    """Text of one file of the checker, what replaces it, the attacks that must then find a bound above the truth."""

    file: str
    line: str
    instead: str
    attacks: tuple[str, ...]
    kinds: tuple[str, ...] = ("accuracy", "no group")
    """What is wrong then: accuracy, margin, loss, no group."""


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
        "exact.py", "up(2.0 * logits.error.max() + 2.0", "up(0.0 * logits.error.max() + 2.0", ("drowned",)
    ),
    "exact: error left out of the loss": Weakness(
        "exact.py", "total.astype(np.float64) * EXP * np.exp(error)", "total.astype(np.float64)",
        ("large_and_close",), ("loss",),
    ),
    "no floor for float32": Weakness("network.py", "floor=float(up(2.0 * model", "floor=float(up(0.0 * model",
                                     ("single_ties",)),
    "floor left out of the loss": Weakness("settle.py", "np.exp(floor)", "1.0", ("rounded_apart",), ("loss",)),
    "floor in the loss at most 700": Weakness(
        "settle.py", "np.exp(floor)", "np.exp(min(floor, 700.0))", ("rounded_apart",), ("loss",)
    ),
    "folding is exact": Weakness(
        "network.py", 'table = embedded.times(stored[f"hidden_{name}"].astype(np.float64))',
        'table = Near.exact(embedded.times(stored[f"hidden_{name}"].astype(np.float64)).value)',
        ("folded_ties", "lost_readings", "drowned_readings"),
    ),
    "a NaN of a rule": Weakness(
        "settle.py", "np.fmax(found.least, -np.inf), np.fmin(found.excess, np.inf)", "found.least, found.excess",
        ("extreme",), ("loss",),
    ),
    "nothing proved is no bad margin": Weakness(
        "settle.py", "worst = float(up(2.0 * (size + error).max()))", "worst = 0.0", ("extreme",), ("margin",)
    ),
    "nothing proved is no loss": Weakness(
        "settle.py", "(worst + floor + np.log(n))", "np.log(n)", ("uneven_columns",), ("loss",)
    ),
}  # fmt: skip

GROUPS = {
    "associativity": Weakness("group.py", "require(same, f", "require(True, f", ("false_table",)),
    "inverses": Weakness("group.py", "require(is_identity.any(axis=1).all(), f", "require(True, f", ("false_table",)),
    "generation": Weakness("group.py", "require(reached, f",
                           "if not reached:\n            break\n        require(True, f", ("false_table",)),
    "relations (gaps)": Weakness("group.py", "require(holds, f", "require(True, f", ("false_gap_action",)),
    "defect of matrices": Weakness("group.py", "return matrices, defect", "return matrices, 0.0", ("false_waves",)),
    "indices are in range": Weakness("files.py", 'require(inside, f"{name} leaves', 'require(True, f"{name} leaves',
                                     ("unwalked",)),
}  # fmt: skip

CIRCLES = {
    "active where not known": Weakness("circles.py", '"left" if below else "right"', '"left"', ("tied_waves",)),
    "terms at the first step": Weakness(
        "circles.py", "sums[:, 0] += weights @ known.T", "sums[:, 0] += 0.0 * weights @ known.T", ("waves", "no_waves")
    ),
    "orders are permutations": Weakness(
        "files.py", 'require((np.sort(orders, axis=1) == np.arange(n)).all(), "circles', 'require(True, "circles',
        ("false_orders",),
    ),
    "parabolas are exact": Weakness(
        "circles.py", "away = up(middle * (1 + 1e-11)", "away = up(middle * 0.5", ("one_bend", "no_waves")
    ),
    "relu is a parabola everywhere": Weakness(
        "circles.py", "up(np.maximum(-low, high)), up(left", "up(np.minimum(-low, high)), up(left",
        ("one_bend",), ("margin", "loss"),
    ),
    "all neurons are bent": Weakness(
        "circles.py", "np.where(bent, 0.5, low >= 0)", "np.where(bent, 0.5, 0.0)", ("constant_waves",)
    ),
    "products of waves": Weakness(
        "circles.py", "both = up(both + product)", "both = up(both)", ("waves", "noisy_waves", "no_waves", "one_bend")
    ),
    "what x is off its waves": Weakness(
        "circles.py", "up(2 * square * other * off_x)", "up(0 * square * other * off_x)", ("half_waves",)
    ),
    "what y is off its waves": Weakness(
        "circles.py", "up(2 * square * wave * off_y)", "up(0 * square * wave * off_y)", ("half_waves",)
    ),
    "what is not written of rivals": Weakness(
        "circles.py", "rivals = [right[which, None], -self.rest.up_x[x, z], -self.rest.up_y[y, z]]",
        "rivals = [right[which, None]]", ("no_waves", "noisy_waves", "waves"),
    ),
    "the worst of x": Weakness(
        "circles.py", "-self.worst[0][x][:, None], -self.worst[1][y][:, None]]", "-self.worst[1][y][:, None]]",
        ("no_waves", "noisy_waves", "constant_waves"),
    ),
    "sums off what is expected, groups": Weakness(
        "circles.py", "rivals = [-self.most, -off,", "rivals = [-self.most, 0 * off,",
        ("waves", "no_waves", "noisy_waves"),
    ),
    "sums off what is expected, outputs": Weakness(
        "circles.py", "reference[self.groups[g]], -off[which, g, None]]", "reference[self.groups[g]]]",
        ("waves", "no_waves", "noisy_waves"),
    ),
    "the easiest of a group": Weakness(
        "circles.py", "self.waves.reference[w].max() for w", "self.waves.reference[w].min() for w",
        ("waves", "no_waves"),
    ),
    "representations are orthogonal": Weakness(
        "circles.py", "here.ravel() + float(loss)", "here.ravel() + 0.0 * float(loss)", ("skewed_waves",)
    ),
    "turns are mirrors": Weakness(
        "circles.py", "int(product[product[a, k], b])", "int(k)", ("waves", "no_waves", "noisy_waves")
    ),
}  # fmt: skip

LOWRANK = {
    "N(z)": Weakness("lowrank.py", "given.features, lengths, np", "given.features, 0.0 * lengths, np",
                     ("hidden_driver", "unwritten")),
    "half of N(z)": Weakness("lowrank.py", "given.features, lengths, np", "given.features, 0.5 * lengths, np",
                             ("unwritten",)),
    "the scale of N(z)": Weakness("lowrank.py", "delta.lengths(1.0 / self.scale[:, None])", "delta.length()[:, None]",
                                  ("unwritten",)),
    "the scale of e": Weakness("lowrank.py", ".lengths(self.scale[:, None])", ".length()[:, None]", ("unwritten",)),
    "what is not written": Weakness("lowrank.py", "times(given.writing.T)", "times(given.writing.T * 0.0)",
                                    ("false_writing", "hidden_driver")),
    "what is written": Weakness("lowrank.py", "written, right = hidden.times(self.writing)",
                                "written, right = hidden.times(0.0 * self.writing)", ("loose_writing", "one_by_one")),
    "a constant of the right answer": Weakness(
        "lowrank.py", "delta - constant, (unembed - constant).to(work)", "delta - constant, unembed.to(work)",
        ("common_writing", "unwritten"),
    ),
    "what x does to rivals": Weakness("lowrank.py", "(place, by_x), (y", "(place, Near.exact(0 * by_x.value)), (y",
                                      ("additive_driver", "unwritten")),
    "what y does to rivals": Weakness("lowrank.py", "(y, self.by_y))", "(y, Near.exact(0 * self.by_y.value)))",
                                      ("additive_driver",)),
    "which x it is": Weakness("lowrank.py", "(place, by_x), (y", "(0 * place, by_x), (y", ("additive_driver",)),
    "which y it is": Weakness("lowrank.py", "(y, self.by_y))", "(0 * y, self.by_y))", ("additive_driver",)),
    "rounding of sums": Weakness("lowrank.py", "state.times(self.features)",
                                 "Near.exact(state.value).times(self.features)", ("tied_writing", "drowned")),
    "rounding of logits": Weakness("lowrank.py", "slack = float(behind.slack.max())", "slack = 0.0",
                                   ("tied_writing", "drowned")),
    "error of single outputs": Weakness(
        "exact.py", "hidden.dot(difference).lower[:, 0]", "hidden.dot(difference).value[:, 0]",
        ("exact_ties", "one_by_one", "cancelling"),
    ),
    "every rival in the loss": Weakness("exact.py", "np.exp(gap, out=room).sum(axis=1)",
                                        "np.exp(gap, out=room).max(axis=1)", ("common_writing",), ("loss",)),
}  # fmt: skip

GAPS = {
    "term D": Weakness("gaps.py", "up(fixed), up(np.maximum(moved, fixed))",
                       "0.0 * fixed, up(np.maximum(moved, fixed))", ("within_fibres",)),
    "half of term D": Weakness("gaps.py", "up(fixed), up(np.maximum(moved, fixed))",
                               "0.5 * fixed, up(np.maximum(moved, fixed))", ("within_fibres",)),
    "term V": Weakness("gaps.py", "up(np.maximum(moved, fixed))", "up(fixed)", ("between_fibres",)),
    "half of term V": Weakness("gaps.py", "up(np.maximum(moved, fixed))",
                               "up(fixed + 0.5 * np.maximum(moved - fixed, 0.0))", ("between_fibres",)),
    "a neuron's range": Weakness("gaps.py", "range_[part] @ errors", "0.5 * range_[part] @ errors",
                                 ("between_fibres",)),
    "two places, not one": Weakness("gaps.py", "axis=0)[-2:]", "axis=0)[-1:]", ("between_places",)),
    "lowest of a place": Weakness("gaps.py", "np.maximum(high - centre, centre - low)", "np.abs(high - centre)",
                                  ("between_places",)),
    "highest of a place": Weakness("gaps.py", "np.maximum(high - centre, centre - low)", "np.abs(centre - low)",
                                   ("between_places",)),
    "equal fibres": Weakness("gaps.py", "require(reached.all(), ", "require(True, ", ("two_orbits",)),
    "neurons at no point": Weakness("gaps.py", "lost[0] = up(lost[0] + nowhere)", "pass", ("idle_driver",)),
    "half of neurons at no point": Weakness("gaps.py", "lost[0] = up(lost[0] + nowhere)",
                                            "lost[0] = up(lost[0] + 0.5 * nowhere)", ("idle_driver",)),
    "neurons at no point where w moves": Weakness("gaps.py", "for lost in (found[0].fixed, found[0].moved)",
                                                  "for lost in (found[0].fixed,)", ("idle_driver",)),
    "neurons at no point where w fixes": Weakness("gaps.py", "for lost in (found[0].fixed, found[0].moved)",
                                                  "for lost in (found[0].moved,)", ("idle_driver",)),
    "both ends of an activation": Weakness("gaps.py", "np.maximum(reach.upper, -reach.lower).max(axis=0)",
                                           "np.maximum(reach.upper, -reach.lower)[0]", ("idle_driver",)),
    "rounding of potentials": Weakness(
        "gaps.py", "table = table - Near.exact(self.potential[point].astype(table.dtype).repeat(count)[:, None])",
        "table.value[:] -= self.potential[point].astype(table.dtype).repeat(count)[:, None]", ("tall_potentials",),
        ("accuracy", "margin"),
    ),
    "the greatest of the parts": Weakness("gaps.py", "np.sort(parts, axis=0)[::-1]", "np.sort(parts, axis=0)",
                                          ("between_fibres", "split_sets")),
    "the k smallest gaps": Weakness("gaps.py", "    found = [Near(values[0], *worst)]",
                                    "    values = values[::-1]\n    found = [Near(values[0], *worst)]",
                                    ("uneven_columns", "silent_columns")),
    "negative gaps": Weakness("gaps.py", "    values = [part.value for part in parts]",
                              "    values = [np.maximum(part.value, 0) for part in parts]", ("uneven_columns",)),
    "columns without neurons": Weakness(
        "gaps.py", "sums.append(running(gaps))",
        "silent = q - len(circuit.columns)\n            sums.append(running(gaps[silent:] + gaps[-1:] * silent))",
        ("silent_columns",),
    ),
    "the largest of the others": Weakness("gaps.py", "values.max(axis=0).reshape", "values[:2].max(axis=0).reshape",
                                          ("far_outputs", "uneven_columns")),
    "the greatest over all z'": Weakness("gaps.py", "total.most() for total in totals",
                                         "total.some(total.value[:, :1]).most() for total in totals",
                                         ("far_outputs", "uneven_columns")),
    "the rest R": Weakness("gaps.py", "self.rest = 2.0 * ", "self.rest = 0.0 * ", ("rest_driver",)),
    "half of the rest R": Weakness("gaps.py", "self.rest = 2.0 * ", "self.rest = 1.0 * ", ("rest_driver",)),
    "the scale of the rest": Weakness("gaps.py", "if scale is None else 1.0 / scale[neurons, None]", "",
                                      ("rest_driver",)),
    "slope of the square": Weakness("network.py", 'if self.activation != "square":', "if True:", ("steep",)),
    "half the slope of the square": Weakness("network.py", "return up(2.0 * (left.size", "return up(1.0 * (left.size",
                                             ("steep",)),
    "error of readings": Weakness("gaps.py", " + right.error[neurons, None]", "", ("drowned_readings",)),
    "rivals left out of the loss": Weakness(
        "gaps.py", "lower_sum([by_x, shift.T])", "lower_sum([0.0 * by_x, shift.T])",
        ("equal_rivals", "uneven_columns", "large_and_close"), ("loss",),
    ),
    "errors left out of the loss": Weakness(
        "gaps.py", "np.exp(self.lost.T) * EXP)", "np.exp(0.0 * self.lost.T) * EXP)",
        ("within_fibres", "between_fibres"), ("loss",),
    ),
    "how many outputs of a kind": Weakness("gaps.py", "np.array([[len(group)] for group in self.groups])",
                                           "np.ones((len(self.groups), 1))", ("equal_rivals",), ("loss",)),
    "bias": Weakness("gaps.py", "np.broadcast_to(self.bias.value,", "np.broadcast_to(0 * self.bias.value,",
                     ("far_outputs", "uneven_columns")),
}  # fmt: skip

EVEN = {
    "the least over all x": Weakness("even.py", ".min(axis=-1, initial=np.inf) for those", ".mean(axis=-1) for those",
                                     ("uneven_rows",)),
    "x of every type": Weakness("even.py", "lower_sum([self.main[types], rest])",
                                "lower_sum([self.main[0 * types], rest])", ("typed_rows",)),
    "bias": Weakness("even.py", "[], [], Near.exact(bias.T)", "[], [], Near.exact(0.0 * bias.T)",
                     ("biased_even",)),
    "bias of the types": Weakness("even.py", "moves = [self.least(", "moves = [0.0 * self.least(",
                                 ("typed_bias",)),
    "readings": Weakness("even.py", "lower_sum([least @ here, -lost])", "lower_sum([least @ here])",
                         ("even_readings",)),
    "readings where a point is fixed": Weakness("even.py", "np.where(here > 0, circuit.fixed[:, None],",
                                                "np.where(here > 0, 0.0,",
                                                ("even_readings",)),
    "readings where a point is moved": Weakness("even.py", "circuit.moved[:, None])", "circuit.fixed[:, None])",
                                                ("even_readings",)),
    "every w but e": Weakness("even.py", "value[:, np.arange(len(ys)), ys] = np.inf",
                              "value[:, :, -1] = value[:, np.arange(len(ys)), ys] = np.inf",
                              ("uneven_rows", "biased_even", "typed_rows")),
    "the right answer's rest": Weakness("even.py", "-up(length * self.lengths.take(answers))", "0.0 * length",
                                        ("even_driver",)),
    "the rivals' rest": Weakness("even.py", "-up(length.max(axis=1, keepdims=True) * self.lengths)",
                                 "0.0 * self.lengths", ("even_driver",)),
    "the right answer's part by x": Weakness("even.py", "own = lower_sum([taken(by_x, answers)",
                                             "own = lower_sum([0.0 * taken(by_x, answers)",
                                             ("even_driver", "biased_even")),
    "the rivals' part by x": Weakness("even.py", "lower_sum([-by_x, -up(length.max",
                                      "lower_sum([-0.0 * by_x, -up(length.max",
                                      ("even_driver", "biased_even")),
    "the right answer's part by y": Weakness("even.py", "self.lengths.take(answers)), by_y])",
                                             "self.lengths.take(answers))])",
                                             ("even_y",)),
    "the rivals' part by y": Weakness("even.py", "-self.by_y.max(axis=1)])", "-0.0 * self.by_y.max(axis=1)])",
                                      ("even_y",)),
    "the rest of each point": Weakness("even.py", "self.squares = np.concatenate([square.reshape(-1, n)",
                                       "self.squares = np.concatenate([0.0 * square.reshape(-1, n)", ("even_driver",)),
    "the rest of sets that are not centred": Weakness("even.py", "up(sum(square.max(axis=1)",
                                                      "up(0.0 * sum(square.max(axis=1)", ("even_driver",)),
    "error of tables": Weakness("even.py", "found = gains.some(np.stack(least)).lower",
                                "found = np.stack(least).astype(np.float64)", ("perfect_circuit", "tight_even"),
                                ("accuracy", "margin")),
    "rest left out of the loss": Weakness("even.py", "np.exp(-rest)", "np.exp(-0.0 * rest)",
                                          ("even_driver", "biased_even"), ("loss",)),
    "every rival in the loss": Weakness("even.py", "up(np.exp(-value) * EXP).sum(axis=2)",
                                        "up(np.exp(-value) * EXP).max(axis=2)", ("tight_even",), ("loss",)),
}  # fmt: skip

EACH = {
    "bias": Weakness("each.py", " + Near.exact(model.unembed[\"float64\"][-1:])", "", ("each_biased",)),
    "readings where a point is fixed": Weakness("each.py", "[-self.by_y.most(), -self.fixed, -away,",
                                                "[-self.by_y.most(), -0.0 * self.fixed, -away,", ("each_readings",)),
    "readings where a point is moved": Weakness("each.py", "np.where(own, 0, self.extra",
                                                "np.where(own, 0, 0 * self.extra",
                                                ("each_readings",)),
    "readings of every y": Weakness("each.py", "[row[place == d].max() for d", "[row[place == d].min() for d",
                                    ("each_some_y",)),
    "where the right answer stands": Weakness("each.py", "own = circuit.action[xs][:, :, None] == ",
                                              "own = circuit.action[0 * xs][:, :, None] == ", ("each_readings",)),
    "the right answer's rest by its length": Weakness(
        "each.py", "up(self.lengths[walk.answers[x, y]] * walk.far[x, y])", "0.0 * walk.far[x, y]", ("each_driver",)
    ),
    "the right answer's rest": Weakness("each.py", "return lower_sum([*terms, -up(self.unsaid[z]",
                                        "return lower_sum([*terms, -0.0 * up(self.unsaid[z]", ("each_driver",)),
    "the right answer's rest where it is believed": Weakness(
        "each.py", ".dot(delta).lower[:, 0])", ".dot(delta).lower[:, 0].clip(0.0))", ("each_rest",),
    ),
    "the rivals' rest": Weakness("each.py", "up(self.lengths.max() * walk.far)", "0.0 * walk.far", ("each_driver",)),
    "a single rival's rest": Weakness("each.py", "terms += [self.fixed[y], up(self.lengths[z]",
                                      "terms += [self.fixed[y], 0.0 * up(self.lengths[z]", ("each_driver",)),
    "a single rival's readings": Weakness("each.py", "terms += [self.fixed[y], ", "terms += [0.0 * self.fixed[y], ",
                                          ("each_readings",)),
    "a single rival": Weakness("each.py", "*(-term for term in terms)", "*(-term for term in terms[1:])",
                               ("each_circuits", "each_far")),
    "what x does alone": Weakness("each.py", "tables.append(by_x.some(by_x.value[:, None]))",
                                  "tables.append(by_x.some(0 * by_x.value[:, None]))", ("each_driver", "each_biased")),
    "what y does alone to rivals": Weakness("each.py", "[-self.by_y.most(), -self.fixed,", "[-self.fixed,",
                                            ("each_y",)),
    "what y does alone": Weakness("each.py", "return self.by_y.some(self.by_y.value[y, z])",
                                  "return self.by_y.some(0 * self.by_y.value[y, z])", ("each_y",)),
    "parts that are in no sum": Weakness("each.py", "found.value.max(axis=2)", "found.value.min(axis=2)",
                                         ("each_circuits", "each_far")),
    "the largest of a kind": Weakness("each.py", "np.take_along_axis(reached.value, z, axis=2).max(axis=2)",
                                      "np.take_along_axis(reached.value, z, axis=2).min(axis=2)",
                                      ("each_circuits", "each_far")),
    "a part once": Weakness("each.py", "require({one, other} <= left and one != other,", "require(one != other,",
                            ("joined_twice",)),
    "error of tables": Weakness("each.py", "yield table.some(table.value.reshape(",
                                "yield Near.exact(table.value.reshape(", ("each_drowned",), ("accuracy", "margin")),
    "error of sums": Weakness(
        "each.py", "return table.some(table.value[:, self.of_y[finer.first[0], None], self.of_z[finer.first[1]]])",
        "return Near.exact(table.value[:, self.of_y[finer.first[0], None], self.of_z[finer.first[1]]])",
        ("each_drowned",), ("accuracy", "margin"),
    ),
    "every rival in the loss": Weakness("each.py", "np.array([float(len(w)) for w in self.groups])",
                                        "np.ones(len(self.groups))", ("each_tight",), ("loss",)),
}  # fmt: skip

SINGLY = {
    "the output that w leads to": Weakness(
        "settle.py", "table[table[x[here, None], w], y[here, None]]", "table[table[y[here, None], w], x[here, None]]",
        ("uneven_columns", "far_outputs"),
    ),
    "the least of a group": Weakness("settle.py", "np.fmax(least[here, g], lower.min(axis=1))",
                                     "np.fmax(least[here, g], lower.max(axis=1))", ("unwritten", "uneven_columns")),
    "the loss of a group": Weakness("settle.py", "up(np.exp(-lower).sum(axis=1) * EXP)",
                                    "up(np.exp(-lower).min(axis=1) * EXP)", ("equal_rivals", "unwritten", "tight_even"),
                                    ("loss",)),
    "the output from all neurons": Weakness("settle.py", "y[pair], rival)", "y[pair], 0 * rival)",
                                            ("one_by_one",)),
    "gaps: kinds of w": Weakness("gaps.py", "others[kind == g]", "others[kind == (g + 1) % (kind.max() + 1)]",
                                 ("uneven_columns", "far_outputs", "between_fibres", "equal_rivals")),
    "gaps: the rival": Weakness("gaps.py", "-totals[g].at(x, z).upper])",
                                "-0.0 * totals[g].at(x, z).upper])",
                                ("uneven_columns", "far_outputs")),
    "gaps: readings": Weakness("gaps.py", " -self.lost[y, g],", "", ("within_fibres", "between_fibres")),
    "gaps: the rest R": Weakness("gaps.py", " -rest[x],", "", ("rest_driver",)),
    "even: the rival's part by x": Weakness("even.py", "-by_x[x, rival], -away,", "-away,",
                                            ("even_driver", "biased_even")),
    "even: the rival's rest": Weakness("even.py", "-by_x[x, rival], -away,", "-by_x[x, rival],",
                                       ("even_driver",)),
    "even: the rival's part by y": Weakness("even.py", "-away, -also])", "-away])", ("even_y",)),
    "even: the type of x": Weakness("even.py", "main = self.kept[types[x], y, table",
                                    "main = self.kept[0 * types[x], y, table", ("typed_rows", "typed_bias")),
    "even: the answer": Weakness("even.py", "lower_sum([main[i, j], own[x, y],",
                                 "lower_sum([main[i, j], 0 * own[x, y],",
                                 ("even_driver", "biased_even")),
}  # fmt: skip

WEAKNESSES = {
    f"{room}: {name}": weakness
    for room, found in {
        "arithmetic": ARITHMETIC,
        "groups": GROUPS,
        "circles": CIRCLES,
        "lowrank": LOWRANK,
        "gaps": GAPS,
        "even": EVEN,
        "each": EACH,
        "singly": SINGLY,
    }.items()
    for name, weakness in found.items()
}
