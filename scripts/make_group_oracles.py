"""Make tests/oracles/*.json: what GAP knows about small groups, for the tests to compare with.

Needs passagemath-gap (the extra ``rhoset[gap]``) and nothing of rhoset. Takes some minutes:

    python scripts/make_group_oracles.py tests/oracles

Of every group it writes generators as permutations (1-based cycles), class orders and sizes, and
of every real irrep its dimension, type, least ρ-set size, and a fingerprint: the multiset of
(element order, character value) over all elements, as "order: value*count, …". There is no
randomness that reaches the output.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from math import cos, pi
from pathlib import Path
from typing import Any

ORDERS = range(1, 61)

NAMED = {
    "C59": "CyclicGroup(59)",
    "C113": "CyclicGroup(113)",
    "D59": "DihedralGroup(118)",
    "D12": "DihedralGroup(24)",
    "Q8": "QuaternionGroup(8)",
    "Q32": "QuaternionGroup(32)",
    "Dic15": "DicyclicGroup(60)",
    "S3": "SymmetricGroup(3)",
    "S4": "SymmetricGroup(4)",
    "S5": "SymmetricGroup(5)",
    "S6": "SymmetricGroup(6)",
    "S7": "SymmetricGroup(7)",
    "A4": "AlternatingGroup(4)",
    "A5": "AlternatingGroup(5)",
    "A6": "AlternatingGroup(6)",
    "A7": "AlternatingGroup(7)",
    "F20": "SmallGroup(20,3)",
    "F21": "SmallGroup(21,1)",
    "AGL(1,5)": "SmallGroup(20,3)",
    "AGL(1,7)": "SmallGroup(42,1)",
    "AGL(1,8)": "SmallGroup(56,11)",
    "AGL(1,9)": "PrimitiveGroup(9,4)",
    "AGL(2,2)": "SymmetricGroup(4)",
    "AGL(3,2)": "PrimitiveGroup(8,3)",
    "SL(2,3)": "SL(2,3)",
    "GL(2,3)": "GL(2,3)",
    "SL(2,4)": "SL(2,4)",
    "SL(2,5)": "SL(2,5)",
    "SL(2,7)": "SL(2,7)",
    "GL(2,4)": "GL(2,4)",
    "GL(2,5)": "GL(2,5)",
    "GL(3,2)": "GL(3,2)",
    "PGL(2,5)": "PGL(2,5)",
    "PGL(2,7)": "PGL(2,7)",
    "PGL(2,9)": "PGL(2,9)",
    "PSL(2,7)": "PSL(2,7)",
    "PSL(2,8)": "PSL(2,8)",
    "PSL(2,9)": "PSL(2,9)",
    "PSL(2,11)": "PSL(2,11)",
    "PSL(2,13)": "PSL(2,13)",
    "M11": "MathieuGroup(11)",
    "C2wrC3": "WreathProduct(CyclicGroup(IsPermGroup,2),CyclicGroup(IsPermGroup,3))",
    "C2wrS3": "WreathProduct(CyclicGroup(IsPermGroup,2),SymmetricGroup(3))",
    "C3wrC2": "WreathProduct(CyclicGroup(IsPermGroup,3),CyclicGroup(IsPermGroup,2))",
    "C3wrC3": "WreathProduct(CyclicGroup(IsPermGroup,3),CyclicGroup(IsPermGroup,3))",
    "S3wrC2": "WreathProduct(SymmetricGroup(3),CyclicGroup(IsPermGroup,2))",
    "C2wrS4": "WreathProduct(CyclicGroup(IsPermGroup,2),SymmetricGroup(4))",
    "C2^3": "ElementaryAbelianGroup(8)",
    "C2^5": "ElementaryAbelianGroup(32)",
    "C3^3": "ElementaryAbelianGroup(27)",
    "C4^2": "DirectProduct(CyclicGroup(4),CyclicGroup(4))",
    "C3xS3": "DirectProduct(CyclicGroup(3),SymmetricGroup(3))",
    "S3xS4": "DirectProduct(SymmetricGroup(3),SymmetricGroup(4))",
    "Q8xC3": "DirectProduct(QuaternionGroup(8),CyclicGroup(3))",
    "Q8xQ8": "DirectProduct(QuaternionGroup(8),QuaternionGroup(8))",
    "C7:C3(2)": "SmallGroup(21,1)",
    "C9:C3(4)": "SmallGroup(27,4)",
    "C15:C4(2)": "SmallGroup(60,7)",
}

GAP_CODE = r"""
function(g, withGenerators)
  local t, chars, conj, seen, out, i, nu, real, kind, subs, fixed, best, h, r, gens, perm;
  if withGenerators then
    perm := Image(SmallerDegreePermutationRepresentation(Image(IsomorphismPermGroup(g))));
    gens := String(SmallGeneratingSet(perm));
  else
    gens := "";
  fi;
  t := CharacterTable(g);
  chars := Irr(t);
  nu := Indicator(t, chars, 2);
  subs := List(ConjugacyClassesSubgroups(g), Representative);
  out := [];
  for i in [1..Length(chars)] do
    conj := ComplexConjugate(chars[i]);
    if nu[i] <> 0 or Position(chars, conj) > i then
      if nu[i] = 1 then real := chars[i]; kind := "real";
      elif nu[i] = 0 then real := chars[i] + conj; kind := "complex";
      else real := 2 * chars[i]; kind := "quaternionic";
      fi;
      best := Size(g);
      for h in subs do
        if Index(g, h) < best and
           Sum(ConjugacyClasses(h), c -> Size(c) * Representative(c)^real) <> 0 then
          best := Index(g, h);
        fi;
      od;
      Add(out, [real[1], kind, best,
                List(real, v -> [Conductor(v), CoeffsCyc(v, Conductor(v))]), nu[i], chars[i][1]]);
    fi;
  od;
  return [gens, OrdersClassRepresentatives(t), SizesConjugacyClasses(t), out, Length(subs)];
