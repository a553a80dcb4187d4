"""Targeted attacks: pairs of a network and a certificate that a checker with one proof obligation missing accepts.

Each takes a random generator, so that the campaign tries many of each; tests weaken the checker and look for the
attack that gets through.
"""

from . import (  # they enter themselves
    attacks_circles,
    attacks_each,
    attacks_even,
    attacks_false,
    attacks_gaps,
    attacks_idle,
    attacks_lowrank,
    attacks_points,
    attacks_rounding,
)
from .attack_parts import ATTACKS, Attack

__all__ = [
    "ATTACKS",
    "Attack",
    "attacks_circles",
    "attacks_each",
    "attacks_even",
    "attacks_false",
    "attacks_gaps",
    "attacks_idle",
    "attacks_lowrank",
    "attacks_points",
    "attacks_rounding",
]
