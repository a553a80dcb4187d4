"""How training went: evaluations on the way, why it ended, what the network turned out to be. Networks are labelled,
never dropped."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from rhoset.training.config import TrainConfig

FULL_ACCURACY = 0.99
"""Accuracy from which a set of pairs counts as learned. Higher: networks with a few wrong pairs
become `memorised` or `undertrained`."""


@dataclass(frozen=True)
class Evaluated:
    """A network in training, on all n² pairs.

    Parameters
    ----------
    step
        Steps taken.
    loss, accuracy
        Mean cross-entropy (nats) and share right over all pairs.
    train_loss, train_accuracy, test_loss, test_accuracy
        The same over the training pairs and the others (nan where there are no others).
    """

    step: int
    loss: float
    accuracy: float
    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float

    def to_list(self) -> list[float | None]:
        """The numbers in order, None for nan: as JSON holds them."""
        values = dataclasses.astuple(self)
        return [None if isinstance(v, float) and math.isnan(v) else v for v in values]

    @classmethod
    def from_list(cls, values: Sequence[float | None]) -> Evaluated:
        """The inverse of `to_list`."""
        step, *numbers = values
        assert step is not None
        return cls(int(step), *(math.nan if v is None else float(v) for v in numbers))


@dataclass(frozen=True)
class Outcome:
    """How training ended.

    Parameters
    ----------
    seed
        The network's.
    label
        ``generalised``: the pairs not trained on (all pairs where there are none) are learned; ``memorised``: only the
        training pairs are; ``undertrained``: not even those; ``diverged``: the loss stopped being finite.
    reason
        Why it stopped: ``loss``, ``plateau``, ``converged``, ``max_steps``, ``non-finite``.
    final
        The last evaluation; for a diverged network the last finite one.
    steps
        Optimiser steps taken.
    generalised_at
        First evaluated step with test accuracy (accuracy where there is no test set) of at least
        `FULL_ACCURACY`; None when that never happened: the time is censored
        at `steps`.
    seconds
        Its part of the time of the networks that it was trained with: of this process's processor, or by the clock
        where a device trains them.
    history
        All evaluations.
    sample
        Pairs of the final evaluation where they are a sample; None: all n².
    """

    seed: int
    label: str
    reason: str
    final: Evaluated
    steps: int
    generalised_at: int | None
    seconds: float
    history: tuple[Evaluated, ...] = field(default=(), repr=False)
    sample: int | None = None


@dataclass(eq=False)
class TrainingState:
    """All that a network in training is: resumed from it, training goes on bit for bit as if never
    stopped."""

    tensors: dict[str, torch.Tensor]
    step: int
    losses: list[float]
    history: list[Evaluated]
    seconds: float


def scored(logits: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Cross-entropy and correctness of logits (…, n) with right answers (…,): whether the right logit is strictly above
    all others (a tie or a non-finite logit counts as wrong). The right logits are overwritten."""
    at = labels.unsqueeze(-1)
    answers = logits.gather(-1, at).squeeze(-1)
    losses = torch.logsumexp(logits, -1) - answers
    logits.scatter_(-1, at, -torch.inf)
    return losses, (answers > logits.amax(-1)) & torch.isfinite(answers)


def evaluated(step: int, losses: torch.Tensor, correct: torch.Tensor, train_mask: torch.Tensor) -> Evaluated:
    """Means of per-pair losses and correctness, (n, n), over all, training and other pairs."""

    def mean(values: torch.Tensor) -> float:
        return float(values.mean(dtype=torch.float64)) if values.numel() else math.nan

    return Evaluated(
        step=step,
        loss=mean(losses),
        accuracy=mean(correct),
        train_loss=mean(losses[train_mask]),
        train_accuracy=mean(correct[train_mask]),
        test_loss=mean(losses[~train_mask]),
        test_accuracy=mean(correct[~train_mask]),
    )


def stop_reason(config: TrainConfig, now: Evaluated, losses: Sequence[float]) -> str | None:
    """Why to stop after an evaluation, or None.

    Parameters
    ----------
    config
        The stopping rule.
    now
        The evaluation.
    losses
        Training losses of the last steps, at most two plateau windows of them.
    """
    if now.step >= config.min_steps and now.accuracy == 1:
        if now.loss <= config.stop_loss:
            return "loss"
        window = config.plateau_window
        if window and len(losses) == 2 * window:
            values = list(losses)
            before, after = sum(values[:window]) / window, sum(values[window:]) / window
            if after < config.plateau_loss and after > before * (1 - config.plateau_tolerance):
                return "plateau"
    return "max_steps" if now.step >= config.max_steps else None


def first_generalised(history: Sequence[Evaluated]) -> int | None:
    """First evaluated step at which the network was generalised, or None."""
    return next((now.step for now in history if label_of(now) == "generalised"), None)


def label_of(now: Evaluated) -> str:
    """The label of a network with these accuracies."""
    unseen = now.accuracy if math.isnan(now.test_accuracy) else now.test_accuracy
    if unseen >= FULL_ACCURACY and now.train_accuracy >= FULL_ACCURACY:
        return "generalised"
    return "memorised" if now.train_accuracy >= FULL_ACCURACY else "undertrained"
