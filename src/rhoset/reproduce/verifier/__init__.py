"""The published verifier (Wu et al. 2024) in floating point, as a yardstick: it proves nothing.

It shows what share of a population the published method reaches on these networks, and thereby what
rigour costs. Its numbers are never a verdict: those are the checker's alone. Random starts of the
original are replaced by all starts of a fixed list, so it is deterministic.
"""

from rhoset.reproduce.verifier.bound import PublishedBound as PublishedBound
from rhoset.reproduce.verifier.bound import published_bound as published_bound
from rhoset.reproduce.verifier.clustering import cluster_modulo as cluster_modulo
from rhoset.reproduce.verifier.ideal import IdealNetwork as IdealNetwork
from rhoset.reproduce.verifier.ideal import idealise as idealise
from rhoset.reproduce.verifier.neurons import IrrepNeurons as IrrepNeurons
from rhoset.reproduce.verifier.neurons import irrep_neurons as irrep_neurons
from rhoset.reproduce.verifier.writing import coset_explanation as coset_explanation
from rhoset.reproduce.verifier.writing import paper_explanation as paper_explanation
