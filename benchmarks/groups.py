"""Time the groups room beside sympy, and beside GAP where passagemath-gap is installed.

    python benchmarks/groups.py

Every row is one task, every figure the best of some repetitions in this process, caches off. Our
column always includes making the group. The rivals do the nearest thing they offer; the notes say
where it is less or more.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

os.environ["RHOSET_CACHE"] = "off"
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from rhoset.groups import group, irrep, irreps, isomorphism, relabel, subgroup_classes

Task = Callable[[], object]


def best(task: Task, repetitions: int = 3, budget: float = 60.0) -> float:
    """Least wall time in seconds; one repetition only when the first takes long."""
    times: list[float] = []
    while len(times) < repetitions and sum(times) < budget / 4:
        start = time.perf_counter()
        task()
        times.append(time.perf_counter() - start)
    return min(times)


def ours() -> dict[str, Task]:
    """A fresh group object each time, so that nothing is remembered."""
    import numpy as np

    def aligned() -> object:
        s6 = group("S6")
        return isomorphism(s6, relabel(s6, np.random.default_rng(0).permutation(720)))

    return {
        "S5 table": lambda: group("S5"),
        "S6 table": lambda: group("S6"),
        "S7 table": lambda: group("S7"),
        "M11 table": lambda: group("M11"),
        "S6 classes": lambda: group("S6").classes,
        "S5 irreps": lambda: irreps(group("S5")),
        "S6 irreps": lambda: irreps(group("S6")),
        "A6 irreps": lambda: irreps(group("A6")),
        "PSL(2,11) irreps": lambda: irreps(group("PSL(2,11)")),
        "D500 irreps": lambda: irreps(group("D500")),
        "A7 irreps": lambda: irreps(group("A7")),
        "S7 [6,1]": lambda: irrep(group("S7"), "[6,1]"),
        "S5 subgroups": lambda: subgroup_classes(group("S5")),
        "S6 subgroups": lambda: subgroup_classes(group("S6")),
        "PSL(2,11) subgroups": lambda: subgroup_classes(group("PSL(2,11)")),
        "S6 isomorphism": aligned,
    }


def sympy_tasks() -> dict[str, Task]:
    """Tables in pure Python, conjugacy classes; sympy has no irreps and no subgroup lattice."""
    try:
        from sympy.combinatorics.named_groups import SymmetricGroup
    except ImportError:
        return {}

    def table(k: int) -> object:
        elements = [p.array_form for p in SymmetricGroup(k).elements]
        index = {tuple(p): i for i, p in enumerate(elements)}
        return [[index[tuple([x[b] for b in y])] for y in elements] for x in elements]

    return {
        "S5 table": lambda: table(5),
        "S6 table": lambda: table(6),
        "S6 classes": lambda: SymmetricGroup(6).conjugacy_classes(),
    }


def gap_tasks() -> dict[str, Task]:
    """GAP: multiplication tables, classes (by formula for S_k), complex irreps, subgroups.

    Its irreps are homomorphisms known on generators (Dixon); ours are matrices of all elements.
    """
    try:
        import passagemath_gap  # noqa: F401
        from sage.libs.gap.libgap import libgap
    except ImportError:
        return {}
    run = libgap.eval
    reps = "Length(IrreducibleRepresentationsDixon(%s))"
    lattice = "Length(ConjugacyClassesSubgroups(%s))"
    return {
        "S5 table": lambda: run("Length(MultiplicationTable(SymmetricGroup(5)))"),
        "S6 table": lambda: run("Length(MultiplicationTable(SymmetricGroup(6)))"),
        "S6 classes": lambda: run("Length(ConjugacyClasses(SymmetricGroup(6)))"),
        "S5 irreps": lambda: run(reps % "SymmetricGroup(5)"),
        "S5 subgroups": lambda: run(lattice % "SymmetricGroup(5)"),
        "S6 subgroups": lambda: run(lattice % "SymmetricGroup(6)"),
        "PSL(2,11) subgroups": lambda: run(lattice % "PSL(2,11)"),
    }


PEAK = """
import tracemalloc
from rhoset.groups import group
group("S3")
tracemalloc.start()
g = group("S7")
print(tracemalloc.get_traced_memory()[1], g.table.nbytes)
"""
"""numpy reports its arrays to tracemalloc, so this is the true peak of the construction."""


def main() -> None:
    """Print one table and the memory that the table of S7 takes."""
    rivals = {"sympy": sympy_tasks(), "GAP": gap_tasks()}
    print(f"{'task':22}{'rhoset':>10}" + "".join(f"{name:>12}{'ratio':>8}" for name in rivals))
    for name, task in ours().items():
        own = best(task)
        row = f"{name:22}{own:9.4f}s"
        for tasks in rivals.values():
            if name in tasks:
                other = best(tasks[name])
                row += f"{other:11.4f}s{other / own:8.1f}"
            else:
                row += f"{'–':>12}{'':8}"
        print(row, flush=True)
    out = subprocess.run([sys.executable, "-c", PEAK], capture_output=True, text=True, check=True)
    peak, size = map(int, out.stdout.split())
    print(f"S7: table {size / 2**20:.1f} MiB, peak while building it {peak / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
