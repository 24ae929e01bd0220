"""The documentation says what the software does: it is regenerated, and its examples are run."""

import re
import shlex
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from docs.generate import PAGES, REFERENCE, TUTORIALS
from mien.cli import app
from mien.cli.resuming import INCOMPLETE
from mien.cli.signals import INTERRUPTED
from mien.models.http.providers import resolve
from tests import ROOT
from tests.processes import LIMIT, ended


@pytest.mark.slow
@pytest.mark.parametrize("page", [REFERENCE, *PAGES])
def test_a_generated_page_is_up_to_date(page: str):
    # A page is of many commands, each of which may take its time.
    done = ended([sys.executable, "docs/generate.py", "--check", page], cwd=ROOT, timeout=2 * LIMIT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_exit_statuses_are_told_as_the_command_tells_them():
    page = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| (\d+) \| ", page, re.MULTILINE)
    assert told == re.findall(r"(?:: |; )(\d+) ", get_command(app).epilog or "")
    assert {str(INCOMPLETE), str(INTERRUPTED)} < {*told}


@pytest.mark.parametrize("page", [*TUTORIALS, "docs/running.md"])
def test_commands_that_are_not_run_here_have_the_options_that_are_shown(page: str):
    """Those of blocks that need a key or a download; the others are run, above."""
    text = (ROOT / page).read_text(encoding="utf-8").replace("\\\n", "")
    spans = re.findall(r"(?<=`)(mien [^`\n]*)(?=`)", text)
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        spans += re.findall(r"^(mien .*?)(?: +#.*)?$", block, re.MULTILINE)
    for span in spans:
        command = get_command(app)
        words = shlex.split(re.sub(r"[…>].*", "", span))[1:]
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        known = {name for parameter in command.params for name in parameter.opts} | {"--version", "--help"}
        assert {word for word in words if word.startswith("--")} <= known, span


@pytest.mark.slow
def test_the_example_of_the_test_server_runs(tmp_path: Path):
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    done = ended([sys.executable, "-W", "error", "-c", example], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "warm" in done.stdout
    assert (tmp_path / "test.db").is_file()


def test_every_endpoint_that_is_shown_can_be_named():
    page = (ROOT / "docs" / "endpoints.md").read_text(encoding="utf-8")
    commands = [shlex.split(line) for line in re.findall(r"^\$ mien (measure .*)$", page, re.MULTILINE)]
    assert len(commands) > 10
    for _, spec, option, judge, *others in commands:
        assert option == "--judge"
        for named in {spec, judge} - {"JUDGE"}:
            endpoint, _ = resolve(named)
            assert not endpoint.key_variable or endpoint.key_variable in page
        known = {name for parameter in get_command(app).commands["measure"].params for name in parameter.opts}
        assert {other for other in others if other.startswith("--")} <= known


def test_every_command_of_the_page_on_instruments_has_the_options_that_are_shown():
    page = (ROOT / "docs" / "instruments.md").read_text(encoding="utf-8")
    shown = [shlex.split(line) for line in re.findall(r"^\$ mien (.*)$", page, re.MULTILINE)]
    assert {name for name, *_ in shown} >= {"measure", "profile", "sides"}
    for name, *others in shown:
        known = {option for parameter in get_command(app).commands[name].params for option in parameter.opts}
        assert {other for other in others if other.startswith("--")} <= known
