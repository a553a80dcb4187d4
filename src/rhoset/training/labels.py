"""What a trained network turned out to be. Networks are labelled, never dropped."""

from __future__ import annotations

import math
from typing import Protocol

FULL_ACCURACY = 0.99
"""Accuracy from which a set of pairs counts as learned. Higher: networks with a few wrong pairs
become `memorised` or `undertrained`."""

LABELS = ("generalised", "memorised", "undertrained", "diverged")
"""`generalised`: the pairs not trained on (all pairs where there are none) are learned;
`memorised`: only the training pairs are; `undertrained`: not even those; `diverged`: the loss
stopped being finite."""


class Accuracies(Protocol):
    """What a label is read from."""

    @property
    def accuracy(self) -> float: ...
    @property
    def train_accuracy(self) -> float: ...
    @property
    def test_accuracy(self) -> float: ...


def label_of(now: Accuracies) -> str:
    """The label of a network with these accuracies."""
    unseen = now.accuracy if math.isnan(now.test_accuracy) else now.test_accuracy
    if unseen >= FULL_ACCURACY and now.train_accuracy >= FULL_ACCURACY:
        return "generalised"
    return "memorised" if now.train_accuracy >= FULL_ACCURACY else "undertrained"
