"""The corpus of bad files: each is rejected, with its reason, and the good pair that they come from is accepted."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from check.certificates import PLANS
from check.corpus_maker import corpus
from check.corpus_parts import Pair, good_pair
from check.harness import check_files, derive
from rhoset_check import Verdict, check

CORPUS = corpus()


def verdict_of(folder: Path, pair: Pair) -> Verdict:
    (folder / "c").write_bytes(pair.certificate)
    (folder / "n").write_bytes(pair.network)
    return check(folder / "c", folder / "n")


@pytest.mark.parametrize("name", CORPUS)
def test_bad_files_are_rejected_with_their_reason(name: str, tmp_path: Path) -> None:
    pair = CORPUS[name]
    verdict = verdict_of(tmp_path, pair)
    assert not verdict.valid
    assert pair.reason in verdict.reason
    assert (verdict.right, verdict.accuracy_bound) == (0, 0.0)
    assert verdict.margin_bound == -math.inf
    assert verdict.loss_bound == math.inf
    assert verdict.statement().startswith("Nothing was proved")
    assert "\n" not in verdict.reason
    assert len(verdict.reason) < 400


@pytest.mark.parametrize("plan", PLANS, ids="+".join)
def test_the_good_pair_is_accepted_by_every_rule(plan: tuple[str, ...], tmp_path: Path) -> None:
    _, net, cert = good_pair(*plan)
    verdict = check_files(tmp_path, net, cert)
    assert verdict.valid, verdict.reason
    assert verdict.accuracy_bound == 1.0
    assert verdict == _timeless(derive(net, cert), verdict)


def _timeless(memory: Verdict, file: Verdict) -> Verdict:
    """What was derived in memory, with the names and the time of the files."""
    from dataclasses import replace

    return replace(memory, network=file.network, table=file.table, method=file.method, seconds=file.seconds)


def test_the_corpus_is_large() -> None:
    assert len(CORPUS) > 150
    assert all(pair.reason for pair in CORPUS.values())
