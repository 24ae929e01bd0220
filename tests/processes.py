"""Processes that tests start. They end with the block that started them, and every wait has a limit."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

LIMIT: Final = 600  # seconds that a process may take to end, on a machine that is busy with other things


def ended(command: Sequence[object], **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a process to its end; whatever its exit status, unless told to check it."""
    told = {"capture_output": True, "text": True, "timeout": LIMIT} | options
    return subprocess.run([str(part) for part in command], check=told.pop("check", False), **told)


@contextmanager
def running(command: Sequence[object], **options: Any) -> Generator[subprocess.Popen[str]]:
    """Start a process; it is killed at the end of the block where it still runs."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process: subprocess.Popen[str] = subprocess.Popen([str(part) for part in command], **pipes | options)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=LIMIT)


def own_environment() -> dict[str, str]:
    """The environment without what whoever runs the tests has set for themselves: keys, a store, colours."""
    theirs = {"MIEN_STORE", "FORCE_COLOR", "COLUMNS"}
    return {
        name: value
        for name, value in os.environ.items()
        if not name.endswith("_API_KEY") and name not in theirs
    }
