"""The independent checker: re-derives an accuracy bound from weights, table and certificate.

It needs numpy, safetensors and the standard library, and imports nothing of `rhoset`. The format and the rules are
in FORMAT.md beside this file. To trust a verdict, read this package.
"""

from .verdict import Verdict, check

__all__ = ["Verdict", "check"]
