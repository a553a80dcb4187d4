"""From a certificate and its network to a file whose last theorem is about this network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rhoset.errors import RhosetError
from rhoset.formalize.fixed_point import choose_places, count_exact
from rhoset.formalize.reading import read_explanation, read_stored
from rhoset.formalize.verified import executable, verify
from rhoset.formalize.writing import network_lines, theorem_lines
from rhoset.networks.atomic import write_atomic

RULES = ("auto", "gaps", "uniform", "exact")

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
        ``exact``: every output of every pair, in machine integers (any network). ``gaps``: from the certificate's
        G-sets. ``uniform``: from its slot blocks. Without the extracted checker (`executable`) the last two claim all
        pairs, and `coqc` says whether that holds. ``auto``: gaps where the extracted checker settles all pairs by it,
        else exact.

    Raises
    ------
    RhosetError
        The files cannot be read, do not belong together, or hold what the proofs do not speak of (see `reading`); a
        rule without what it needs of the certificate (slugs ``no-slots``, ``no-gsets``); nothing can be proved
        (``nothing-proved``).

    Cost: n³m multiply-adds in int64 for rule exact where the extracted checker is not built.
    """
    stored = read_stored(network)
    explanation = read_explanation(certificate, stored)
    places, inputs = choose_places(stored), stored.order**2
    if rule not in RULES:
        raise RhosetError(f"rule {rule!r}; expected one of {', '.join(RULES)}", slug="rule")
    if rule == "uniform" and not explanation.blocks:
        raise RhosetError(f"{certificate}: has no slot blocks, which rule uniform needs; --rule exact", slug="no-slots")
    if rule == "gaps" and not explanation.gsets:
        raise RhosetError(f"{certificate}: has no G-sets, which rule gaps needs; --rule exact", slug="no-gsets")
    right = inputs
    if executable() is not None and (rule in ("gaps", "uniform") or (rule == "auto" and explanation.gsets)):
        right = int(verify(certificate, network, "uniform" if rule == "uniform" else "gaps").get("right", 0))
        if rule == "auto":
            rule = "gaps" if right == inputs else "exact"
    if rule in ("auto", "exact"):
        rule, right = "exact", count_exact(stored, places)
    if right == 0:
        raise RhosetError(f"{certificate}: rule {rule} proves no pair of this network right", slug="nothing-proved")
    lines = [HEADER.format(digest=stored.digest, name=out.name)]
    lines += [*network_lines(stored), "", *theorem_lines(stored, explanation, places, rule, right)]
    return Formalized(write_atomic(out, "\n".join(lines) + "\n"), rule, right, inputs)
