"""Exit statuses are those that the page on running and the help tell of."""

from __future__ import annotations

import re
from pathlib import Path

from typer.main import get_command

from mien.cli import app
from mien.cli.resuming import INCOMPLETE
from mien.cli.signals import INTERRUPTED

ROOT = Path(__file__).parents[2]


def test_every_exit_status_is_told() -> None:
    page = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    section = page.partition("## Exit status")[2].partition("\n## ")[0]
    told = {int(status) for status in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)}
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src/mien/cli").rglob("*.py"))
    ends = {int(status) for status in re.findall(r"(?:Exit\(|status = |_TERMINATED: Final = )(\d+)", code)}
    assert ends | {0, INCOMPLETE, INTERRUPTED} == told == {0, 1, 2, 3, 130, 143}
    help = get_command(app).epilog or ""
    assert {int(status) for status in re.findall(r"(?:[;:] )(\d+) ", help)} == told
