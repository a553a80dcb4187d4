"""Outputs beyond the group's elements: what leaving them out changes, said before it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.networks.evaluation import hidden, sampled_pairs
from rhoset.networks.importing.answers import SAMPLE_PAIRS, in_blocks
from rhoset.networks.importing.parameters import Parameters
from rhoset.networks.network import Network
from rhoset.summaries import percentage


@dataclass(frozen=True, eq=False)
class Dropped:
    """Outputs n, n + 1, … that a network of the group's n elements has not.

    Attributes
    ----------
    outputs
        Their numbers, as ``59`` or ``59-62``.
    wins
        (pairs,) True where one of them is at least as large as every output that is kept.
    pairs
        What the pairs are, for a sentence.
    """

    outputs: str
    wins: NDArray[np.bool_]
    pairs: str

    @property
    def share(self) -> float:
        """Share of the pairs on which a dropped output would win."""
        return float(self.wins.mean())

    def sentence(self) -> str:
        """Which outputs, and for what share of the pairs one of them would win."""
        what = (
            f"outputs {self.outputs} are no elements of the group; one of them"
            if "-" in self.outputs
            else f"output {self.outputs} is no element of the group; it"
        )
        return f"{what} is largest on {percentage(self.share)} of {self.pairs}"


def dropped_outputs(parameters: Parameters, kept: Network) -> Dropped | None:
    """What leaving out the outputs beyond the group's elements does, None where there are none.

    Parameters
    ----------
    parameters
        With all outputs.
    kept
        The network of the first n of them.

    Raises RhosetError (slug ``network-not-finite``) where the weights of these outputs are no finite numbers.
    """
    n, outputs = kept.order, parameters.outputs
    if outputs <= n:
        return None
    unembed = parameters.unembed[:, n:].astype(np.float64)
    bias = np.zeros(outputs - n) if parameters.bias is None else parameters.bias[n:].astype(np.float64)
    if not (np.isfinite(unembed).all() and np.isfinite(bias).all()):
        raise RhosetError(f"outputs {n} to {outputs - 1} have weights that are not finite", slug="network-not-finite")

    def wins(x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.bool_]:
        h = hidden(kept, x, y, np.float64)
        ours: NDArray[Any] = (h @ kept.unembed.astype(np.float64) + kept.bias).max(axis=1)
        won: NDArray[np.bool_] = (h @ unembed + bias).max(axis=1) >= ours
        return won

    x, y = sampled_pairs(n, SAMPLE_PAIRS)
    said = "the pairs" if len(x) == n * n else f"{len(x)} pairs"
    last = f"-{outputs - 1}" if outputs - 1 > n else ""
    return Dropped(f"{n}{last}", in_blocks(wins, x, y, max(outputs, kept.width)), said)


def refusal(dropped: Dropped) -> RhosetError:
    """The error where nobody asked for it."""
    return RhosetError(
        f"{dropped.sentence()}; a network of the group alone is another function: give --drop-outputs"
        " (drop_outputs=True) to leave them out, or the group that all outputs belong to",
        slug="dropped-outputs",
    )
