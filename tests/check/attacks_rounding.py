"""Attacks on arithmetic: ties that rounding breaks, underflow, overflow, roundings that all go one way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .attack_parts import (
    attack,
    certificate,
    constant,
    network,
    regular,
    regular_block,
    small_circuit,
)
from .certificates import Slots, draw_certificate, fitted_block, planted_block
from .harness import Cert, Net, rules
from .mutations import rebalance, repeat
from .networks import factor, random_tables, tied_tables
from .small_groups import (
    SmallGroup,
    random_group,
    small_group,
)


@attack
def exact_ties(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Ties in exact arithmetic that rounding breaks: every rule that ends in float64 evaluation meets them."""
    group = random_group(rng, 8)
    tensors = tied_tables(group, rng)
    dtype = np.float32 if rng.random() < 0.5 else np.float64
    net = network(tensors, group, "relu", dtype)
    names = [("exact",), ("pairs", "exact"), ("coset",), ("pairs",)][int(rng.integers(4))]
    cert = draw_certificate(net, group, [], rng, names)
    if cert.blocks == 0 and names[0] != "exact":
        block = regular_block(group, net.tensors["unembed"].astype(np.float64))
        cert = certificate(group, [block], cert.rules)
    return net, replace(cert, arithmetic="real")


@attack
def single_ties(rng: np.random.Generator) -> tuple[Net, Cert]:
    """A real margin of a rounding error: right as a real function, wrong in float32 in some order of summation."""
    group = random_group(rng, 6)
    tensors = tied_tables(group, rng)
    net = network(tensors, group, "relu", np.float32)
    shift = net.tensors["bias"].astype(np.float64) + 2.0 ** -int(rng.integers(10, 26)) * rng.normal(size=group.order)
    net = replace(net, tensors={**net.tensors, "bias": shift.astype(np.float32)})
    work = {"work": str(rng.choice(["float32", "float64"]))}
    return net, Cert({"generators": group.generators}, rules("exact", exact=work), "float32", 0, "attack")


