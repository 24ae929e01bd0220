"""The hash over a model's files."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from mien.models.local import Local
from tests.models.local.tiny import TEMPLATE

if TYPE_CHECKING:
    from pathlib import Path


def test_a_digest_follows_every_file_that_counts(folder: Path, tmp_path: Path) -> None:
    engine = Local(str(folder), device="cpu")
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "README.md").write_text("changes nothing")
    assert Local(str(copy), device="cpu").digest == engine.digest
    assert Local(str(copy), device="cpu", dtype="bfloat16").digest != engine.digest
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "model.safetensors").write_bytes(weights)
    one = Local(str(copy), device="cpu").digest
    (copy / "chat_template.jinja").write_text(TEMPLATE + " ")
    assert len({one, engine.digest, Local(str(copy), device="cpu").digest}) == 3
