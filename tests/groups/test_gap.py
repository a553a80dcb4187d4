"""SmallGroup(n,k): through GAP where the extra is installed, a plain refusal where it is not."""

from __future__ import annotations

import importlib.util

import pytest
from support.groups import oracle, small_group

from rhoset.errors import MissingExtra, RhosetError
from rhoset.groups import group, isomorphism

INSTALLED = importlib.util.find_spec("passagemath_gap") is not None


@pytest.mark.skipif(INSTALLED, reason="passagemath-gap is installed here")
def test_without_gap_the_extra_is_named() -> None:
    with pytest.raises(MissingExtra, match=r"SmallGroup\(24,3\) needs the optional extra 'gap'"):
        group("SmallGroup(24,3)")


@pytest.mark.skipif(not INSTALLED, reason="needs the extra rhoset[gap]")
@pytest.mark.parametrize("key", ["1,1", "8,4", "21,1", "24,3", "32,50", "60,5"])
def test_gap_groups_are_those_of_the_oracles(key: str) -> None:
    found = group(f"SmallGroup({key})")
    assert found.order == oracle("small_groups")[key]["order"]
    assert isomorphism(found, small_group(key)) is not None
    assert len(set(found.element_names)) == found.order


@pytest.mark.skipif(not INSTALLED, reason="needs the extra rhoset[gap]")
def test_numbers_beyond_the_library_are_refused() -> None:
    for name in ("SmallGroup(24,16)", "SmallGroup(24,0)", "SmallGroup(1024,1)"):
        with pytest.raises(RhosetError, match="GAP's library has") as caught:
            group(name)
        assert caught.value.slug == "unknown-group"


def test_an_order_beyond_any_table_is_refused_first() -> None:
    with pytest.raises(RhosetError) as caught:
        group("SmallGroup(99999,1)")
    assert caught.value.slug == "table-too-large"
