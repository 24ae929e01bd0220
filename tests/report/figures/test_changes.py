"""What is marked as changed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from mien.report import figures
from mien.report.rendering import svg
from mien.report.saving import specification
from mien.stats import diffs
from tests.report.drawing import words

if TYPE_CHECKING:
    from mien.stats.profiles.profile import Profile


def test_diff_marks_what_changed_and_nothing_else(profiles: list[Profile]) -> None:
    change = diffs.diff(*profiles[:2])
    marks = [word for word in words(figures.diff(change)) if word["text"].startswith("q ")]
    assert len(marks) == int(change.changed.sum()) > 0


def test_slope_of_a_run_with_its_own_likeness_names_no_change(profiles: list[Profile]) -> None:
    change = diffs.diff(*profiles[:2], fdr=1e-12)
    assert "No trait changed" in " ".join(word["text"] for word in words(figures.slope(change)))


def test_the_yardstick_of_a_slope_lies_within_it(profiles: list[Profile]) -> None:
    """Also where intervals are far wider than what ratings differ by."""
    quiet = [replace(found, values=0.01 * found.values) for one in profiles[:2] for found in [one.estimates]]
    picture = svg(specification(figures.slope(diffs.diff(*quiet)), theme="light"))
    found = re.search(r'height="(\d+)"', picture)
    assert found
    assert int(found[1]) < 800
