"""Constructed networks: ideal ρ-set circuits whose structure is known, hidden in a network file."""

from __future__ import annotations

from rhoset.networks.constructing.circuits import PlantedCircuit as PlantedCircuit
from rhoset.networks.constructing.construct import Planted as Planted
from rhoset.networks.constructing.construct import construct as construct
from rhoset.networks.constructing.plans import CircuitPlan as CircuitPlan
from rhoset.networks.constructing.plans import PointSet as PointSet
from rhoset.networks.constructing.plans import from_gset as from_gset
from rhoset.networks.constructing.plans import from_rho_set as from_rho_set
from rhoset.networks.constructing.plans import parse_plan as parse_plan
