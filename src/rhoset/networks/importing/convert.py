"""Foreign checkpoints to networks, with the order of elements checked against the answers."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import numpy as np

from rhoset.arguments import public
from rhoset.errors import RhosetError, naming
from rhoset.networks.activations import activation_name
from rhoset.networks.arrays import checked_table
from rhoset.networks.evaluation import evaluate, sampled_pairs
from rhoset.networks.importing.answers import SAMPLE_PAIRS, answers_of
from rhoset.networks.importing.choosing import better_activation, choose
from rhoset.networks.importing.dropping import Dropped, dropped_outputs, refusal
from rhoset.networks.importing.formats import FORMATS
from rhoset.networks.importing.mapping import mapped, read_mapping
from rhoset.networks.importing.parameters import Parameters, to_network
from rhoset.networks.importing.tensors import load_tensors, without_wrappers
from rhoset.networks.network import Network
from rhoset.networks.tensorfile import open_tensors
from rhoset.reading import read_json
from rhoset.summaries import percentage

if TYPE_CHECKING:
    from rhoset.groups import Group

FULL_MAX_ORDER = 720
"""Largest group for which the accuracy reported is that of all pairs."""

FORMAT_NAMES = (*FORMATS, "mapping")
"""What `import_network` takes as its format."""

FOUND_OUT = ("format", "activation", "import_note", "measured_accuracy", "measured_correct")
"""Metadata of a file that an import does not keep: it finds them out itself."""


@dataclass(frozen=True, eq=False)
class Imported:
    """One imported network.

    Attributes
    ----------
    network
        With what was found out in its metadata.
    instance
        Its number in the file.
    accuracy
        Share of right pairs: of all of them, or of a sample above order `FULL_MAX_ORDER`.
    order
        Name of the order of elements; ``file`` where the file holds its own table.
    note
        What a user should know, or empty.
    """

    network: Network
    instance: int
    accuracy: float
    order: str
    note: str


class ImportOptions(TypedDict, total=False):
    """Options of `import_networks`, by keyword."""

    order: str | None
    instance: int | None
    activation: str | None
    drop_outputs: bool


@public
def import_network(
    format: str,
    path: str | os.PathLike[str],
    group: Group | str | None = None,
    mapping: str | os.PathLike[str] | None = None,
    **options: Unpack[ImportOptions],
) -> Network:
    """Read one foreign network: `import_networks` with the same arguments, where one is left.

    Raises
    ------
    RhosetError
        What `import_networks` raises; several instances and none chosen (slug ``checkpoint-instance``).
    """
    found = import_networks(format, path, group, mapping, **options)
    if len(found) != 1:
        raise RhosetError(
            f"{path} holds {len(found)} networks: choose an instance from 0 to {len(found) - 1}",
            slug="checkpoint-instance",
        )
    return found[0].network


@public
def import_networks(
    format: str,
    path: str | os.PathLike[str],
    group: Group | str | None = None,
    mapping: str | os.PathLike[str] | None = None,
    *,
    order: str | None = None,
    instance: int | None = None,
    activation: str | None = None,
    drop_outputs: bool = False,
) -> list[Imported]:
    """Read the networks of a foreign checkpoint. Pickles are never executed.

    Parameters
    ----------
    format
        ``chughtai``, ``stander``, ``wu``, ``factored`` or ``mapping``.
    path
        A PyTorch, safetensors or .npz file.
    group
        The group or its name; for ``chughtai`` the ``cfg.json`` beside the file names it, a file
        with its own table needs none.
    mapping
        The TOML file of the format ``mapping``, see `rhoset.networks.importing.mapping`.
    order
        Name of an order of the group's elements (`known_orders`), ``file`` for the table in the
        file, or ``learned`` for the table that the network's own answers form. By default the
        file's table, or the order of the format's authors.
    instance
        Read this instance only.
    activation
        Name of the activation in any spelling (`activation_name`); by default what the mapping or the file's metadata
        say, otherwise ``relu``.
    drop_outputs
        Leave out outputs that are no elements of the group. Without it a file that has such outputs is refused, with
        the share of the pairs on which one of them is largest; with it the file records both.

    Raises
    ------
    RhosetError
        The file or its tensors are wrong (see `load_tensors` and the formats), the group is
        missing (slug ``checkpoint-group``) or does not fit (``checkpoint-order``), the network
        answers rightly in another order of elements, which is named (``element-order``), its answers
        or its table are those of another group (``wrong-group``), or it has outputs that are no
        elements (``dropped-outputs``).

    Notes
    -----
    A network is near chance when it is untrained or its elements are in an order that is not known;
    its ``note`` says so. It also says when the network answers better in another order than the one
    that was asked for, or with another activation, and names it.
    """
    path = Path(path)
    if format not in FORMAT_NAMES:
        raise RhosetError(f"unknown format {format!r}: known are {', '.join(FORMAT_NAMES)}", slug="unknown-format")
    if (format == "mapping") != (mapping is not None):
        raise RhosetError(
            "the format mapping and a mapping file belong together: give both or neither",
            slug="bad-mapping",
        )
    stated = None if activation is None else activation_name(activation)
    plan = None if mapping is None else read_mapping(mapping)
    with naming(path):
        if plan is None:
            named, all_parameters = None, FORMATS[format](without_wrappers(load_tensors(path)))
        else:
            named, all_parameters = plan.group, mapped(load_tensors(path), plan)
        stored = _stored(path)
        stated = stated or _activation_of(stored)
        if stated is not None:
            chosen_by_user = activation is not None
            all_parameters = [
                replace(p, activation=stated if chosen_by_user or p.activation is None else p.activation)
                for p in all_parameters
            ]
    base = _group(group if group is not None else named, path, format)
    if instance is not None and not 0 <= instance < len(all_parameters):
        raise RhosetError(
            f"{path} has no instance {instance}: it holds {len(all_parameters)}",
            slug="checkpoint-instance",
        )
    with open(path, "rb") as handle:
        metadata = {key: said for key, said in stored.items() if key not in FOUND_OUT} | {
            "source_format": format,
            "source_file": path.name,
            "source_sha256": hashlib.file_digest(handle, "sha256").hexdigest(),
        }
    source = Source(format, base, metadata, order, drop_outputs)
    chosen = range(len(all_parameters)) if instance is None else [instance]
    with naming(path):
        return [_convert(all_parameters[i], source, i) for i in chosen]


@dataclass(frozen=True, eq=False)
class Source:
    """Where the networks of one file come from, and how the user wants them read."""

    format: str
    group: Group | None
    metadata: dict[str, str]
    order: str | None
    drop_outputs: bool


def _stored(path: Path) -> dict[str, str]:
    """What the metadata of a safetensors file say; nothing of other files."""
    with open(path, "rb") as handle:
        if handle.read(9)[8:9] != b"{":
            return {}
    return dict(open_tensors(path).metadata)


def _activation_of(stored: Mapping[str, str]) -> str | None:
    """The activation that metadata name, None where they name none.

    Raises RhosetError (slug ``unknown-activation``) for one that is not known.
    """
    name = stored.get("activation")
    return None if name is None else activation_name(name)


def _convert(parameters: Parameters, source: Source, instance: int) -> Imported:
    base = source.group
    if source.drop_outputs:
        parameters = replace(parameters, spare_vocabulary=True)
    if parameters.table is not None and source.order in (None, "file"):
        return _with_its_table(parameters, source, instance)
    if base is None:
        raise RhosetError(
            "the file does not say which group it was trained on: give --group, such as S5", slug="checkpoint-group"
        )
    if source.order == "file":
        raise RhosetError("it holds no table of its own", slug="unknown-order")
    # The answers do not depend on the table, so any will do to ask for them.
    asked = to_network(parameters, base.table, {**source.metadata, "group": base.name})
    dropped = _dropped(parameters, asked, source)
    choice = choose(asked, base, source.format, source.order)
    order = choice.order
    product = "label of (x, y) is y x there" if order.opposite else "label of (x, y) is x y there"
    description = f"{order.description}; {product}; {base.convention}".rstrip("; ")
    metadata = {key: said for key, said in asked.metadata.items() if key != "elements"}  # in the order of the file
    if base.element_names:
        metadata["elements"] = json.dumps([base.element_names[i] for i in order.old])
    network = replace(asked, table=order.table(base), metadata=metadata)
    notes = [*choice.notes, *_spare_inputs(parameters, base)]
    return _finish(network, instance, (order.name, description), notes, dropped)


def _with_its_table(parameters: Parameters, source: Source, instance: int) -> Imported:
    """The network with the table that the file holds; it must be a group's, and that of the group that is named."""
    table, base = checked_table(parameters.table), source.group
    n = len(table)
    if base is not None and base.order != n:
        raise RhosetError(
            f"its table has {n} elements, the group {base.name} has {base.order}", slug="checkpoint-order"
        )
    metadata = {**source.metadata, "group": base.name if base is not None else source.metadata.get("group", "")}
    network = to_network(parameters, table, metadata)
    _same_group(network.group, base)
    dropped = _dropped(parameters, network, source)
    notes = [better_activation(network, network.group), *_spare_inputs(parameters, network.group)]
    described = source.metadata.get("element_order", "the table in the file")
    return _finish(network, instance, ("file", described), notes, dropped)


