"""Errors as they are told."""

from __future__ import annotations

from mien.errors import InputError, UnknownName


def test_no_message_is_longer_than_a_screen() -> None:
    assert len(str(InputError("x" * 200_000, source="a.csv", where="row 1"))) < 2_100
    assert len(str(UnknownName("trait", "x" * 200_000, ["warm"]))) < 2_200
    assert str(InputError("is empty", source="a.csv")) == "a.csv: is empty"
