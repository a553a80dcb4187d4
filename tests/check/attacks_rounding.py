"""Attacks on arithmetic: ties that rounding breaks, underflow, overflow, roundings that all go one way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .attack_parts import (
    attack,
    certificate,
    constant,
    everything,
    everywhere,
    low_options,
    network,
    no_features,
    no_points,
    on_edge,
)
from .certificates import (
    PLANS,
    draw_certificate,
    draw_features,
    draw_gaps,
    draw_points,
    gap_tensors,
    low_rank,
    with_gaps,
    within,
)
from .harness import ALL, Cert, Net, plan_of
from .mutations import rebalance, repeat
from .networks import factor, random_tables, tied_tables
from .small_groups import (
    SmallGroup,
    random_group,
    shuffled,
    small_group,
)


@attack
def exact_ties(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Ties in exact arithmetic that rounding breaks: every rule that ends in float64 evaluation meets them."""
    group = random_group(rng, 8)
    tensors = tied_tables(group, rng)
    dtype = np.float32 if rng.random() < 0.5 else np.float64
    net = network(tensors, group, "relu", dtype)
    names = [("exact",), ("lowrank", "exact"), ("gaps",), ("lowrank",), ("points",)][int(rng.integers(5))]
    cert = draw_certificate(net, group, [], rng, names)
    if names[0] == "lowrank" and not cert.tensors["lowrank.features"].size:
        cert = cert.but(**within(everything(net.tensors)))
    if names[0] == "points" and rng.random() < 0.7:
        cert = certificate(group, cert.plan, **everywhere(net.tensors, group))
    return net, replace(cert, arithmetic="real")


@attack
def single_ties(rng: np.random.Generator) -> tuple[Net, Cert]:
    """A real margin of a rounding error: right as a real function, wrong in float32 in some order of summation."""
    group = random_group(rng, 6)
    tensors = tied_tables(group, rng)
    net = network(tensors, group, "relu", np.float32)
    shift = net.tensors["bias"].astype(np.float64) + 2.0 ** -int(rng.integers(10, 26)) * rng.normal(size=group.order)
    net = replace(net, tensors={**net.tensors, "bias": shift.astype(np.float32)})
    names = [("exact",), ("gaps",), ("lowrank",), ("points",)][int(rng.choice(4, p=[0.5, 0.2, 0.2, 0.1]))]
    cert = draw_certificate(net, group, [], rng, names)
    return net, replace(cert, arithmetic="float32", plan={**cert.plan, "exact": ALL})


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
    return network(tensors, group, "linear", dtype), certificate(group, plan_of("exact"))


@attack
def folded_slowly(rng: np.random.Generator) -> tuple[Net, Cert]:
    """A neuron for each pair of two elements, read by many steps that a large one swallows in float32."""
    group, steps, big = small_group("C2"), int(rng.integers(400, 1200)), 2.0**15
    x, y = np.divmod(np.arange(4), 2)
    read = (np.arange(2)[:, None] == x) - 0.5
    embed = np.hstack([np.full((2, 1), big), np.repeat(np.eye(2), steps, axis=1), np.full((2, 1), -big)])
    tensors = {
        "embed_left": embed,
        "hidden_left": np.vstack([np.ones((1, 4)), np.repeat(read / steps, steps, axis=0), np.ones((1, 4))]),
        "embed_right": np.eye(2, embed.shape[1]),
        "hidden_right": np.vstack([(np.arange(2)[:, None] == y) - 0.5, np.zeros((2 * steps, 4))]),
        "unembed": np.eye(2)[group.table[x, y]],
    }  # fmt: skip
    cert = certificate(group, plan_of("exact"))
    return network(tensors, group, "relu", np.float32), replace(cert, arithmetic="float32")


