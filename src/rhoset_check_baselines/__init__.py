"""Checked baselines: published verifiers, made rigorous, on the parts of `rhoset_check`.

No certificate of the main checker needs this package. PAPER.md states and proves its rule and gives its format.
"""

from rhoset_check_baselines.paper import check_paper

__all__ = ["check_paper"]
