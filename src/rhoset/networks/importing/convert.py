"""Foreign checkpoints to networks, with the order of elements checked against the answers."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rhoset.errors import MissingExtra, RhosetError
from rhoset.networks.evaluation import evaluate
from rhoset.networks.importing.answers import (
    answers_of,
    learned_order,
    sample_pairs,
    scores,
)
from rhoset.networks.importing.formats import FORMATS
from rhoset.networks.importing.mapping import mapped, read_mapping
from rhoset.networks.importing.orders import Order, find_order
from rhoset.networks.importing.parameters import Parameters, to_network
from rhoset.networks.importing.tensors import load_tensors
from rhoset.networks.network import Network

if TYPE_CHECKING:
    from rhoset.groups import Group

NEAR_CHANCE = 0.1
"""An accuracy below 1/n plus this is called near chance."""

BETTER_ORDER = 0.1
"""Another order is suggested when the network's accuracy in it is higher by more than this. Lower
values would suggest orders that agree by luck for badly trained networks."""

ASK_BELOW = 0.6
"""Below this accuracy the network's own answers are tried as a table. A network that has learned a
group answers rightly on at most 3/4 of the pairs of a different one, and mostly far fewer."""

LEARNED_MAX_ORDER = 400
"""Largest group for which the network's own answers are tried as a table (n³m operations)."""

FULL_MAX_ORDER = 720
"""Largest group for which the accuracy reported is that of all pairs."""

NATIVE_ORDERS = {
    "chughtai": ("sympy/opposite", "cycle/opposite", "own"),
    "stander": ("parity/opposite", "parity", "own/opposite", "own"),
}
"""For each format the orders that its authors' code is known to use, in order of preference; other
formats have ``own``."""

FORMAT_NAMES = (*FORMATS, "mapping")
"""What `import_network` takes as its format."""


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


def import_network(
    format: str,
    path: str | os.PathLike[str],
    group: Group | str | None = None,
    mapping: str | os.PathLike[str] | None = None,
    *,
    order: str | None = None,
    instance: int | None = None,
    activation: str | None = None,
) -> Network:
    """Read one foreign network; see `import_networks`.

    Parameters
    ----------
    instance
        Which of several instances in one file; needed when there are several.

    Raises
    ------
    RhosetError
        What `import_networks` raises; several instances and none chosen, or one that is not there
        (slug ``checkpoint-instance``).
    """
    found = import_networks(format, path, group, mapping, order=order, instance=instance, activation=activation)
    if len(found) != 1:
        raise RhosetError(
            f"{path} holds {len(found)} networks: choose an instance from 0 to {len(found) - 1}",
            slug="checkpoint-instance",
        )
    return found[0].network


