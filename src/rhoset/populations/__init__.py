"""Populations of networks: observables, tables, comparisons, studies (docs/tables.md)."""

from rhoset.populations.observables import Observables as Observables
from rhoset.populations.observables import observables as observables
from rhoset.populations.observables import spectral_counts as spectral_counts
from rhoset.populations.stack import Stack as Stack
from rhoset.populations.stack import stacked as stacked
