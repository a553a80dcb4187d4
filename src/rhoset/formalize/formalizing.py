"""From a certificate and its network to a file whose last theorem is about this network."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from rhoset.errors import RhosetError
from rhoset.formalize.fixed_point import choose_places, count_exact
from rhoset.formalize.reading import Explanation, Stored, read_explanation, read_stored
from rhoset.formalize.verified import executable, verify
from rhoset.formalize.writing import network_lines, theorem_lines
from rhoset.networks.atomic import write_atomic

RULES = ("auto", "even", "lowrank", "exact")

LOWRANK_COST = 3.0
"""A multiply-add of rule lowrank against one of rule exact, in the kernel (all else that lowrank does included)."""

HEADER = """(** A theorem about one network, written by `rhoset formalize`.

    Network (SHA-256 of its tensors, as the certificate names it):
      {digest}
    The numbers below are the bits of its float32 tensors, and its multiplication table.  What the theorem says is
    defined in Spec.v.  To check it, beside the library in proofs/ (built with `make proofs`):
      coqc -R proofs Rhoset {name} *)
From Coq Require Import ZArith List Uint63.
From Rhoset Require Import Spec Prepare Theorems.
Import ListNotations.
Open Scope Z_scope.
"""


@dataclass(frozen=True)
class Formalized:
    """What was written: the file, the rule of its proof, and the number that its theorem claims.

    The claim is proved when `coqc` accepts the file, not before.
    """

    path: Path
    rule: str
    right: int
    inputs: int


def formalize(certificate: Path, network: Path, out: Path, rule: str = "auto") -> Formalized:
    """Write `out`, a file for Coq that ends with a theorem about the network.

    Parameters
    ----------
    rule
        ``exact``: every output of every pair, in machine integers (any network). ``even``: from the certificate's
        G-sets, for all x together. ``lowrank``: from its features and samples (needs the extracted checker,
        `executable`). Without that checker even claims all pairs, and `coqc` says whether that holds. ``auto``: of the
        rules that prove most, the one that `coqc` is quickest with.

    Raises
    ------
    RhosetError
        The files cannot be read, do not belong together, or hold what the proofs do not speak of (see `reading`); a
        rule without what it needs of the certificate (slugs ``no-gsets``, ``no-features``) or without the
        extracted checker (``no-verified-checker``); nothing can be proved (``nothing-proved``).

    Cost: n³m multiply-adds in int64 for rules exact and auto; what each rule costs the extracted checker.
    """
    stored = read_stored(network)
    explanation = read_explanation(certificate, stored)
    places = choose_places(stored)
    if rule not in RULES:
        raise RhosetError(f"rule {rule!r}; expected one of {', '.join(RULES)}", slug="rule")
    for name, there, needs, slug in (
        ("even", explanation.gsets, "G-sets by which neurons read x (gaps.left)", "no-gsets"),
        ("lowrank", explanation.features, "features", "no-features"),
    ):
        if rule == name and not there:
            raise RhosetError(f"{certificate}: has no {needs}, which rule {name} needs; --rule exact", slug=slug)
    claims = Claims(certificate, network, stored, explanation)
    rule, right = claims.best() if rule == "auto" else (rule, claims.of(rule))
    if right == 0:
        raise RhosetError(f"{certificate}: rule {rule} proves no pair of this network right", slug="nothing-proved")
    lines = [HEADER.format(digest=stored.digest, name=out.name)]
    lines += [*network_lines(stored), "", *claims.definitions(rule)]
    lines += theorem_lines(stored, explanation, places, rule, right)
    return Formalized(write_atomic(out, "\n".join(lines) + "\n"), rule, right, stored.order**2)


@dataclass(frozen=True)
class Claims:
    """What each rule proves of one network."""

    certificate: Path
    network: Path
    stored: Stored
    explanation: Explanation

    def of(self, rule: str) -> int:
        """The number of pairs; all of them where only `coqc` can say."""
        if rule == "exact":
            return count_exact(self.stored, choose_places(self.stored))
        if executable() is None and rule != "lowrank":
            return self.stored.order**2
        return int(verify(self.certificate, self.network, rule).get("right", 0))

    def best(self) -> tuple[str, int]:
        """Of the rules that prove most, the one that `coqc` is expected to be quickest with.

        `exact`, of which this module has a mirror, proves most of what any rule can.
        """
        right, n, m, features = self.of("exact"), self.stored.order, self.stored.width, self.explanation.features
        tried = ["even"] if self.explanation.gsets else []
        if features and LOWRANK_COST * features * (m + n) < n * m:
            tried.append("lowrank")
        for rule in tried if executable() is not None else []:
            if self.of(rule) >= right > 0:
                return rule, right
        return "exact", right

    def definitions(self, rule: str) -> list[str]:
        """What the proof needs beside the network: for rule lowrank, as the extracted checker was given it."""
        if rule != "lowrank":
            return []
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rank.v"
            verify(self.certificate, self.network, rule, path)
            return [path.read_text(encoding="ascii")]
