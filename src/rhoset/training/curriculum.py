"""A curriculum of subgroups: the first steps see pairs and outputs of a subgroup only, a task of its own, of the
subgroup's order, whose solution the next subgroup's pairs start from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rhoset.training.config import TrainConfig, refuse


class Curriculum:
    """How many elements, the first of the table, each step draws from.

    Parameters
    ----------
    table
        (n, n) multiplication table.
    config
        `curriculum`.

    Raises
    ------
    RhosetError
        ``bad-setting`` when a stage is no proper subgroup.
    """

    def __init__(self, table: NDArray[np.int32], config: TrainConfig) -> None:
        check_subgroups(table, "curriculum", config.curriculum)
        self.order, self.stages, self.decay = len(table), config.curriculum, config.weight_decay

    def among(self, step: int) -> int:
        """Elements that the step numbered from 1 draws operands and outputs from: n, or fewer in a stage."""
        return next((elements for elements, last in self.stages if step <= last), self.order)

    def weight_decay(self, step: int) -> float:
        """n/k times the setting's in a stage of k elements, where each row's share of the loss is so much larger."""
        return self.decay * self.order / self.among(step)


def check_subgroups(table: NDArray[np.int32], setting: str, stages: tuple[tuple[int, int], ...]) -> None:
    """Refuses a stage whose first elements are not closed under the product."""
    if not stages:
        return
    closed = closed_beginnings(table)
    for elements, _ in stages:
        if elements not in closed:
            right = f"stages [elements, last step] of proper subgroups; the first {elements} elements are none"
            known = f"first elements that are: {', '.join(map(str, closed)) or 'none'}"
            refuse(setting, [list(stage) for stage in stages], f"{right} ({known})")


def closed_beginnings(table: NDArray[np.int32]) -> list[int]:
    """The numbers of first elements that make a proper subgroup; cost n²."""
    reach = np.maximum.accumulate([max(table[k, : k + 1].max(), table[: k + 1, k].max()) for k in range(len(table))])
    return [k for k in range(2, len(table)) if reach[k - 1] < k]
