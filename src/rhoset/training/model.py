"""The trained network as an ordinary `torch.nn.Module` whose parameters fold to the four tables."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rhoset.networks import Network, read_network
from rhoset.networks.files import read_parameters
from rhoset.training.config import TrainConfig, refuse
from rhoset.training.encoding import permutation_matrices


class FoldedTables(NamedTuple):
    """left (n, m), right (n, m), unembed (m, n), bias (n,), differentiable in the parameters."""

    left: Tensor
    right: Tensor
    unembed: Tensor
    bias: Tensor

    def first(self, elements: int) -> FoldedTables:
        """The tables of the first elements alone, as operands and outputs, with or without an instance axis."""
        left, right, unembed, bias = self
        return FoldedTables(
            left[..., :elements, :], right[..., :elements, :], unembed[..., :elements], bias[..., :elements]
        )


def folded_half(p: Mapping[str, Tensor], half: str, rows: Tensor | None = None) -> Tensor:
    """The table left or right of parameters by name without a hidden bias, or these rows of it alone."""
    first = next(p[name] for name in (half, "embed", f"embed_{half}") if name in p)
    chosen = first if rows is None else first.index_select(0, rows)
    return chosen if half in p else chosen @ p[f"hidden_{half}"]


def fold_parameters(p: Mapping[str, Tensor], no_bias: Tensor) -> FoldedTables:
    """The tables of parameters by name, with or without an instance axis before the others; of architecture `encoded`
    with the permutation matrices (n, q²) as `embed`."""
    left, right = folded_half(p, "left"), folded_half(p, "right")
    if "hidden_bias" in p:
        left = left + p["hidden_bias"].unsqueeze(-2)
    bias = p.get("unembed_bias", no_bias)
    unembed = p["unembed"] if "unembed" in p else (p["embed"] @ p["unembed_points"]).transpose(-1, -2)
    return FoldedTables(left, right, unembed, bias)


def penalty(tables: FoldedTables, config: TrainConfig) -> Tensor:
    """`cubic_decay` times the cubed norms of the folded neurons (per instance)."""
    norms = tables.left.square().sum(-2) + tables.right.square().sum(-2)
    norms = norms + tables.unembed.square().sum(-1)
    return config.cubic_decay * norms.pow(1.5).sum(-1)


ELEMENT_AXIS = {"unembed": 1, "hidden_left": None, "hidden_right": None, "hidden_bias": None}
"""Which axis of a parameter the group's elements number, if any; of all others the first."""


def check_start(table: NDArray[np.int32], path: str) -> None:
    """Refuses a start from a network of another group than this, or a subgroup of its first elements."""
    given = read_network(path).table
    if len(given) > len(table) or not np.array_equal(table[: len(given), : len(given)], given):
        refuse("start_from", path, "a network of this group, or of a subgroup that is its first elements")


def require_start(table: NDArray[np.int32], config: TrainConfig) -> None:
    """Raise what beginning from `start_from` or with an encoding would; nothing where there is neither."""
    if config.start_from:
        check_start(table, config.start_from)
    if config.start_from or config.encoding_subgroup:
        first_network(table, config, seed=0)


def first_network(
    table: NDArray[np.int32], config: TrainConfig, seed: int, dtype: torch.dtype = torch.float32
) -> GroupNetwork:
    """The network that training begins with."""
    matrices = permutation_matrices(table, config.encoding_subgroup) if config.encoding_subgroup else None
    return GroupNetwork(len(table), config, seed, dtype, matrices)


