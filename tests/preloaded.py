"""`mien` in a process of its own, forked from one that has loaded its libraries.

A command takes half a second to load what it needs, and the tests run many hundreds of them. Whatever else a
process begins with is as for any: its folder, environment, signals and output. How commands start from
nothing is seen where tests start a process themselves (`Workplace.from_nothing`, tests/docs,
tests/test_init.py).
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import multiprocessing
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self, TextIO

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
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            command = self._fork(arguments, folder, environment, (out.fileno(), err.fileno()))
            try:
                status = command.wait(LIMIT)
            finally:
                command.kill()
            for file in (out, err):
                file.seek(0)
            return subprocess.CompletedProcess(
                arguments, status, *(file.read().decode() for file in (out, err))
            )

    def start(self, arguments: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> Command:
        """Start a command and leave it running; what it prints is read through pipes."""
        ends = (os.pipe(), os.pipe())
        try:
            command = self._fork(arguments, folder, environment, tuple(into for _, into in ends))
        finally:
            for _, into in ends:
                os.close(into)
        command.stdout, command.stderr = (os.fdopen(out, encoding="utf-8") for out, _ in ends)
        return command

    def status(self, pid: int) -> int:
        """The exit status of a process that has ended, or is about to."""
        with self._one_at_a_time:
            self._socket.sendall(pid.to_bytes(_WORD))
            return _number(self._socket)

    def _fork(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        descriptors: tuple[int, ...],
    ) -> Command:
        told = {"arguments": list(arguments), "folder": str(folder), "environment": dict(environment)}
        request = json.dumps(told).encode()
        alive, theirs = socket.socketpair()
        with self._one_at_a_time, theirs:
            sent = [*descriptors, theirs.fileno()]
            socket.send_fds(self._socket, [(-len(request)).to_bytes(_WORD, signed=True)], sent)
            self._socket.sendall(request)
            return Command(self, _number(self._socket), alive)


class Command:
    """A command that was started; much like a `subprocess.Popen`."""

    stdout: TextIO
    stderr: TextIO

    def __init__(self, parent: Preloaded, pid: int, alive: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._parent = parent
        self._alive = alive  # its other end is closed when the command ends

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End it where it still runs."""
        self.kill()
        self.wait(LIMIT)
        self.stdout.close()
        self.stderr.close()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        if self.returncode is None:
            if not select.select([self._alive], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            self._alive.close()
            self.returncode = self._parent.status(self.pid)
        return self.returncode

    def poll(self) -> int | None:
        """Its status, where it has ended."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def send_signal(self, sent: int) -> None:
        """Send it a signal, where it still runs."""
        if self.poll() is None:
            os.kill(self.pid, sent)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait for its end; what it has printed, and not been read before."""
        with ThreadPoolExecutor(2) as readers, self.stdout, self.stderr:
            texts = [readers.submit(file.read) for file in (self.stdout, self.stderr)]
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
            out, err = (text.result() for text in texts)
        return out, err


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
    """Fork, and give the status of what was forked, whenever asked to.

    In a forked process: what it is to run; None where nobody asks any more.
    """
    while True:
        word, descriptors, _, _ = socket.recv_fds(connection, _WORD, 3)
        if not word:
            return None
        number = int.from_bytes(word, signed=True)
        if number > 0:
            status = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
            connection.sendall(status.to_bytes(_WORD, signed=True))
            continue
        told = json.loads(_received(connection, -number))
        pid = os.fork()
        if not pid:
            out, err, alive = descriptors
            for theirs, own in ((out, 1), (err, 2)):
                os.dup2(theirs, own)
                os.close(theirs)
            os.set_inheritable(alive, False)  # open until this very process ends
            return told
        for descriptor in descriptors:
            os.close(descriptor)
        connection.sendall(pid.to_bytes(_WORD, signed=True))


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
    # The other processors are other tests' already; and what draws need not load its libraries again, where
    # it can be forked, too: threads would be missing there.
    os.cpu_count = lambda: 1
    spawned, forked = (multiprocessing.get_context(method) for method in ("spawn", "fork"))
    multiprocessing.get_context = lambda _="spawn": forked if threading.active_count() == 1 else spawned
    tempfile.tempdir = None
    os.chdir(told["folder"])
    os.environ.clear()
    os.environ.update(told["environment"])
    if os.environ.get("PYTHONWARNINGS") == "error":
        warnings.simplefilter("error")
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
