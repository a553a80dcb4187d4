"""The writing law: at a stationary point of training, what a neuron writes follows from what it reads.

Let h_i(x, y) be a neuron's activation, p the network's softmax, and

    A_i(z) = mean over the training pairs (x, y) of h_i(x, y) (1[xy = z] − p(z | x, y)),

minus the gradient of the cross-entropy in unembed. Where training has come to rest:

1. decay λ as L2 in the gradient (Adam, gradient descent): u_i = A_i / λ;
2. AdamW with decay λ and ε, whose step is g/(|g| + ε) + λu at rest: u_i = A_i / (λ(|A_i| + ε)), entry by entry;
   before it rests, that less u̇_i / (ηλ) at rate η, so the mean of the right-hand side over the last 1/(ηλ) steps;
3. the penalty λ(‖l‖² + ‖r‖² + ‖u‖²)^{3/2}: u_i = A_i / (3λ‖(l, r, u)_i‖).

Nothing is fitted. Where training saw all pairs and the error 1[xy = z] − p is a class function k of z(xy)⁻¹, the sum is
a convolution. With the mean activation by product, s_i(w) = mean of h_i over the pairs with xy = w, and P_σ the
projection on an irrep,

4. u_i = Σ_σ q_σ P_σ s_i: one scalar q_σ an irrep for the whole network. This is *the group's part*.

What rule 1 or 2 gives beyond rule 4 is the split's part: it is there because training saw those pairs and no others.

The rules use the network's own softmax. That this is not going in a circle is shown in `rhoset.explaining.deciding`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.arguments import public
from rhoset.explaining.deciding import Decided, decided
from rhoset.explaining.gradients import Array, ascent, rest, still_moving
from rhoset.explaining.spectrum import Spectrum, own_parts, share_held, spectrum
from rhoset.explaining.trained import Recipe, recipe
from rhoset.groups import Irrep, irreps, project
from rhoset.networks import Network, activation
from rhoset.summaries import Shown

NOTHING_OFF = 1e-3
"""Where less than this share of unembed lies off the neurons' own irreps, nothing is said of that part: it is at the
size of training's own rest."""

LAW_OPERATIONS = 2e11
"""Multiply-adds that the sum over the training pairs may take (2n³m; about 10 s); above, only rule 4 is used."""


@dataclass(frozen=True, eq=False, repr=False)
class WritingLaw(Shown):
    """What the law says that a network writes, beside what it writes.

    All tables are (m, n), rows centred over the outputs, and shares are 1 − ‖written − said‖² / ‖written‖² over the
    live neurons: 1 is all, below 0 is worse than nothing.

    Attributes
    ----------
    network, irreps
        Of what.
    recipe
        The training pairs and the decay, or None where they are not known.
    live
        (m,) bool: the neurons that are looked at.
    dominant
        (m,) index of each neuron's own irrep.
    written
        Unembed.
    group
        The group's part, rule 4: one scalar an irrep.
    scalars
        (r,) q_σ, the least-squares fit; 0 for the trivial irrep.
    law
        Rules 1 to 3 over the training pairs; None where they are not known, or too dear.
    moving
        Rule 2 with what unembed moved by since an earlier network of the same training, where one was given.
    fitted
        Whether the law's scale was fitted (one number), since the decay is not known.
    decided
        What readings and training pairs decide (`rhoset.explaining.deciding`), when it was asked for and is known.
    decided_by_all
        The same as if training had seen all pairs.
    """

    network: Network
    irreps: tuple[Irrep, ...]
    recipe: Recipe | None
    live: NDArray[np.bool_]
    dominant: NDArray[np.int32]
    written: Array
    group: Array
    scalars: Array
    law: Array | None
    fitted: bool
    moving: Array | None = None
    decided: Decided | None = None
    decided_by_all: Decided | None = None

    def shares(self) -> dict[str, float]:
        """Share of unembed that each description holds; nan where the training pairs are not known.

        ``own``: each neuron's own irrep with a free matrix. ``group``: rule 4. ``both``: the own irrep free, the rest
        by rule 4. ``law``: rules 1 to 3; ``moving``: with what moves. ``off``: the part of unembed off the neurons' own
        irreps, and ``off_group``, ``off_law``, … the shares of that part, which are nan where it is less than
        `NOTHING_OFF`. ``decided``: what readings and training pairs decide; ``decided_by_all``: what the readings and
        all pairs would.
        """
        own = self._own(self.written)
        off, off_group = self.written - own, self.group - self._own(self.group)
        said = {
            "own": self._share(own),
            "group": self._share(self.group),
            "both": self._share(own + off_group),
            "off": 1 - self._share(own),
        }
        parts: dict[str, Array | None] = {"off_group": off_group}
        tables = {
            "law": self.law,
            "moving": self.moving,
            "decided": None if self.decided is None else centred(self.decided.unembed),
            "decided_by_all": None if self.decided_by_all is None else centred(self.decided_by_all.unembed),
        }
        for name, table in tables.items():
            said[name] = np.nan if table is None else self._share(table)
            parts[f"off_{name}"] = None if table is None else table - self._own(table)
        nothing = said["off"] < NOTHING_OFF
        return said | {
            name: np.nan if part is None or nothing else self._share(part, off) for name, part in parts.items()
        }

    def by_irrep(self) -> list[tuple[Irrep, float, float, float]]:
        """(irrep, q, share of unembed's energy that lies in it, share of that which q holds), strongest first."""
        live = self.live
        total = max(float((self.written[live] ** 2).sum()), np.finfo(float).tiny)
        rows = []
        for irrep, q in zip(self.irreps, self.scalars.tolist(), strict=True):
            part, said = project(irrep, self.written[live]), project(irrep, self.group[live])
            rows.append((irrep, q, float((part**2).sum()) / total, share_held(part, said)))
        return sorted(rows, key=lambda row: -row[2])

    def _own(self, table: Array) -> Array:
        """Each neuron's part in its own irrep."""
        return own_parts(self.irreps, self.dominant, table)

    def _share(self, said: Array, of: Array | None = None) -> float:
        of = self.written if of is None else of
        return share_held(of[self.live], said[self.live])


