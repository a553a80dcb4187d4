"""What is known of one network, computed once and kept beside it, and what the checker says of its certificates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import rhoset
from rhoset.errors import RhosetError
from rhoset.explaining import explain
from rhoset.groups import Group, Irrep
from rhoset.groups.representation import frequency
from rhoset.networks import Network, evaluate
from rhoset.networks.atomic import write_json
from rhoset.networks.runs import certificates, run_of
from rhoset.populations.observables import DELTA, EPSILON, Observables, neuron_shares, spectral_weights
from rhoset.populations.record import Bound
from rhoset.populations.stack import stacked
from rhoset.reading import read_json
from rhoset.verdicts import check_summary, outdated, share_of_exhaustive

MEASURES = 2
"""Version of what is kept; raise it when the meaning of a value changes, and older values are computed anew."""
KEPT = ".measured"
"""Folder beside the networks' folder (or file) that holds what was measured, one JSON file a network."""
OPERATIONS = 1e12
"""Multiply-adds for accuracy, loss and margin of one network (about a minute); above, a fixed sample of the pairs is
evaluated, and `pairs` says how many; and as many for the spectral weights, which are left out above. A smaller budget
is faster and knows less of large groups."""


def measured(network: Network, beside: Path | None = None, *, keep: bool = True) -> dict[str, Any]:
    """Accuracy, loss, irreps, circuits and observables of a network, as JSON can hold them.

    Parameters
    ----------
    network
        Any network whose table is a group's.
    beside
        Its file: what was measured before is read from `KEPT` in the folder of its run (or of the file), where digest
        of the weights, digest of the table and version agree, and kept there otherwise.
    keep
        Whether to write.

    Returns
    -------
    dict
        ``digest``, ``group``, ``order``, ``width``, ``activation``, ``accuracy`` (share of pairs), ``loss`` (nats),
        ``margin`` (nats), ``pairs``, ``irreps`` [{name, neurons, energy}], ``circuits`` [{irrep, left_size,
        right_size, kind, neurons}], ``explained`` (share of the weights' energy), ``spectral_weights`` {name: b²},
        ``key_set``, ``key_set_squared``, ``spectral_count`` (these four None where n²m·min(n, m) is above
        `OPERATIONS`), ``multiplicity`` {name: ν}, ``frequency`` {name: f}.

    Raises
    ------
    RhosetError
        The table is no group's.

    Notes
    -----
    About 0.2 s for S5 of width 128; 1 ms when it was kept. A folder that cannot be written is left as it is.
    """
    place = None if beside is None else kept_place(beside, network)
    stamp = {
        "measures": MEASURES,
        "version": rhoset.__version__,
        "digest": network.digest,
        "table": network.group.digest,
    }
    return kept_or_computed(place, stamp, lambda: _measure(network), keep)


def kept_or_computed(
    place: Path | None, stamp: Mapping[str, Any], compute: Callable[[], Mapping[str, Any]], keep: bool = True
) -> dict[str, Any]:
    """What is kept at a place under this stamp; computed, and kept there, where there is none."""
    found = None if place is None else read_json(place)
    if found is None or any(found.get(key) != value for key, value in stamp.items()):
        found = {**stamp, **compute()}
        if place is not None and keep:
            keep_json(place, found)
    return found


def kept_place(file: Path, network: Network, what: str = "") -> Path:
    """Where what was measured of a network file is kept."""
    folder = run_of(file) or file.parent
    return folder / KEPT / f"{network.digest[:24]}-{network.group.digest[:8]}{what}.json"


def keep_json(place: Path, found: Mapping[str, Any]) -> None:
    """Keep it; nothing where the folder cannot be written: it is measured again next time."""
    try:
        place.parent.mkdir(exist_ok=True)
        write_json(place, found)
    except (OSError, RhosetError):
        pass


def _measure(network: Network) -> dict[str, Any]:
    explanation = explain(network)
    seen = _observed(network, explanation.irreps)
    result = evaluate(network, np.float64, operations=OPERATIONS)
    return {
        "group": network.group.name,
        "order": network.order,
        "width": network.width,
        "activation": network.activation,
        "accuracy": result.accuracy,
        "loss": result.loss,
        "margin": result.margin if np.isfinite(result.margin) else None,
        "pairs": result.pairs,
        "irreps": [{"name": u.irrep.name, "neurons": u.neurons, "energy": u.share} for u in explanation.uses],
        "circuits": [circuit.summary() for circuit in explanation.circuits],
        "explained": explanation.explained,
        **seen,
        "frequency": frequencies(network.group, explanation.irreps),
    }


def _observed(network: Network, known: Sequence[Irrep]) -> dict[str, Any]:
    """Spectral weights and multiplicities; no weights where the norm of the logits is too dear."""
    stack = stacked([network])
    classes = [irrep for irrep in known if not irrep.is_trivial]
    names = tuple(irrep.name for irrep in classes)
    n, m = network.order, network.width
    affordable = n * n * m * min(n, m) <= OPERATIONS
    weights = spectral_weights(stack, classes) if affordable else np.zeros((1, len(names)))
    seen = Observables(names, weights, neuron_shares(stack, classes))
    return {
        "spectral_weights": dict(zip(names, weights[0].tolist(), strict=True)) if affordable else None,
        "key_set": list(seen.key_sets(EPSILON)[0]) if affordable else None,
        "key_set_squared": list(seen.key_sets(EPSILON, squared=True)[0]) if affordable else None,
        "spectral_count": int(seen.spectral_counts(DELTA)[0]) if affordable else None,
        "multiplicity": dict(zip(names, seen.multiplicities(DELTA)[0].tolist(), strict=True)),
    }


def frequencies(group: Group, irreps: tuple[Irrep, ...]) -> dict[str, int]:
    """Of a cyclic group: name of each irrep → f, 0 ≤ f ≤ n/2, by which the first generator turns through 2πf/n; of a
    dihedral group those of dimension 2, f for the rotation of greatest order. Other groups have none."""
    if group.order == 1:
        return {}
    cyclic = group.order in group.element_orders
    turning = [irrep for irrep in irreps if cyclic or irrep.label != irrep.name]
    turns = {irrep.name: frequency(group, irrep.character) for irrep in turning}
    return {name: f for name, f in turns.items() if f is not None}


def proved(network: Path) -> tuple[dict[str, Bound], dict[str, str], list[str]]:
    """Bounds of the certificates beside a network file, each re-derived now by the independent checker.

    Returns
    -------
    tuple
        method → what it proves, and method → reason for those that do not check; and the methods of those among them
        that could not be read, those of another version aside.
    """
    bounds: dict[str, Bound] = {}
    refused: dict[str, str] = {}
    unreadable = []
    for method, path in certificates(network).items():
        verdict, said = check_summary(str(network), path, network)
        if not verdict.valid:
            refused[method] = verdict.reason
            unreadable += [method] if verdict.status == "unreadable" and not outdated(path) else []
            continue
        bounds[method] = {
            "accuracy_bound": said["accuracy_bound"],
            "loss_bound": said["loss_bound"] if np.isfinite(said["loss_bound"]) else None,
            "cost": share_of_exhaustive(said),
            "seconds": said["seconds"],
            "arithmetic": said["arithmetic"],
        }
    return bounds, refused, unreadable