end
"""


def number(pair: Any) -> float:
    """A real cyclotomic as a float."""
    conductor, coefficients = int(pair[0]), [int(c) for c in pair[1]]
    return sum(c * cos(2 * pi * j / conductor) for j, c in enumerate(coefficients))


def fingerprint(orders: list[int], sizes: list[int], values: list[float]) -> str:
    """The multiset of (element order, value), "1: 2*1, 2: -2*1, 4: 0*6"."""
    counts: Counter[tuple[int, float]] = Counter()
    for order, size, value in zip(orders, sizes, values):
        counts[order, round(value, 4) + 0.0] += size
    by_order: dict[int, list[str]] = {}
    for (order, value), count in sorted(counts.items()):
        by_order.setdefault(order, []).append(f"{value:.4g}*{count}")
    return "; ".join(f"{order}: {', '.join(parts)}" for order, parts in by_order.items())


def describe(function: Any, group: Any, generators: bool) -> dict[str, Any]:
    """Everything that is written about one group."""
    gens, orders, sizes, irreps, subgroups = function(group, generators)
    orders, sizes = [int(o) for o in orders], [int(s) for s in sizes]
    rows = []
    for dim, kind, best, values, nu, degree in irreps:
        mark = fingerprint(orders, sizes, [number(v) for v in values])
        kind = str(kind).strip('"')
        rows.append([int(dim), kind, int(best), int(nu), int(degree), mark])
    out: dict[str, Any] = {
        "order": sum(sizes),
        "classes": sorted([list(pair) for pair in zip(orders, sizes)]),
        "subgroup_classes": int(subgroups),
        "irreps": sorted(rows),
    }
    if generators:
        out["generators"] = str(gens).strip('"[] ').replace(" ", "")
    return out


def main(folder: Path) -> None:
    """Write both files."""
    import passagemath_gap  # noqa: F401
    from sage.libs.gap.libgap import libgap

    function = libgap.eval(GAP_CODE)
    small = {}
    for n in ORDERS:
        for k in range(1, int(libgap.eval(f"NumberSmallGroups({n})")) + 1):
            small[f"{n},{k}"] = describe(function, libgap.eval(f"SmallGroup({n},{k})"), True)
            text = str(libgap.eval(f"StructureDescription(SmallGroup({n},{k}))"))
            small[f"{n},{k}"]["structure"] = text.strip('"')
        print(n, file=sys.stderr, flush=True)
    write(folder / "small_groups.json", small)
    named = {}
    for name, code in NAMED.items():
        named[name] = describe(function, libgap.eval(code), False)
        print(name, file=sys.stderr, flush=True)
    write(folder / "named_groups.json", named)


def write(path: Path, content: dict[str, Any]) -> None:
    """One group a line."""
    rows = [f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in content.items()]
    path.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python scripts/make_group_oracles.py FOLDER")
    main(Path(sys.argv[1]))