@public
def writing_law(
    network: Network, split: Any = None, *, decide: bool = False, before: Network | None = None
) -> WritingLaw:
    """What each neuron must write, given what all neurons read and which pairs training saw.

    Parameters
    ----------
    network
        Any network on a group.
    split
        The training pairs where the network's metadata do not say them (see `recipe`): ``"all"``, an (n, n) array of
        bool, or flat positions x·n + y. Without the optimiser's settings one scale is fitted.
    decide
        Solve for what the readings and the training pairs decide, and for what they and all pairs would (seconds each).
    before
        An earlier network of the same training, such as the last snapshot, for what an AdamW network that does not rest
        yet must write; of no use for other optimisers.

    Raises
    ------
    RhosetError
        As `recipe` and `Network.group`.

    Notes
    -----
    Cost n²m for the group's part and 2n³m multiply-adds for the sum over the training pairs (S5, width 128: 0.1 s).
    The law is exact at a stationary point only: networks that are still moving, and those whose last steps were long
    (Adam at rate 0.01 swings around it), obey it less well; docs/understanding.md has figures.

    Examples
    --------
    >>> import rhoset as rs
    >>> law = writing_law(rs.construct("S4", ["[3,1]"], seed=1).network)
    >>> round(law.shares()["group"], 6)
    1.0
    """
    trained = recipe(network, split)
    found = law_of(spectrum(network, tuple(irreps(network.group))), trained)
    if before is not None and trained is not None and found.law is not None:
        weight = still_moving(network, before, trained)
        if weight is not None:
            mean = (found.law + centred(at_rest(before, trained)[0])) / 2
            moved = centred(np.asarray(network.unembed, float) - before.unembed)
            found = replace(found, moving=mean - (weight - 0.5) * moved)
    if not decide or trained is None:
        return found
    every = replace(trained, pairs=np.ones_like(trained.pairs))
    by_pairs = decided(network, trained)
    return replace(
        found, decided=by_pairs, decided_by_all=by_pairs if trained.fraction == 1 else decided(network, every)
    )


def law_of(analysed: Spectrum, trained: Recipe | None) -> WritingLaw:
    """`writing_law` of a network whose spectrum is at hand."""
    network = analysed.network
    written = analysed.tables.unembed
    means = mean_by_product(network.left, network.right, network)
    live = analysed.energy.live
    group, scalars = filtered(analysed.irreps, means, written, live)
    law, fitted = None, False
    n, m = network.order, network.width
    if trained is not None and 2 * n**3 * m <= LAW_OPERATIONS:
        raw, fitted = at_rest(network, trained)
        law = centred(raw)
    return WritingLaw(
        network, analysed.irreps, trained, live, analysed.energy.dominant, written, group, scalars, law, fitted
    )


def mean_by_product(left: NDArray[Any], right: NDArray[Any], network: Network) -> Array:
    """(m, n) s_i(w): mean of φ(left + right) over the n pairs with xy = w, for (n, m) readings; cost n²m."""
    phi = activation(network.activation)
    left, right = left.astype(np.float64), right.astype(np.float64)
    sums = np.zeros(left.shape)
    for x, row in enumerate(left):
        sums[network.table[x]] += phi(row + right)  # y ↦ xy is a permutation: no target twice
    return np.asarray(sums.T / network.order)


def filtered(irreps: tuple[Irrep, ...], means: Array, written: Array, live: NDArray[np.bool_]) -> tuple[Array, Array]:
    """(m, n) Σ_σ q_σ P_σ s and (r,) q_σ that fit the live neurons' rows best; cost m n Σd²."""
    out, scalars = np.zeros_like(written), np.zeros(len(irreps))
    for k, irrep in enumerate(irreps):
        if irrep.is_trivial:
            continue
        part = project(irrep, means)
        size = float((part[live] ** 2).sum())
        if size > 0:
            scalars[k] = float((part[live] * written[live]).sum()) / size
            out += scalars[k] * part
    return out, scalars


def at_rest(network: Network, trained: Recipe) -> tuple[Array, bool]:
    """(m, n) unembed at rest by rules 1 to 3, not centred, and whether its scale was fitted."""
    slope = ascent(network, trained.pairs)
    found = rest(slope, trained, _neuron_sizes(network)[:, None])
    if found is not None:
        return found, False
    uniform = centred(slope)
    size = float((uniform**2).sum())
    return slope * (float((uniform * network.unembed).sum()) / size if size > 0 else 0.0), True


def centred(table: Array) -> Array:
    """Rows less their means: a constant on a row moves all logits alike."""
    return np.asarray(table - table.mean(axis=1, keepdims=True))


def _neuron_sizes(network: Network) -> Array:
    tables = (network.left.T, network.right.T, network.unembed)
    return np.asarray(np.sqrt(sum(np.square(table.astype(np.float64)).sum(axis=1) for table in tables)))
