"""The page on specs: the spec that it shows, and what commands print of it."""

from __future__ import annotations

import re
import shlex
import sys
from typing import TYPE_CHECKING

from mien.materials.specs import checks
from tests import ROOT
from tests.processes import ended, own_environment

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (ROOT / "docs" / "specs.md").read_text(encoding="utf-8")


def test_the_commands_print_what_is_shown(tmp_path: Path) -> None:
    spec, block = (re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)[0] for kind in ("yaml", "console"))
    (tmp_path / "tutor.yaml").write_text(spec, encoding="utf-8")
    for part in block.split("$ mien ")[1:]:
        command, *shown = part.strip().splitlines()
        arguments = [sys.executable, "-m", "mien.cli", *shlex.split(command)]
        done = ended(arguments, cwd=tmp_path, env=own_environment())
        assert [line.rstrip() for line in done.stdout.splitlines()] == shown


def test_every_check_is_told() -> None:
    assert set(re.findall(r"^\| `(\w+):", PAGE, re.MULTILINE)) == set(checks.KINDS)
