"""Published populations in the layout of a hub: one folder a repository, one file or folder a network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rhoset.arguments import public
from rhoset.errors import RhosetError, needing
from rhoset.frameworks.torch_modules import PLAIN, layout_of
from rhoset.networks import Network, import_networks, read_network
from rhoset.networks.importing.tensors import load_tensors
from rhoset.reading import read_json

if TYPE_CHECKING:
    from rhoset.groups import Group

WEIGHTS = (".safetensors", ".pt", ".pth", ".bin", ".npz")
"""Endings of files that may hold weights."""
CONFIGS = ("config.json", "cfg.json")
"""Names of the file beside the weights that may name the group."""
GROUP_KEYS = ("group", "group_name", "group_string")
"""Keys of a configuration that may name the group."""
LONGEST_NAME = 200
"""Letters of a group's name in a configuration."""


@public
def hub_networks(
    place: str | os.PathLike[str], group: Group | str | None = None, *, revision: str | None = None
) -> Iterator[tuple[str, Network]]:
    """The networks of a published population, one after the other: (path in the repository, network).

    Parameters
    ----------
    place
        A folder: a snapshot of a repository (with or without the ``snapshots/REVISION`` of a hub's cache), or
        ``owner/name``, which huggingface_hub fetches or finds in its cache.
    group
        The group, where the files do not say it.
    revision
        Branch, tag or commit; the default branch or the only snapshot when left out.

    Raises
    ------
    MissingExtra
        ``owner/name`` without huggingface_hub.
    RhosetError
        Nothing there (slug ``no-such-network``); what the importers raise, with the file's name.

    Notes
    -----
    Layouts are told by the names of the tensors: rhoset's own, ``factored``, and those of Chughtai, Stander and Wu et
    al.; a file of several instances gives each, as ``PATH[3]``. Pickles are never executed.
    """
    folder = _folder(place, revision)
    files = [f for f in sorted(folder.rglob("*")) if f.is_file() and f.suffix in WEIGHTS]
    if not files:
        raise RhosetError(f"{place}: no weights there (files ending in {', '.join(WEIGHTS)})", slug="no-such-network")
    for file in files:
        yield from _networks(file, file.relative_to(folder).as_posix(), group)


def _folder(place: str | os.PathLike[str], revision: str | None) -> Path:
    path = Path(place)
    if path.is_dir():
        return _snapshot(path, revision)
    name = os.fspath(place)
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise RhosetError(f"{place}: no such folder, and no name of a repository (owner/name)", slug="no-such-network")
    with needing(f"fetching {name}", "hub"):
        import huggingface_hub
    try:
        return Path(huggingface_hub.snapshot_download(name, revision=revision))
    except Exception as error:  # the client has a dozen kinds of its own
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise RhosetError(f"{name}: cannot be fetched ({first})", slug="no-such-network") from None


def _snapshot(path: Path, revision: str | None) -> Path:
    """The folder of files inside a hub's cache (``snapshots/REVISION``), or the folder itself."""
    snapshots = path / "snapshots"
    if not snapshots.is_dir():
        return path
    reference = path / "refs" / (revision or "main")
    wanted = reference.read_text(encoding="utf-8").strip() if reference.is_file() else revision
    found = sorted(p for p in snapshots.iterdir() if p.is_dir())
    chosen = [p for p in found if p.name == wanted] if wanted else found
    if len(chosen) != 1:
        raise RhosetError(
            f"{path}: {len(found)} snapshots ({', '.join(p.name[:12] for p in found[:6])}); give revision",
            slug="no-such-network",
        )
    return chosen[0]


def _networks(file: Path, label: str, group: Group | str | None) -> Iterator[tuple[str, Network]]:
    names = frozenset(load_tensors(file))
    if file.suffix == ".safetensors" and names >= PLAIN | {"table"}:
        yield label, read_network(file)
        return
    layout = layout_of(names)
    if layout is None:
        raise RhosetError(
            f"{label}: tensors {', '.join(sorted(names)[:12])} are of no known layout; use rhoset import mapping",
            slug="torch-names",
        )
    found = import_networks(layout, file, group if group is not None else _named_group(file))
    for one in found:
        yield (label if len(found) == 1 else f"{label}[{one.instance}]"), one.network


def _named_group(file: Path) -> str | None:
    """The group that a configuration beside the file, or in its folder's parents up to two, names."""
    for folder in (file.parent, file.parent.parent):
        for name in CONFIGS:
            config = read_json(folder / name) or {}
            for key in GROUP_KEYS:
                said = config.get(key)
                if isinstance(said, str) and len(said) < LONGEST_NAME and "parameter" not in str(config.keys()):
                    return said
    return None
