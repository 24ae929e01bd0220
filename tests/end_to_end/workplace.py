"""The `mien` command as its users run it: a process of its own, against a server in another."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mien.testing import planted_scores
from tests.preloaded import preloaded
from tests.processes import LIMIT, own_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mien.testing import ScriptedServer
    from tests.preloaded import Command

    Process = Command | subprocess.Popen[str]

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
        self.libraries: tuple[str, ...] = ()
        """What its commands load beside what any loads (`tests.preloaded`)."""
        self._started: list[Process] = []
        self.environment = own_environment()
        (folder / "traits.txt").write_text("\n".join(TRAITS) + "\n")

    def start(self, *arguments: object, env: Mapping[str, str] | None = None) -> Command:
        """Start a command and leave it running."""
        command = preloaded(*self.libraries).start(
            [*map(str, arguments)], folder=self.folder, environment=self.environment | (env or {})
        )
        self._started.append(command)
        return command

    def from_nothing(self, *arguments: object, **options: Any) -> subprocess.Popen[str]:
        """Start a command in a process that loads for itself what it needs, and leave it running."""
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

    def finish(self, process: Process, *, status: int = 0) -> Result:
        """Wait for a command; no command ever ends in a traceback."""
        out, err = process.communicate(timeout=LIMIT)
        return _ended(Result(process.returncode, out, err), status)

    def mien(self, *arguments: object, status: int = 0, **options: Any) -> Result:
        """Run a command to its end."""
        if options.keys() - {"env"}:
            return self.finish(self.from_nothing(*arguments, **options), status=status)
        environment = self.environment | options.get("env", {})
        done = preloaded(*self.libraries).mien(
            [*map(str, arguments)], folder=self.folder, environment=environment
        )
        return _ended(Result(done.returncode, done.stdout, done.stderr), status)

    def refused(self, *arguments: object, **options: Any) -> str:
        """Run a command that must fail with one line of error, and give the line."""
        result = self.mien(*arguments, status=2, **options)
        (line,) = result.err.splitlines()
        assert line.startswith("Error: ")
        if "--json" in arguments:
            assert json.loads(result.out) == {"error": line.removeprefix("Error: "), "status": 2}
        else:
            assert result.out == ""
        return line

    def study(self, *arguments: object, name: str = "run", rounds: int = 8) -> list[object]:
        """Arguments of `mien measure`: 5 trials a round, of 10 traits in pairs."""
        models = [self.server.model, "--judge", self.server.judge]
        design = ["--traits", "traits.txt", "--max-prompts", 30, "--rounds", rounds, "--name", name]
        return ["measure", *models, *design, *arguments]

    def exported(self, name: str = "run", *arguments: object) -> list[dict[str, str]]:
        """A run's verdicts, as they are exported."""
        return [*csv.DictReader(self.mien("export", name, *arguments).out.splitlines(keepends=True))]

    def kill(self, process: Process) -> None:
        """End a command as a power cut would."""
        process.kill()
        process.communicate(timeout=LIMIT)

    def close(self) -> None:
        """End what still runs, as where a test failed."""
        for process in self._started:
            if process.poll() is None:
                self.kill(process)

    def wait_for(self, reached: Callable[[], bool], process: Process) -> None:
        """Wait until something is so while a command runs."""
        deadline = time.monotonic() + LIMIT
        while not reached():
            assert process.poll() is None, process.communicate(timeout=LIMIT)
            assert time.monotonic() < deadline
            time.sleep(0.01)


def _ended(result: Result, status: int) -> Result:
    assert "Traceback" not in result.err, result.err
    assert result.status == status, result.err or result.out
    return result
