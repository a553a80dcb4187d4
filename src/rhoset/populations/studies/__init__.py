"""Studies: a specified experiment over many networks, from one TOML file to tables, intervals and a page."""

from rhoset.populations.studies import readouts as readouts
from rhoset.populations.studies.results import study_network as study_network
from rhoset.populations.studies.running import StudyProgress as StudyProgress
from rhoset.populations.studies.running import run_study as run_study
from rhoset.populations.studies.running import study_so_far as study_so_far
from rhoset.populations.studies.spec import BUILTIN as BUILTIN
from rhoset.populations.studies.spec import Setting as Setting
from rhoset.populations.studies.spec import Study as Study
from rhoset.populations.studies.spec import read_study as read_study
