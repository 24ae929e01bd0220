"""What holds for all tests: the signals and threads of the processes they start, and who runs which tests."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# Where whoever started the tests ignores Ctrl-C, as for jobs in the background, they would, too, and with
# them every process that they start: asyncio's handler is not installed there.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Read when numpy and torch are loaded. The other processors are other tests' already, and for matrices as
# small as here, starting more threads takes longer than it saves.
for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")
# How long an example takes says how busy the machine is.
settings.register_profile("mien", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("mien")

# What a test's process has compiled, the next need not.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(scope="module", autouse=True)
def no_server_goes_on() -> Iterator[None]:
    """A server that a module leaves behind is an error of that module."""
    yield
    assert not [one.name for one in threading.enumerate() if one.name.endswith("(serve_forever)")]


def pytest_xdist_auto_num_workers() -> int | None:
    """With `-n auto`: one more than there are processors, since some tests wait for a clock or a server."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return 1 + (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that hold slow tests: a worker that begins one last has the others wait for it.

    Workers take whole files (`--dist loadfile`), so that what a module's fixtures build is built once.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
