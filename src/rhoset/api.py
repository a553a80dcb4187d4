"""The library in a few calls: load, train, check; each is reached as ``rhoset.NAME``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rhoset.arguments import public
from rhoset.reading import require_file

if TYPE_CHECKING:
    from rhoset.groups import Group
    from rhoset.networks import Network
    from rhoset.training import Population
    from rhoset_check.verdict import Verdict

Place = str | os.PathLike[str]


@public
def load(spec: Place) -> Network:
    """The one network that a NET argument means.

    Parameters
    ----------
    spec
        A network file, a `factored` file as published, or ``RUN#3``.

    Raises
    ------
    RhosetError
        There is none or more than one (slug ``no-such-network``, ``several-networks``), or the file
        is no network.
    """
    from rhoset.networks.accept import the_network

    return the_network(spec)


@public
def load_all(spec: Any) -> tuple[Network, ...]:
    """All networks of a run folder, a folder of network files, or a file; or of several of them.

    Parameters
    ----------
    spec
        A path; a list or Series of paths; a data frame with a column ``network``, so that the rows chosen from
        `rhoset.table` can be loaded.

    Raises RhosetError as `rhoset.networks.runs.open_networks` and `read_network`.
    """
    from rhoset.networks import read_network
    from rhoset.networks.accept import places_of
    from rhoset.networks.runs import open_networks

    return tuple(read_network(path) for one in places_of(spec) for _, path in open_networks(one))


@public
def train(
    group: Group | str,
    models: int = 1,
    *,
    out: Place,
    seed: int = 0,
    preset: str = "wu2024-all-pairs",
    **settings: Any,
) -> Population:
    """Train networks into a run folder; goes on with a stopped run.

    Parameters
    ----------
    group
        A group or its name.
    models
        How many networks; their seeds are `seed`, `seed` + 1, …
    out
        The run folder.
    preset
        Settings by the paper that used them, see `rhoset.training.PRESETS`.
    settings
        Fields of `rhoset.training.TrainConfig` that differ from the preset.

    Raises
    ------
    RhosetError
        PyTorch is not installed (``missing-extra``), a setting is unknown or out of range
        (``bad-setting``), or the folder holds something else.
    """
    from rhoset.groups import group as by_name
    from rhoset.training import preset as by_paper
    from rhoset.training import train_population

    return train_population(
        by_name(group) if isinstance(group, str) else group,
        by_paper(preset).replace(**settings),
        models,
        Path(out),
        first_seed=seed,
    )


@public
def check(certificate: Place, network: Place) -> Verdict:
    """Check a certificate file against a network file with the independent checker.

    Returns a `Verdict`: ``valid``, ``accuracy_bound``, ``statement()`` and the costs. A certificate
    that does not check is no error; the verdict says why.

    Raises
    ------
    RhosetError
        `network` means no network or several.
    """
    from rhoset.networks.runs import one_network
    from rhoset.verdicts import check_certificate

    _, file = one_network(network, "a certificate")
    require_file(certificate, "a certificate that rhoset certify wrote", "no-such-file")
    return check_certificate(Path(certificate), file)
