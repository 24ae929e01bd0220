"""A store with a run in it, and a server whose model has a planted character."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.store.records import RunInfo
from mien.store.store import Store
from mien.testing import Options, ScriptedServer
from tests.measurement.planted import SCORES
from tests.measurement.scripted import TRAITS, TRIALS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "mien.db") as opened:
        opened.add_run(
            RunInfo(
                name="r", model="m", instrument="revealed", protocol="", design="d-1", seed=0, traits=TRAITS
            ),
            TRIALS,
        )
        yield opened


@pytest.fixture(scope="module")
def shared() -> Iterator[ScriptedServer]:
    with ScriptedServer(scores=SCORES, models=("model", "other", "judge", "judge-2")) as server:
        yield server


@pytest.fixture
def server(shared: ScriptedServer) -> ScriptedServer:
    defaults = Options(scores=SCORES, models=shared.options.models)
    shared.configure(**{name: getattr(defaults, name) for name in Options.__slots__})
    shared.reset_log()
    return shared


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MIEN_API_KEY", raising=False)
    monkeypatch.setenv("MIEN_STORE", str(tmp_path / "mien.db"))
