"""The server as a process that ends with whoever started it."""

from __future__ import annotations

import re
import sys
import time

import pytest

from mien.errors import MienError
from mien.testing import ScriptedServer
from tests.processes import LIMIT, running
from tests.testing.asking import alive


def test_specs_point_at_the_server(server: ScriptedServer) -> None:
    assert server.model == f"{server.url}#model"
    assert server.judge == f"{server.url}#judge"
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v1", server.url)


def test_a_server_that_does_not_start_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MienError, match="did not start"), ScriptedServer(latency="long"):
        pass
    assert "latency" in capfd.readouterr().err


def test_the_server_ends_with_its_block() -> None:
    with pytest.raises(ZeroDivisionError), ScriptedServer() as server:
        assert alive(server.url)
        raise ZeroDivisionError
    assert not alive(server.url)


def test_the_server_ends_when_its_parent_is_killed() -> None:
    code = (
        "import time; from mien.testing import ScriptedServer\n"
        "with ScriptedServer() as server: print(server.url, flush=True); time.sleep(1000)"
    )
    with running([sys.executable, "-c", code]) as parent:
        assert parent.stdout
        url = parent.stdout.readline().strip()
        assert alive(url)
        parent.kill()
    deadline = time.monotonic() + LIMIT
    while alive(url) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(url)
