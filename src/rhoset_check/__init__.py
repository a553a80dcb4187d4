"""The independent checker: re-derives an accuracy bound from weights, table and certificate.

It needs numpy, safetensors and the standard library, and imports nothing of `rhoset`. THEOREMS.md beside this file
proves the rules, FORMAT.md gives the format. To trust a verdict, read this package: near, group, files, limits,
network, exact, settle, the rules (lowrank, points, gaps, even, each, circles), verdict.
"""

from rhoset_check.verdict import Verdict, check

__all__ = ["Verdict", "check"]
