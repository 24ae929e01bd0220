"""What sets estimates apart beside what they measure."""

from __future__ import annotations

from mien.stats.estimates.circumstances import Circumstances, unlike


def test_what_is_missing_in_words() -> None:
    assert Circumstances(designed=1800, missing=1640).lacking("b") == "1,640 of 1,800 trials of b are missing"
    assert Circumstances(designed=1800).lacking("b") == Circumstances().lacking("b") == ""


def test_what_is_not_known_counts_as_alike() -> None:
    known = Circumstances(
        ways={"judges": "j", "protocols": "p"}, settings={"t": "1", "long": "x" * 40, "own": "1"}
    )
    assert unlike([known, Circumstances()]) == unlike([known]) == unlike([]) == []
    assert unlike([known, Circumstances(ways={"judges": "", "protocols": "p"}, settings={"t": "1"})]) == []
    other = Circumstances(
        ways={"judges": "k", "protocols": "p"}, settings={"t": "2", "long": "y", "more": "1"}
    )
    assert unlike([known, other]) == [
        "the runs have different judges (j, k): part of what sets them apart may be the judges'",
        "the runs were asked with different settings (long, t: 1 and 2): part of what sets them apart may be "
        "the settings'",
    ]
