"""Checked baselines: explanations of earlier work, each made a rule that is proved, on the parts of `rhoset_check`.

No certificate of the main checker needs this package. PAPER.md and COSET.md state and prove its two rules and give
their format.
"""

from rhoset_check_baselines.checking import RULES, check
from rhoset_check_baselines.judging import BaselineVerdict, rule_of

__all__ = ["RULES", "BaselineVerdict", "check", "rule_of"]
