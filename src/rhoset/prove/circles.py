"""Plans with rule `circles`: what neurons that read waves write, along which orders they are summed, in what groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rhoset.groups import Irrep
from rhoset.prove.features import representable
from rhoset.prove.search import Candidate, Search
from rhoset_check.circles import Waves
from rhoset_check.files import Certificate, CircleTensors
from rhoset_check.limits import MOST_ENTRIES
from rhoset_check.near import Array, Ints, Rejected

HARMONICS = {True: (0.75, 1.0, 0.5, 0.0), False: (0.25, 0.0, 0.5, 1.0)}
"""Irreps that neurons write beside what they read, those of most energy first, for each circle of the network; of
abelian groups, and of others. On eight public networks the first costs at most 1.08 times the best."""
XS = 24
"""References are means over so many x and all y."""
WALK = 9e-7
"""Seconds that a look takes for each pair of inputs and circle."""
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
        spectrum, network, dominant = search.spectrum, search.subject.network, search.own
        walks = tuple(int(j) for j in np.unique(dominant[dominant >= 0]))
        if network.activation != "relu" or not walks or any(spectrum.irreps[j].dim > 2 for j in walks):
            return None
        return Circles(search, walks, np.append(np.searchsorted(walks, np.maximum(dominant, walks[0])), 0))

    def written(self, more: int) -> list[tuple[int, Ints]]:
        """Irreps, with the neurons that write them: what each walk reads, and so many more in all."""
        spectrum, neurons = self.search.spectrum, dict[int, list[Ints]]()
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
        search, spectrum, group = self.search, self.search.spectrum, self.search.subject.network.group
        written = self.written(more)
        chosen = [k for k, _ in written]
        writing = [np.zeros((len(self.walk), spectrum.irreps[k].dim ** 2)) for k in chosen]
        for part, (k, mine) in zip(writing, written, strict=True):
            part[mine] = spectrum.coefficients[k][mine].reshape(len(mine), -1)
        given = CircleTensors(
            tuple(representable(spectrum.irreps[k].matrices[np.array(group.generators)]) for k in chosen),
            representable(np.concatenate(writing, axis=1)),
            self.reference(chosen, writing),
            np.zeros(group.order, np.intp),
            np.stack([around(spectrum.irreps[j]) for j in self.walks]),
            self.walk,
            np.array([chosen.index(j) for j in self.walks]),
        )
        waves = Waves.of(given, search.subject.group)
        given = replace(given, groups=self.groups(waves))
        plan = {"scale": self.scale(given, waves), "singles": search.singles}
        return search.subject.certificate("circles", "circles", given, **plan)

    def reference(self, chosen: Sequence[int], writing: Sequence[Array]) -> Array:
        """(features,) the mean over some pairs of D(x)ᵀ P D(y)ᵀ, representation by representation."""
        n, means = self.search.subject.network.order, list[Array]()
        xs = np.sort(self.search.order[:XS])
        hidden = self.search.subject.model.hidden(np.repeat(xs, n), np.tile(np.arange(n), len(xs)), "float64").value
        for k, part in zip(chosen, writing, strict=True):
            matrices = self.search.spectrum.irreps[k].matrices
            d = matrices.shape[1]
            sums = (hidden @ part).reshape(len(xs), n, d, d)
            by_y = np.tensordot(matrices[xs], sums, ((0, 1), (0, 2)))  # (a, y, j)
            mean = np.tensordot(by_y, matrices, ((1, 2), (0, 2))) / (len(xs) * n)
            mean = (mean + mean.T) / 2  # a part that turns by a right angle is next to nothing, and costs as the others
            middle = np.eye(d) * np.trace(mean) / d
            means.append((middle if np.linalg.norm(mean - middle) < SMALL * np.linalg.norm(mean) else mean).ravel())
        return representable(np.concatenate(means))

    def scale(self, given: CircleTensors, waves: Waves) -> Array:
        """(m + 1,) weights of the Cauchy-Schwarz inequality over what neurons read off their waves."""
        model = self.search.subject.model
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
    irreps, found = search.irreps, list[Candidate]()
    small = sum(irrep.rank for irrep in irreps if irrep.dim <= 2)
    known = Circles.of(search) if 2 * small > search.subject.network.order else None
    if known is None:
        return found
    network = search.subject.network
    parts, seconds = HARMONICS[network.group.is_abelian], WALK * len(known.walks) * network.order**2
    for count in dict.fromkeys(round(more * len(known.walks)) for more in parts):
        if found and not search.may(seconds):
            break
        numbers = sum(search.spectrum.irreps[j].dim ** 2 for j, _ in known.written(count))
        if 4 * numbers * network.order**2 > MOST_ENTRIES:
            continue
        try:
            found.append(search.candidate(f"circles: {count} harmonics", known.certificate(count)))
            search.reckoned += seconds
        except Rejected:
            break
    return found
