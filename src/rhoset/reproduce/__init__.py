"""The paper's experiment: populations trained, explained and certified, beside the published numbers."""

from rhoset.arguments import page as _page
from rhoset.reproduce.baselines import BASELINES as BASELINES
from rhoset.reproduce.baselines import BaselineResult as BaselineResult
from rhoset.reproduce.baselines import certify_baseline as certify_baseline
from rhoset.reproduce.experiment import measure_runs as measure_runs
from rhoset.reproduce.experiment import reproduce as reproduce
from rhoset.reproduce.plan import FULL as FULL
from rhoset.reproduce.plan import QUICK as QUICK
from rhoset.reproduce.plan import Experiment as Experiment
from rhoset.reproduce.published import PUBLISHED as PUBLISHED
from rhoset.reproduce.summary import summarise as summarise
from rhoset.reproduce.tables import continued as continued
from rhoset.reproduce.tables import contrast as contrast
from rhoset.reproduce.tables import markdown as markdown
from rhoset.reproduce.tables import stopped as stopped

_page(globals())
