"""The corpus of bad files: each is rejected, with its reason, and the good pair that they come from is accepted."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from check.certificates import PLANS
from check.corpus_maker import corpus
from check.corpus_parts import Pair, good_pair
from check.harness import certificate_bytes, derive, network_bytes
from rhoset_check import Verdict, check
from rhoset_check.group import matrix_action, prove_group
from rhoset_check.near import Rejected

CORPUS = corpus()


def verdict_of(folder: Path, pair: Pair) -> Verdict:
    (folder / "c").write_bytes(pair.certificate)
    (folder / "n").write_bytes(pair.network)
    return check(folder / "c", folder / "n")


@pytest.mark.parametrize("name", CORPUS)
def test_bad_files_are_rejected_with_their_reason(name: str, tmp_path: Path) -> None:
    pair = CORPUS[name]
    verdict = verdict_of(tmp_path, pair)
    assert verdict.status == pair.status
    assert pair.reason in verdict.reason
    assert (verdict.right, verdict.accuracy_bound) == (0, 0.0)
    assert verdict.margin_bound == -math.inf
    assert verdict.loss_bound == math.inf
    assert verdict.statement().startswith("Nothing was proved")
    assert "\n" not in verdict.reason
    assert len(verdict.reason) < 400


@pytest.mark.parametrize("plan", PLANS, ids="+".join)
def test_the_good_pair_is_accepted_by_every_rule(plan: tuple[str, ...]) -> None:
    _, net, cert = good_pair(*plan)
    verdict = derive(net, cert)
    assert verdict.valid, verdict.reason
    assert verdict.accuracy_bound == 1.0


@pytest.mark.parametrize("seed", range(40))
def test_any_bytes_changed_end_in_a_verdict(seed: int, tmp_path: Path) -> None:
    """Both files with bytes flipped, cut, doubled: a verdict, never an exception, and none better than the truth."""
    rng = np.random.default_rng(seed)
    _, net, cert = good_pair(*PLANS[seed % len(PLANS)])
    for _ in range(6):
        files = [bytearray(certificate_bytes(net, cert)), bytearray(network_bytes(net))]
        spoiled = files[int(rng.integers(2))]
        if rng.random() < 0.7:
            for place in rng.integers(0, len(spoiled), int(rng.integers(1, 5))):
                spoiled[place] ^= 1 << int(rng.integers(8))
        else:
            a, b = sorted(rng.integers(0, len(spoiled), 2))
            spoiled[a:b] = b"" if rng.random() < 0.5 else spoiled[a:b] * 2
        verdict = verdict_of(tmp_path, Pair(bytes(files[0]), bytes(files[1])))
        assert verdict.status in ("accepted", "rejected", "unreadable")
        assert verdict.right <= 36
        assert "failed" not in verdict.reason, verdict.reason


@pytest.mark.parametrize("plan", PLANS, ids="+".join)
def test_tensors_of_other_names_are_not_read(plan: tuple[str, ...]) -> None:
    """Neither those of another rule nor what is called like a field of the reader's types, or like nothing."""
    _, net, cert = good_pair(*plan)
    others = {"gaps", "circles", "points", "lowrank"} - {plan[0]}
    strange = {name: np.zeros(3) for name in ("", "network", "right", "given", "actions", "{}", "gaps{}.right")}
    spoiled = {name: np.zeros(1) for name in cert.tensors if name.split(".")[0].rstrip("0123456789") in others}
    more = derive(net, cert.but(**strange, **spoiled))
    assert more.valid, more.reason
    assert (more.right, more.margin_bound) == (derive(net, cert).right, derive(net, cert).margin_bound)


def test_the_corpus_is_large() -> None:
    assert len(CORPUS) > 150
    assert all(pair.reason for pair in CORPUS.values())


def test_matrices_whose_powers_overflow_are_refused() -> None:
    """A bound for words of length 29 in a number of 2^60 is beyond all floats: a reason, not an exception."""
    n = 30
    table = (np.add.outer(np.arange(n), np.arange(n)) % n).astype(np.int32)
    group = prove_group(table, np.array([1]))
    with np.errstate(all="ignore"), pytest.raises(Rejected, match="do not represent the group"):
        matrix_action(group, np.full((1, 1, 1), 2.0**60), "circles0.matrices")
