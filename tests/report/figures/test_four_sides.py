"""Sides are read across; those that cannot be set beside each other are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mien.errors import UsageError
from mien.report import figures
from mien.stats.sides import sides
from tests.report.conftest import simulated

if TYPE_CHECKING:
    from mien.stats.profiles.profile import Profile


def test_sides_of_one_instrument_are_refused(profiles: list[Profile]) -> None:
    with pytest.raises(UsageError, match="each with another instrument; these have revealed, revealed"):
        figures.four_sides(profiles[:2])


def test_a_trait_that_one_side_never_showed_keeps_its_row(profiles: list[Profile]) -> None:
    said, done = profiles[0], simulated(0, instrument="exhibited")[1]
    shown = sides([said, done])
    hidden = shown.by_side["does"]
    kept = replace(hidden, rows=hidden.rows[1:])
    drawn = figures.four_sides(replace(shown, by_side=shown.by_side | {"does": kept})).to_dict()
    domains = [
        layer["encoding"]["y"]["scale"]["domain"]
        for column in drawn["hconcat"]
        for layer in column["layer"]
        if "y" in layer.get("encoding", {})
    ]
    assert len({tuple(domain) for domain in domains}) == 1
    assert len(domains[0]) == 36
