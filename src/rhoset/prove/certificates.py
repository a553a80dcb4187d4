"""Certificates in memory and as bytes: the checker's own types, and the file that its reader decodes (FORMAT.md)."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from rhoset.networks.files import canonical
from rhoset_check.files import FORMAT, VERSION, Certificate


def bounds_only(certificate: Certificate) -> Certificate:
    """The same explanation without single outputs and without exact evaluation."""
    return replace(certificate, singles=0, exact=0)


def encode(certificate: Certificate) -> bytes:
    """The file: a safetensors file with the metadata in alphabetical order, so that equal certificates are equal."""
    tensors, metadata = dict[str, NDArray[Any]](), {"format": FORMAT, "version": VERSION}
    for part in (certificate, *([certificate.given] if certificate.given else [])):
        for one in fields(part):
            value, how = getattr(part, one.name), one.metadata.get("stored")
            if how is None:
                metadata |= {one.name: str(value)} if part is certificate and one.name != "given" else {}
            elif value is not None:
                arrays = value if "{}" in how[0] else [value]
                tensors |= {how[0].format(j): np.asarray(array) for j, array in enumerate(arrays)}
    narrow = {name: array.astype(np.int16) if array.dtype.kind == "i" else array for name, array in tensors.items()}
    return canonical(save({name: np.ascontiguousarray(array) for name, array in narrow.items()}, metadata))
