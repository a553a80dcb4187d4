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

from rhoset.explaining import Explanation
from rhoset.explaining.pairs import spread_pairs
from rhoset.groups.transform import at_translates
from rhoset.networks import hidden
from rhoset.report.views import AccountView

Floats = NDArray[np.float64]


def account(explanation: Explanation) -> AccountView | None:
    """The account at the input with the least margin, and on average; None for a group of one element.

    Over the pairs of `spread_pairs`; the wrong answer is the network's best one at each input.
    Cost: three products of N pairs with (m, n) tables: 0.3 s for S5 of width 128.
    """
    network, ideal = explanation.network, explanation.ideal
    n, table = network.order, network.table
    if n == 1:
        return None
    x, y = spread_pairs(n)
    h, exact = (hidden(one, x, y, np.float64) for one in (network, ideal))
    unembed, written = network.unembed.astype(np.float64), ideal.unembed.astype(np.float64)
    bias = network.bias.astype(np.float64)
    answer, at = table[x, y], np.arange(len(x))
    f = h @ unembed + bias
    correct = f[at, answer].copy()
    f[at, answer] = -np.inf
    rival = f.argmax(axis=1)
    margin = correct - f[at, rival]
    del f

    def taken(logits: Floats) -> Floats:
        difference: Floats = logits[at, rival] - logits[at, answer]
        return difference

    names, member = explanation.neuron_groups()
    held = member < len(names) - 1
    inverse = network.group.inverse
    wrong = table[table[inverse[x], rival], inverse[y]]  # the w with rival = xwy
    start = np.zeros(len(x))
    terms: list[tuple[str, Floats]] = []
    for k, name in enumerate(names[:-1]):
        neurons = np.flatnonzero(member == k)
        logits = exact[:, neurons] @ written[neurons]
        mean = _mean_moved(logits, table, x, y)
        home = mean[network.group.identity] - mean[wrong]
        start += home
        terms.append((f"uneven {name}", taken(logits) + home))
    terms.append(("reading", taken((h - exact)[:, held] @ unembed[held])))
    terms.append(("writing", taken(exact[:, held] @ (unembed - written)[held])))
    terms.append(("left over", taken(h[:, ~held] @ unembed[~held])))
    terms.append(("bias", bias[rival] - bias[answer]))
    worst = int(np.argmin(margin))
    kept = [(name, float(t[worst]), float(t.mean())) for name, t in terms if np.abs(t).max() > 0]
    kept.sort(key=lambda term: -term[1])
    return AccountView(
        ideal=float(start[worst]),
        margin=float(margin[worst]),
        terms=tuple(kept),
        mean_ideal=float(start.mean()),
        mean_margin=float(margin.mean()),
        input=(int(x[worst]), int(y[worst])),
        answers=(int(answer[worst]), int(rival[worst])),
        pairs=len(x),
    )


def _mean_moved(logits: Floats, table: NDArray[np.int32], x: NDArray[np.int64], y: NDArray[np.int64]) -> Floats:
    """(n,): the mean over the pairs of the logit of xwy, for each w."""
    total = np.zeros(len(table))
    step = max(1, (1 << 20) // len(table))
    for start in range(0, len(x), step):
        rows = slice(start, start + step)
        total += at_translates(logits[rows], table, x[rows], y[rows]).sum(axis=0)
    mean: Floats = total / len(x)
    return mean
