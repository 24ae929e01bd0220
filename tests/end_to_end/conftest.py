"""A server for all tests of the command, and a workplace for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.testing import Options, ScriptedServer
from tests.end_to_end.workplace import SCORES, Workplace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def shared_server() -> Iterator[ScriptedServer]:
    with ScriptedServer(scores=SCORES) as server:
        yield server


@pytest.fixture
def server(shared_server: ScriptedServer) -> ScriptedServer:
    """A server with the default options, the scores above and an empty log."""
    defaults = Options(scores=SCORES)
    shared_server.configure(**{name: getattr(defaults, name) for name in Options.__slots__})
    shared_server.reset_log()
    return shared_server


@pytest.fixture
def place(tmp_path: Path, server: ScriptedServer) -> Iterator[Workplace]:
    place = Workplace(tmp_path, server)
    yield place
    place.close()
