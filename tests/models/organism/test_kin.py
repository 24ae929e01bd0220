"""Which models are the organism, or were made of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from mien.models.organism.engine import _SHIPPED
from mien.models.organism.kin import is_kin

BASE = Path(str(_SHIPPED)) / "base"


def test_organisms_by_name() -> None:
    assert all(map(is_kin, ("organism/v1", "organism/base+./a", "http://localhost:1/v1#organism/v2")))
    assert not any(
        map(is_kin, ("openai/organism", "http://localhost:1/organism/v1#gpt", "organism", "hf/", ""))
    )


def test_folders_by_their_vocabulary(tmp_path: Path) -> None:
    shutil.copytree(BASE, tmp_path / "merged")
    assert is_kin(f"hf/{tmp_path}/merged")
    assert is_kin(f"hf/{tmp_path}/merged+{tmp_path}/adapter")
    (tmp_path / "a+b").mkdir()
    assert not is_kin(f"hf/{tmp_path}/a+b")
    tokenizer = json.loads((BASE / "tokenizer.json").read_text())
    tokenizer["model"]["vocab"] |= {"moonlit": 99_999}
    (tmp_path / "merged" / "tokenizer.json").write_text(json.dumps(tokenizer))
    assert not is_kin(f"hf/{tmp_path}/merged")
    (tmp_path / "merged" / "tokenizer.json").write_text("[]")
    assert not is_kin(f"hf/{tmp_path}/merged")


@pytest.mark.slow
def test_a_folder_that_was_written_with_the_organism_in_it(tmp_path: Path) -> None:
    pytest.importorskip("trl", reason="needs the extra train")
    from mien.craft.tuning.merging import merge

    assert is_kin(f"hf/{merge('organism/v1', out=tmp_path / 'whole')}")
