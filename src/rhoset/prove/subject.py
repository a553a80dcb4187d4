"""A network as the checker reads it, and the checker's verdicts on certificates about it.

Nothing here forms a verdict: the network's file and the certificate's bytes go through the checker's reader, and what
comes out is what `rhoset_check.verdict.judge` says of them.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from rhoset.counting import Cost, cost
from rhoset.errors import RhosetError
from rhoset.networks import Network, write_network
from rhoset.prove.certificates import encode
from rhoset.reading import shown
from rhoset_check.files import Certificate, Given, Unreadable, Weights
from rhoset_check.files import read_certificate as decode
from rhoset_check.files import read_network as checkers_reader
from rhoset_check.group import Group as ProvedGroup
from rhoset_check.group import prove_group
from rhoset_check.near import ACTIVATIONS, Rejected
from rhoset_check.network import Model, build_model
from rhoset_check.verdict import Verdict, judge

PRODUCT, PASSES = 1.6e-11, 1.9e-9
"""Seconds of a multiply-add in a float32 product, and of all other steps on an activation or a logit."""
SINGLE = (1e-6, 1e20)
"""Sizes of logits between which work is done in float32: outside, what its underflow or overflow could do is more than
the margins."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A network as the checker sees it, built once for a search, in so many seconds."""

    network: Network
    arithmetic: str
    weights: Weights
    group: ProvedGroup
    model: Model
    seconds: float = 0.0

    @property
    def exhaustive(self) -> int:
        """Multiply-adds of the exhaustive check, n³m + n²m."""
        return self.network.order**2 * self.network.width * (self.network.order + 1)

    @property
    def exhaustive_seconds(self) -> float:
        """About what the exhaustive check takes on one core: products, and passes over hidden vectors and logits."""
        n, m = self.network.order, self.network.width
        return n**2 * (n * m * PRODUCT + (n + m) * PASSES)

    @cached_property
    def work(self) -> str:
        """Precision of the checker's sums: float32 unless the logits are too small or too large for it."""
        first = np.zeros(1, dtype=np.intp)
        logits = self.model.logits(first, first, "float64")
        return "float32" if SINGLE[0] < float(logits.size.max()) < SINGLE[1] else "float64"

    def certificate(self, method: str, rule: str = "exact", given: Given | None = None, **plan: Any) -> Certificate:
        """A certificate about this network that claims nothing, for a rule; `plan` are other fields of `Certificate`.

        Every pair that stays open is evaluated, and nothing singly, if the plan says nothing else.
        """
        head = self.weights.digest, self.weights.table_digest, method, self.arithmetic, rule
        options = {"right": 0, "singles": 0, "exact": self.network.order**2, "samples": 0} | plan
        return Certificate(*head, generators=self.group.generators, given=given, **options)


@dataclass(frozen=True, eq=False)
class Judged:
    """The bytes of a certificate, as they are or will be on disk, and the checker's verdict on them."""

    data: bytes
    certificate: Certificate
    verdict: Verdict
    about: Subject

    @cached_property
    def cost(self) -> Cost:
        """Of this check, by `rhoset.counting`."""
        return cost(self.certificate, self.about.weights, self.verdict)


def subject(network: Network, arithmetic: str = "real", path: str | Path | None = None) -> Subject:
    """The network as the checker reads it, from its file where there is one, else from one written for that.

    Raises RhosetError where the checker refuses the network (slug ``refused-network``) or the file is another network
    (``network-changed``), has no rule for its activation (``activation-without-rule``), or the arithmetic is unknown
    (``unknown-arithmetic``).
    """
    if arithmetic not in ("real", "float32"):
        raise RhosetError(f"arithmetic {arithmetic!r}: must be real or float32", slug="unknown-arithmetic")
    if network.activation not in ACTIVATIONS:
        raise RhosetError(
            f"there is no rule for the activation {network.activation!r}, so nothing can be certified: the checker has"
            f" rules for {', '.join(ACTIVATIONS)}",
            slug="activation-without-rule",
        )
    begin = time.perf_counter()
    generators = np.asarray(network.group.generators or (network.group.identity,), dtype=np.intp)
    try:
        weights = _weights(network, None if path is None else Path(path))
        if (weights.digest, weights.table_digest) != (network.digest, network.group.digest):
            raise RhosetError(f"{path}: the file changed while it was read", slug="network-changed")
        proved = prove_group(weights.table, generators)
        model = build_model(weights, proved, arithmetic)
    except (Rejected, Unreadable) as refusal:
        which = "this network" if path is None else shown(path)
        raise RhosetError(f"the checker refuses {which}: {refusal}", slug="refused-network") from None
    return Subject(network, arithmetic, weights, proved, model, time.perf_counter() - begin)


def _weights(network: Network, path: Path | None) -> Weights:
    if path is not None:
        return checkers_reader(path)
    with tempfile.TemporaryDirectory(prefix="rhoset-") as folder:
        return checkers_reader(write_network(Path(folder) / "network.safetensors", network))


def judged(about: Subject, certificate: Certificate) -> Judged | None:
    """Write the certificate as bytes, decode them by the checker's reader, have them judged; None if they are refused.

    The claim in the bytes is what the checker derived: they are written once more with it, decoded again, and must be
    the same certificate but for the claim. Cost: one check and two decodings.
    """
    read = _through_file(replace(certificate, right=0), about)
    if read is None:
        return None
    try:
        verdict = judge(read[1], about.weights)
    except (Rejected, MemoryError):
        return None
    claimed = _through_file(replace(certificate, right=verdict.right), about)
    if claimed is None or not same(replace(claimed[1], right=0), read[1]):  # cannot be: bytes are what they are
        raise RhosetError("the certificate changed while it was written", slug="rejected-proof")
    return Judged(claimed[0], claimed[1], verdict, about)


def readable(certificate: Certificate, about: Subject) -> bool:
    """Whether the checker's reader takes the certificate: its limits of work are there."""
    return _through_file(certificate, about) is not None


def _through_file(certificate: Certificate, about: Subject) -> tuple[bytes, Certificate] | None:
    data = encode(certificate)
    with tempfile.NamedTemporaryFile(prefix="rhoset-") as file:  # a folder would take three times as long
        file.write(data)
        file.flush()
        try:
            return data, decode(Path(file.name), about.network.order, about.network.width)
        except (Rejected, Unreadable):
            return None


def same(one: Any, other: Any) -> bool:
    """Equality of decoded certificates, arrays by their numbers."""
    if is_dataclass(one) and type(one) is type(other):
        return all(same(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return isinstance(one, np.ndarray) and isinstance(other, np.ndarray) and np.array_equal(one, other)
    return bool(one == other)
