"""Explaining networks on groups too large for all their irreps: subgroups and irreps are read off
the weights, and only those that occur are formed."""

from __future__ import annotations

from rhoset.explaining.large.finding import LARGE_ORDER as LARGE_ORDER
from rhoset.explaining.large.finding import Found as Found
from rhoset.explaining.large.finding import find_irreps as find_irreps
from rhoset.explaining.large.stabilizers import stabilizers as stabilizers
from rhoset.explaining.large.stabilizers import translates as translates
from rhoset.explaining.large.stabilizers import translation_gaps as translation_gaps