def import_networks(
    format: str,
    path: str | os.PathLike[str],
    group: Group | str | None = None,
    mapping: str | os.PathLike[str] | None = None,
    *,
    order: str | None = None,
    instance: int | None = None,
    activation: str | None = None,
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
        Name of the activation; by default what the mapping says, otherwise ``relu``.

    Raises
    ------
    RhosetError
        The file or its tensors are wrong (see `load_tensors` and the formats), the group is
        missing (slug ``checkpoint-group``) or does not fit (``checkpoint-order``), the network
        answers rightly in another order of elements, which is named (``element-order``), or its
        answers are the table of another group (``wrong-group``).

    Notes
    -----
    A network is near chance (`NEAR_CHANCE`) when it is untrained or its elements are in an order
    that is not known; its ``note`` says so.
    """
    path = Path(path)
    if format not in FORMAT_NAMES:
        raise RhosetError(f"unknown format {format!r}: known are {', '.join(FORMAT_NAMES)}", slug="unknown-format")
    if (format == "mapping") != (mapping is not None):
        raise RhosetError(
            "the format mapping and a mapping file belong together: give both or neither",
            slug="bad-mapping",
        )
    with _naming(path):
        if mapping is None:
            name, read = None, FORMATS[format]
            all_parameters = read(load_tensors(path))
        else:
            plan = read_mapping(mapping)
            name, all_parameters = plan.group, mapped(load_tensors(path), plan)
    if activation is not None:
        all_parameters = [replace(p, activation=activation) for p in all_parameters]
    base = _group(group if group is not None else name, path, format)
    if instance is not None and not 0 <= instance < len(all_parameters):
        raise RhosetError(
            f"{path} has no instance {instance}: it holds {len(all_parameters)}",
            slug="checkpoint-instance",
        )
    with open(path, "rb") as handle:
        source = {
            "source_format": format,
            "source_file": path.name,
            "source_sha256": hashlib.file_digest(handle, "sha256").hexdigest(),
        }
    chosen = range(len(all_parameters)) if instance is None else [instance]
    with _naming(path):
        return [_convert(all_parameters[i], base, format, path, order, i, source) for i in chosen]


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Put the file's name in front of errors that do not say it."""
    try:
        yield
    except MissingExtra:
        raise
    except RhosetError as error:
        if str(path) in str(error):
            raise
        raise RhosetError(f"{path}: {error}", slug=error.slug) from None


def _convert(
    parameters: Parameters,
    base: Group | None,
    format: str,
    path: Path,
    order: str | None,
    instance: int,
    source: dict[str, str],
) -> Imported:
    if parameters.table is not None and order in (None, "file"):
        n = parameters.table.shape[0] if parameters.table.ndim == 2 else 0
        if base is not None and base.order != n:
            raise RhosetError(
                f"{path}: its table has {n} elements, the group {base.name} has {base.order}",
                slug="checkpoint-order",
            )
        metadata = {**source, "group": base.name if base is not None else ""}
        network = to_network(parameters, parameters.table, metadata)
        return _finish(network, instance, "file", "the table in the file", "")
    if base is None:
        raise RhosetError(
            f"{path} does not say which group it was trained on: give --group, such as S5",
            slug="checkpoint-group",
        )
    if order == "file":
        raise RhosetError(f"{path} holds no table of its own", slug="unknown-order")
    metadata = {**source, "group": base.name}
    # The answers do not depend on the table, so any will do to ask for them.
    asked = to_network(parameters, base.table, metadata)
    if order == "learned":
        found = learned_order(asked, base, path)
        if found is None:
            raise RhosetError(f"{path}: the network's answers are not the table of a group", slug="unknown-order")
        note = f"the table is what the network answers; it is isomorphic to {base.name}'s"
        return _with_order(asked, base, found, instance, note)
    if order is not None:
        return _with_order(asked, base, find_order(base, order), instance, "")
    accuracies = scores(asked, base)
    native = [o for name in NATIVE_ORDERS.get(format, ("own",)) for o in accuracies if o.name == name]
    assumed = max(native, key=lambda o: accuracies[o])
    best = max(accuracies, key=lambda o: accuracies[o])
    accuracy = accuracies[assumed]
    if accuracies[best] - accuracy > BETTER_ORDER:
        raise _wrong_order(path, base, assumed, accuracy, best, accuracies[best])
    if accuracy < ASK_BELOW and base.order <= LEARNED_MAX_ORDER:
        found = learned_order(asked, base, path)
        if found is not None:
            raise _wrong_order(path, base, assumed, accuracy, found, 1.0)
    if accuracy < 1 / base.order + NEAR_CHANCE:
        note = (
            f"accuracy {accuracy:.1%} is near chance: the network is untrained, or its elements"
            f" are in another order than {assumed.name} ({assumed.description}); tried"
            f" {', '.join(o.name for o in accuracies)}"
        )
    elif parameters.vocabulary > base.order:
        note = f"the vocabulary has {parameters.vocabulary} elements; the first {base.order} are used"
    else:
        note = ""
    return _with_order(asked, base, assumed, instance, note)


def _wrong_order(
    path: Path, base: Group, assumed: Order, accuracy: float, better: Order, reached: float
) -> RhosetError:
    return RhosetError(
        f"{path}: the network is right on {accuracy:.1%} of the pairs of {base.name} when its"
        f" elements are taken in the order {assumed.name!r} ({assumed.description}), but on"
        f" {reached:.1%} in the order {better.name!r} ({better.description}); choose it with"
        f" --order {better.name}",
        slug="element-order",
    )


def _with_order(network: Network, base: Group, order: Order, instance: int, note: str) -> Imported:
    metadata = dict(network.metadata)
    if base.element_names:
        metadata["elements"] = json.dumps([base.element_names[i] for i in order.old])
    product = "label of (x, y) is y x there" if order.opposite else "label of (x, y) is x y there"
    description = f"{order.description}; {product}; {base.convention}".rstrip("; ")
    network = Network(
        network.left,
        network.right,
        network.unembed,
        network.bias,
        order.table(base),
        network.activation,
        network.factors,
        metadata,
    )
    return _finish(network, instance, order.name, description, note)


def _finish(network: Network, instance: int, order: str, description: str, note: str) -> Imported:
    if network.order <= FULL_MAX_ORDER:
        accuracy = evaluate(network).accuracy
    else:
        x, y = sample_pairs(network.order)
        accuracy = float(np.mean(answers_of(network, x, y) == network.table[x, y]))
    metadata = {
        **network.metadata,
        "instance": str(instance),
        "import_order": order,
        "element_order": description,
        "measured_accuracy": f"{accuracy:.6f}",
    }
    if note:
        metadata["import_note"] = note
    network = Network(
        network.left,
        network.right,
        network.unembed,
        network.bias,
        network.table,
        network.activation,
        network.factors,
        {key: value for key, value in metadata.items() if value},
    )
    return Imported(network, instance, accuracy, order, note)


def _group(given: Group | str | None, path: Path, format: str) -> Group | None:
    from rhoset.groups import group as by_name

    if given is None and format == "chughtai":
        given = _config_group(path.with_name("cfg.json"))
    return by_name(given) if isinstance(given, str) else given


def _config_group(path: Path) -> str | None:
    """The group's name from the ``cfg.json`` that Chughtai et al. keep beside a model."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        family, parameter = config["group"], config["group_parameter"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    letters = {
        "SymmetricGroup": "S",
        "AlternatingGroup": "A",
        "CyclicGroup": "C",
        "DihedralGroup": "D",
    }
    if family not in letters or type(parameter) is not int:
        return None
    return f"{letters[family]}{parameter}"
