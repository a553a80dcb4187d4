"""Plans that need no explanation: exhaustive, and gaps read off the weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rhoset.errors import RhosetError
from rhoset.groups import coset_means
from rhoset.prove.certificates import BARE
from rhoset.prove.gaps import GapReading, gap_readings
from rhoset.prove.nearness import balanced
from rhoset.prove.search import FEW, SAMPLE_PAIRS, Candidate, Search
from rhoset_check.files import Certificate, GapTensors
from rhoset_check.group import permutation_action
from rhoset_check.near import Array

HOPELESS = 0.7
"""Where rule gaps leaves more than this share of the pairs open, its other modes are not looked at."""
NOTHING = 2.0**-40
"""Weight of what a Cauchy-Schwarz inequality does not speak of."""


def exhaustive(search: Search, pairs: int) -> list[Candidate]:
    """Every output of every pair; n³m. Estimated on so many pairs."""
    return [search.candidate("exhaustive", search.subject.certificate("exhaustive"), pairs)]


MODES = ("exact", "exact but for single points", "by fibres", "by fibres, tables even")
"""How rule gaps takes unembed: as it is, n²kq; by its means over fibres, nkq², for the sets of one point, where neurons
are that do little; or for all sets. What means leave is bounded by Cauchy-Schwarz. Even: the tables of all x are one,
but for deviations that are bounded: linear time."""

ON_THE_CLOCK = (MODES[3], MODES[1])
"""Those that are tried where the search must be quick, in turn."""


def gaps(search: Search) -> list[Candidate]:
    """Right readings nearly constant on cosets; what is left open, exactly.

    Last comes the plan that leaves everything open, which is exhaustive.
    """
    made: list[Candidate] = []
    for reading in readings(search):
        made += [of_reading(search, reading, mode, FEW) for mode in (MODES[3], MODES[1])]
        if made[-2].estimate.exact == 0:  # nothing is shorter
            return [of_reading(search, reading, MODES[3]), *made]
        if made[-1].estimate.exact < HOPELESS:
            made[-1:] = [of_reading(search, reading, mode) for mode in MODES[1:3]]
    return [*made, search.candidate("no gaps", search.subject.certificate("gaps"), FEW)]


def readings(search: Search) -> list[GapReading]:
    """What the right readings are nearly functions of, the likeliest first; none for groups that are too large."""
    network = search.subject.network
    if network.order < 2:
        return []
    try:
        return gap_readings(network)
    except RhosetError:  # too many subgroups
        return []


def of_reading(search: Search, reading: GapReading, mode: str, pairs: int = SAMPLE_PAIRS) -> Candidate:
    """Rule gaps with one reading, in one of the `MODES`."""
    name = f"gaps, {sizes(reading)}, unembed {mode}"
    return search.candidate(name, gaps_certificate(search, reading, mode), pairs)


def sizes(reading: GapReading) -> str:
    """Such as "5 + 2 points"."""
    return " + ".join(map(str, sorted(reading.sizes, reverse=True))) + " points"


def gaps_certificate(search: Search, reading: GapReading, mode: str) -> Certificate:
    """Rule gaps, then exact."""
    subject, points = search.subject, np.array(reading.sizes)
    exact = np.select([mode == MODES[0], mode == MODES[1]], [points > 0, points > 1], points < 0)
    plan = replace(BARE, gaps=True, even=mode == MODES[3], work=subject.work)
    given = GapTensors(tuple(reading.actions), reading.block, reading.point, exact.astype(np.intp))
    scale = None if exact.all() else fibre_scale(search, given)
    return subject.certificate("gaps", plan, gaps=given, scale=scale)


def fibre_scale(search: Search, given: GapTensors) -> Array:
    """(m + 1,) weights for the Cauchy-Schwarz inequality over what the means over fibres leave of unembed.

    Neurons whose unembed is exact leave nothing: they weigh next to nothing.
    """
    subject = search.subject
    unembed = subject.model.unembed["float64"]
    left_over = np.zeros(len(unembed))
    for j in np.flatnonzero(given.exact == 0):
        action = permutation_action(subject.group, given.actions[j], "gaps")
        for c in range(action.shape[1]):
            members = np.flatnonzero((given.block == j) & (given.point == c))
            if len(members):
                rows, place = unembed[members], action[:, c]
                left_over[members] = np.linalg.norm(rows - coset_means(rows, place)[:, place], axis=1)
    scale = balanced(left_over, search.size)
    scale[:-1][given.exact[given.block] == 1] = NOTHING
    return scale
