"""Ctrl-C and SIGTERM, sent to a command that knows of neither."""

from __future__ import annotations

import signal
import sys

import pytest

from tests.processes import LIMIT, ended, running

COMMAND = """\
import time
from mien.cli import app, main

@app.command("wait")
def wait() -> None:
    print("waiting", flush=True)
    time.sleep(1000)

main()
"""


def ignore_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.mark.parametrize(
    ("sent", "status", "before"),
    [
        (signal.SIGINT, 130, None),
        (signal.SIGTERM, 143, None),
        (signal.SIGTERM, 143, ignore_ctrl_c),  # as under nohup
    ],
)
def test_a_command_is_stopped_without_a_traceback(sent: signal.Signals, status: int, before: object) -> None:
    with running([sys.executable, "-c", COMMAND, "wait"], preexec_fn=before) as process:
        assert process.stdout
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(sent)
        out, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, out, err.strip()) == (status, "", "")


def test_who_ignores_ctrl_c_is_not_stopped_by_it() -> None:
    with running([sys.executable, "-c", COMMAND, "wait"], preexec_fn=ignore_ctrl_c) as process:
        assert process.stdout
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=LIMIT)
    assert process.returncode == 143


def test_a_model_amid_a_long_step_aborts_nothing() -> None:
    pytest.importorskip("torch", reason="needs the extra local")
    # One step of C++ that outlasts all patience: Python would abort the process for taking its thread down.
    code = """\
import asyncio, threading, torch
from mien.cli.signals import leave
from mien.models.engine import Job
from mien.models.inprocess import batching

batching._LEAVE = 0.05
begun = threading.Event()

class Engine:
    batch_size = 1
    def run(self, jobs):
        numbers = torch.rand(3000, 3000, dtype=torch.float64)
        begun.set()
        torch.linalg.svd(numbers)

async def main():
    batcher = batching.Batcher(Engine())
    task = asyncio.create_task(batcher.submit(Job(prompt="")))
    await asyncio.to_thread(begun.wait)
    await batcher.aclose(grace=0.05)

asyncio.run(main())
leave(130)
"""
    done = ended([sys.executable, "-c", code])
    assert (done.returncode, done.stderr) == (130, "")
