"""What a network computes: irreps, circuits, and the idealised network they amount to."""

from rhoset.explain.circuits import exact_tables as exact_tables
from rhoset.explain.circuits import find_circuits as find_circuits
from rhoset.explain.explaining import explain as explain
from rhoset.explain.explaining import ideal_network as ideal_network
from rhoset.explain.explanation import Circuit as Circuit
from rhoset.explain.explanation import Explanation as Explanation
from rhoset.explain.explanation import Quadrature as Quadrature
from rhoset.explain.orbits import antipodes as antipodes
from rhoset.explain.orbits import orbit as orbit
from rhoset.explain.slots import KINDS as KINDS
from rhoset.explain.slots import filled_slots as filled_slots
from rhoset.explain.slots import slot_weights as slot_weights
from rhoset.explain.spectrum import NeuronEnergy as NeuronEnergy
from rhoset.explain.spectrum import spectrum as spectrum
