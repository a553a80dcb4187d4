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
        "near.py", "return self.value.astype(np.float64) - up(self.error + 2.0**-51 * (self.size + self.error))",
        "return self.value.astype(np.float64)", ("exact_ties", "cancelling", "one_way"),
    ),
    "exact: logits have no error": Weakness(
        "exact.py", "up(2.0 * logits.error.max() + 2.0", "up(0.0 * logits.error.max() + 2.0", ("drowned",)
    ),
    "exact: error left out of the loss": Weakness(
        "exact.py", "total.astype(np.float64) * EXP * np.exp(error)", "total.astype(np.float64)",
        ("large_and_close",), ("loss",),
    ),
    "no floor for float32": Weakness("network.py", "float(up(2.0 * error))", "0.0", ("single_ties",)),
    "floor left out of the loss": Weakness("settle.py", "np.exp(floor)", "1.0", ("rounded_apart",), ("loss",)),
    "floor in the loss at most 700": Weakness(
        "settle.py", "np.exp(floor)", "np.exp(min(floor, 700.0))", ("rounded_apart",), ("loss",)
    ),
    "folding is exact": Weakness(
        "network.py", 'table = embedded.times(stored[f"hidden_{side}"].astype(np.float64))',
        'table = Near.exact(embedded.times(stored[f"hidden_{side}"].astype(np.float64)).value)',
        ("folded_ties", "lost_readings", "drowned_readings"),
    ),
    "nothing proved is no bad margin": Weakness(
        "settle.py", "worst = float(up(2.0 * (one.size + one.error).max()))", "worst = 0.0", ("extreme",), ("margin",)
    ),
    "nothing proved is no loss": Weakness(
        "settle.py", "(worst + floor + np.log(model.order))", "np.log(model.order)", ("uneven_columns",), ("loss",)
    ),
}  # fmt: skip

GROUPS = {
    "associativity": Weakness("group.py", "require(same, f", "require(True, f", ("false_table",)),
    "inverses": Weakness("group.py", "require(is_identity.any(axis=1).all(), f", "require(True, f", ("false_table",)),
    "generation": Weakness("group.py", "require(seen.all(), f", "require(True, f", ("false_table",)),
    "relations (pairs)": Weakness("group.py", "require(holds, f", "require(True, f", ("false_permutations",)),
    "relations (gaps)": Weakness("group.py", "require(holds, f", "require(True, f", ("false_gap_action",)),
    "coupling": Weakness(
        "blocks.py", "require(np.array_equal(moved, stored.coupling), f", "require(True, f", ("false_coupling",)
    ),
    "defect of matrices": Weakness("group.py", "return matrices, defect", "return matrices, 0.0", ("false_matrices",)),
    "defect times what is carried": Weakness(
        "pairs.py", "hidden.size @ np.abs(b.writing).sum(axis=0) for b in self.blocks if b.defect)",
        "total.size[part].sum() for b, part in zip(self.blocks, self.parts))", ("forgetful_matrices",),
    ),
}  # fmt: skip

