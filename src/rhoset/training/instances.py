"""Many networks at once with an instance axis before all others: the way to fill a GPU.

The arithmetic is the kernel's, with batched products. Sums run in another order than for one
network on the processor, so results agree to rounding, not to the bit; on a GPU, gradients of a
part of the pairs are summed by atomic additions, and even a repetition agrees to rounding only.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rhoset.errors import RhosetError
from rhoset.groups.arrays import mask_of
from rhoset.training.activations import activation
from rhoset.training.batches import Batches, training_pairs
from rhoset.training.config import TrainConfig, refuse
from rhoset.training.curriculum import Curriculum
from rhoset.training.model import FoldedTables, first_network, fold_parameters, penalty
from rhoset.training.optimizers import learning_rate, make_optimizer, optimizer_tensors, restore_optimizer
from rhoset.training.outcome import Evaluated, TrainingState, evaluated, scored
from rhoset.training.together import Together

BLOCK_BYTES = 1 << 28
"""Bytes that hidden values and logits of a block of pairs may take for all instances together;
bounds the memory on the device at about three times this, beside the parameters."""

DEVICE_INSTANCES = 128
"""Networks trained together on a device; more of them need more memory and finish later."""


def device_named(name: str) -> torch.device:
    """The device called `name`.

    Raises
    ------
    RhosetError
        ``bad-device`` when torch has no such device here.
    """
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).split("\n")[0]
        raise RhosetError(
            f"device {name!r} cannot be used ({reason}); cpu always can, cuda:0 where PyTorch sees a GPU",
            slug="bad-device",
        ) from None
    return device


class _InstanceCrossEntropy(torch.autograd.Function):
    """Mean cross-entropies (I,) of folded tables with an instance axis, and their gradients."""

    @staticmethod
    def forward(
        ctx: Any,
        left: Tensor,
        right: Tensor,
        unembed: Tensor,
        bias: Tensor,
        x: Tensor,
        y: Tensor,
        labels: Tensor,
        name: str,
        size: int,
    ) -> Tensor:
        """`x`, `y`, `labels`: (I, k) pairs of each instance; `size`: pairs in a block."""
        count, n, m = left.shape
        function = activation(name).function
        grads = [torch.zeros_like(t) for t in (left, right, unembed, bias)]
        losses = left.new_zeros(count)
        offset = (torch.arange(count, device=left.device) * n).unsqueeze(1)
        for start in range(0, x.shape[1], size):
            rows = (x[:, start : start + size] + offset).reshape(-1)
            columns = (y[:, start : start + size] + offset).reshape(-1)
            targets = labels[:, start : start + size].unsqueeze(2)
            before = left.reshape(-1, m)[rows] + right.reshape(-1, m)[columns]
            before = before.view(count, -1, m).requires_grad_(True)
            with torch.enable_grad():
                hidden = function(before)
            log = torch.log_softmax(torch.baddbmm(bias.unsqueeze(1), hidden.detach(), unembed), 2)
            losses -= log.gather(2, targets).sum((1, 2))
            error = log.exp_()
            error.scatter_add_(2, targets, torch.full_like(targets, -1.0, dtype=error.dtype))
            grads[2].baddbmm_(hidden.detach().transpose(1, 2), error)
            grads[3].add_(error.sum(1))
            (back,) = torch.autograd.grad(hidden, before, torch.bmm(error, unembed.transpose(1, 2)))
            grads[0].view(-1, m).index_add_(0, rows, back.reshape(-1, m))
            grads[1].view(-1, m).index_add_(0, columns, back.reshape(-1, m))
        scale = 1.0 / x.shape[1]
        ctx.save_for_backward(*(g.mul_(scale) for g in grads))
        return losses * scale

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        shaped = (grad.view(-1, *[1] * (t.dim() - 1)) * t for t in ctx.saved_tensors)
        return (*shaped, None, None, None, None, None)


class InstanceTrainer(Together):
    """Networks with different seeds in one stack of tensors.

    Parameters
    ----------
    table
        (n, n) multiplication table.
    config
        Settings.
    seeds
        One for each instance. Initial weights, splits and batches are those of training alone.
    device
        Where to train.
    states
        Where to go on, for each network, all of them at one step; None: from the start.
    """

    clock = staticmethod(time.monotonic)

    def __init__(
        self,
        table: NDArray[np.int32],
        config: TrainConfig,
        seeds: Sequence[int],
        device: torch.device,
        dtype: torch.dtype | None = None,
        states: Sequence[TrainingState | None] | None = None,
    ) -> None:
        if config.sampled_outputs:
            right = f"0 on device {str(device)!r} (the softmax over a sample is made for processors)"
            refuse("sampled_outputs", config.sampled_outputs, right)
        super().__init__(table, [config] * len(seeds), seeds, dtype)
        self.config, self.device, n = config, device, len(table)
        single = [first_network(table, config, seed, self.dtype) for seed in seeds]
        self.alike = {name: value.to(device) for name, value in single[0].fixed.items()}
        self.parameters = {
            name: nn.Parameter(torch.stack([s.get_parameter(name).detach() for s in single]).to(device))
            for name, _ in single[0].named_parameters()
        }
        self.optimizer = make_optimizer(config, self.parameters.items())
        self.labels = torch.from_numpy(table.reshape(-1).astype(np.int64)).to(device)
        self.curriculum = Curriculum(table, config)
        chosen = [training_pairs(n, config, seed) for seed in seeds]
        every = np.arange(n * n, dtype=np.int64)
        self.pairs = [every if c is None else c for c in chosen]
        self.batches = [
            Batches(p, config, seed, self.curriculum) if config.draws else None
            for p, seed in zip(self.pairs, seeds, strict=True)
        ]
        self.fixed = None if config.draws else self._pairs(self.pairs)
        self.step = 0
        known = [state for state in states or () if state is not None]
        if known:
            self._restore(known)

    def _restore(self, states: Sequence[TrainingState]) -> None:
        """Of every network, in order; their steps are equal."""
        (self.step,) = {state.step for state in states}
        stacked = {
            key: torch.stack([state.tensors[key] for state in states]) if one.dim() else one
            for key, one in states[0].tensors.items()
        }
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(stacked[f"parameter.{name}"])
        moments = {key: value.to(self.device) for key, value in stacked.items()}
        restore_optimizer(self.optimizer, {p: name for name, p in self.parameters.items()}, moments)
        for place, state in enumerate(states):
            self.convergence.restore(place, state.tensors["convergence"].numpy())

    def _pairs(self, chosen: Sequence[NDArray[np.int64]]) -> tuple[Tensor, Tensor, Tensor]:
        flat = torch.from_numpy(np.stack(chosen)).to(self.device)
        n = len(self.table)
        return flat // n, flat % n, self.labels[flat]

    def _block(self) -> int:
        wide = 4 * self.config.width + 2 * len(self.table)
        return max(64, BLOCK_BYTES // (4 * wide * len(self.seeds)))

    def fold(self) -> FoldedTables:
        """The tables of all instances."""
        zeros = torch.zeros(len(self.seeds), len(self.table), dtype=self.dtype, device=self.device)
        return fold_parameters(self.parameters | self.alike, zeros)

    @property
    def steps(self) -> Sequence[int]:
        """Steps taken; one fewer by those that were found converged before the last."""
        return [self.step - (place in self.converged) for place in range(len(self.seeds))]

    def advance(self) -> Tensor:
        """One step of all; returns the training losses (I,) before it."""
        self.step += 1
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.config, self.step)
            if group["weight_decay"]:
                group["weight_decay"] = self.curriculum.weight_decay(self.step)
        pairs = self.fixed
        if pairs is None:
            pairs = self._pairs([b.at(self.step) for b in self.batches if b is not None])
        self.optimizer.zero_grad()
        tables = self.fold()
        inside = tables.first(self.curriculum.among(self.step))
        losses: Tensor = _InstanceCrossEntropy.apply(*inside, *pairs, self.config.activation, self._block())  # type: ignore[no-untyped-call]
        objective = losses
        if self.config.cubic_decay:
            objective = losses + penalty(tables, self.config)
        objective.sum().backward()
        if self.convergence.wanted:
            self._step_unless_converged(losses.detach())
        else:
            self.optimizer.step()
        return losses.detach()

    def _step_unless_converged(self, losses: Tensor) -> None:
        """The optimiser's step of those that `Convergence` does not end before it."""
        before = self._flat()
        done = self.convergence.look(losses.double().cpu().numpy(), before.cpu().numpy())
        kept = {name: p.detach().clone() for name, p in self.parameters.items()} if done else {}
        self.optimizer.step()
        with torch.no_grad():
            for name, values in kept.items():
                for place in done:
                    self.parameters[name][place] = values[place]
        after = self._flat()
        self.convergence.moved((before - after).cpu().numpy(), after.cpu().numpy())

    @torch.no_grad()
    def _flat(self) -> Tensor:
        """All parameters, (I, P)."""
        return torch.cat([p.detach().reshape(len(self.seeds), -1) for p in self.parameters.values()], 1)

    @torch.no_grad()
    def evaluations(self) -> list[Evaluated]:
        """Every instance on all pairs."""
        n, m, count = len(self.table), self.config.width, len(self.seeds)
        left, right, unembed, bias = self.fold()
        function = activation(self.config.activation).function
        rows = max(1, self._block() // n)
        parts = []
        for first in range(0, n, rows):
            part = left[:, first : first + rows]
            hidden = function(part.unsqueeze(2) + right.unsqueeze(1)).reshape(count, -1, m)
            logits = torch.baddbmm(bias.unsqueeze(1), hidden, unembed)
            here = self.labels[first * n : first * n + logits.shape[1]].expand(count, -1)
            parts.append(scored(logits, here))
        all_losses, all_correct = (torch.cat(part, 1).cpu() for part in zip(*parts, strict=True))
        found = []
        for i, pairs in enumerate(self.pairs):
            mask = torch.from_numpy(mask_of(n * n, pairs))
            found.append(evaluated(self.steps[i], all_losses[i], all_correct[i], mask))
        return found

    def values(self, row: int) -> dict[str, Tensor]:
        """The parameters of one instance, on the processor."""
        return {name: p.detach()[row].cpu() for name, p in self.parameters.items()}

    def moments(self, row: int) -> dict[str, Tensor]:
        """What the optimiser remembers of one instance, on the processor."""
        names = {p: name for name, p in self.parameters.items()}
        found = optimizer_tensors(self.optimizer, names)
        return {name: (value[row] if value.dim() else value).cpu() for name, value in found.items()}

    def keep(self, places: Sequence[int]) -> None:
        """Go on with these instances only."""
        index = torch.tensor(list(places), dtype=torch.int64, device=self.device)
        old_state = {name: self.optimizer.state[p] for name, p in self.parameters.items()}
        old_size = len(self.seeds)
        self.parameters = {name: nn.Parameter(p.detach()[index]) for name, p in self.parameters.items()}
        self.optimizer = make_optimizer(self.config, self.parameters.items())
        for name, parameter in self.parameters.items():
            self.optimizer.state[parameter] = {
                key: value[index] if isinstance(value, Tensor) and value.dim() and len(value) == old_size else value
                for key, value in old_state[name].items()
            }
        super().keep(places)
        self.pairs = [self.pairs[i] for i in places]
        self.batches = [self.batches[i] for i in places]
        if self.fixed is not None:
            x, y, labels = self.fixed
            self.fixed = (x[index], y[index], labels[index])
