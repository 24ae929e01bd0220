"""`mien`, run to its end in a process of its own, forked from one that has loaded its libraries.

A command takes half a second to load what it needs, and the tests run many hundreds of them. Whatever else a
process begins with is as for any: its folder, environment, signals and output. How commands start from
nothing is seen where tests start a process themselves (`Workplace.start`, tests/docs, tests/test_init.py).
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import multiprocessing
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NoReturn

import typer.main

from tests.processes import LIMIT, own_environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

#: What commands import when they are under way. None of it starts a thread, as PyArrow does, which would be
#: missing in a forked process.
LIBRARIES: Final = (
    "altair",
    "mien.cli",
    "mien.evals.release",
    "mien.measurement.measure",
    "mien.measurement.rejudge",
    "mien.report.evaluated",
    "mien.report.figures",
    "mien.report.study.release",
    "mien.runs.analysis",
    "mien.runs.interop.imports",
    "mien.runs.raters",
    "mien.stats.consistency",
    "mien.stats.design",
    "mien.stats.diffs",
    "mien.stats.panels",
    "mien.stats.profiles",
    "py3langid.langid",
    "rich.progress",
    "rich.table",
    "scipy.interpolate",
    "scipy.sparse.csgraph",
    "scipy.stats",
    "typer._adapters",
)
#: What the tests of models in PyTorch have loaded in addition; it takes four seconds.
TORCH: Final = ("torch", "transformers", "peft", "accelerate")
_WORD: Final = 8  # bytes of a number between the two processes


class Preloaded:
    """The process that has loaded the libraries; it ends when this one does.

    Args:
        more: libraries beside `LIBRARIES`.
    """

    def __init__(self, *more: str) -> None:
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(LIMIT)
        self._one_at_a_time = threading.Lock()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno()), *more],
                env=own_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

        atexit.register(self.close)

    def close(self) -> None:
        """Let it end."""
        self._socket.close()
        self._process.wait(LIMIT)

    def mien(
        self, arguments: Sequence[str], *, folder: Path, environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        told = {"arguments": list(arguments), "folder": str(folder), "environment": dict(environment)}
        request = json.dumps(told).encode()
        with self._one_at_a_time, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            socket.send_fds(self._socket, [len(request).to_bytes(_WORD)], [out.fileno(), err.fileno()])
            self._socket.sendall(request)
            pid = _number(self._socket)
            try:
                status = _number(self._socket)
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise
            for file in (out, err):
                file.seek(0)
            return subprocess.CompletedProcess(
                arguments, status, *(file.read().decode() for file in (out, err))
            )


@cache
def preloaded(*more: str) -> Preloaded:
    """The one of this process with these libraries."""
    return Preloaded(*more)


def _number(connection: socket.socket) -> int:
    return int.from_bytes(_received(connection, _WORD), signed=True)


def _received(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise EOFError("the process of the preloaded libraries has ended")
        data += part
    return data


def _forked(connection: socket.socket) -> dict[str, Any] | None:
    """Fork whenever asked to. In a forked process: what it is to run; None where nobody asks any more."""
    while True:
        size, descriptors, _, _ = socket.recv_fds(connection, _WORD, 2)
        if not size:
            return None
        told = json.loads(_received(connection, int.from_bytes(size)))
        pid = os.fork()
        if not pid:
            for theirs, own in zip(descriptors, (1, 2), strict=True):
                os.dup2(theirs, own)
        for descriptor in descriptors:
            os.close(descriptor)
        if not pid:
            return told
        connection.sendall(pid.to_bytes(_WORD, signed=True))
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        connection.sendall(status.to_bytes(_WORD, signed=True))


def _main() -> None:
    descriptor, *more = sys.argv[1:]
    for library in (*LIBRARIES, *more):
        importlib.import_module(library)
    # Commands are laid out once, instead of by each process: that takes as long as many of them run.
    typer.main.get_command = cache(typer.main.get_command)
    typer.main.get_command(sys.modules["mien.cli"].app)
    gc.freeze()
    with socket.socket(fileno=int(descriptor)) as connection:
        told = _forked(connection)
    if told is not None:
        _run(told)


def _run(told: dict[str, Any]) -> NoReturn:
    """Be `mien`, to the end.

    The interpreter is not taken down, which would copy all that was loaded, to free it.
    """
    # The other processors are other tests' already; and what draws need not load its libraries again.
    os.cpu_count = lambda: 1
    forked = multiprocessing.get_context("fork")
    multiprocessing.get_context = lambda _method=None: forked
    os.chdir(told["folder"])
    os.environ.clear()
    os.environ.update(told["environment"])
    sys.argv[1:] = told["arguments"]
    status = 0
    try:
        runpy.run_module("mien.cli", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        status = end.code or 0
    except BaseException:
        traceback.print_exc()
        status = 1
    threading._shutdown()  # waits for threads
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    _main()