PAIRS = {
    "half of ‖ΔF‖": Weakness(
        "blocks.py", "delta.columns(slice(a, b)).length()", "delta.columns(slice(a, b)).length() / 2", ("aligned",)
    ),
    "‖Q − K‖": Weakness(
        "pairs.py", "-up(gaps @ self.distance.T), self.own", "self.own", ("aligned", "copied_points")
    ),
    "least over a group": Weakness(
        "blocks.py", "np.minimum.reduceat(found, starts, axis=1)", "np.maximum.reduceat(found, starts, axis=1)",
        ("aligned", "biased_circuit", "loose_writing"),
    ),
    "a group of outputs": Weakness(
        "settle.py", "for g in np.unique(label)]", "for g in np.unique(label)[:-1]]", ("unwritten", "hidden_driver")
    ),
    "δ": Weakness(
        "pairs.py", "bound = float(up(delta.scaled(1.0 / scale).length().max()))", "bound = 0.0",
        ("hidden_driver", "unwritten"),
    ),
    "half of δ": Weakness(
        "pairs.py", "bound = float(up(delta.scaled(1.0 / scale).length().max()))",
        "bound = 0.5 * float(up(delta.scaled(1.0 / scale).length().max()))", ("unwritten",),
    ),
    "the scale of δ": Weakness(
        "pairs.py", "delta.scaled(1.0 / scale).length()", "delta.length()", ("unwritten",)
    ),
    "the own part of δ": Weakness(
        "pairs.py", "terms = [correct.lower, -residual", "terms = [-residual", ("unwritten", "hidden_driver")
    ),
    "the rival's part of δ": Weakness(
        "pairs.py", "terms = [correct.lower, -residual.bound * length,", "terms = [correct.lower,",
        ("unwritten", "hidden_driver"),
    ),
    "additive tables of rivals (span)": Weakness(
        "pairs.py", "(margin - by_x.rows(rows) - by_y.rows(rows)).lower",
        "margin.lower", ("additive_driver",),
    ),
    "additive tables of rivals (references)": Weakness(
        "pairs.py", "lower_sum([known, -self.worst[0][x][:, None], -self.worst[1][y][:, None]])", "known",
        ("additive_driver",)
    ),
    "additive tables of rivals (references, singly)": Weakness(
        "pairs.py", "lower_sum([known[which, g, None], *rivals])",
        "np.repeat(known[which, g, None], z.shape[1], axis=1)", ("additive_driver",),
    ),
    "additive tables of the answer": Weakness(
        "pairs.py", "return by_x + by_y + state.lost", "return by_x + state.lost", ("additive_driver",)
    ),
    "error of single outputs": Weakness(
        "exact.py", "hidden.dot(difference).lower[:, 0]", "hidden.dot(difference).value[:, 0]",
        ("exact_ties", "repeated", "cancelling"),
    ),
}  # fmt: skip

GAPS = {
    "term D": Weakness("gaps.py", "fixed = up(up(rho @ up(high - low)).max(axis=1))", "fixed = np.zeros(n)",
                       ("within_fibres",)),
    "half of term D": Weakness("gaps.py", "fixed = up(up(rho @ up(high - low)).max(axis=1))",
                               "fixed = 0.5 * up(up(rho @ up(high - low)).max(axis=1))", ("within_fibres",)),
    "term V": Weakness("gaps.py", "apart = np.maximum(moved(rho, low, high), fixed)", "apart = fixed",
                       ("between_fibres",)),
    "half of term V": Weakness("gaps.py", "apart = np.maximum(moved(rho, low, high), fixed)",
                               "apart = fixed + 0.5 * np.maximum(moved(rho, low, high) - fixed, 0.0)",
                               ("between_fibres",)),
    "a neuron's range": Weakness("gaps.py", "whole = up(rho @ up(", "whole = 0.5 * up(rho @ up(", ("between_fibres",)),
    "two places, not one": Weakness("gaps.py", "np.sort(apart, axis=1)[:, -2:]", "np.sort(apart, axis=1)[:, -1:]",
                                    ("between_places",)),
    "lowest of a place": Weakness("gaps.py", "np.maximum(np.abs(high - centre), np.abs(low - centre))",
                                  "np.abs(high - centre)", ("between_places",)),
    "highest of a place": Weakness("gaps.py", "np.maximum(np.abs(high - centre), np.abs(low - centre))",
                                   "np.abs(low - centre)", ("between_places",)),
    "rounding of potentials": Weakness(
        "gaps.py", "table = table - Near(given, np.zeros(1), np.abs(given).max(axis=0).astype(np.float64))",
        "table = Near(table.value - given, table.error, table.size)", ("tall_potentials",), ("accuracy", "margin"),
    ),
    "the greatest of the parts": Weakness("gaps.py", "np.sort(np.reshape(parts, (len(parts), n)), axis=0)[::-1]",
                                          "np.sort(np.reshape(parts, (len(parts), n)), axis=0)",
                                          ("between_fibres", "split_sets")),
    "the k smallest gaps": Weakness("gaps.py", "    ordered = [Near(value, error, size) for value in values]",
                                    "    ordered = [Near(value, error, size) for value in values[::-1]]",
                                    ("uneven_columns", "silent_columns")),
    "negative gaps": Weakness("gaps.py", "    values = [part.value for part in parts]",
                              "    values = [np.maximum(part.value, 0) for part in parts]", ("uneven_columns",)),
    "columns without neurons": Weakness(
        "gaps.py", "sums.append(running(gaps))",
        "sums.append(running([g for g in gaps if g is not nothing] + gaps[-1:] * (part.points - len(part.columns))))",
        ("silent_columns",),
    ),
    "the largest of the others": Weakness("gaps.py", "first = np.maximum(first, row)",
                                          "first = np.minimum(first, row)", ("far_outputs", "uneven_columns")),
    "the greatest over all z'": Weakness("gaps.py", "[total.most() for total in totals]",
                                         "[total.columns(slice(0, 1)).most() for total in totals]",
                                         ("far_outputs", "uneven_columns")),
    "the rest R": Weakness("gaps.py", "else 2.0 * float(up(np.sqrt(", "else 0.0 * float(up(np.sqrt(", ("rest_driver",)),
    "half of the rest R": Weakness("gaps.py", "else 2.0 * float(up(np.sqrt(", "else 1.0 * float(up(np.sqrt(",
                                   ("rest_driver",)),
    "the scale of the rest": Weakness("gaps.py", "writes[:, at]) / scale)", "writes[:, at]))", ("rest_driver",)),
    "slope of the square": Weakness("network.py", 'if self.activation != "square":', "if True:", ("steep",)),
    "half the slope of the square": Weakness("network.py", "return up(2.0 * (left.size", "return up(1.0 * (left.size",
                                             ("steep",)),
    "error of readings": Weakness("gaps.py", " + right.error[members]", "", ("drowned_readings",)),
    "rivals left out of the loss": Weakness(
        "gaps.py", "lower_sum([by_x, shift.T])", "lower_sum([0.0 * by_x, shift.T])",
        ("equal_rivals", "uneven_columns", "large_and_close"), ("loss",),
    ),
    "errors left out of the loss": Weakness(
        "gaps.py", "self.loss = up(np.exp(self.lost.T) * EXP)", "self.loss = up(np.exp(0.0 * self.lost.T) * EXP)",
        ("within_fibres", "between_fibres"), ("loss",),
    ),
    "how many outputs of a kind": Weakness("gaps.py", "self.counts.astype(np.float64)",
                                           "np.ones(len(self.counts))", ("equal_rivals",), ("loss",)),
    "bias": Weakness("gaps.py", "Near(np.broadcast_to(bias.value, (count, n)), bias.error",
                     "Near(np.zeros((count, n), self.work), bias.error", ("far_outputs", "uneven_columns")),
}  # fmt: skip

