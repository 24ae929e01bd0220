"""The `mien` command as its users run it: a process of its own, against a server in another."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mien.testing import planted_scores
from tests.processes import LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mien.testing import ScriptedServer

TRAITS = ("warm", "blunt", "direct", "indirect", "curious", "calm", "bold", "shy", "wry", "kind")
SCORES = planted_scores(TRAITS)
COMMAND = (sys.executable, "-m", "mien.cli")


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str


class Workplace:
    """A folder with a traits file, where `mien` is run."""

    traits = TRAITS

    def __init__(self, folder: Path, server: ScriptedServer) -> None:
        self.folder = folder
        self.server = server
        self._started: list[subprocess.Popen[str]] = []
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.endswith("_API_KEY") and name not in {"MIEN_STORE", "FORCE_COLOR", "COLUMNS"}
        }
        (folder / "traits.txt").write_text("\n".join(TRAITS) + "\n")

    def start(self, *arguments: object, **options: Any) -> subprocess.Popen[str]:
        """Start a command and leave it running."""
        process: subprocess.Popen[str] = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            cwd=self.folder,
            env=self.environment | options.pop("env", {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            **options,
        )
        self._started.append(process)
        return process

    def finish(self, process: subprocess.Popen[str], *, status: int = 0) -> Result:
        """Wait for a command; no command ever ends in a traceback."""
        out, err = process.communicate(timeout=LIMIT)
        assert "Traceback" not in err, err
        assert process.returncode == status, err or out
        return Result(process.returncode, out, err)

    def mien(self, *arguments: object, status: int = 0, **options: Any) -> Result:
        """Run a command to its end."""
        return self.finish(self.start(*arguments, **options), status=status)

    def refused(self, *arguments: object, **options: Any) -> str:
        """Run a command that must fail with one line of error, and give the line."""
        result = self.mien(*arguments, status=2, **options)
        assert result.out == ""
        (line,) = result.err.splitlines()
        assert line.startswith("Error: ")
        return line

    def study(self, *arguments: object, name: str = "run", rounds: int = 8) -> list[object]:
        """Arguments of `mien measure`: 5 trials a round, of 10 traits in pairs."""
        models = [self.server.model, "--judge", self.server.judge]
        design = ["--traits", "traits.txt", "--max-prompts", 30, "--rounds", rounds, "--name", name]
        return ["measure", *models, *design, *arguments]

    def exported(self, name: str = "run", *arguments: object) -> list[dict[str, str]]:
        """A run's verdicts, as they are exported."""
        return [*csv.DictReader(self.mien("export", name, *arguments).out.splitlines(keepends=True))]

    def kill(self, process: subprocess.Popen[str]) -> None:
        """End a command as a power cut would."""
        process.kill()
        process.communicate(timeout=LIMIT)

    def close(self) -> None:
        """End what still runs, as where a test failed."""
        for process in self._started:
            if process.poll() is None:
                self.kill(process)

    def wait_for(self, reached: Callable[[], bool], process: subprocess.Popen[str]) -> None:
        """Wait until something is so while a command runs."""
        deadline = time.monotonic() + LIMIT
        while not reached():
            assert process.poll() is None, process.communicate(timeout=LIMIT)
            assert time.monotonic() < deadline
            time.sleep(0.01)
