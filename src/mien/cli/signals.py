"""SIGTERM, by which schedulers and `kill` end a process: taken as Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from types import FrameType

INTERRUPTED: Final = 130  # the exit status of a command that Ctrl-C stopped
_TERMINATED: Final = 143


class Termination:
    """SIGTERM taken as Ctrl-C: what was answered is written, and the command says how to go on."""

    def __init__(self) -> None:
        self._came = False

    def heed(self) -> None:
        """Take SIGTERM from now on; Ctrl-C stays ignored where it is, as under nohup."""
        if sys.platform != "win32" and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            # Kept from this process rather than ignored: only then asyncio brings the handler by which it
            # stops at once and cleanly, for SIGTERM to call.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, self._stop)

    def status(self, status: int) -> int:
        """The exit status, which tells what stopped a command; one that serves ends as it should."""
        return _TERMINATED if self._came and status == INTERRUPTED else status

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._came = True
        interrupt = signal.getsignal(signal.SIGINT)  # asyncio's own, while a loop runs
        (interrupt if callable(interrupt) else signal.default_int_handler)(number, frame)


def leave(status: int) -> NoReturn:
    """End the process with this status, also where a model in it is still amid a long step.

    Python would take the model's thread down, and where that is in C++, as torch is, the process is aborted:
    with a message and a status that tell nothing.
    """
    if threading.active_count() > 1:
        from mien.models.inprocess.batching import THREAD

        if any(thread.name == THREAD for thread in threading.enumerate()):
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError):
                    stream.flush()
            os._exit(status)
    sys.exit(status)
