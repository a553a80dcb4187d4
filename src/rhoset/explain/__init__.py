"""What a network computes: irreps, cosets, circuits, and the idealised network they amount to."""

import sys as _sys

from rhoset._callable import CallableModule as _CallableModule
from rhoset.explain.circuits import exact_tables as exact_tables
from rhoset.explain.circuits import find_circuits as find_circuits
from rhoset.explain.contributions import MarginParts as MarginParts
from rhoset.explain.contributions import margin_parts as margin_parts
from rhoset.explain.cosets import CosetConcentration as CosetConcentration
from rhoset.explain.cosets import coset_concentration as coset_concentration
from rhoset.explain.diagnosis import Diagnosis as Diagnosis
from rhoset.explain.diagnosis import diagnose as diagnose
from rhoset.explain.explaining import explain as explain
from rhoset.explain.explaining import ideal_network as ideal_network
from rhoset.explain.explaining import structure as structure
from rhoset.explain.explanation import Circuit as Circuit
from rhoset.explain.explanation import Explanation as Explanation
from rhoset.explain.explanation import Quadrature as Quadrature
from rhoset.explain.faithfulness import Intervention as Intervention
from rhoset.explain.faithfulness import activation_correlation as activation_correlation
from rhoset.explain.faithfulness import faithfulness as faithfulness
from rhoset.explain.faithfulness import intervene as intervene
from rhoset.explain.orbits import antipodes as antipodes
from rhoset.explain.orbits import orbit as orbit
from rhoset.explain.orbits import slot_symmetries as slot_symmetries
from rhoset.explain.quadrature import angles as angles
from rhoset.explain.quadrature import frequency as frequency
from rhoset.explain.quadrature import moments as moments
from rhoset.explain.registry import Account as Account
from rhoset.explain.registry import Subject as Subject
from rhoset.explain.registry import account as account
from rhoset.explain.registry import compare as compare
from rhoset.explain.registry import explanations as explanations
from rhoset.explain.registry import register as register
from rhoset.explain.registry import subject as subject
from rhoset.explain.registry import unregister as unregister
from rhoset.explain.slot_tables import SlotReport as SlotReport
from rhoset.explain.slot_tables import slot_distances as slot_distances
from rhoset.explain.slot_tables import slot_report as slot_report
from rhoset.explain.slot_tables import slot_tables as slot_tables
from rhoset.explain.slot_tables import symmetry as symmetry
from rhoset.explain.slots import KINDS as KINDS
from rhoset.explain.slots import filled_slots as filled_slots
from rhoset.explain.slots import reading_families as reading_families
from rhoset.explain.slots import slot_weights as slot_weights
from rhoset.explain.spectrum import NeuronEnergy as NeuronEnergy
from rhoset.explain.spectrum import spectrum as spectrum
from rhoset.explain.steps import Step as Step
from rhoset.explain.steps import explain_steps as explain_steps
from rhoset.explain.summary import to_json as to_json

_sys.modules[__name__].__class__ = _CallableModule