def _same_group(own: Group, named: Group | None) -> None:
    from rhoset.groups import isomorphism

    if named is None:
        return
    try:
        same = isomorphism(own, named) is not None
    except RhosetError:  # undecided
        same = True
    if not same:
        raise RhosetError(
            f"the table in the file is that of a group of order {own.order} that is not isomorphic to {named.name};"
            " give no group, or the one that it is",
            slug="wrong-group",
        )


def _dropped(parameters: Parameters, network: Network, source: Source) -> Dropped | None:
    dropped = dropped_outputs(parameters, network)
    if dropped is not None and not source.drop_outputs:
        raise refusal(dropped)
    return dropped


def _spare_inputs(parameters: Parameters, base: Group) -> list[str]:
    """A remark on rows of the embeddings that are no elements; as inputs they never occur."""
    spare = parameters.vocabulary > base.order
    return [f"the vocabulary has {parameters.vocabulary} elements; the first {base.order} are used"] if spare else []


def _finish(
    network: Network, instance: int, order: tuple[str, str], notes: list[str], dropped: Dropped | None
) -> Imported:
    if network.order <= FULL_MAX_ORDER:
        accuracy = evaluate(network).accuracy
    else:
        x, y = sampled_pairs(network.order, SAMPLE_PAIRS)
        accuracy = float(np.mean(answers_of(network, x, y) == network.table[x, y]))
    metadata = {
        **network.metadata,
        "instance": str(instance),
        "import_order": order[0],
        "element_order": order[1],
        "measured_accuracy": f"{accuracy:.6f}",
    }
    if dropped is not None:
        x, y = sampled_pairs(network.order, SAMPLE_PAIRS)
        right = answers_of(network, x, y) == network.table[x, y]
        over_all = float(np.mean(right & ~dropped.wins))
        metadata["dropped_outputs"] = dropped.outputs
        metadata["dropped_outputs_win"] = f"{dropped.share:.6f}"
        metadata["accuracy_over_all_outputs"] = f"{over_all:.6f}"
        notes = [*notes, f"dropped: {dropped.sentence()}; over all outputs the accuracy is {percentage(over_all)}"]
    note = "; ".join(filter(None, notes))
    metadata["import_note"] = note
    network = replace(network, metadata={key: value for key, value in metadata.items() if value})
    return Imported(network, instance, accuracy, order[0], note)


def _group(given: Group | str | None, path: Path, format: str) -> Group | None:
    from rhoset.groups import group as by_name

    if given is None and format == "chughtai":
        given = _config_group(path.with_name("cfg.json"))
    return by_name(given) if isinstance(given, str) else given


def _config_group(path: Path) -> str | None:
    """The group's name from the ``cfg.json`` that Chughtai et al. keep beside a model."""
    config = read_json(path) or {}
    family, parameter = config.get("group"), config.get("group_parameter")
    letters = {
        "SymmetricGroup": "S",
        "AlternatingGroup": "A",
        "CyclicGroup": "C",
        "DihedralGroup": "D",
    }
    if not isinstance(family, str) or family not in letters or type(parameter) is not int:
        return None
    return f"{letters[family]}{parameter}"
