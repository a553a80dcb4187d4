"""Read what `Print Assumptions` said; exit 1 where a theorem rests on more than the primitive 63-bit integers.

Those of Floats.v, Margins.v and Circles.v are about real numbers: they may rest on the assistant's own axioms of these.
"""

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


OF_REALS = re.compile(r"(?:Floats|Margins|Circles)\.\w+")
REAL = re.compile(
    r"ClassicalDedekindReals\.(sig_forall_dec|sig_not_dec)|FunctionalExtensionality\.functional_extensionality_dep"
)
"""Axioms of Coq's own library of real numbers."""


def assumptions(text: str) -> list[tuple[str, str]]:
    """The theorem and the name, for every name that stands under `Axioms:`."""
    found, inside, theorem, last = [], False, "", ""
    for line in text.splitlines():
        if line.startswith(("Axioms:", "Closed under the global context")):
            inside = line.startswith("Axioms:")
        elif re.fullmatch(r" {5}: .*", line):  # what `Check` said: a name, then its statement
            theorem, inside = last, False
            found = [pair for pair in found if pair[1] != last]
        elif inside and line and not line[0].isspace():
            found.append((theorem, line.partition(" ")[0]))
        last = line
    return found


def main(path: str) -> int:
    """Print what is not allowed; 0 where there is nothing and something was read."""
    text = sys.stdin.read() if path == "-" else Path(path).read_text()
    foreign = sorted(
        {
            name
            for theorem, name in assumptions(text)
            if not (ALLOWED.fullmatch(name) or (OF_REALS.fullmatch(theorem) and REAL.fullmatch(name)))
        }
    )
    if foreign:
        print("theorems rest on: " + ", ".join(foreign))
        return 1
    said = len(re.findall(r"^(?:Axioms:|Closed under the global context)", text, flags=re.M))
    if not said:
        print("nothing was said of any theorem")
        return 1
    real = sum(OF_REALS.fullmatch(line) is not None for line in text.splitlines())
    of_reals = f"; {real} on Coq's own real numbers" if real else ""
    print(f"{said - real} theorems rest on nothing but Coq's own primitive 63-bit integers{of_reals}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
