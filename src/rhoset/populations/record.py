"""What is known of one network of a population, as `rhoset table --json` says it."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class IrrepRecord(TypedDict):
    """An irrep that dominates a neuron or holds some of the energy."""

    name: str
    neurons: int
    energy: float


class CircuitRecord(TypedDict):
    """A circuit, as `rhoset.networks.Circuit.summary`."""

    irrep: str
    left_size: int
    right_size: int
    kind: str
    neurons: int


class Bound(TypedDict):
    """What a certificate beside the network proves, checked anew."""

    accuracy_bound: float
    loss_bound: float | None
    cost: float
    """Share of exhaustive work."""
    seconds: float
    arithmetic: str


class Record(TypedDict):
    """One network: what its run says, what was measured (`rhoset.populations.measuring.measured`), what is proved."""

    network: str
    file: str
    group: str
    seed: int | None
    settings: dict[str, Any]
    """Of training."""
    training: dict[str, Any]
    """Columns of the run's table of results."""
    digest: str
    digest_of_table: str
    order: int
    width: int
    activation: str
    accuracy: float
    loss: float
    margin: float | None
    pairs: int
    irreps: list[IrrepRecord]
    circuits: list[CircuitRecord]
    explained: float
    spectral_weights: dict[str, float] | None
    """These and the next three are None where the norm of the logits is too dear."""
    key_set: list[str] | None
    key_set_squared: list[str] | None
    spectral_count: int | None
    multiplicity: dict[str, float]
    frequency: dict[str, int]
    bounds: dict[str, Bound]
    """By method."""
    refused: dict[str, str]
    """Method → why its certificate does not check."""
    unreadable: list[str]
    accounts: NotRequired[dict[str, Any]]
    """Of every account of the weights, where they were asked for (`rhoset.populations.accounts.COLUMNS`)."""