EVEN = {
    "the least over all x": Weakness("even.py", "self.types[xs] == kind].min(axis=1)",
                                     "self.types[xs] == kind].mean(axis=1)", ("uneven_rows",)),
    "x of every type": Weakness("even.py", "lower_sum([self.main.min(axis=0)[self.types[xs]], rest])",
                                "lower_sum([self.main.min(axis=0)[0 * self.types[xs]], rest])", ("typed_rows",)),
    "bias": Weakness("even.py", "self.unembed[-1:] - bias", "0.0 * bias", ("biased_even",)),
    "bias of the types": Weakness("even.py", "moves.append((place, least[:, place]))",
                                  "moves.append((place, 0.0 * least[:, place]))", ("typed_bias",)),
    "readings of single points": Weakness("even.py", "self.fixed = up(self.fixed + column.fixed)",
                                          "self.fixed = 1.0 * self.fixed", ("even_readings",)),
    "readings": Weakness("even.py", "table[:, place] - lost", "table[:, place]", ("even_readings",)),
    "readings where a point is moved": Weakness("even.py", "column.fixed[:, None], column.moved[:, None]",
                                                "column.fixed[:, None], column.fixed[:, None]", ("even_readings",)),
    "every w but e": Weakness("even.py", "value[:, :, group.identity] = np.inf",
                              "value[:, :, [group.identity, -1]] = np.inf",
                           ("uneven_rows", "biased_even", "typed_rows")),
    "the right answer's rest": Weakness("even.py", "-up(lengths * self.lengths[answers])", "0.0 * lengths",
                                        ("even_driver",)),
    "the rivals' rest": Weakness("even.py", "-up(lengths.max(axis=1, keepdims=True) * self.lengths)",
                                 "0.0 * self.lengths", ("even_driver",)),
    "the right answer's part by x": Weakness("even.py", "by_x.lower[rows, answers]", "0.0 * by_x.lower[rows, answers]",
                                             ("even_driver", "biased_even")),
    "the rivals' part by x": Weakness("even.py", "lower_sum([-upper_x, -up(lengths.max",
                                      "lower_sum([-0.0 * upper_x, -up(lengths.max", ("even_driver", "biased_even")),
    "the right answer's part by y": Weakness("even.py", "terms.append(added(here).lower)",
                                             "terms.append(0.0 * added(here).lower)", ("even_y",)),
    "the rivals' part by y": Weakness("even.py", "-self.most_y[None]])", "-0.0 * self.most_y[None]])", ("even_y",)),
    "the rest of each point": Weakness("even.py", "for place, found in self.squares)",
                                       "for place, found in self.squares[:0])", ("even_driver",)),
    "the rest of sets that are not centred": Weakness("even.py", "self.size = up(self.size + found.max(axis=0))",
                                                      "self.size = 1.0 * self.size", ("even_driver",)),
    "error of tables": Weakness("even.py", "float(up(2.0 * error))", "0.0", ("perfect_circuit", "tight_even"),
                                ("accuracy", "margin")),
    "rest left out of the loss": Weakness("even.py", "np.exp(-rest)", "np.exp(-0.0 * rest)",
                                          ("even_driver", "biased_even"), ("loss",)),
    "every rival in the loss": Weakness("even.py", "up(np.exp(-value) * EXP).sum(axis=2)",
                                        "up(np.exp(-value) * EXP).max(axis=2)", ("tight_even",), ("loss",)),
}  # fmt: skip

