"""The ensemble of the open problems, against a plain reading of its definition: loops over pairs, no library code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rhoset.groups import group
from rhoset.populations.studies import read_study
from rhoset.populations.studies.work import Job, run_job, unpacked

torch = pytest.importorskip("torch")


def loss_and_gradient(table, u, v, w, square: bool, decay: float):
    """L = mean over (a, b) of log Σ_c e^f − f(ab), + λ‖θ‖², and its gradient, with ReLU'(0) = 0."""
    n = len(table)
    loss, grads = 0.0, [np.zeros_like(u), np.zeros_like(v), np.zeros_like(w)]
    for a in range(n):
        for b in range(n):
            t = u[a] + v[b]
            h = t**2 if square else np.where(t > 0, t, 0.0)
            slope = 2 * t if square else (t > 0).astype(float)
            f = h @ w
            e = np.exp(f - f.max())
            p = e / e.sum()
            loss += (f.max() + np.log(e.sum()) - f[table[a, b]]) / n**2
            p[table[a, b]] -= 1
            p /= n**2
            grads[2] += np.outer(h, p)
            back = (w @ p) * slope
            grads[0][a] += back
            grads[1][b] += back
    theta = (u, v, w)
    loss += decay * sum((x**2).sum() for x in theta)
    return loss, [g + 2 * decay * x for g, x in zip(grads, theta, strict=True)]


def adam(table, theta, square, decay, updates, tolerance=0.0, patience=500):
    """Full-batch Adam; returns parameters, loss before the last update and the updates made when converged."""
    theta = [x.copy() for x in theta]
    first = [np.zeros_like(x) for x in theta]
    second = [np.zeros_like(x) for x in theta]
    before, quiet, moved = None, 0, np.inf
    for t in range(1, updates + 1):
        loss, grads = loss_and_gradient(table, *theta, square, decay)
        if before is not None:
            quiet = quiet + 1 if abs(loss - before) < tolerance * abs(before) and moved < tolerance else 0
            if quiet >= patience:
                return theta, t - 1
        before = loss
        change = 0.0
        for i, g in enumerate(grads):
            first[i] = 0.9 * first[i] + 0.1 * g
            second[i] = 0.999 * second[i] + 0.001 * g**2
            step = 1e-3 * (first[i] / (1 - 0.9**t)) / (np.sqrt(second[i] / (1 - 0.999**t)) + 1e-8)
            theta[i] = theta[i] - step
            change += (step**2).sum()
        moved = np.sqrt(change / sum((x**2).sum() for x in theta))
    return theta, updates


def start(n: int, config, seed: int):
    """The initial tables, from the trainer: what is tested is what it makes of them."""
    from rhoset.training import GroupNetwork

    network = dict(GroupNetwork(n, config, seed, torch.float64).named_parameters())
    return [network[name].detach().numpy().copy() for name in ("left", "right", "unembed")]


def job(setting, seeds, **changes) -> Job:
    return Job(setting.name, setting.group, setting.config.replace(**changes), seeds, (), 0.05, "none")


@pytest.mark.parametrize("index", [1, 2, 7, 13, 20])
def test_sixty_updates_of_o61(index: int, tmp_path: Path):
    setting = read_study("o61").settings[index]
    made = job(setting, (3, 4), max_steps=60)
    (tmp_path / "made").write_bytes(run_job(made))
    arrays, _ = unpacked(tmp_path / "made")
    square = setting.config.activation == "square"
    for k, seed in enumerate(made.seeds):
        begin = start(setting.group.order, made.config, seed)
        expected, _ = adam(setting.group.table, begin, square, setting.decay, 60)
        for name, table in zip(("left", "right", "unembed"), expected, strict=True):
            assert arrays[name][k] == pytest.approx(table, abs=1e-9)
        final, _ = loss_and_gradient(setting.group.table, *expected, square, setting.decay)
        assert arrays["objective"][k] == pytest.approx(final)


def test_the_rule_of_convergence(tmp_path: Path):
    """A looser tolerance, so that a plain loop gets there."""
    setting = next(s for s in read_study("o61").settings if s.name == "C5,activation=square,width=2,decay=0.01")
    changes = {"convergence_tolerance": 2e-3, "convergence_updates": 20, "max_steps": 600}
    made = job(setting, (0, 1, 2), **changes)
    (tmp_path / "made").write_bytes(run_job(made))
    arrays, _ = unpacked(tmp_path / "made")
    for k, seed in enumerate(made.seeds):
        begin = start(5, made.config, seed)
        _, updates = adam(setting.group.table, begin, True, 0.01, 600, 2e-3, 20)
        assert arrays["steps"][k] == updates
        assert bool(arrays["converged"][k]) == (updates < 600)
    assert arrays["converged"].any()


def test_every_coordinate_starts_normal_with_variance_one_over_n():
    from scipy import stats

    for name in ("C5", "S3"):
        setting = next(s for s in read_study("o61").settings if s.group.name == name and s.config.width == 8)
        n = group(name).order
        drawn = np.concatenate([x.ravel() for seed in range(100) for x in start(n, setting.config, seed)])
        assert stats.kstest(drawn * np.sqrt(n), "norm").pvalue > 0.01
        assert drawn.var() == pytest.approx(1 / n, rel=0.03)
