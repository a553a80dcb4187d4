"""A stack of networks of one shape in training: parameters (k, P), one step for all, each at its own step number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rhoset.groups.arrays import mask_of
from rhoset.training.batches import Batches, training_pairs
from rhoset.training.config import TrainConfig
from rhoset.training.model import GroupNetwork
from rhoset.training.outcome import Evaluated, TrainingState
from rhoset.training.stacks.layout import Layout, check_one_shape
from rhoset.training.stacks.loss import StackLoss
from rhoset.training.stacks.optimizer import StackOptimizer
from rhoset.training.together import Together

Array = NDArray[Any]


class StackTrainer(Together):
    """Networks of one shape, trained together; each as it would be alone, bit for bit.

    Parameters
    ----------
    table
        (n, n) multiplication table.
    configs, seeds
        One for each network; the configurations agree in all but `PER_NETWORK`.
    states
        Where to go on, for each network; None: from the start. They may be at different steps.

    Raises
    ------
    RhosetError
        ``bad-setting`` when the configurations don't fit together, or a batch is larger than the training set.
    """

    def __init__(
        self,
        table: NDArray[np.int32],
        configs: Sequence[TrainConfig],
        seeds: Sequence[int],
        states: Sequence[TrainingState | None] | None = None,
    ) -> None:
        check_one_shape(configs)
        super().__init__(table, configs, seeds)
        shape = configs[0]
        self.numbers: Any = np.float64 if shape.precision == "float64" else np.float32
        networks = [GroupNetwork(len(table), c, s, self.dtype) for c, s in zip(configs, seeds, strict=True)]
        self.layout = Layout(tuple((name, tuple(p.shape)) for name, p in networks[0].named_parameters()))
        self.weights = np.stack([_flat([p.detach() for p in one.parameters()]) for one in networks])
        self.taken = np.zeros(len(seeds), np.int64)
        self.optimizer = StackOptimizer(configs, self.layout.size, self.numbers)
        self._pairs = [training_pairs(len(table), c, s) for c, s in zip(configs, seeds, strict=True)]
        self._batches = [self._batches_of(i) for i in range(len(seeds))] if shape.draws else []
        for place, state in enumerate(states or ()):
            if state is not None:
                self._restore(place, state)
        self._allocate()

    def _batches_of(self, place: int) -> Batches:
        pairs, n = self._pairs[place], len(self.table)
        every = np.arange(n * n, dtype=np.int64) if pairs is None else pairs
        return Batches(every, self.configs[place], self.seeds[place])

    def _allocate(self) -> None:
        """Buffers and views for the networks that are left."""
        n, shape, k = len(self.table), self.configs[0], len(self.seeds)
        self.gradient = np.empty_like(self.weights)
        self._p, self._g = self.layout.views(self.weights), self.layout.views(self.gradient)
        self.loss = StackLoss(self.table, k, shape.width, shape.activation, self.numbers)
        self._folded = np.empty((k, 2 * n, shape.width), self.numbers)
        self._out = {
            "tables": self._g["tables"] if self._direct else np.empty_like(self._folded),
            "unembed": self._g["unembed"],
        }
        if "unembed_bias" in self._g:
            self._out["bias"] = self._g["unembed_bias"]
        self._mask, self._count = self._training_mask()

    @property
    def _direct(self) -> bool:
        """Whether the tables are the parameters themselves."""
        return "tables" in self._p and "hidden_bias" not in self._p

    def _training_mask(self) -> tuple[Array | None, int]:
        n = len(self.table)
        if self._batches:
            return np.zeros((len(self.seeds), n * n, 1), self.numbers), self._batches[0].batch
        if self._pairs[0] is None:
            return None, n * n
        mask = np.zeros((len(self.seeds), n * n, 1), self.numbers)
        for place, pairs in enumerate(self._pairs):
            mask[place, pairs] = 1
        return mask, len(self._pairs[0])

    def _fold(self) -> tuple[Array, Array, Array | None]:
        """Tables (k, 2n, m), unembed (k, m, n), bias (k, n) or None."""
        p, n = self._p, len(self.table)
        bias = p.get("unembed_bias")
        if self._direct:
            return p["tables"], p["unembed"], bias
        if "tables" in p:
            np.copyto(self._folded, p["tables"])
        else:
            left, right = ("embed", "embed") if "embed" in p else ("embed_left", "embed_right")
            np.matmul(p[left], p["hidden_left"], out=self._folded[:, :n])
            np.matmul(p[right], p["hidden_right"], out=self._folded[:, n:])
        if "hidden_bias" in p:
            self._folded[:, :n] += p["hidden_bias"][:, None]
        return self._folded, p["unembed"], bias

    def _unfold_gradient(self) -> None:
        """From the tables' gradients to those of the parameters that they are folded from."""
        p, g, n = self._p, self._g, len(self.table)
        tables = self._out["tables"]
        if "hidden_bias" in p:
            np.add.reduce(tables[:, :n], axis=1, out=g["hidden_bias"])
        if "tables" in p:
            if not self._direct:
                np.copyto(g["tables"], tables)
            return
        for half, rows in (("left", tables[:, :n]), ("right", tables[:, n:])):
            embed = "embed" if "embed" in p else f"embed_{half}"
            hidden = f"hidden_{half}"
            np.matmul(p[embed].transpose(0, 2, 1), rows, out=g[hidden])
            back = np.matmul(rows, p[hidden].transpose(0, 2, 1))
            if half == "right" and embed == "embed":
                g[embed] += back
            else:
                np.copyto(g[embed], back)

    @property
    def steps(self) -> NDArray[np.int64]:
        """Steps taken, (k,)."""
        return self.taken

    def advance(self) -> NDArray[np.float64]:
        """One step of all; returns the training losses (k,) before it.

        A network found converged (`converged`) before its step does not take it.
        """
        with np.errstate(all="ignore"):
            for place, batches in enumerate(self._batches):
                assert self._mask is not None
                drawn = batches.at(int(self.taken[place]) + 1)
                self._mask[place, :, 0] = np.bincount(drawn, minlength=self._mask.shape[1])
            tables, unembed, bias = self._fold()
            losses = self.loss.gradients(tables, unembed, bias, self._out, self._mask) / self._count
            self._unfold_gradient()
            self.gradient *= self.numbers(1 / self._count)
            done = self.convergence.look(losses, self.weights)
            kept = [(place, self.weights[place].copy()) for place in done]
            self.taken += 1
            change = self.optimizer.step(self.weights, self.gradient, self.taken)
            self.convergence.moved(change, self.weights)
        for place, weights in kept:
            self.weights[place] = weights
            self.taken[place] -= 1
        return losses

    def evaluations(self) -> list[Evaluated]:
        """Every network on all pairs, on its training pairs and on the others."""
        with np.errstate(all="ignore"):
            losses, correct = self.loss.losses(*self._fold())
        return [_evaluated(int(self.taken[i]), losses[i], correct[i], self._pairs[i]) for i in range(len(self.seeds))]

    def values(self, row: int) -> dict[str, torch.Tensor]:
        """The parameters of one network: views."""
        return {name: torch.from_numpy(self._p[name][row]) for name, _ in self.layout.shapes}

    def moments(self, row: int) -> dict[str, torch.Tensor]:
        """What the optimiser remembers of one network: views."""
        found: dict[str, torch.Tensor] = {}
        for entry, vector in (("exp_avg", self.optimizer.first), ("exp_avg_sq", self.optimizer.second)):
            if vector.shape[1]:
                views = self.layout.views(vector)
                found |= {f"{name}.{entry}": torch.from_numpy(views[name][row]) for name, _ in self.layout.shapes}
        return found

    def _restore(self, place: int, state: TrainingState) -> None:
        names = [name for name, _ in self.layout.shapes]
        self.weights[place] = _flat([state.tensors[f"parameter.{name}"] for name in names])
        self.optimizer.first[place] = _flat([state.tensors[f"optimizer.{name}.exp_avg"] for name in names])
        if self.optimizer.second.shape[1]:
            self.optimizer.second[place] = _flat([state.tensors[f"optimizer.{name}.exp_avg_sq"] for name in names])
        self.convergence.restore(place, state.tensors["convergence"].numpy())
        self.taken[place] = state.step

    def keep(self, places: Sequence[int]) -> None:
        """Go on with these networks only."""
        super().keep(places)
        rows = list(places)
        self._pairs = [self._pairs[i] for i in rows]
        self._batches = [self._batches[i] for i in rows] if self._batches else []
        self.weights, self.taken = self.weights[rows], self.taken[rows]
        self.optimizer.keep(rows)
        if rows:
            self._allocate()


def _flat(tensors: Sequence[torch.Tensor]) -> Array:
    return np.concatenate([t.numpy().reshape(-1) for t in tensors])


def _evaluated(step: int, losses: Array, correct: Array, pairs: NDArray[np.int64] | None) -> Evaluated:
    whole, share = float(losses.mean()), float(correct.mean())
    if pairs is None:
        return Evaluated(step, whole, share, whole, share, math.nan, math.nan)
    others = ~mask_of(len(losses), pairs)
    return Evaluated(
        step,
        whole,
        share,
        float(losses[pairs].mean()),
        float(correct[pairs].mean()),
        float(losses[others].mean()) if others.any() else math.nan,
        float(correct[others].mean()) if others.any() else math.nan,
    )
