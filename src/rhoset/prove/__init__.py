"""Certificates: the search for the cheapest proof of a network's accuracy (docs/prove.md).

The nouns, in order of appearance: a *subject* is a network as the checker reads it (subject.py); a *certificate* is the
checker's own type (`rhoset_check.files.Certificate`); a *candidate* is a certificate with an *estimate* of what it
costs and proves, made by the checker's rules on some rows of pairs (search.py); a *search* holds what the candidates
for one subject share; a *reading* says of what cosets each neuron's readings are nearly functions (gaps.py); a *wish*
is what the caller wants (wish.py).
"""

from rhoset.arguments import page as _page
from rhoset.prove.certify import CertifyResult as CertifyResult
from rhoset.prove.certify import certify as certify
from rhoset.prove.certify import certify_subject as certify_subject
from rhoset.prove.frontier import Point as Point
from rhoset.prove.frontier import certify_frontier as certify_frontier
from rhoset.prove.methods import METHODS as METHODS
from rhoset.prove.search import Estimate as Estimate
from rhoset.prove.subject import subject as subject

_page(globals())
