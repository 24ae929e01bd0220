"""One server for all, with the default options for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.testing import Options, ScriptedServer
from tests.testing.asking import SCORES

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def shared() -> Iterator[ScriptedServer]:
    with ScriptedServer(scores=SCORES) as server:
        yield server


@pytest.fixture
def server(shared: ScriptedServer) -> ScriptedServer:
    """A server with the default options, the scores above and an empty log."""
    defaults = Options(scores=SCORES)
    shared.configure(**{name: getattr(defaults, name) for name in Options.__slots__})
    shared.reset_log()
    return shared
