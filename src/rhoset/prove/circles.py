"""Plans with rule `circles`: what neurons that read waves write, along which orders they are summed, in what groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rhoset.groups import Irrep
from rhoset.prove.certificates import BARE
from rhoset.prove.features import matrix_block, representable
from rhoset.prove.search import Candidate, Search
from rhoset_check.blocks import MatrixBlock, build_block
from rhoset_check.circles import TURNS, Waves, summed
from rhoset_check.files import MOST_ENTRIES, Certificate, CircleTensors
from rhoset_check.near import Array, Ints, Rejected

HARMONICS = (1.0, 0.5, 0.0)
"""Irreps that neurons write beside what they read, those of most energy first, for each circle of the network; the next
number is tried where fewer were cheaper so far. More than one a circle have never been."""
SMALL = 0.02
"""What of a reference is no multiple of the identity is left away below this part of it: then D(xy) carries all."""
SIZES = (2, 4, 8, 16, 32)
"""Outputs of the groups, from the nearest rivals on; what is left is the last group."""
NOTHING = 1e-9
"""Entries of representations below this are 0."""


def around(irrep: Irrep) -> Ints:
    """(n,) the elements in order around the circle: what turns by its angle, then what mirrors."""
    (a, b), (c, d) = irrep.matrices.transpose(1, 2, 0) if irrep.dim == 2 else np.zeros((2, 2, 1)) + irrep.character
    mirrors = a * d - b * c < 0
    return np.lexsort((np.round(np.arctan2(c, a), 9), mirrors))


@dataclass(frozen=True, eq=False)
class Circles:
    """Which irreps the neurons read, one walk for each of these, and which of them the neurons of a walk write."""

    search: Search
    walks: tuple[int, ...]
    """Places of irreps in the spectrum."""
    walk: Ints
    """(m + 1,)."""

    @staticmethod
    def of(search: Search) -> Circles | None:
        """By what each neuron writes most of, which is what it reads. None where one of these has more
        than two dimensions, or the network is no ReLU network."""
        spectrum, network = search.whole.spectrum, search.subject.network
        energy = spectrum.energy[:, :-1]
        dominant = np.where(energy.sum(axis=0) > 0, energy.argmax(axis=0), -1)
        walks = tuple(int(j) for j in np.unique(dominant[dominant >= 0]))
        if network.activation != "relu" or not walks or any(spectrum.irreps[j].dim > 2 for j in walks):
            return None
        return Circles(search, walks, np.append(np.searchsorted(walks, np.maximum(dominant, walks[0])), 0))

    def written(self, more: int) -> list[tuple[int, Ints]]:
        """Irreps, with the neurons that write them: what each walk reads, and so many more in all."""
        spectrum, neurons = self.search.whole.spectrum, dict[int, list[Ints]]()
        small = [j for j, irrep in enumerate(spectrum.irreps) if irrep.dim <= 2 and not irrep.is_trivial]
        mine = [np.flatnonzero(self.walk == number) for number in range(len(self.walks))]
        energy = {
            (w, k): float(spectrum.energy[k, mine[w]].sum()) for w, j in enumerate(self.walks) for k in small if k != j
        }
        strongest = sorted(energy, key=lambda key: -energy[key])[:more]
        for w, k in [*enumerate(self.walks), *strongest]:
            neurons.setdefault(k, []).append(mine[w])
        return [(k, np.sort(np.concatenate(neurons[k]))) for k in sorted(neurons)]

    def certificate(self, more: int) -> Certificate:
        """The plan where neurons write so many irreps beside those that they read."""
        search, spectrum = self.search, self.search.whole.spectrum
        model, generators = search.model, np.asarray(search.subject.group.generators)
        written, table = self.written(more), search.subject.group.table
        stored = tuple(matrix_block(spectrum, k, generators, mine) for k, mine in written)
        blocks = [build_block(one, model.group, model.width, f"block{j}") for j, one in enumerate(stored)]
        reads = np.array([[k for k, _ in written].index(j) for j in self.walks])
        given = CircleTensors(np.stack([around(spectrum.irreps[j]) for j in self.walks]), self.walk, reads)
        writing = np.concatenate([(TURNS if len(b.writing) == 4 else np.eye(1)) @ b.writing for b in blocks])
        reference = self.reference(
            summed(model, given, writing)[0].value, [b for b in blocks if isinstance(b, MatrixBlock)]
        )
        waves = Waves.of(blocks, reference, table)
        plan = replace(BARE, pairs=True, work="float64", singles=search.singles)
        return search.subject.certificate(
            "circles", plan, circles=given, blocks=stored, references=reference, groups=self.groups(waves),
            scale=self.scale(given, waves),
        )  # fmt: skip

    def reference(self, sums: Array, blocks: Sequence[MatrixBlock]) -> Array:
        """(1, features) the mean over all pairs of D(x)ᵀ P D(y)ᵀ, block by block."""
        n, start, means = self.search.model.order, 0, []
        for block in blocks:
            matrices, d = block.matrices, block.shape[0]
            here = sums[:, start : start + d * d]
            if d == 2:  # back from what turns and what mirrors
                t, s, u, v = here.T / 2
                here = np.stack([t + u, v - s, s + v, t - u], axis=1)
            cube = here.reshape(n, n, d, d)
            mean = np.einsum("xba,xybc,ydc->ad", matrices, cube, matrices, optimize=True) / n**2
            mean = (mean + mean.T) / 2  # a part that turns by a right angle is next to nothing, and costs as the others
            middle = np.eye(d) * np.trace(mean) / d
            means.append((middle if np.linalg.norm(mean - middle) < SMALL * np.linalg.norm(mean) else mean).ravel())
            start += d * d
        return representable(np.concatenate(means)[None])

    def scale(self, given: CircleTensors, waves: Waves) -> Array:
        """(m + 1,) weights of the Cauchy-Schwarz inequality over what neurons read off their waves."""
        model = self.search.model
        delta = model.unembed["float64"] - waves.writing.T @ waves.features.T
        delta -= delta.mean(axis=1, keepdims=True)
        off = np.zeros(len(delta))
        for number, block in enumerate(given.reads):
            mine, features = given.walk == number, waves.features[:, waves.blocks[block]]
            for side in (model.left["float64"].value, model.right["float64"].value):
                rest = side[:, mine] - features @ (
                    features.T @ side[:, mine] / np.square(features).sum(axis=0)[:, None].clip(NOTHING)
                )
                off[mine] += np.square(rest).mean(axis=0)
        wanted = np.sqrt(np.linalg.norm(delta, axis=1) / np.sqrt(np.maximum(off, 1e-300)))
        middle = float(np.median(wanted))
        if not (np.isfinite(middle) and middle > 0):
            return np.ones(len(off))
        return representable(np.clip(wanted / middle, 1e-3, 1e3))

    def groups(self, waves: Waves) -> NDArray[np.intp]:
        """(n,) labels of the w: the same planes in each, the nearest rivals first."""
        e = self.search.subject.group.identity
        met = np.stack([np.abs(waves.features[:, part]).sum(axis=1) > NOTHING for part in waves.parts], axis=1)
        kind = np.unique(met, axis=0, return_inverse=True)[1].reshape(-1)
        labels, count = np.zeros(len(met), np.intp), 0
        for k in np.unique(kind):
            w = np.flatnonzero((kind == k) & (np.arange(len(met)) != e))
            for part in np.split(w[np.argsort(-waves.reference[w], kind="stable")], np.cumsum(SIZES)):
                labels[part], count = count, count + (len(part) > 0)
        return labels


def circles(search: Search) -> list[Candidate]:
    """The plans, one for each number of irreps that neurons write; none where the rule does not apply."""
    known, found = Circles.of(search), list[Candidate]()
    if known is None:
        return found
    for count in dict.fromkeys(round(more * len(known.walks)) for more in HARMONICS):
        numbers = sum(search.whole.spectrum.irreps[j].dim ** 2 for j, _ in known.written(count))
        costs = [one.estimate.cost for one in found]
        if costs[1:] > costs[:1] or (found and not search.may()):
            break
        if 4 * numbers * search.model.order**2 > MOST_ENTRIES:
            continue
        try:
            found.append(search.candidate(f"circles: {count} harmonics", known.certificate(count)))
        except Rejected:
            break
    return found