SINGLY = {
    "the output that w leads to": Weakness(
        "settle.py", "table[table[x[here, None], w], y[here, None]]", "table[table[y[here, None], w], x[here, None]]",
        ("uneven_columns", "additive_driver", "far_outputs"),
    ),
    "the least of a group": Weakness("settle.py", "np.fmax(least[here, g], lower.min(axis=1))",
                                     "np.fmax(least[here, g], lower.max(axis=1))", ("unwritten", "uneven_columns")),
    "the loss of a group": Weakness("settle.py", "up(np.exp(-lower).sum(axis=1) * EXP)",
                                    "up(np.exp(-lower).min(axis=1) * EXP)", ("equal_rivals", "unwritten", "tight_even"),
                                    ("loss",)),
    "the output from all neurons": Weakness("settle.py", "y[pair], z[row, column])", "y[pair], z[row, 0 * column])",
                                            ("one_by_one",)),
    "gaps: kinds of w": Weakness("gaps.py", "[kind.ravel() == g]", "[kind.ravel() == (g + 1) % len(self.kinds)]",
                                 ("uneven_columns", "far_outputs", "between_fibres", "equal_rivals")),
    "gaps: the rival": Weakness("gaps.py", "Near(-rival.value, rival.error, rival.size).lower",
                                "Near(-0 * rival.value, rival.error, rival.size).lower",
                                ("uneven_columns", "far_outputs")),
    "gaps: readings": Weakness("gaps.py", ", -self.lost[by_y, g]])", "])", ("within_fibres", "between_fibres")),
    "gaps: the rest R": Weakness("gaps.py", "-up(self.rest * size)[at], ", "", ("rest_driver",)),
    "even: the rival's part by x": Weakness("even.py", "-upper_x[at, rival], -away]", "-away]",
                                            ("even_driver", "biased_even")),
    "even: the rival's rest": Weakness("even.py", "-upper_x[at, rival], -away]", "-upper_x[at, rival]]",
                                       ("even_driver",)),
    "even: the rival's part by y": Weakness("even.py", "terms.append(-upper(added(table.at(place[y_], rival)",
                                            "terms.append(0.0 * upper(added(table.at(place[y_], rival)", ("even_y",)),
    "even: the type of x": Weakness("even.py", "self.kept[self.types[xs[at]][:, None]",
                                    "self.kept[0 * self.types[xs[at]][:, None]", ("typed_rows", "typed_bias")),
    "even: the answer": Weakness("even.py", "terms = [main[i, j], own[at, y_],",
                                 "terms = [main[i, j], 0 * own[at, y_],",
                                 ("even_driver", "biased_even")),
}  # fmt: skip

WEAKNESSES = {
    f"{room}: {name}": weakness
    for room, found in {
        "arithmetic": ARITHMETIC,
        "groups": GROUPS,
        "pairs": PAIRS,
        "gaps": GAPS,
        "even": EVEN,
        "singly": SINGLY,
    }.items()
    for name, weakness in found.items()
}
