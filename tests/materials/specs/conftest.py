"""A sound spec in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.materials.specs.plain import SOUND

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tutor.yaml"
    path.write_text(SOUND, encoding="utf-8")
    return path
