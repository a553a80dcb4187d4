"""Settings by the name of the paper that used them, and where ours differ.

Published code trains on a GPU for 25,000 to 250,000 full-batch steps; a preset keeps the published
optimiser, architecture and data, and stops when the published result (full accuracy, the loss that
weight decay allows) is there.
"""

from __future__ import annotations

from dataclasses import dataclass

from rhoset.arguments import public
from rhoset.errors import RhosetError
from rhoset.training.config import TrainConfig


@dataclass(frozen=True)
class Preset:
    """A paper's training settings.

    Parameters
    ----------
    name
        First author and year.
    paper
        Reference.
    config
        The settings.
    differences
        Where they are an analogue rather than a copy.
    """

    name: str
    paper: str
    config: TrainConfig
    differences: str


_WU_PAPER = "Wu, Jaburi, Drori, Gross: Unifying and Verifying Mechanistic Interpretations (arXiv 2410.07476)"

_WU = Preset(
    "wu2024",
    _WU_PAPER,
    TrainConfig(
        preset="wu2024",
        architecture="concatenated",
        unembed_bias=True,
        train_fraction=0.4,
        split_seed=0,
        learning_rate=0.01,
        betas=(0.9, 0.98),
        weight_decay=2e-4,
        bias_decay=False,
        max_steps=25_000,
        evaluate_every=500,
    ),
    "random numbers: which pairs the one split holds, and the initial weights. And steps see all training pairs, as"
    " in the authors' code today; `wu2024-replacement` draws them, as that code did when the paper's networks were"
    " made.",
)

_WU_REPLACEMENT = Preset(
    "wu2024-replacement",
    _WU_PAPER,
    _WU.config.replace(preset="wu2024-replacement", replacement=True),
    "none that is known but the random numbers. The networks on S5 are named for 18 September 2024, 23:59; the"
    " authors' code drew the pairs of each step with replacement until a commit of 02:24 UTC on the 19th.",
)

_WU_ALL_PAIRS = Preset(
    "wu2024-all-pairs",
    _WU_PAPER,
    TrainConfig(
        preset="wu2024-all-pairs",
        architecture="concatenated",
        unembed_bias=True,
        learning_rate=0.01,
        betas=(0.9, 0.98),
        weight_decay=2e-4,
        max_steps=4000,
        min_steps=1500,
        plateau_window=200,
        plateau_tolerance=0.01,
        plateau_loss=0.03,
    ),
    "all pairs, where theirs sees 40 % of them; decay on the bias too, where theirs has none; stops when "
    "the loss, below 0.03, no longer falls (S5: about 1,500 steps, loss 0.027) instead of after 25,000 steps.",
)

_GROKKING = TrainConfig(
    architecture="concatenated",
    train_fraction=0.4,
    split_seed=None,
    optimizer="adamw",
    learning_rate=1e-3,
    betas=(0.9, 0.98),
    weight_decay=1.0,
    max_steps=250_000,
    min_steps=2_000,
    stop_loss=1e-4,
    evaluate_every=200,
)
"""AdamW with a decay of 1 on a part of the pairs, as the papers on grokking train."""

_CHUGHTAI = Preset(
    "chughtai2023",
    "Chughtai, Chan, Nanda: A Toy Model of Universality (arXiv 2302.03025)",
    _GROKKING.replace(preset="chughtai2023", unembed_bias=False, init="normal"),
    "the loss is computed in float32 (theirs in float64); stops at a mean loss of 1e-4 over all "
    "pairs instead of after 250,000 steps. Their fractions: 0.3 (C113, D59), 0.4 (S5), 0.5 (A5).",
)

_STANDER = Preset(
    "stander2024",
    "Stander, Yu, Fan, Biderman: Grokking Group Multiplication with Cosets (arXiv 2312.06581)",
    _GROKKING.replace(preset="stander2024", hidden_bias=True),
    "theirs stops at a validation loss of 1e-5; ours at 1e-4 over all pairs.",
)

_MORWANI = Preset(
    "morwani2023",
    "Morwani, Edelman, Oncescu, Zhao, Kakade: Feature Emergence via Margin Maximization (arXiv 2311.07568)",
    TrainConfig(
        preset="morwani2023",
        architecture="folded",
        width=256,
        unembed_bias=False,
        activation="square",
        init="normal",
        optimizer="adam",
        learning_rate=0.01,
        weight_decay=0.0,
        cubic_decay=1e-4,
        max_steps=20_000,
        min_steps=2_000,
        plateau_window=500,
        plateau_tolerance=0.005,
        evaluate_every=100,
    ),
    "the penalty is theirs (L_{2,3} on whole neurons) and so are the network (one-hot inputs, "
    "square activation, no bias) and the data (all pairs); width, optimiser and the size of the "
    "penalty are ours.",
)

_GROMOV = Preset(
    "gromov2023",
    "Gromov: Grokking Modular Arithmetic (arXiv 2301.02679)",
    TrainConfig(
        preset="gromov2023",
        architecture="folded",
        width=500,
        unembed_bias=False,
        activation="square",
        init="normal",
        train_fraction=0.5,
        split_seed=None,
        optimizer="adamw",
        learning_rate=5e-3,
        weight_decay=1.0,
        max_steps=20_000,
        min_steps=1_000,
        stop_loss=1e-3,
    ),
    "cross-entropy, where the paper minimises the squared error; AdamW is one of the two optimisers it reports.",
)

_NANDA = Preset(
    "nanda2023",
    "Nanda, Chan, Lieberum, Smith, Steinhardt: Progress Measures for Grokking (arXiv 2301.05217)",
    _GROKKING.replace(
        preset="nanda2023",
        architecture="shared_embedding",
        width=512,
        embed_dim=128,
        unembed_bias=False,
        init="normal",
        train_fraction=0.3,
        max_steps=40_000,
        warmup_steps=10,
        schedule="warmup",
    ),
    "the MLP analogue of a one-layer transformer: the shared embedding (128), MLP width (512), "
    "optimiser, fraction and schedule are the paper's; attention is replaced by adding the two "
    "operands' maps.",
)

PRESETS: dict[str, Preset] = {
    p.name: p for p in (_WU, _WU_REPLACEMENT, _WU_ALL_PAIRS, _CHUGHTAI, _STANDER, _MORWANI, _GROMOV, _NANDA)
}
"""Every preset by name."""

DEFAULT_PRESET = "wu2024-all-pairs"
"""Where none is named: networks as the paper's, in a minute instead of an hour."""


@public
def preset(name: str) -> TrainConfig:
    """The settings of a paper.

    Raises
    ------
    RhosetError
        ``unknown-preset``.

    Examples
    --------
    >>> preset("wu2024").learning_rate
    0.01
    """
    if name not in PRESETS:
        raise RhosetError(f"preset {name!r} is not known; known are {', '.join(PRESETS)}", slug="unknown-preset")
    return PRESETS[name].config
