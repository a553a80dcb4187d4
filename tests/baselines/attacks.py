"""Attacks on the baselines' checker: each makes a network and a certificate that says too much of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from baselines.small import Case, coset_case, cut, paper_case, tilted

Attack = Callable[[np.random.Generator], Case]


def _with(case: Case, **tensors: np.ndarray) -> Case:
    return replace(case, network=replace(case.network, **{name: cut(t) for name, t in tensors.items()}))


def _tilted(case: Case, rng: np.random.Generator) -> Case:
    return replace(case, network=tilted(case.network, rng, rng.uniform(0.5, 1.2)))


def _moved(case: Case, rng: np.random.Generator) -> Case:
    net = case.network
    return _with(case, left=net.left + rng.choice([0.3, 1.0, 3.0]) * rng.standard_normal(net.left.shape))


def _biased(case: Case, rng: np.random.Generator) -> Case:
    return _with(case, bias=rng.choice([1.0, 3.0, 6.0]) * rng.standard_normal(6))


def coset_flipped(rng: np.random.Generator) -> Case:
    """Some neurons write up where they are said to write down."""
    case = coset_case(rng)
    signs = np.where(rng.random(9) < 0.4, -1.0, 1.0)
    return _with(case, unembed=case.network.unembed * signs[:, None])


def coset_misassigned(rng: np.random.Generator) -> Case:
    """Neurons are given to cosets that they do not read."""
    case = coset_case(rng)
    made = case.certificate
    which = "left" if rng.random() < 0.5 else "right"
    return replace(case, certificate=made.changed(**{which: rng.permutation(made.tensors[which])}))


def coset_left_over(rng: np.random.Generator) -> Case:
    """Neurons without entry that decide what is said."""
    case, net = coset_case(rng), coset_case(rng).network
    extra = [rng.standard_normal(shape) * 2 for shape in ((6, 2), (6, 2), (2, 6))]
    network = replace(
        net,
        left=cut(np.hstack([net.left, extra[0]])),
        right=cut(np.hstack([net.right, extra[1]])),
        unembed=cut(np.vstack([net.unembed, extra[2]])),
    )
    return replace(case, network=network)


def coset_doubled(rng: np.random.Generator) -> Case:
    """Every neuron is named twice, and the bias needs it once."""
    case = coset_case(rng)
    tensors = case.certificate.tensors
    twice = {name: np.concatenate([tensors[name]] * 2) for name in ("neurons", "sets", "left", "right")}
    case = _with(case, bias=rng.choice([2.0, 4.0]) * rng.standard_normal(6))
    return replace(case, certificate=case.certificate.changed(**twice))


def _scaled(rng: np.random.Generator, *names: str) -> Case:
    """Some numbers of a block louder or softer, and a network with a bias that this would outvote."""
    case, factor = _biased(paper_case(), rng), float(rng.choice([0.3, 2.0, 5.0, 50.0]))
    tensors = case.certificate.tensors
    changed = {name.replace(".", "__"): tensors[name] * factor for name in (f"block0.{n}" for n in names)}
    return replace(case, certificate=case.certificate.changed(**changed))


def paper_twisted(rng: np.random.Generator) -> Case:
    """A coupling that the group does not keep, written by the network too."""
    case, coupling = paper_case(), np.eye(3) + rng.choice([1.0, 2.0]) * rng.standard_normal((3, 3)).round(1)
    tensors = case.certificate.tensors
    rows, columns = tensors["block0.rows"], tensors["block0.columns"]
    written = np.argmax(case.network.unembed != 0, axis=1)
    assert len(written) == 9
    from baselines.small import left_action

    action = left_action(case.network.group)
    unembed = -2.0 * coupling[rows[:, None], action[:, columns].T]
    return replace(_with(case, unembed=unembed), certificate=case.certificate.changed(block0__coupling=coupling))


def paper_doubled(rng: np.random.Generator) -> Case:
    """Two blocks with the same neurons: the ideal network counts them twice."""
    case = _biased(paper_case(), rng)
    tensors = case.certificate.tensors
    again = {name.replace("block0", "block1"): t for name, t in tensors.items() if name.startswith("block0")}
    made = replace(case.certificate, tensors=tensors | again, plan={"blocks": 2, "bias": 2})
    return replace(case, certificate=made)


def paper_negative(rng: np.random.Generator) -> Case:
    """Scales below 0: the network writes up what the slots say that it writes down."""
    case = paper_case()
    made = case.certificate
    net = case.network
    turned = _with(case, left=-net.left, right=-net.right, unembed=-net.unembed)
    ones = -np.ones(9)
    changed = made.changed(block0__scale=ones, block0__weights=-made.tensors["block0.weights"])
    return replace(turned, certificate=changed)


def paper_uneven(rng: np.random.Generator) -> Case:
    """Slots of different weight, truly so: pairs fall into patterns."""
    return paper_case(-2 - 3 * rng.random((3, 3)).round(1))


ATTACKS: dict[str, Attack] = {
    "coset: even": coset_case,
    "coset: uneven": lambda rng: coset_case(rng, uneven=0.4),
    "coset: speaking": lambda rng: coset_case(rng, uneven=0.1, silent=False),
    "coset: tilted": lambda rng: _tilted(coset_case(rng), rng),
    "coset: moved": lambda rng: _moved(coset_case(rng), rng),
    "coset: biased": lambda rng: _biased(coset_case(rng), rng),
    "coset: flipped": coset_flipped,
    "coset: misassigned": coset_misassigned,
    "coset: left over": coset_left_over,
    "coset: doubled": coset_doubled,
    "paper: even": lambda rng: paper_case(),
    "paper: uneven": paper_uneven,
    "paper: tilted": lambda rng: _tilted(paper_case(), rng),
    "paper: moved": lambda rng: _moved(paper_case(), rng),
    "paper: biased": lambda rng: _biased(paper_case(), rng),
    "paper: louder": lambda rng: _scaled(rng, "weights", "slots"),
    "paper: readers": lambda rng: _scaled(rng, "alpha", "gamma"),
    "paper: slots": lambda rng: _scaled(rng, "slots"),
    "paper: twisted": paper_twisted,
    "paper: doubled": paper_doubled,
    "paper: negative": paper_negative,
}
"""Attack → a network and a certificate of it, from random numbers."""
