"""Certificates in memory and as bytes: the checker's own types, and the file that its reader decodes (FORMAT.md)."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from rhoset.networks.files import canonical
from rhoset_check.files import FORMAT, VERSION, Certificate, MatrixTensors, Plan, SlotTensors

BARE = Plan(
    gaps=False,
    even=False,
    pairs=False,
    work="float32",
    samples=0,
    own=False,
    span_pairs=None,
    exact_pairs=None,
    singles=0,
)
"""Rule exact alone."""


def bounds_only(certificate: Certificate) -> Certificate:
    """The same explanation without logits in the span and without exact evaluation."""
    return limited(certificate, 0, 0)


def limited(certificate: Certificate, span: int | None, exact: int | None) -> Certificate:
    """The same explanation with at most so many pairs evaluated in the span and exactly (None: no limit)."""
    return replace(certificate, plan=replace(certificate.plan, span_pairs=span, exact_pairs=exact))


def encode(certificate: Certificate) -> bytes:
    """The file: a safetensors file with the metadata in alphabetical order, so that equal certificates are equal."""
    tensors: dict[str, NDArray[Any]] = {"generators": certificate.generators.astype(np.int32)}
    for j, block in enumerate(certificate.blocks):
        tensors |= {f"block{j}.{name}": array for name, array in _block(block).items()}
    if certificate.gaps is not None:
        tensors |= {f"gaps{j}.right": images.astype(np.int16) for j, images in enumerate(certificate.gaps.actions)}
        given = enumerate(certificate.gaps.potentials)
        tensors |= {f"gaps{j}.potential": potential for j, potential in given if potential is not None}
        if certificate.gaps.types is not None:
            tensors["gaps.types"] = np.array(certificate.gaps.types, np.int16)
        if certificate.gaps.centred is not None:
            tensors["gaps.centred"] = certificate.gaps.centred.astype(np.int8)
        if certificate.gaps.joins is not None:
            tensors["gaps.joins"] = certificate.gaps.joins.astype(np.int16)
        if certificate.gaps.row is not None and certificate.gaps.classes is not None:
            tensors["gaps.row"] = certificate.gaps.row.astype(np.int16)
            tensors["gaps.classes"] = certificate.gaps.classes.astype(np.int16)
        tensors["gaps.block"] = certificate.gaps.block.astype(np.int16)
        tensors["gaps.point"] = certificate.gaps.point.astype(np.int16)
        tensors["gaps.exact"] = certificate.gaps.exact.astype(np.int8)
    if certificate.circles is not None:
        for name in ("orders", "walk", "reads"):
            tensors[f"circles.{name}"] = getattr(certificate.circles, name).astype(np.int16)
    for name, kind in (("scale", "f8"), ("references", "f8"), ("groups", "i4"), ("labels", "i4")):
        array = getattr(certificate, name)
        if array is not None:
            tensors[name] = array.astype(kind)
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "network": certificate.network,
        "table": certificate.table,
        "method": certificate.method,
        "arithmetic": certificate.arithmetic,
        "plan": json.dumps({"blocks": len(certificate.blocks), **asdict(certificate.plan)}, sort_keys=True),
        "claim": json.dumps({"right": certificate.right}),
    }
    return canonical(save({name: np.ascontiguousarray(array) for name, array in tensors.items()}, metadata))


def _block(block: SlotTensors | MatrixTensors) -> dict[str, NDArray[Any]]:
    neurons = block.neurons.astype(np.int32)
    if isinstance(block, MatrixTensors):
        return {"matrices": block.matrices, "neurons": neurons, "coefficients": block.coefficients}
    indices = {name: getattr(block, name).astype(np.int16) for name in ("left", "right", "rows", "columns")}
    return {**indices, "coupling": block.coupling, "neurons": neurons, "weights": block.weights}
