"""Sides that cannot be set beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.errors import UsageError
from mien.report import figures

if TYPE_CHECKING:
    from mien.stats.profiles.profile import Profile


def test_sides_of_one_instrument_are_refused(profiles: list[Profile]) -> None:
    with pytest.raises(UsageError, match="each with another instrument; these have revealed, revealed"):
        figures.four_sides(profiles[:2])
