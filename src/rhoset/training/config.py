"""One frozen description of how a network is trained; together with a group and a seed it says
everything."""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn

from rhoset.errors import RhosetError

ONE_HOT = ("factored", "folded", "shared_embedding", "concatenated")
"""`factored`: embed_left·hidden_left and embed_right·hidden_right; `concatenated`: the same
function with one map (2E × m) on the concatenated embeddings, whose initialisation is that of its
fan-in 2E; `shared_embedding`: one embedding for both operands; `folded`: the tables left and right
themselves."""

ARCHITECTURES = (*ONE_HOT, "encoded")
"""Also `encoded`: operands and answers are given as permutation matrices, see `rhoset.training.encoding`."""

ACTIVATION_NAMES = ("relu", "gelu", "silu", "abs", "square", "linear")
INITS = ("default", "normal", "gaussian")
"""`default`: embeddings N(0, 1), linear maps uniform ±1/√fan-in (torch's Embedding and Linear).
`normal`: every matrix N(0, 1/fan-in), an embedding counting its E columns as its fan-in (as in the
code of Nanda et al. and Chughtai et al.). Biases start at zero under `normal`, uniform ±1/√fan-in
under `default`. `gaussian`: every coordinate, biases too, N(0, 1). Multiplied by `init_scale`."""

PRECISIONS = ("float32", "float64")
"""Of parameters, optimiser and files. A relative change below 1e-7 is rounding in float32: a convergence rule that
fine needs float64."""

OPTIMIZERS = ("adam", "adamw", "sgd")
"""`adam`: weight decay is L2 added to the gradient; `adamw`: decoupled; `sgd`: plain descent with
L2 and momentum `betas[0]`."""

SCHEDULES = ("constant", "cosine", "warmup")
"""`constant`; `cosine`: to zero over `max_steps`; `warmup`: linear over `warmup_steps`, then
constant. The first two warm up as well where `warmup_steps` > 0."""