class GroupNetwork(nn.Module):
    """One hidden layer on pairs of group elements, in the parametrisation that the configuration
    names.

    Parameters
    ----------
    order
        n.
    config
        Architecture, width, biases, initialisation.
    seed
        Of the initial weights. They are drawn from one generator in the order in which
        `named_parameters` lists them, on the CPU, so a network starts the same on every device.
    dtype
        Of the parameters.
    matrices
        (n, q²) with architecture `encoded`: as `permutation_matrices` makes them.

    Notes
    -----
    Parameters by architecture: `embed_left`, `embed_right` (n, E) (or `embed`, shared),
    `hidden_left`, `hidden_right` (E, m) (the halves of the map on the concatenation), or `left`,
    `right` (n, m) for folded tables; `hidden_bias` (m,), `unembed` (m, n), `unembed_bias` (n,). Encoded: `hidden_left`,
    `hidden_right`, `unembed_points` (q², m), where q entries of a row of `matrices` are 1: a fan-in of q.
    """

    def __init__(
        self,
        order: int,
        config: TrainConfig,
        seed: int,
        dtype: torch.dtype = torch.float32,
        matrices: NDArray[np.float32] | None = None,
    ) -> None:
        super().__init__()
        self.order, self.config = order, config
        generator = torch.Generator().manual_seed(seed)
        drawn_as = dtype if config.init == "gaussian" else torch.float32
        n, m, e = order, config.width, config.embed_dim
        fan_in = 2 * e if config.architecture == "concatenated" else e

        def draw(name: str, shape: tuple[int, ...], bound: float | None) -> None:
            """`bound` None: standard normal; otherwise uniform in ±bound, or normal with the same
            fan-in."""
            if bound is None or config.init == "gaussian":
                value = torch.randn(shape, generator=generator, dtype=drawn_as)
            elif config.init == "normal":
                value = torch.randn(shape, generator=generator) * bound
            else:
                value = (torch.rand(shape, generator=generator) * 2 - 1) * bound
            if config.init == "normal" and name.endswith("bias"):
                value = torch.zeros(shape)
            parameter = (value * config.init_scale).to(dtype)
            self.register_parameter(name, nn.Parameter(parameter))

        embedding = 1 / math.sqrt(e) if config.init == "normal" else None
        if config.architecture == "folded":
            one_hot = 1 / math.sqrt(2 * n)  # a linear map on two concatenated one-hot vectors
            draw("left", (n, m), one_hot)
            draw("right", (n, m), one_hot)
            fan_in = 2 * n
        elif config.architecture == "encoded":
            if matrices is None:
                refuse("architecture", "encoded", "another one where no permutation matrices are given")
            self.register_buffer("embed", torch.from_numpy(matrices).to(dtype), persistent=False)
            e, fan_in = matrices.shape[1], math.isqrt(matrices.shape[1])
            draw("hidden_left", (e, m), 1 / math.sqrt(fan_in))
            draw("hidden_right", (e, m), 1 / math.sqrt(fan_in))
        else:
            if config.architecture == "shared_embedding":
                draw("embed", (n, e), embedding)
            else:
                draw("embed_left", (n, e), embedding)
                draw("embed_right", (n, e), embedding)
            draw("hidden_left", (e, m), 1 / math.sqrt(fan_in))
            draw("hidden_right", (e, m), 1 / math.sqrt(fan_in))
        if config.hidden_bias:
            draw("hidden_bias", (m,), 1 / math.sqrt(fan_in))
        if config.architecture == "encoded":
            draw("unembed_points", (e, m), 1 / math.sqrt(m))
        else:
            draw("unembed", (m, n), 1 / math.sqrt(m))
        if config.unembed_bias:
            draw("unembed_bias", (n,), 1 / math.sqrt(m))
        if config.start_from:
            self._start(config.start_from, config.activation)
        self.register_buffer("_no_bias", torch.zeros(n, dtype=dtype), persistent=False)

    def _start(self, path: str, activation: str) -> None:
        """Parameters as a network file has them; those of elements beyond its own are zero."""
        network, riding = read_network(path), read_parameters(path)
        tensors = {"left": network.left, "right": network.right, "unembed": network.unembed, **riding}
        if network.activation != activation:
            refuse("start_from", path, f"a network of activation {activation}; that file's is {network.activation}")
        for name, parameter in self.named_parameters():
            axis, shape = ELEMENT_AXIS.get(name, 0), list(parameter.shape)
            if axis is not None:
                shape[axis] = network.order
            found = tensors[name].shape if name in tensors else None
            if found != tuple(shape):
                had = "that file has none" if found is None else f"that file's has shape {found}"
                refuse("start_from", path, f"a network with parameter {name} of shape {tuple(shape)}; {had}")
            with torch.no_grad():
                parameter.zero_()
                parameter[tuple(map(slice, shape))] = torch.from_numpy(tensors[name].copy()).to(parameter.dtype)
        if unknown := sorted(riding.keys() - dict(self.named_parameters())):
            refuse("start_from", path, f"a network without parameter {unknown[0]}, as these settings have none")

    def fold(self) -> FoldedTables:
        """The four tables; a hidden bias goes into `left`. Costs two products of n·E·m
        multiply-adds."""
        parameters: dict[str, Tensor] = dict(self.named_parameters(recurse=False))
        return fold_parameters(parameters | self.fixed, self.get_buffer("_no_bias"))

    @property
    def fixed(self) -> dict[str, Tensor]:
        """What folding needs and training leaves alone: the permutation matrices of architecture `encoded`."""
        return {"embed": self.get_buffer("embed")} if self.config.architecture == "encoded" else {}

    def forward(self) -> FoldedTables:
        """As `fold`: the input, all pairs, is the kernel's matter."""
        return self.fold()

    def to_network(self, table: NDArray[np.int32], metadata: Mapping[str, str]) -> Network:
        """The folded network, in the parameters' precision.

        Raises
        ------
        RhosetError
            ``network-not-finite``.
        """
        with torch.no_grad():
            left, right, unembed, bias = (t.detach().cpu().numpy().copy() for t in self.fold())
        return Network(left, right, unembed, bias, table, self.config.activation, metadata=dict(metadata))

    def riding_parameters(self) -> dict[str, NDArray[np.float32]]:
        """What the tables do not show: every parameter but those that are tables themselves, or that make `unembed`.
        Permutation matrices count as both embeddings, so that a factored network can start from it."""
        tables = {"left", "right", "unembed", "unembed_points"}
        riding: dict[str, Tensor] = {name: p for name, p in self.named_parameters() if name not in tables}
        for matrices in self.fixed.values():
            riding |= {"embed_left": matrices, "embed_right": matrices}
        return {name: value.detach().cpu().numpy().copy() for name, value in riding.items()}
