"""What this machine's fonts lack."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mien.errors import Notice
from mien.report import figures, fonts
from mien.report.fonts import lacking, tell
from mien.report.saving import save
from mien.stats.profiles import Provenance

if TYPE_CHECKING:
    from pathlib import Path

    from mien.stats.profiles.profile import Profile


def test_what_every_font_has_is_not_lacking() -> None:
    assert lacking(json.dumps({"said": "wärme, ± … → 1–2 é"}, ensure_ascii=False)) == ()


def test_a_script_is_lacking_where_its_letter_is_drawn_like_none(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = {"模": b"a box", "ก": b"a letter", fonts._NOBODY: b"a box", "\U0001f98a": b"a box"}
    monkeypatch.setattr(fonts, "_drawn", drawn.__getitem__)
    assert lacking("a 模型 กข \U0001f98a —") == ("CJK (模)", "emoji (\U0001f98a)")


def test_a_picture_tells_of_a_script_that_is_lacking(
    profiles: list[Profile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A letter of a script that hardly any machine has a font for, and this one none, whatever it has.
    monkeypatch.setattr(fonts, "_NOBODY", "\U00012000")
    named = replace(profiles[0], provenance=Provenance(run="\U00012000"))
    chart = figures.ranking([named], top=2)
    with pytest.warns(
        Notice, match=r"figure\.png: no font on this machine has Cuneiform .*: PNG shows boxes"
    ):
        save(chart, tmp_path / "figure.png")
    save(chart, tmp_path / "figure.html")  # the reader's browser has its own fonts


def test_scripts_are_told_once() -> None:
    with pytest.warns(Notice, match=r"out: no font on this machine has Thai \(ก\), CJK \(模\): PNG") as told:
        tell("out", ["Thai (ก)", "CJK (模)", "Thai (ก)"])
    assert len(told) == 1
    tell("out", [])
