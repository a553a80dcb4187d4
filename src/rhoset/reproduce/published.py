"""The published numbers that ours stand beside."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """Figures of Wu, Jaburi, Drori, Gross (2024) on S5, section 5, and of the run with outputs in their repository."""

    networks: int = 100
    wanted: float = 0.95
    proved: int = 45
    """Networks with an accuracy bound of at least `wanted`."""
    above_half: int = 54
    above_zero: int = 56
    irrep_bad: int = 40
    a_not_constant: int = 24
    either: int = 44
    """Networks that their verifier flags."""
    check_seconds: tuple[float, float] = (0.81, 0.86)
    brute_force_seconds: tuple[float, float] = (2.19, 2.35)
    """One input at a time, both."""
    time_share: tuple[float, float] = (0.37, 0.38)
    irreps_alone: int = 0
    cosets_alone: int = 0
    """Networks with any bound above 0 from irreps alone, from cosets alone."""
    coset_margins: tuple[float, float] = (0.0, 1.1)
    coset_distance: float = 5.0
    """Margins of the coset ideal network and its distance from the network, one network's."""
    loss: tuple[float, float] = (0.0125, 0.035)
    """Final losses printed."""
    source: str = (
        "Wu, Jaburi, Drori, Gross: Towards a unified and verified understanding of group-operation "
        "networks (2024), arXiv 2410.07476"
    )


PUBLISHED = Published()
