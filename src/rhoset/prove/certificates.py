"""Certificates in memory and as bytes: the checker's own types, and the file that its reader decodes (FORMAT.md)."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from rhoset.networks.files import canonical
from rhoset_check.files import FORMAT, VERSION, Certificate, Plan

BARE = Plan(
    gaps=False,
    circles=False,
    points=False,
    lowrank=False,
    work="float32",
    samples=0,
    single_pairs=None,
    exact_pairs=None,
    singles=0,
)
"""Rule exact alone."""


def bounds_only(certificate: Certificate) -> Certificate:
    """The same explanation without single outputs and without exact evaluation."""
    return limited(certificate, 0, 0)


def limited(certificate: Certificate, single: int | None, exact: int | None) -> Certificate:
    """The same explanation with at most so many pairs bounded output by output and exactly (None: no limit)."""
    return replace(certificate, plan=replace(certificate.plan, single_pairs=single, exact_pairs=exact))


def encode(certificate: Certificate) -> bytes:
    """The file: a safetensors file with the metadata in alphabetical order, so that equal certificates are equal."""
    tensors: dict[str, NDArray[Any]] = {"generators": certificate.generators.astype(np.int32)}
    if certificate.gaps is not None:
        tensors |= {f"gaps{j}.right": images.astype(np.int16) for j, images in enumerate(certificate.gaps.actions)}
        if certificate.gaps.types is not None:
            tensors["gaps.types"] = np.array(certificate.gaps.types, np.int16)
        if certificate.gaps.centred is not None:
            tensors["gaps.centred"] = certificate.gaps.centred.astype(np.int8)
        if certificate.gaps.left is not None:
            tensors["gaps.left"] = certificate.gaps.left.astype(np.int16)
        if certificate.gaps.joins is not None:
            tensors["gaps.joins"] = certificate.gaps.joins.astype(np.int16)
        if certificate.gaps.row is not None and certificate.gaps.classes is not None:
            tensors["gaps.row"] = certificate.gaps.row.astype(np.int16)
            tensors["gaps.classes"] = certificate.gaps.classes.astype(np.int16)
        tensors["gaps.block"] = certificate.gaps.block.astype(np.int16)
        tensors["gaps.point"] = certificate.gaps.point.astype(np.int16)
    if (circles := certificate.circles) is not None:
        tensors |= {f"circles{j}.matrices": matrices for j, matrices in enumerate(circles.matrices)}
        tensors |= {"circles.writing": circles.writing, "circles.reference": circles.reference}
        for name in ("groups", "orders", "walk", "reads"):
            tensors[f"circles.{name}"] = getattr(circles, name).astype(np.int16)
    if certificate.points is not None:
        tensors |= {f"points{j}.right": images.astype(np.int16) for j, images in enumerate(certificate.points.actions)}
        tensors["points.writing"] = certificate.points.writing
    if certificate.lowrank is not None:
        tensors["lowrank.features"] = certificate.lowrank.features
        tensors["lowrank.writing"] = certificate.lowrank.writing
    if certificate.scale is not None:
        tensors["scale"] = certificate.scale
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "network": certificate.network,
        "table": certificate.table,
        "method": certificate.method,
        "arithmetic": certificate.arithmetic,
        "plan": json.dumps(asdict(certificate.plan), sort_keys=True),
        "claim": json.dumps({"right": certificate.right}),
    }
    return canonical(save({name: np.ascontiguousarray(array) for name, array in tensors.items()}, metadata))