@attack
def folded_ties(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Factors whose exact products are equal and whose computed products are not."""
    group, width = random_group(rng, 5), int(rng.integers(3, 9))
    n = group.order
    mixed = rng.permuted(np.repeat(rng.normal(size=(width, 1)), n, axis=1), axis=0)
    tensors = {
        "embed_left": np.repeat(np.abs(rng.normal(size=(n, 1))), width, axis=1), "hidden_left": mixed,
        "embed_right": np.zeros((n, width)), "hidden_right": np.zeros((width, n)), "unembed": np.eye(n),
    }  # fmt: skip
    dtype = np.float32 if rng.random() < 0.3 else np.float64
    return network(tensors, group, "linear", dtype), Cert(
        {"generators": group.generators}, rules("exact"), "real", 0, "attack"
    )


@attack
def factored_drivers(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Factored networks with any certificate."""
    group = random_group(rng, 6)
    tensors = factor(tied_tables(group, rng), rng)
    dtype = np.float32 if rng.random() < 0.5 else np.float64
    net = network(tensors, group, "relu", dtype)
    names = [("exact",), ("pairs",), ("pairs", "exact")][int(rng.integers(3))]
    return net, draw_certificate(net, group, [], rng, names)


@attack
def vanishing(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Certificates and networks so scaled that squares underflow: norms of zero for what is not zero."""
    group = random_group(rng, 6)
    n = group.order
    tensors = constant(group, int(rng.integers(1, 4)), rng) if rng.random() < 0.5 else random_tables(n, 3, rng)
    tensors["bias"][...] = 0
    block = regular_block(group, tensors["unembed"])
    kept = 10.0 ** rng.uniform(-1, 2) * np.eye(n).reshape(1, -1)
    options = {
        "in_span": bool(rng.integers(2)), "residual": str(rng.choice(["plain", "norm", "centred"])),
        "work": str(rng.choice(["float32", "float64"])), "exact_correct": bool(rng.integers(2)),
    }  # fmt: skip
    names = [("pairs",), ("uniform",), ("coset",), ("paper",)][int(rng.choice(4, p=[0.6, 0.15, 0.1, 0.15]))]
    cert = rebalance(
        certificate(group, [block], rules(*names, pairs=options), references=kept), 2.0 ** int(rng.integers(-101, 102))
    )
    if rng.random() < 0.3:
        bare = {"references": np.zeros((1, 0))} if rng.random() < 0.7 else {}
        cert = replace(certificate(group, [], rules(*names, pairs=options), **bare))
    power = int(rng.choice([0, 0, -70, -149, -145, -300, -540]))
    tensors |= {k: np.ldexp(tensors[k], power) for k in ("left", "right")}
    tensors["unembed"] = np.ldexp(tensors["unembed"], min(-power, 506) if rng.random() < 0.8 else power)
    return network(tensors, group), cert


@attack
def overflowing(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Weights beyond float32, evaluated with float32 work; certificates beyond it too."""
    group = random_group(rng, 5)
    n, m = group.order, 3
    tensors = random_tables(n, m, rng)
    big = 2.0 ** int(rng.choice([10, 14, 60, 125, 128, 130, 200]))
    i = int(rng.integers(m))
    tensors["unembed"][i, rng.integers(n)] *= big
    tensors["left"][:, i] /= big
    tensors["right"][:, i] /= big
    net = network(tensors, group)
    names = [("exact",), ("pairs",), ("pairs", "exact")][int(rng.integers(3))]
    options = {
        "work": "float32",
        "exact_correct": bool(rng.integers(2)),
        "residual": str(rng.choice(["norm", "plain"])),
    }
    block = regular_block(group, tensors["unembed"]) if rng.random() < 0.5 else fitted_block(net, group, rng)
    cert = certificate(group, [block], rules(*names, pairs=options, exact={"work": "float32"}))  # type: ignore[list-item]
    return net, rebalance(cert, 2.0 ** int(rng.choice([0, 60, 99, -99])))


@attack
def ghost_circuit(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Rule `paper` (and others) with a perfect circuit that the network does not have, at any scale."""
    group, circuit, tensors = small_circuit(rng, 0)
    factor_ = 2.0 ** int(rng.choice([-560, -99, -60, -20, 0]))
    net = {k: np.zeros_like(v) for k, v in tensors.items()}
    if rng.random() < 0.5:
        net["unembed"] = factor_ * rng.normal(size=net["unembed"].shape)
        net["left"] = factor_ * rng.normal(size=net["left"].shape)
    circuit = replace(circuit, alpha=circuit.alpha * factor_, gamma=circuit.gamma * factor_)
    names = [("paper",), ("uniform",), ("pairs",)][int(rng.choice(3, p=[0.6, 0.2, 0.2]))]
    block = planted_block(circuit, rng)
    return network(net, group), certificate(group, [block], rules(*names))


@attack
def swallowed(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Thousands of entries in a slot: all lost when the weights are added, all rounded up when times h = 1.9.

    The network is an exact tie; what is written adds up to 1 in each of two slots, what is read to more than h.
    """
    group = small_group("C2")
    count, e = int(rng.integers(2000, 4090)), group.identity
    h = float(rng.uniform(1.85, 1.95))
    small = float(rng.uniform(0.56, 0.62)) * 2.0**-53
    tensors = {
        "left": np.full((2, 1), h), "right": np.zeros((2, 1)), "unembed": np.zeros((1, 2)), "bias": np.zeros(2),
    }  # fmt: skip
    tensors["unembed"][0, e], tensors["bias"][1 - e] = 2, 2 * h
    weights = np.append(1.0, np.full(count, small))
    points = np.repeat([0, 1], count + 1)
    block = Slots(
        regular(group), regular(group), np.eye(2), np.zeros(2 * count + 2, dtype=np.intp), points,
        points if e == 0 else 1 - points, np.tile(weights, 2), {},
    )  # fmt: skip
    plan = rules("pairs", pairs={"residual": str(rng.choice(["norm", "plain"]))})
    return network(tensors, group), certificate(group, [block], plan)


@attack
def repeated(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Exact ties, explained by many cancelling entries."""
    net, _ = exact_ties(rng)
    group = SmallGroup("", net.table.astype(np.intp), np.arange(len(net.table))[:60], net.table.astype(np.intp))
    block = regular_block(group, net.tensors["unembed"].astype(np.float64))
    cert = certificate(
        group, [block], rules("pairs", pairs={"residual": str(rng.choice(["norm", "plain", "centred"]))})
    )
    return net, repeat(cert, int(rng.integers(2, 30)), rng)
