"""Where certificates and curves lie."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rhoset.errors import RhosetError
from rhoset.networks import write_atomic
from rhoset.networks.runs import certificate_path


def certificate_file(network: Path, method: str, folder: Path | None = None) -> Path:
    """``STEM.METHOD.cert`` beside the network, or in a folder, which is made.

    Raises RhosetError (slug ``cannot-write``) where the folder cannot be made.
    """
    return _beside(certificate_path(network, method), folder)


def frontier_file(network: Path, folder: Path | None = None) -> Path:
    """``STEM.frontier.json`` at the same place."""
    name = f"{network.name.removesuffix('.safetensors')}.frontier.json"
    return _beside(network.with_name(name), folder)


def _beside(place: Path, folder: Path | None) -> Path:
    if folder is None:
        return place
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RhosetError(f"cannot make the folder {folder}: {error.strerror or error}", slug="cannot-write") from None
    return folder / place.name


def write_frontier(path: Path, curve: Mapping[str, Any]) -> Path:
    """Write a curve of bound against cost (`Point.summary` of each point) as JSON, atomically."""
    finite = {
        **curve,
        "points": [
            {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in point.items()}
            for point in curve["points"]
        ],
    }
    return write_atomic(path, json.dumps(finite, indent=1) + "\n")
