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
            value = getattr(part, one.name)
            if "form" in one.metadata:
                metadata[one.name] = str(value)
            elif "stored" in one.metadata and value is not None:
                name, _, below = one.metadata["stored"]
                for j, array in enumerate(value if "{}" in name else [value]):
                    tensors[name.format(j)] = np.ascontiguousarray(array, np.int16 if below else None)
    return canonical(save(tensors, metadata))