@attack
def factored_drivers(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Factored networks with any certificate."""
    group = random_group(rng, 6)
    tensors = factor(tied_tables(group, rng), rng)
    dtype = np.float32 if rng.random() < 0.5 else np.float64
    net = network(tensors, group, "relu", dtype)
    names = [("exact",), ("lowrank",), ("lowrank", "exact"), ("points",)][int(rng.integers(4))]
    return net, draw_certificate(net, group, [], rng, names)


@attack
def vanishing(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Certificates and networks so scaled that squares underflow: norms of zero for what is not zero."""
    group = random_group(rng, 6)
    n = group.order
    tensors = constant(group, int(rng.integers(1, 4)), rng) if rng.random() < 0.5 else random_tables(n, 3, rng)
    tensors["bias"][...] = 0
    kept = everything(tensors) if rng.random() < 0.5 else no_features(n, len(tensors["unembed"]))
    names = [("lowrank",), ("gaps",), ("points",)][int(rng.choice(3, p=[0.5, 0.3, 0.2]))]
    kept |= everywhere(tensors, group) if rng.random() < 0.5 else no_points(group, len(tensors["unembed"]), rng)
    cert = certificate(group, plan_of(*names, **low_options(n, rng)), **kept)
    cert = rebalance(cert, 2.0 ** int(rng.integers(-61, 62)))
    if "gaps" in names:
        cert = with_gaps(cert, draw_gaps(network(tensors, group), group, [], rng))
    power = int(rng.choice([0, -70, -149, -145, -300, -540]))
    if rng.random() < 0.2:  # activations and unembed are floats of 32 bits, and their products are not
        cert, power = certificate(group, plan_of("exact")), -75
        tensors |= {"unembed": np.ldexp(tensors["unembed"], power), "bias": np.ldexp(rng.normal(size=n), 2 * power)}
        return network(tensors | {k: np.ldexp(tensors[k], power) for k in ("left", "right")}, group), cert
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
    names = [("exact",), ("lowrank",), ("gaps",), ("lowrank", "exact"), ("points",)][int(rng.integers(5))]
    kept = everything(tensors) if rng.random() < 0.5 else draw_features(net, group, [], rng)
    kept |= everywhere(tensors, group) if rng.random() < 0.5 else draw_points(net, group, [], rng)
    cert = certificate(group, plan_of(*names, **low_options(n, rng)), **kept)
    if "gaps" in names:
        cert = with_gaps(cert, draw_gaps(net, group, [], rng))
    return net, rebalance(cert, 2.0 ** int(rng.choice([0, 30, 50, -50])))


@attack
def swallowed(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Thousands of features in which a neuron writes next to nothing: all lost when what is written is added up.

    The network is an exact tie; what is written in them adds up to 1.
    """
    group = small_group("C2")
    count, e = int(rng.integers(2000, 4090)), group.identity
    h, small = float(rng.uniform(1.85, 1.95)), float(rng.uniform(0.3, 0.48)) * 2.0 ** int(rng.choice([-53, -24]))
    tensors = {
        "left": np.full((2, 1), h), "right": np.zeros((2, 1)), "unembed": np.zeros((1, 2)), "bias": np.zeros(2),
    }  # fmt: skip
    tensors["unembed"][0, e], tensors["bias"][1 - e] = 1 + count * small, h * (1 + count * small)
    features = np.zeros((2, count + 1))
    features[e] = np.append(1.0, np.full(count, small))
    writing = np.stack([np.ones(count + 1), np.zeros(count + 1)])
    plan = plan_of("lowrank", **low_options(2, rng))
    return network(tensors, group), certificate(group, plan, **low_rank(features, writing))


@attack
def repeated(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Exact ties, explained by many cancelling features."""
    net, _ = exact_ties(rng)
    group = SmallGroup("", net.table.astype(np.intp), np.arange(len(net.table))[:60], net.table.astype(np.intp))
    kept = everything({"unembed": net.tensors["unembed"].astype(np.float64)})
    cert = certificate(group, plan_of("lowrank", **low_options(len(net.table), rng)), **kept)
    return net, repeat(cert, int(rng.integers(2, 30)), rng)


@attack
def cancelling(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Huge terms that cancel exactly in real arithmetic and take the last bits of the others with them."""
    group = random_group(rng, 6)
    tensors = tied_tables(group, rng)
    n, m = group.order, len(tensors["unembed"])
    huge = 2.0 ** int(rng.choice([5, 20, 30, 48, 52]))
    pair = np.abs(rng.normal(size=(n, 1)))
    for side in ("left", "right"):
        extra = np.repeat(pair if rng.random() < 0.7 else pair[:1].repeat(n, 0), 2, axis=1)
        tensors[side] = np.concatenate([tensors[side], extra], axis=1)
    written = huge * rng.normal(size=(1, n))
    tensors["unembed"] = np.concatenate([tensors["unembed"], written, -written])
    order = rng.permutation(m + 2)
    tensors |= {"left": tensors["left"][:, order], "right": tensors["right"][:, order]}
    tensors["unembed"] = tensors["unembed"][order]
    net = network(tensors, group, "relu", np.float32 if rng.random() < 0.5 else np.float64)
    names = PLANS[int(rng.integers(len(PLANS)))]
    cert = draw_certificate(net, group, [], rng, names)
    if ("lowrank" in names or "points" in names) and rng.random() < 0.5:
        kept = everything(net.tensors) | everywhere(net.tensors, group)
        cert = certificate(group, plan_of(*names, **low_options(n, rng)), **kept)
    if "gaps" in names:
        set_, one = (
            group.table if rng.random() < 0.7 else np.zeros((n, 1), dtype=np.intp),
            np.zeros(m + 2, dtype=np.intp),
        )
        cert = with_gaps(cert, gap_tensors([set_], one, one, group))
    return (on_edge(net, rng) if rng.random() < 0.4 else net), replace(cert, arithmetic="real")


@attack
def extreme(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Honest circuits and ties at the ends of the exponent range: overflow to infinity, ∞ − ∞, subnormals, zero."""
    group = random_group(rng, 6)
    n = group.order
    tensors = tied_tables(group, rng) if rng.random() < 0.4 else random_tables(n, int(rng.integers(1, 5)), rng)
    m = len(tensors["unembed"])
    activation = str(rng.choice(["relu", "abs", "square", "linear"]))
    read = int(rng.choice([0, 60, 118, 120, 125, 127, 490, 990, -74, -130, -149, -500, -1060]))
    write = int(rng.choice([-read, 0, read, 2 - read, 120 - read, -149 - read, 1000 - read, -1050 - read]))
    write = int(np.clip(write, -1074, 1015))
    read, both = min(read, 1015), read * (2 if activation == "square" else 1) + write
    with np.errstate(all="ignore"):
        tensors |= {k: np.ldexp(tensors[k], read) for k in ("left", "right")}
        tensors["unembed"] = np.ldexp(tensors["unembed"], write)
        tensors["bias"] = np.ldexp(tensors["bias"], int(np.clip(both, -1074, 1015)))
    tensors = {k: np.nan_to_num(v, posinf=1e308, neginf=-1e308) for k, v in tensors.items()}
    net = network(tensors, group, activation)
    names = PLANS[int(rng.integers(len(PLANS)))]
    cert = draw_certificate(net, group, [], rng, names)
    if "points" in names and rng.random() < 0.6:
        cert = cert.but(**within(everywhere(tensors, group)))
    if "gaps" in names and rng.random() < 0.6:
        one = np.zeros(m, dtype=np.intp)
        set_ = group.table if rng.random() < 0.5 else np.zeros((n, 1), dtype=np.intp)
        cert = with_gaps(cert, gap_tensors([set_], one, one, group))
    if rng.random() < 0.5:
        cert = cert.but(scale=2.0 ** rng.integers(-59, 60, m + 1).astype(float))
    return net, cert


@attack
def lost_readings(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Factors big + small − big: the product that float64 computes loses what decides."""
    group = random_group(rng, 6)
    n, m = group.order, int(rng.integers(1, 4))
    big = 2.0 ** int(rng.choice([24, 40, 52, 53, 54, 60]))
    tensors = {"unembed": rng.normal(size=(m, n)), "bias": rng.normal(size=n) * rng.integers(0, 2)}
    for side in ("left", "right"):
        small = rng.normal(size=(n, 1))
        parts = [np.full((n, 1), big), small, np.full((n, 1), -big)]
        tensors[f"embed_{side}"] = np.concatenate([parts[k] for k in rng.permutation(3)], axis=1)
        tensors[f"hidden_{side}"] = np.ones((3, m))
    tensors["embed_left"] += 0
    net = network(tensors, group, str(rng.choice(["relu", "linear", "square", "abs"])))
    names = [("exact",), ("gaps",), ("lowrank",), ("points",)][int(rng.choice(4, p=[0.3, 0.4, 0.2, 0.1]))]
    cert = draw_certificate(net, group, [], rng, names)
    if "gaps" in names:
        one = np.zeros(m, dtype=np.intp)
        set_ = group.table if rng.random() < 0.5 else np.zeros((n, 1), dtype=np.intp)
        cert = with_gaps(cert, gap_tensors([set_], one, one, group))
    return net, replace(cert, arithmetic="real")


@attack
def rounded_apart(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Logits so large that float32 evaluation turns a real margin of hundreds into a loss of thousands."""
    group = shuffled(small_group("C2"), rng)
    n, sign = 2, np.where(np.arange(2) == group.identity, 1.0, -1.0)
    step = 2.0 ** (int(rng.choice([30, 34, 38, 40, 60, 100, 118])) - 24)  # half of what float32 tells apart there
    less = float(np.float32(step * 0.6))
    right = np.array([2.0**24 * step, less, less * rng.choice([0.7, 0.75, 1.2])])
    wrong = np.array([2.0**24 * step, step * (1 + 2.0**-10), 0])
    tensors = {"left": np.zeros((2, 12)), "right": np.zeros((2, 12)), "unembed": np.zeros((12, 2)), "bias": np.zeros(2)}
    for j, (a, b) in enumerate([(1, 1), (-1, -1), (1, -1), (-1, 1)]):  # relu(±x ± y − 1): three neurons for each pair
        here, z = slice(3 * j, 3 * j + 3), group.identity if a == b else 1 - group.identity
        tensors["left"][:, here] = (a * sign - 0.5)[:, None]
        tensors["right"][:, here] = (b * sign - 0.5)[:, None]
        tensors["unembed"][here, z], tensors["unembed"][here, 1 - z] = right, wrong
    names = [("exact",), ("gaps",), ("lowrank",), ("points",)][int(rng.integers(4))]
    net = network(tensors, group, "relu", np.float32)
    kept = no_features(n, 12) | everywhere(net.tensors, group)
    cert = certificate(group, plan_of(*names, **low_options(n, rng)), **kept)
    if "gaps" in names:
        cert = with_gaps(cert, draw_gaps(net, group, [], rng))
    return net, replace(cert, arithmetic="float32")


@attack
def spilling(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Terms near the largest float32 (or float64) that cancel in real arithmetic and overflow on the way."""
    group = random_group(rng, 5)
    n, m = group.order, 16
    top, z = 2.0 ** int(rng.choice([126, 127, 127, 1021])), int(rng.integers(n))
    tensors = {"left": np.ones((n, m)), "right": np.zeros((n, m)), "unembed": np.zeros((m, n)), "bias": np.zeros(n)}
    tensors["unembed"][:, z] = top * np.repeat([1.9, -1.9], m // 2) * rng.choice([-1, 1])
    if rng.random() < 0.5:
        tensors["unembed"] = tensors["unembed"][rng.permutation(m)]
    tensors["bias"] = rng.normal(size=n) * rng.choice([1, 1e30])
    net = network(tensors, group, "relu", np.float64)
    names = [("exact",), ("gaps",), ("lowrank",), ("points",)][int(rng.integers(4))]
    more = everything(tensors) if rng.random() < 0.5 else no_features(n, m)
    more |= everywhere(tensors, group) if rng.random() < 0.5 else no_points(group, m, rng)
    cert = certificate(group, plan_of(*names, **low_options(n, rng)), **more)
    if "gaps" in names:
        one = np.zeros(m, dtype=np.intp)
        cert = with_gaps(cert, gap_tensors([np.zeros((n, 1), dtype=np.intp)], one, one, group))
    return net, cert


@attack
def one_way(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Two neurons, one for each output, whose roundings in float32 all go up, or all go down."""
    group = small_group("C2")
    n, right, z = 2, float(2.0 ** -int(rng.integers(0, 3))), int(rng.integers(2))
    drawn = 1 + rng.random((3, 20000)) * 0.1
    drawn[1] *= right
    narrow = drawn.astype(np.float32)
    found = (np.square(narrow[0] + narrow[1]) * narrow[2]).astype(np.float64)
    true = np.square(drawn[0] + drawn[1]) * drawn[2]
    best = np.argmax((found - true) / true), np.argmin((found - true) / true)
    order = best if z == 0 else best[::-1]
    tensors = {
        "left": drawn[0, order].repeat(n).reshape(2, n).T, "right": drawn[1, order].repeat(n).reshape(2, n).T,
        "unembed": np.diag(drawn[2, order]), "bias": np.zeros(n),
    }  # fmt: skip
    f = true[list(order)]
    tensors["unembed"][z, z] *= (f[1 - z] - 2.0**-26) / f[z]  # scaling by nearly a power of two spoils little
    names = [("exact",), ("lowrank",), ("points",)][int(rng.integers(3))]
    plan = plan_of(*names, **{**low_options(n, rng), "samples": 0})
    kept = everything(tensors) | everywhere(tensors, group)
    return network(tensors, group, "square"), certificate(group, plan, **kept)


@attack
def drowned(rng: np.random.Generator) -> tuple[Net, Cert]:
    """A sum that starts with 1 and goes on with thousands of terms below half an ulp: all are lost."""
    group = shuffled(small_group("C2"), rng)
    count, z = int(rng.integers(2000, 6000)), int(rng.integers(2))
    single = rng.random() < 0.5
    small = float(rng.uniform(0.3, 0.48)) * 2.0 ** (-23 if single else -52)
    tensors = {
        "left": np.ones((2, count + 1)), "right": np.zeros((2, count + 1)), "unembed": np.zeros((count + 1, 2)),
        "bias": np.zeros(2),
    }  # fmt: skip
    tensors["unembed"][0, 1 - z] = 1
    tensors["unembed"][1:, 1 - z] = small
    tensors["bias"][z] = 1 + small * count * (1 - rng.choice([1 / 32, 1 / 128, 1 / 512]))
    names = [("exact",), ("lowrank",), ("lowrank", "exact")][int(rng.integers(3))]
    more = everything(tensors) if rng.random() < 0.5 else no_features(2, count + 1)
    return network(tensors, group), certificate(group, plan_of(*names, **low_options(2, rng)), **more)


@attack
def drowned_sums(rng: np.random.Generator) -> tuple[Net, Cert]:
    """`drowned` in what rule lowrank sums up in float32, and in nothing else."""
    group = shuffled(small_group("C2"), rng)
    count, z, small = int(rng.integers(2000, 6000)), int(rng.integers(2)), float(rng.uniform(0.3, 0.48)) * 2.0**-23
    tensors = {"left": np.ones((2, count + 2)), "right": np.zeros((2, count + 2)), "bias": np.zeros(2)}
    tensors["unembed"] = np.zeros((count + 2, 2))
    tensors["unembed"][:, 1 - z] = small
    tensors["unembed"][0, 1 - z], tensors["unembed"][-1, 1 - z] = 1, 0
    tensors["unembed"][-1, z] = 1 + small * count * (1 - 2.0 ** -int(rng.integers(5, 12)))
    plan = plan_of("lowrank", **{**low_options(2, rng), "samples": 0})
    return network(tensors, group), certificate(group, plan, **everything(tensors))


@attack
def large_and_close(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Logits of a million that differ by tens: float32 evaluation settles them, and its error is in the loss."""
    group = random_group(rng, 6)
    n, power = group.order, int(rng.integers(14, 22))
    tensors = constant(group, 2, rng)
    tensors["unembed"] = 2.0**power + 2.0 ** (power - 17) * rng.normal(size=(2, n)) * rng.uniform(1, 20)
    return network(tensors, group), certificate(group, plan_of("exact"))
