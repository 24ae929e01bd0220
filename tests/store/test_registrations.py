"""A registration is kept once, and never replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.store.registrations import put_registration, registration

if TYPE_CHECKING:
    from pathlib import Path


def test_the_first_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    assert registration(path, "s") is None
    assert not path.exists()
    first = put_registration(path, "s", "d", "{}")
    assert put_registration(path, "s", "e", "[]") == first == registration(path, "s")
    assert registration(path, "t") is None
