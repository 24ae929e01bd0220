"""The page on the four sides: what the scripted server rates itself."""

from __future__ import annotations

import json
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

PAGE = (ROOT / "docs" / "instruments.md").read_text(encoding="utf-8")
THERE = "http://localhost:8123/v1"


@pytest.mark.slow
def test_the_inventory_prints_what_is_shown(tmp_path: Path) -> None:
    [rates] = re.findall(r"--set rates='(.*?)'", PAGE)
    [block] = (one for one in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL) if THERE in one)
    (tmp_path / "traits.txt").write_text("\n".join(json.loads(rates)), encoding="utf-8")
    scores = planted_scores(load_traits("classic-144").names)  # as where it is started by hand
    with ScriptedServer(scores=scores, rates=json.loads(rates), rates_high=0.6) as server:
        command, *shown = block.removeprefix("$ mien ").replace(THERE, server.url).splitlines()
        done = ended(
            [sys.executable, "-m", "mien.cli", *shlex.split(command)], cwd=tmp_path, env=own_environment()
        )
    printed = [line.rstrip() for line in done.stdout.splitlines()]
    for line in shown:
        assert any(_alike(line.rstrip(), other) for other in printed), line


def _alike(line: str, other: str) -> bool:
    """Alike but for the last digit, which is the processor's where what is rounded ends with a five."""
    number = re.compile(r"\d+\.\d\d")
    if number.sub("#", line) != number.sub("#", other):
        return False
    both = zip(number.findall(line), number.findall(other), strict=True)
    return all(abs(float(one) - float(another)) < 0.011 for one, another in both)
