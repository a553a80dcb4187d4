"""The solids that networks discover: the smallest ρ-sets of three groups, as pictures.

Run as a script, or cell by cell in an editor that knows `# %%`.
"""

# %% A group's irreps, and the figures whose corners they permute
from __future__ import annotations

import sys
from pathlib import Path

import rhoset as rs

out = Path(sys.argv[1] if len(sys.argv) > 1 else "solids")
out.mkdir(parents=True, exist_ok=True)

# %% S4 is the symmetry group of the tetrahedron, A5 of the icosahedron, S5 of a simplex in four dimensions
for name in ("S4", "A5", "S5"):
    group = rs.group(name)
    for rho in rs.irreps(group):
        if rho.dim < 3:
            continue
        rho_set = rs.minimal_rho_set(group, rho)
        page = rs.plot(rho_set)
        path = page.save(out / f"{name}_{rho.name.strip('[]').replace(',', '')}.html")
        print(f"{name} {rho.name:12} {len(rho_set.points):3} points in dimension {rho.dim}: {path}")
