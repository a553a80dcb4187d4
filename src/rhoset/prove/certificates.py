"""Certificates in memory and as bytes: the checker's own types, and the file that its reader decodes (FORMAT.md)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from rhoset.networks.files import canonical
from rhoset_check.files import FORMAT, VERSION, Certificate, CircleTensors, GapTensors, LowRankTensors, PointsTensors

GAPS = {"block": np.int16, "point": np.int16, "left": np.int16, "centred": np.int8}
"""Integers of rules even and each, one array each."""


def bounds_only(certificate: Certificate) -> Certificate:
    """The same explanation without single outputs and without exact evaluation."""
    return replace(certificate, singles=0, exact=0)


def encode(certificate: Certificate) -> bytes:
    """The file: a safetensors file with the metadata in alphabetical order, so that equal certificates are equal."""
    tensors: dict[str, NDArray[Any]] = {"generators": certificate.generators.astype(np.int32)}
    match certificate.given:
        case GapTensors() as gaps:
            tensors |= {f"gaps{j}.right": images.astype(np.int16) for j, images in enumerate(gaps.actions)}
            if gaps.types is not None:
                tensors["gaps.types"] = np.array(gaps.types, np.int16)
            for name, kind in GAPS.items():
                if (array := getattr(gaps, name)) is not None:
                    tensors["gaps.each" if gaps.each and name == "left" else f"gaps.{name}"] = array.astype(kind)
        case CircleTensors() as circles:
            tensors |= {f"circles{j}.matrices": matrices for j, matrices in enumerate(circles.matrices)}
            tensors |= {"circles.writing": circles.writing, "circles.reads": circles.reads.astype(np.int16)}
        case PointsTensors() as points:
            tensors |= {f"points{j}.right": images.astype(np.int16) for j, images in enumerate(points.actions)}
            tensors["points.writing"] = points.writing
        case LowRankTensors() as lowrank:
            tensors |= {"lowrank.features": lowrank.features, "lowrank.writing": lowrank.writing}
    if certificate.scale is not None:
        tensors["scale"] = certificate.scale
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "network": certificate.network,
        "table": certificate.table,
        "method": certificate.method,
        "arithmetic": certificate.arithmetic,
        "rule": certificate.rule,
        **{key: str(getattr(certificate, key)) for key in ("right", "singles", "exact", "samples")},
    }
    return canonical(save({name: np.ascontiguousarray(array) for name, array in tensors.items()}, metadata))
