"""Small networks, certificates of the two baselines for them, and attacks: pairs of a network and a certificate."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

import rhoset as rs
from rhoset.groups import Group
from rhoset.networks import Network, write_network

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Certificate:
    """Tensors and plan of a certificate of one of the two rules."""

    rule: str
    tensors: dict[str, Array]
    plan: dict[str, int]
    claim: int = 0

    def changed(self, **tensors: Array) -> Certificate:
        """The same with some tensors changed; dots in names are written as __."""
        return replace(self, tensors=self.tensors | {name.replace("__", "."): t for name, t in tensors.items()})


@dataclass(frozen=True)
class Case:
    """A network and a certificate for it."""

    network: Network
    certificate: Certificate


def write_case(folder: Path, case: Case, **metadata: str) -> tuple[Path, Path]:
    """The two files, certificate first; metadata may be changed."""
    from rhoset_check.files import read_network

    network = write_network(folder / "net.safetensors", case.network)
    weights = read_network(network)
    said = {"format": "rhoset-baseline", "version": "1", "rule": case.certificate.rule}
    said |= {"network": weights.digest, "table": weights.table_digest, "plan": json.dumps(case.certificate.plan)}
    said |= {"claim": json.dumps({"right": case.certificate.claim})} | metadata
    save_file(case.certificate.tensors, folder / "cert", metadata=said)
    return folder / "cert", network


def margins(network: Network) -> Array:
    """(n, n) least margin of every pair, one logit at a time; the weights here are small multiples of 2^-20."""
    left, right, unembed, bias = (
        np.asarray(t, dtype=np.float64) for t in (network.left, network.right, network.unembed, network.bias)
    )
    phi: Callable[[Array], Array] = {"relu": lambda t: np.maximum(t, 0), "abs": np.abs, "square": np.square}[
        network.activation
    ]
    logits = phi(left[:, None] + right[None]) @ unembed + bias
    table = np.asarray(network.table)[..., None].astype(int)
    own = np.take_along_axis(logits, table, 2)[..., 0]
    np.put_along_axis(logits, table, -np.inf, 2)
    found: Array = own - logits.max(axis=2)
    return found


def cut(values: Array) -> Array:
    """As float32 with few digits."""
    return (np.round(np.asarray(values) * 2**12) / 2**12).astype(np.float32)


def coset_case(rng: np.random.Generator, uneven: float = 0.0, silent: bool = True) -> Case:
    """Neurons |α(x⁻¹b) − α(yd)| for all points b, d of S3's three points, writing down where zd = b.

    With `uneven` the numbers α lie at different distances; without `silent` the neurons also speak on their coset.
    """
    group = rs.group("S3")
    action = left_action(group)
    q, n, inverse = action.shape[1], group.order, group.inverse
    entries = [(b, d) for b in range(q) for d in range(q)]
    alpha = np.arange(q) * 1.0 + uneven * rng.standard_normal(q)
    left = np.stack([alpha[action[inverse, b]] for b, _ in entries], axis=1)
    right = np.stack([-alpha[action[:, d]] + (0.0 if silent else 0.7) for _, d in entries], axis=1)
    size = 1 + 0.5 * rng.random(len(entries)) if silent else np.ones(len(entries))
    unembed = np.stack([-2.0 * s * (action[:, d] == b) for s, (b, d) in zip(size, entries, strict=True)])
    network = Network(cut(left), cut(right), cut(unembed), np.zeros(n, np.float32), group.table, "abs")
    generators = np.asarray(group.generators, dtype=np.int32)
    rows = np.array([(i, 0, b, d) for i, (b, d) in enumerate(entries)], dtype=np.int32).T
    tensors = {"generators": generators, "set0.left": action[generators].astype(np.int32)}
    tensors |= {
        name: np.ascontiguousarray(row) for name, row in zip(("neurons", "sets", "left", "right"), rows, strict=True)
    }
    return Case(network, Certificate("coset", tensors, {"sets": 1}))


def left_action(group: Group) -> Array:
    """(n, q) the action on the left cosets of the subgroup of order 2 (S3) or 6 (S4) with the least elements."""
    table, n = np.asarray(group.table), group.order
    involution = next(g for g in range(n) if g != group.identity and table[g, g] == group.identity)
    cosets = [sorted({g, int(table[g, involution])}) for g in range(n)]
    labels = {tuple(c): k for k, c in enumerate(sorted(map(tuple, {tuple(c) for c in cosets})))}
    label = np.array([labels[tuple(c)] for c in cosets])
    first = np.array([int(np.flatnonzero(label == k)[0]) for k in range(len(labels))])
    found: Array = label[table[:, first]]
    return found


def tilted(network: Network, rng: np.random.Generator, share: float) -> Network:
    """unembed turned so that one pair's margin against one output falls by `share` of itself times two."""
    n, table = network.order, np.asarray(network.table)
    left, right = (np.asarray(t, dtype=np.float64) for t in (network.left, network.right))
    x, y = (int(v) for v in rng.integers(0, n, 2))
    hidden = np.abs(left[x] + right[y]) if network.activation == "abs" else np.maximum(left[x] + right[y], 0)
    unembed = np.asarray(network.unembed, dtype=np.float64)
    logits = hidden @ unembed + network.bias
    own = int(table[x, y])
    others = np.delete(np.arange(n), own)
    z = int(others[logits[others].argmax()])
    step = share * (logits[own] - logits[z]) * hidden / (hidden @ hidden)
    unembed[:, own] -= step
    unembed[:, z] += step
    return replace(network, unembed=cut(unembed))


def paper_case(slots: Array | None = None) -> Case:
    """The same neurons as one block of rule `paper`, slot weights −2 unless given."""
    group, action = rs.group("S3"), left_action(rs.group("S3"))
    slots = np.full((3, 3), -2.0) if slots is None else slots
    alpha, coupling = np.arange(3) * 1.0, np.eye(3)
    b, c = (index.reshape(-1) for index in np.divmod(np.arange(9), 3))
    left, right = alpha[action[group.inverse][:, b]], -alpha[action[:, c]]
    unembed = slots.reshape(-1)[:, None] * coupling[b[:, None], action[:, c].T]
    network = Network(*map(cut, (left, right, unembed)), np.zeros(6, np.float32), group.table, "abs")
    generators = np.asarray(group.generators, dtype=np.int32)
    images = action[generators].astype(np.int32)
    block = {"left": images, "right": images, "coupling": coupling, "alpha": alpha, "gamma": -alpha, "slots": slots}
    block |= {"neurons": np.arange(9), "rows": b, "columns": c, "scale": np.ones(9), "weights": slots.reshape(-1)}
    tensors = {"generators": generators, "bias.factor": np.zeros(1)}
    tensors |= {f"block0.{name}": np.ascontiguousarray(value) for name, value in block.items()}
    return Case(network, Certificate("paper", tensors, {"blocks": 1, "bias": 1}))
