"""The published numbers that ours stand beside."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """Figures of Wu, Jaburi, Drori, Gross (2024), section 5 and table 1, on S5."""

    networks: int = 100
    wanted: float = 0.95
    share_proved: float = 0.45
    """Share of the networks with an accuracy bound of at least `wanted`; the bound is 0 for the rest."""
    time_share: float = 0.30
    """Time of the verifier over that of brute force."""
    brute_force_seconds: float = 2.2
    """Brute force, not vectorised."""
    irreps_alone: float = 0.0
    """Share proved from irreps alone: no bound was non-vacuous."""
    cosets_alone: float = 0.0
    """Share proved from cosets alone: likewise."""
    source: str = (
        "Wu, Jaburi, Drori, Gross: Towards a unified and verified understanding of group-operation "
        "networks (2024), arXiv 2410.07476"
    )


PUBLISHED = Published()
