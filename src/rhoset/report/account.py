"""Where the margin goes, exactly: from the explanation's margin to the network's own, term by term.

The logits split into a sum without remainder. With f̂_g the exact form of circuit (or quadrature) g and f̄_g its mean
over the inputs, moved to xwy,

    f = Σ_g f̄_g + Σ_g (f̂_g − f̄_g) + U (h − ĥ) + (U − Û) ĥ + (neurons that nothing holds) + bias,

so the margin over any wrong answer z = xwy is the margin of f̄ = Σ_g f̄_g at w less what each other term D takes,
D(z) − D(xy). These differences add up to the margin lost, up to rounding in float64.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rhoset.explaining import Explanation, Quadrature
from rhoset.explaining.diagnosis import carried
from rhoset.explaining.pairs import activations_of, spread_pairs
from rhoset.networks import Network
from rhoset.networks.circuits import Circuit
from rhoset.report.views import AccountView

Floats = NDArray[np.float64]

NUMBERS = 1 << 17
"""Logits that are formed at once: they stay in cache."""


def account(explanation: Explanation) -> AccountView | None:
    """The account at the input with the least margin, and on average; None for a group of one element.

    Over the pairs of `spread_pairs`; the wrong answer is the network's best one at each input.
    Cost: a product of N pairs with the (m, n) table: 0.05 s for S5 of width 128.
    """
    network, ideal = explanation.network, explanation.ideal
    n, table = network.order, network.table
    if n == 1:
        return None
    x, y = spread_pairs(n)
    hidden, exact, inverse = activations_of(network), activations_of(ideal), network.group.inverse
    unembed, written = (np.ascontiguousarray(one.unembed.T, dtype=np.float64) for one in (network, ideal))
    bias, (names, member) = network.bias.astype(np.float64), explanation.neuron_groups()
    groups = (member[:, None] == np.arange(len(names))).astype(np.float64)
    means = np.array([_mean_moved(ideal, part, x, y) for part in explanation.parts]).reshape(-1, n)
    homes = means[:, [network.group.identity]] - means

    def of_pairs(x: NDArray[np.int64], y: NDArray[np.int64]) -> tuple[Floats, ...]:
        """(N,) outputs that answer best but for the right one, and margins; (N, parts) the ideal margin over them;
        (N, terms) what each term takes."""
        answer, rows, h, fires = table[x, y], np.arange(len(x)), hidden(x, y), exact(x, y)
        f = h @ unembed.T + bias
        correct = f[rows, answer]
        f[rows, answer] = -np.inf
        rival = f.argmax(axis=1)
        home = homes[:, table[table[inverse[x], rival], inverse[y]]].T  # at the w with rival = xwy
        writes, exactly = (one[rival] - one[answer] for one in (unembed, written))
        # of each group: as it is, where its neurons fire as their exact forms do, and where they write so too
        own, firing, ideally = h * writes @ groups, fires * writes @ groups, fires * exactly @ groups
        reading, writing = ((one - other)[:, :-1].sum(axis=1) for one, other in ((own, firing), (firing, ideally)))
        others = reading, writing, own[:, -1], bias[rival] - bias[answer]
        return rival, correct - f[rows, rival], home, np.column_stack([ideally[:, :-1] + home, *others])

    step = max(1, NUMBERS // n)
    blocks = [of_pairs(x[start : start + step], y[start : start + step]) for start in range(0, len(x), step)]
    rival, margin, home, taken = (np.concatenate(found) for found in zip(*blocks, strict=True))
    terms = zip([*(f"uneven {name}" for name in names[:-1]), "reading", "writing", "left over", "bias"], taken.T)
    start, worst = home.sum(axis=1), int(np.argmin(margin))
    kept = [(name, float(t[worst]), float(t.mean())) for name, t in terms if np.abs(t).max() > 0]
    kept.sort(key=lambda term: -term[1])
    return AccountView(
        ideal=float(start[worst]),
        margin=float(margin[worst]),
        terms=tuple(kept),
        mean_ideal=float(start.mean()),
        mean_margin=float(margin.mean()),
        input=(int(x[worst]), int(y[worst])),
        answers=(int(table[x[worst], y[worst]]), int(rival[worst])),
        pairs=len(x),
    )


def _mean_moved(ideal: Network, part: Circuit | Quadrature, x: NDArray[np.int64], y: NDArray[np.int64]) -> Floats:
    """(n,): the mean over the pairs of the part's logit of xwy, for each w, constants aside."""
    sums, features = carried(ideal, part, np.float64)
    step = max(1, NUMBERS // ideal.order)
    blocks = [slice(start, start + step) for start in range(0, len(x), step)]
    mean: Floats = np.sum([sums(x[rows], y[rows]).sum(axis=0) for rows in blocks], axis=0) / len(x)
    return mean if features is None else mean @ features
