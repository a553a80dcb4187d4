"""Explaining networks on groups too large for all their irreps: subgroups and irreps are read off
the weights, and only those that occur are formed."""

from __future__ import annotations

from rhoset.explain.large.finding import LARGE_ORDER as LARGE_ORDER
from rhoset.explain.large.finding import Found as Found
from rhoset.explain.large.finding import find_irreps as find_irreps
from rhoset.explain.large.stabilizers import stabilizers as stabilizers
from rhoset.explain.large.stabilizers import translates as translates
from rhoset.explain.large.stabilizers import translation_gaps as translation_gaps
