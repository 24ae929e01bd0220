"""The page on batches: its commands print what it shows."""

from __future__ import annotations

import re
import shlex
import sys
from typing import TYPE_CHECKING

import pytest

from mien.materials.traits import load_traits
from mien.testing import ScriptedServer, planted_scores
from tests import ROOT
from tests.processes import ended, own_environment

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (ROOT / "docs" / "batches.md").read_text(encoding="utf-8")
THERE = "http://localhost:8123/v1"


@pytest.mark.slow
def test_the_commands_print_what_is_shown(tmp_path: Path) -> None:
    block = next(block for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL) if THERE in block)
    scores = planted_scores(load_traits("classic-144").names)  # as where it is started by hand
    with ScriptedServer(scores=scores, batch_looks=2) as server:
        for part in block.split("$ mien ")[1:]:
            command, *shown = part.replace(THERE, server.url).strip().splitlines()
            done = ended(
                [sys.executable, "-m", "mien.cli", *shlex.split(command)],
                cwd=tmp_path,
                env=own_environment() | {"COLUMNS": "200"},
            )
            printed = [_plain(line) for line in (done.stdout + done.stderr).splitlines()]
            assert [line for line in map(_plain, shown) if line not in printed] == [], (command, printed)


def _plain(line: str) -> str:
    """A line without what depends on the clock, or on how wide a table is."""
    return " ".join(re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "", line).split())
