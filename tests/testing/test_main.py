"""The server started by hand."""

from __future__ import annotations

import signal
import sys

import pytest

from tests.processes import LIMIT, ended, running
from tests.testing.asking import alive


def test_by_hand() -> None:
    command = [sys.executable, "-m", "mien.testing", "--score", "warm=1", "--score", "blunt=-1"]
    with running(command) as process:
        assert process.stdout
        url, line = process.stdout.readline().strip(), process.stdout.readline().strip()
        assert line == f"mien measure '{url}#model' --judge '{url}#judge'"
        assert alive(url)
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT) == 0


@pytest.mark.parametrize("arguments", [["--set", "tempo=1"], ["--set", "latency=x"], ["--score", "warm=hot"]])
def test_by_hand_with_bad_usage(arguments: list[str]) -> None:
    done = ended([sys.executable, "-m", "mien.testing", *arguments])
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
