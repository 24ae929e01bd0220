"""The port, and `mien serve` from its start to its end."""

from __future__ import annotations

import re
import signal
import sys

import pytest

from mien.errors import UsageError
from mien.models.serving import bind
from tests import ROOT
from tests.models.serving.asking import SPEC
from tests.processes import LIMIT, ended, running


def test_a_port_in_use_is_told_of() -> None:
    with bind("127.0.0.1", 0) as bound:
        bound.listen()
        with pytest.raises(UsageError, match=r"cannot listen at 127\.0\.0\.1:\d+: .*in use"):
            bind("127.0.0.1", bound.getsockname()[1])
    with pytest.raises(UsageError, match="cannot listen at no such host"):
        bind("no such host", 0)


def command(*arguments: str) -> list[str]:
    """``mien serve`` with the engine of these tests."""
    code = (
        "from tests.models.serving import asking\n"
        "from mien.models.inprocess import loading\n"
        "loading.open_engine = lambda spec, **_: asking.Engine()\n"
        "from mien.cli import main\n"
        "main()\n"
    )
    return [sys.executable, "-c", code, "serve", *arguments]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_from_a_shell(sent: signal.Signals) -> None:
    with running(command(SPEC, "--port", "0"), cwd=ROOT) as process:
        assert process.stdout
        assert process.stderr
        line = process.stdout.readline()
        found = re.fullmatch(rf"Serving {SPEC} at (http://127\.0\.0\.1:\d+/v1) \(Ctrl-C stops it\)\n", line)
        assert found, process.stderr.read()
        hint = process.stderr.readline()
        assert hint.startswith(f"Try:  curl {found[1]}/chat/completions")
        tried = ended(["sh", "-c", hint.removeprefix("Try:  ").replace("curl", "curl -s", 1)], check=True)
        assert '"say ' in tried.stdout
        port = found[1].split(":")[2].removesuffix("/v1")
        taken = ended(command(SPEC, "--port", port), cwd=ROOT)
        assert taken.returncode == 2
        assert re.fullmatch(r"Error: cannot listen at .*in use.*\n", taken.stderr)
        process.send_signal(sent)
        assert process.wait(LIMIT) == 0
        assert process.stderr.read().strip() == "Stopped."


def test_only_models_of_this_machine_are_served() -> None:
    done = ended([sys.executable, "-m", "mien.cli", "serve", "openai/gpt-5"])
    assert done.returncode == 2
    assert "organism/NAME or hf/FOLDER" in done.stderr
    assert done.stderr.count("\n") == 1
