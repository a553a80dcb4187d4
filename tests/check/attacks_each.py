"""Attacks on rule `each` (Theorem 8): those on rule even and gaps, with every x by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from . import attacks_even, attacks_gaps, attacks_idle
from .attack_parts import Attack, attack, gaps, network, on_edge
from .harness import Cert, Net


def each(cert: Cert) -> Cert:
    """By rule each in place of even; the points are filled in."""
    return cert.but(**{"gaps.each": np.zeros(0, np.intp), "gaps.left": None, "gaps.centred": None})


def by_each(original: Attack, name: str) -> Attack:
    """The same network, every x by itself."""

    def made(rng: np.random.Generator) -> tuple[Net, Cert]:
        net, cert = original(rng)
        return net, each(cert)

    made.__name__ = name
    made.__doc__ = original.__doc__
    return attack(made)


each_circuits = by_each(attacks_gaps.uneven_columns, "each_circuits")
each_far = by_each(attacks_gaps.far_outputs, "each_far")
each_rows = by_each(attacks_even.uneven_rows, "each_rows")
each_biased = by_each(attacks_even.biased_even, "each_biased")
each_readings = by_each(attacks_even.even_readings, "each_readings")
each_driver = by_each(attacks_even.even_driver, "each_driver")
each_y = by_each(attacks_even.even_y, "each_y")
each_tight = by_each(attacks_even.tight_even, "each_tight")
each_inverted = by_each(attacks_even.inverted, "each_inverted")
each_crossing = by_each(attacks_even.crossing, "each_crossing")
each_product = by_each(attacks_even.by_product, "each_product")
each_apart = by_each(attacks_even.rest_apart, "each_apart")
each_perfect = by_each(attacks_gaps.perfect_circuit, "each_perfect")
each_sets = by_each(attacks_gaps.split_sets, "each_sets")
each_places = by_each(attacks_gaps.between_places, "each_places")
each_steep = by_each(attacks_gaps.steep, "each_steep")
each_idle = by_each(attacks_idle.idle_driver, "each_idle")


@attack
def each_lost(rng: np.random.Generator) -> tuple[Net, Cert]:
    """`drowned_readings`, where what is believed of activations is not far off for all that readings err."""
    net, cert = attacks_gaps.drowned_readings(rng)
    left = net.tensors["embed_left"].copy()
    left[:, net.width - 2 : net.width] *= 256
    return replace(net, tensors={**net.tensors, "embed_left": left}), each(cert)


@attack
def each_some_y(rng: np.random.Generator) -> tuple[Net, Cert]:
    """`between_fibres`, where two y of each fibre deviate and the others read what they should."""
    for _ in range(100):
        group, circuit, tensors, margin = attacks_gaps.right_circuit(rng, 2, "relu")
        if group.order >= 3 * circuit.right.shape[1] > 3:
            break
    n, k, size, action = group.order, len(circuit.neurons), 10.0 ** rng.uniform(-1, 1), circuit.right
    point, sign = int(rng.integers(action.shape[1])), np.zeros(n)
    for d in range(action.shape[1]):
        sign[rng.permutation(np.flatnonzero(action[:, point] == d))[:2]] = [size, -size][: n // action.shape[1]]
    tensors["left"][:, k:] = 1.5 * size
    tensors["right"][:, k], tensors["right"][:, k + 1] = sign, -sign
    written = rng.choice([-1.0, 1.0], n)[action[:, point]] * margin * rng.uniform(0.8, 1.9) / (4 * size)
    tensors["unembed"][k], tensors["unembed"][k + 1] = written, -written
    cert = gaps(group, [action], np.zeros(k + 2), np.append(circuit.columns, [point] * 2))
    return network(tensors, group), each(cert)


@attack
def each_rest(rng: np.random.Generator) -> tuple[Net, Cert]:
    """A circuit, and a neuron that fires by x and y together and writes without structure."""
    group, circuit, tensors, margin = attacks_gaps.right_circuit(rng, 1, "relu")
    n, k, action = group.order, len(circuit.neurons), circuit.right
    point, h = int(rng.integers(action.shape[1])), 10.0 ** rng.uniform(-1, 1)
    tensors["left"][:, k] = h * rng.choice([-1.0, 1.0], n)
    tensors["right"][:, k] = h * rng.choice([-1.0, 1.0], action.shape[1])[action[:, point]]
    tensors["unembed"][k] = rng.choice([-1.0, 1.0], n) * margin * rng.uniform(0.5, 1.5) / (2 * h)
    where = np.zeros(k + 1), np.append(circuit.columns, point)
    return network(tensors, group), each(gaps(group, [action], *where))


@attack
def each_drowned(rng: np.random.Generator) -> tuple[Net, Cert]:
    """A circuit on the edge, and two loud neurons that cancel: in sums of few digits the circuit drowns in them."""
    group, circuit, tensors, margin = attacks_gaps.right_circuit(rng, 2, "relu")
    n, k, action = group.order, len(circuit.neurons), circuit.right
    point, loud = int(rng.integers(action.shape[1])), margin * 2.0 ** rng.integers(18, 27)
    tensors["left"][:, k:] = rng.uniform(1, 2, n)[:, None]
    loud = float(np.float32(loud))
    written = loud * rng.choice([-1.0, 1.0], action.shape[1])[action[:, point]]
    tensors["unembed"][k], tensors["unembed"][k + 1] = written, -written
    net = on_edge(network(tensors, group), rng)
    cert = gaps(group, [action], np.zeros(k + 2), np.append(circuit.columns, [point] * 2))
    return net, each(cert)