@dataclass(frozen=True)
class TrainConfig:
    """How networks are trained.

    Parameters
    ----------
    preset
        Name of the preset this began as; a label only.
    architecture
        One of `ARCHITECTURES`.
    width
        m, hidden neurons.
    embed_dim
        E, width of the embeddings (not used by `folded` and `encoded`).
    hidden_bias, unembed_bias
        Whether there is a trained bias before the activation, and on the logits.
    activation
        One of `ACTIVATION_NAMES`.
    init, init_scale
        One of `INITS`, and a factor on every initial weight.
    train_fraction
        Share of the n² pairs that training sees, in (0, 1].
    split_seed
        Seed of the choice of those pairs; None: the network's own seed, a split for each network.
    batch
        Pairs a step; 0: all training pairs (full batch). Minibatches go through the training pairs
        in a new random order each epoch; a rest smaller than a batch is dropped.
    replacement
        Draw the pairs of each step with replacement: `batch` of them, or as many as there are training pairs.
    optimizer, learning_rate, betas, epsilon, weight_decay
        The optimiser; see `OPTIMIZERS`.
    bias_decay
        Whether weight decay acts on the biases as on everything else.
    cubic_decay
        λ of the penalty λ Σ_i (‖left_i‖² + ‖right_i‖² + ‖unembed_i‖²)^{3/2} on the folded neurons,
        the norm L_{2,3} of Morwani et al. 2023; 0: none.
    schedule, warmup_steps
        See `SCHEDULES`.
    max_steps
        Steps at most.
    min_steps
        No stopping before this step.
    stop_loss
        Stop when the mean cross-entropy over all pairs, train and test, is at most this with full
        accuracy; 0: never.
    plateau_window, plateau_tolerance
        Stop when the training loss, averaged over the last `plateau_window` steps, is less than a
        share `plateau_tolerance` below its average over the window before, with full accuracy on
        all pairs. Window 0: never.
    plateau_loss
        The plateau counts only below this average loss; inf: anywhere.
    evaluate_every
        Steps between evaluations on all pairs; stopping is decided there.
    checkpoints
        Number of snapshots at log-spaced steps (1 … `max_steps`), written beside the network; 0:
        none.
    precision
        One of `PRECISIONS`.
    convergence_tolerance, convergence_updates
        Stop when the relative change of the training loss (with its decay term, ½·`weight_decay`·‖θ‖²) and that of
        the parameters, ‖Δθ‖ / ‖θ‖, are both below the tolerance for so many updates in a row. Tolerance 0: never.
    sampled_outputs
        Outputs, drawn anew each step, that the softmax of a minibatch runs over, the right ones among them; 0: all.
        For large groups; `batch` must be a multiple of it. See `rhoset.training.sampled`.
    evaluation_pairs
        Pairs, drawn once by the seed, that evaluations on the way are made on. 0: all n² up to order 720 without
        `sampled_outputs`, else 16,384. The last evaluation sees all pairs up to order 720; beyond, accuracy and loss
        are estimates from the sample, with an interval in the table of results. Stacks evaluate all pairs always.
    curriculum
        Stages (k, t): up to step t, steps draw from the subgroup that the first k elements make, outputs too; both
        grow from stage to stage, and after the last one steps draw from all pairs. With `replacement` (the softmax is
        then over the subgroup's elements) or `sampled_outputs` only. In a
        group of permutations, in lexicographic order, the stabiliser of the first points is such a subgroup: 1, 2, 6,
        24, 120, 720 in S7. Weight decay is n/k times as large in a stage, where a row occurs n/k times as often.
    coset_outputs
        One pair [k, t], or empty: after step t, and after the curriculum, the right answers of a step are a coset of a
        conjugate of the subgroup that the first k elements make, k of the sampled outputs; the others are uniform.
        Answers that are nearly right are then among the outputs. With `sampled_outputs` only, and more of them than k.
    start_from
        A trained network's file, of the same architecture, whose parameters training starts from, with a fresh
        optimiser. Its group may be a subgroup of the first elements: what belongs to the others starts at zero. Empty:
        initial weights as `init` says.
    encoding_subgroup
        k, for architecture `encoded` alone: the permutation matrices are those of the group on the cosets of the
        subgroup that the first k elements make. 720 in S7: the matrices of the permutations of 7 points. No unembed
        bias, and none of `sampled_outputs`, `curriculum`, `start_from`; from the network that comes out a `factored`
        one can start, with `embed_dim` the squared number of points.

    Raises
    ------
    RhosetError
        ``bad-setting``, for a value out of range, naming the setting.

    Examples
    --------
    >>> TrainConfig(width=64).to_dict()["width"]
    64
    >>> TrainConfig.from_dict({"width": 64}) == TrainConfig(width=64)
    True
    """

    preset: str = ""
    architecture: str = "factored"
    width: int = 128
    embed_dim: int = 256
    hidden_bias: bool = False
    unembed_bias: bool = True
    activation: str = "relu"
    init: str = "default"
    init_scale: float = 1.0
    train_fraction: float = 1.0
    split_seed: int | None = 0
    batch: int = 0
    replacement: bool = False
    optimizer: str = "adam"
    learning_rate: float = 0.01
    betas: tuple[float, float] = (0.9, 0.98)
    epsilon: float = 1e-8
    weight_decay: float = 2e-4
    bias_decay: bool = True
    cubic_decay: float = 0.0
    schedule: str = "constant"
    warmup_steps: int = 0
    max_steps: int = 3000
    min_steps: int = 0
    stop_loss: float = 0.0
    plateau_window: int = 0
    plateau_tolerance: float = 0.01
    plateau_loss: float = math.inf
    evaluate_every: int = 100
    checkpoints: int = 0
    precision: str = "float32"
    convergence_tolerance: float = 0.0
    convergence_updates: int = 500
    sampled_outputs: int = 0
    evaluation_pairs: int = 0
    curriculum: tuple[tuple[int, int], ...] = ()
    coset_outputs: tuple[tuple[int, int], ...] = ()
    start_from: str = ""
    encoding_subgroup: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "betas", tuple(float(b) for b in self.betas))
        for name in _STAGED:
            object.__setattr__(self, name, _stages(name, getattr(self, name)))
        for name, choices in (
            ("architecture", ARCHITECTURES),
            ("activation", ACTIVATION_NAMES),
            ("init", INITS),
            ("optimizer", OPTIMIZERS),
            ("schedule", SCHEDULES),
            ("precision", PRECISIONS),
        ):
            if getattr(self, name) not in choices:
                refuse(name, getattr(self, name), f"one of {', '.join(choices)}")
        for name in ("width", "embed_dim", "max_steps", "evaluate_every", "convergence_updates"):
            _whole(name, getattr(self, name), 1)
        counts = "batch", "warmup_steps", "min_steps", "plateau_window", "checkpoints"
        for name in (*counts, "sampled_outputs", "evaluation_pairs", "encoding_subgroup"):
            _whole(name, getattr(self, name), 0)
        if self.split_seed is not None:
            _whole("split_seed", self.split_seed, 0)
        for name in ("weight_decay", "cubic_decay", "stop_loss", "plateau_tolerance", "convergence_tolerance"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                refuse(name, getattr(self, name), "a finite number ≥ 0")
        for name in ("learning_rate", "epsilon", "init_scale"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                refuse(name, getattr(self, name), "a finite number > 0")
        if not 0 < self.train_fraction <= 1:
            refuse("train_fraction", self.train_fraction, "in (0, 1]")
        if not self.plateau_loss > 0:
            refuse("plateau_loss", self.plateau_loss, "a number > 0")
        if len(self.betas) != 2 or not all(0 <= b < 1 for b in self.betas):
            refuse("betas", self.betas, "two numbers in [0, 1)")
        if self.cubic_decay and self.architecture != "folded":
            refuse("cubic_decay", self.cubic_decay, "0 unless architecture is 'folded'")
        if self.sampled_outputs and self.replacement:
            refuse("replacement", self.replacement, "false with sampled_outputs, which draw pairs of their own")
        if self.sampled_outputs and not self.batch:
            refuse("sampled_outputs", self.sampled_outputs, "0 unless batch is given (a softmax over a sample)")
        if self.curriculum and not (self.sampled_outputs or self.replacement):
            refuse("curriculum", self.curriculum, "empty unless replacement or sampled_outputs is given")
        if self.coset_outputs and not self.sampled_outputs:
            refuse("coset_outputs", self.coset_outputs, "empty unless sampled_outputs is given")
        if len(self.coset_outputs) > 1:
            refuse("coset_outputs", self.coset_outputs, "one pair [elements, last uniform step], or empty")
        if self.convergence_tolerance and self.draws:
            refuse("convergence_tolerance", self.convergence_tolerance, "0 unless a step sees all training pairs")
        self._check_encoding()

    def _check_encoding(self) -> None:
        if self.architecture != "encoded":
            if self.encoding_subgroup:
                refuse("encoding_subgroup", self.encoding_subgroup, "0 unless architecture is 'encoded'")
            return
        if not self.encoding_subgroup:
            refuse("encoding_subgroup", 0, "the order of a subgroup, such as 720 in S7, with architecture 'encoded'")
        for name, empty in (("unembed_bias", False), ("sampled_outputs", 0), ("curriculum", ()), ("start_from", "")):
            if getattr(self, name):
                refuse(name, getattr(self, name), f"{empty!r} with architecture 'encoded'")

    @property
    def draws(self) -> bool:
        """Whether steps see different pairs."""
        return self.batch > 0 or self.replacement

    def to_dict(self) -> dict[str, Any]:
        """Settings as TOML can hold them (None is left out)."""
        found = dataclasses.asdict(self)
        found["betas"] = list(self.betas)
        if self.split_seed is None:
            found["split_seed"] = "own"
        for name in _STAGED:
            found[name] = [list(stage) for stage in getattr(self, name)]
        for name in (*_STAGED, "start_from", "encoding_subgroup"):
            if not found[name]:
                del found[name]  # so that settings without one read as they always did
        return found

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> TrainConfig:
        """The inverse of `to_dict`; settings left out take their defaults, unknown ones are
        refused."""
        return cls(**_known(settings))

    def replace(self, **changes: Any) -> TrainConfig:
        """The same with some settings changed.

        Raises
        ------
        RhosetError
            ``bad-setting``.
        """
        return dataclasses.replace(self, **_known(changes))


LIKELY = 0.6
"""Likeness of two names from which on one may be meant by the other, as `difflib.get_close_matches` has it."""


@cache
def _kinds() -> dict[str, str]:
    """Setting → its type, as it is written."""
    return {field.name: str(field.type) for field in dataclasses.fields(TrainConfig)}


def _known(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with their types; unknown ones are refused."""
    kinds = _kinds()
    for name in settings:
        if name not in kinds:
            scores = {one: difflib.SequenceMatcher(None, one, name).ratio() for one in kinds}
            likely = [one for one in kinds if scores[one] == max(scores.values()) >= LIKELY]
            near = f", {' and '.join(map(repr, likely))} {'is' if len(likely) == 1 else 'are'}" if likely else ""
            raise RhosetError(
                f"{name!r} is no training setting{near}; settings are {', '.join(kinds)}", slug="bad-setting"
            )
    return {name: _typed(name, value, kinds[name]) for name, value in settings.items()}


def _typed(name: str, value: Any, kind: str) -> Any:
    if name == "split_seed":
        return None if value is None or value == "own" else value
    if kind == "float" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if kind == "bool" and not isinstance(value, bool):
        refuse(name, value, "true or false")
    if kind == "str" and not isinstance(value, str):
        refuse(name, value, "a text")
    if kind == "float":
        refuse(name, value, "a number")
    if name == "betas" and (
        not isinstance(value, (list, tuple)) or not all(isinstance(b, (int, float)) for b in value)
    ):
        refuse(name, value, "two numbers in [0, 1)")
    return value


_STAGED = ("curriculum", "coset_outputs")
"""Settings that are lists of pairs [elements of a subgroup, step]."""


def _stages(name: str, value: Any) -> tuple[tuple[int, int], ...]:
    """The pairs of such a setting, from lists as TOML has them."""
    right = "a list of stages [elements, last step], whole numbers, both growing: [[120, 300], [720, 2000]]"
    if not isinstance(value, (list, tuple)) or not all(isinstance(s, (list, tuple)) and len(s) == 2 for s in value):
        refuse(name, value, right)
    before = (1, 0)
    for stage in value:
        for number, last in zip(stage, before, strict=True):
            if isinstance(number, bool) or not isinstance(number, int) or number <= last:
                refuse(name, value, right)
        before = stage
    return tuple((elements, last) for elements, last in value)


def _whole(name: str, value: Any, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        refuse(name, value, f"a whole number ≥ {least}")


def refuse(name: str, value: Any, right: str) -> NoReturn:
    """Raise the error about a setting, slug ``bad-setting``."""
    raise RhosetError(f"training setting {name} is {value!r}; it must be {right}", slug="bad-setting")
