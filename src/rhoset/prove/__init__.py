"""Certificates: the search for the cheapest proof of a network's accuracy (docs/prove.md)."""

from rhoset.prove.certify import CertifyResult as CertifyResult
from rhoset.prove.certify import certify as certify
from rhoset.prove.context import Tried as Tried
from rhoset.prove.frontier import Point as Point
from rhoset.prove.frontier import certify_frontier as certify_frontier
from rhoset.prove.methods import METHODS as METHODS
