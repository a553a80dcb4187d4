"""Constructed networks: ideal ρ-set circuits whose structure is known, hidden in a network file."""

from __future__ import annotations

from rhoset.networks.constructing.construct import Planted as Planted
from rhoset.networks.constructing.construct import construct as construct
from rhoset.networks.constructing.plans import CircuitPlan as CircuitPlan
from rhoset.networks.constructing.plans import parse_plan as parse_plan
