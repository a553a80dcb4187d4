"""A small run of ρ-set networks on S4, made without training, and the browser that looks at it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from rhoset.groups import Group, Irrep, group, irreps, minimal_rho_set
from rhoset.networks import Network, write_network
from rhoset.networks.runs import create_run

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--virtual-time-budget=4000",
)


def rho_set_network(g: Group, rho: Irrep, seed: int, noise: float = 0.0) -> Network:
    """A full circuit on the smallest ρ-set of one irrep, with weight noise."""
    rng = np.random.default_rng(seed)
    points = minimal_rho_set(g, rho).points
    b, c = (np.repeat(points, len(points), 0), -np.tile(points, (len(points), 1)))
    a = rng.normal(size=rho.dim)
    left = np.einsum("kd,nde,e->nk", b, rho.matrices, a)
    right = np.einsum("d,nde,ke->nk", a, rho.matrices, c)
    unembed = np.einsum("kd,nde,ke->kn", b, rho.matrices, c)
    tables = [t + noise * t.std() * rng.normal(size=t.shape) for t in (left, right, unembed)]
    return Network(*tables, np.zeros(g.order), g.table, metadata={"group": g.name})


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with three networks on S4: the two 3-dimensional irreps, and one with noise."""
    folder = tmp_path_factory.mktemp("report") / "run"
    run = create_run(folder, {"group": "S4", "config": {"width": 16}})
    g = group("S4")
    cubes = [rho for rho in irreps(g) if rho.dim == 3]
    for index, (rho, noise) in enumerate([(cubes[0], 0.0), (cubes[1], 0.0), (cubes[0], 0.05)]):
        write_network(run.network_path(index), rho_set_network(g, rho, index, noise))
    run.write_results([{"index": k, "seed": 7 + k, "steps": 100, "seconds": 1.5} for k in range(3)])
    return folder


@dataclass
class Page:
    """What a browser made of a page."""

    dom: str
    console: list[str]

    def data(self, name: str) -> str:
        """The value of a data attribute of <body> that a probe wrote."""
        found = re.search(rf'<body[^>]*\bdata-{name}="([^"]*)"', self.dom)
        assert found, f"the probe wrote no data-{name}"
        return found[1]


@pytest.fixture(scope="session")
def browse() -> Callable[..., Page]:
    """Open a file in headless Chromium; skips where there is none."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f"no browser: install one of {', '.join(BROWSERS)}")

    def look(path: Path, *flags: str) -> Page:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            flags = (*FLAGS, f"--user-data-dir={profile}", *flags, "--dump-dom")
            done = subprocess.run(
                [browser, *flags, path.as_uri()],
                capture_output=True,
                text=True,
                timeout=600,
                env={**os.environ, "HOME": profile},
            )
        assert done.returncode == 0, done.stderr[-2000:]
        console = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
        return Page(done.stdout, console)

    return look


def with_probe(html: str, script: str) -> str:
    """The page with a script that runs after its own, once two seconds have passed."""
    wait = f'addEventListener("load", () => setTimeout(() => {{ {script} }}, 2000));'
    before, _, after = html.rpartition("</body>")  # the charts' library holds the text too
    return f"{before}<script>{wait}</script></body>{after}"
