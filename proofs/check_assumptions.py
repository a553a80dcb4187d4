"""Read what `Print Assumptions` said; exit 1 where a theorem rests on more than the primitive 63-bit integers."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ALLOWED = re.compile(
    r"(PrimInt63\.|Uint63\.)?("
    r"int|add|sub|mul|div|lsl|lsr|land|lor|eqb|ltb|leb|"
    r"add_spec|sub_spec|mul_spec|lsl_spec|lsr_spec|land_spec|lor_spec|ltb_spec|leb_spec|"
    r"eqb_correct|eqb_refl|of_to_Z)"
)
"""Constants and axioms of Coq's own library of machine integers (Numbers/Cyclic/Int63)."""


def assumptions(text: str) -> list[str]:
    """Every name that stands under `Axioms:`."""
    found, inside = [], False
    for line in text.splitlines():
        if line.startswith(("Axioms:", "Closed under the global context")):
            inside = line.startswith("Axioms:")
        elif inside and line and not line[0].isspace():
            found.append(line.partition(" ")[0])
    return found


def main(path: str) -> int:
    """Print what is not allowed; 0 where there is nothing and something was read."""
    text = sys.stdin.read() if path == "-" else Path(path).read_text()
    heads = set(re.findall(r"^(\w+)\n     : ", text, flags=re.M))
    names = [name for name in assumptions(text) if name not in heads]
    foreign = sorted({name for name in names if not ALLOWED.fullmatch(name)})
    if foreign:
        print("theorems rest on: " + ", ".join(foreign))
        return 1
    said = len(re.findall(r"^(?:Axioms:|Closed under the global context)", text, flags=re.M))
    if not said:
        print("nothing was said of any theorem")
        return 1
    print(f"{said} theorems rest on nothing but Coq's own primitive 63-bit integers")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
