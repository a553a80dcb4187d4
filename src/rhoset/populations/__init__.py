"""Populations of networks: observables, tables, comparisons, studies (docs/tables.md)."""

from rhoset.arguments import page as _page
from rhoset.populations.comparing import Comparison as Comparison
from rhoset.populations.comparing import compare as compare
from rhoset.populations.distances import distance_matrix as distance_matrix
from rhoset.populations.observables import Observables as Observables
from rhoset.populations.observables import observables as observables
from rhoset.populations.observables import spectral_counts as spectral_counts
from rhoset.populations.stack import Stack as Stack
from rhoset.populations.stack import stacked as stacked
from rhoset.populations.tables import COLUMNS as COLUMNS
from rhoset.populations.tables import table as table
from rhoset.populations.tables import write_table as write_table

_page(globals())
