"""Plans that need no explanation: exhaustive, and gaps read off the weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rhoset.errors import RhosetError
from rhoset.groups import coset_means
from rhoset.prove.certificates import BARE
from rhoset.prove.gaps import GapReading, gap_readings
from rhoset.prove.nearness import balanced
from rhoset.prove.search import Candidate, Search
from rhoset_check.files import Certificate, GapTensors, Plan
from rhoset_check.group import permutation_action
from rhoset_check.near import Array


def exhaustive(search: Search) -> list[Candidate]:
    """Every output of every pair; n³m."""
    return [search.candidate("exhaustive", search.subject.certificate("exhaustive"))]


def gaps(search: Search) -> list[Candidate]:
    """Right readings nearly constant on cosets, unembed exact or by its means over fibres; what is open, exactly.

    Last comes the plan that leaves everything open, which is exhaustive.
    """
    made = [of_reading(search, reading, exact_rest) for reading in readings(search) for exact_rest in (True, False)]
    return [*made, search.candidate("no gaps", search.subject.certificate("gaps"))]


def readings(search: Search) -> list[GapReading]:
    """What the right readings are nearly functions of, the likeliest first; none for groups that are too large."""
    network = search.subject.network
    if network.order < 2:
        return []
    try:
        return gap_readings(network)
    except RhosetError:  # too many subgroups
        return []


def of_reading(search: Search, reading: GapReading, exact_rest: bool) -> Candidate:
    """Rule gaps with one reading, in one of its modes."""
    name = f"gaps, {sizes(reading)}, unembed {'exact' if exact_rest else 'by fibres'}"
    return search.candidate(name, gaps_certificate(search, reading, exact_rest))


def sizes(reading: GapReading) -> str:
    """Such as "5 + 2 points"."""
    return " + ".join(map(str, sorted(reading.sizes, reverse=True))) + " points"


def gaps_certificate(search: Search, reading: GapReading, exact_rest: bool) -> Certificate:
    """Rule gaps, then exact."""
    subject = search.subject
    plan: Plan = replace(BARE, gaps=True, exact_rest=exact_rest, work=subject.work)
    given = GapTensors(tuple(reading.actions), reading.block, reading.point)
    scale = None if exact_rest else fibre_scale(search, reading)
    return subject.certificate("gaps", plan, gaps=given, scale=scale)


def fibre_scale(search: Search, reading: GapReading) -> Array:
    """(m + 1,) weights for the Cauchy-Schwarz inequality over what the means over fibres leave of unembed."""
    subject = search.subject
    unembed = subject.model.unembed["float64"]
    left_over = np.zeros(len(unembed))
    for j, images in enumerate(reading.actions):
        action = permutation_action(subject.group, images, "gaps")
        for c in range(images.shape[1]):
            members = np.flatnonzero((reading.block == j) & (reading.point == c))
            if len(members):
                rows = unembed[members]
                means = coset_means(rows, action[:, c])
                left_over[members] = np.linalg.norm(rows - means[:, action[:, c]], axis=1)
    return balanced(left_over, search.size)
