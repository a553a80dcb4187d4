"""Where certificates and curves lie."""

from __future__ import annotations

from pathlib import Path

from rhoset.networks.atomic import make_folder
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
    return place if folder is None else make_folder(folder) / place.name
