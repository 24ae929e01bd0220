"""Names of runs as they are typed: completed, and found by patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import typer
from typer.main import get_command

from mien.cli import app
from mien.cli.run_names import completed, matching
from mien.errors import UsageError
from mien.store.records import RunInfo
from mien.store.store import Store
from mien.types import Trait

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "names.db"
    with Store(path) as store:
        for name in ("m2", "m1", "gpt[1]-a", "gpt[1]-b", "gpt1-c"):
            run = RunInfo(
                name=name,
                model="m",
                instrument="revealed",
                protocol="{}",
                design="",
                seed=0,
                traits=(Trait("warm"), Trait("blunt")),
            )
            store.add_run(run, ())
    monkeypatch.setenv("MIEN_STORE", str(path))
    return path


def test_patterns_stand_for_the_runs_that_they_fit(path: Path) -> None:
    assert matching(["m*"], path) == ["m2", "m1"]  # as they were made
    assert matching(["m1", "m*"], path) == ["m1", "m2"]  # each once
    assert matching(["gpt[1]*", "m?"], path) == ["gpt[1]-a", "gpt[1]-b", "m2", "m1"]
    assert matching(["nobody", "m1"], path) == ["nobody", "m1"]
    assert matching(["m1", "m1"], path) == ["m1", "m1"]  # twice is for the command to refuse
    with pytest.raises(UsageError, match=r"no run of .*names\.db is named like 'x\*'"):
        matching(["m1", "x*"], path)


def test_wherever_a_run_is_named_the_shell_offers_names() -> None:
    """Those of runs that are there: what --name makes is new."""
    found = {
        f"{name} {parameter.opts[-1]}": parameter._custom_shell_complete is not None
        for name, command in _commands(get_command(app))
        for parameter in command.params
        if parameter.name in {"run", "runs"} or "RUN" in (getattr(parameter, "metavar", "") or "")
    }
    assert len(found) > 15
    assert [name for name, offered in found.items() if not offered] == []


def _commands(of: Any, *path: str) -> Iterator[tuple[str, Any]]:
    for name, command in getattr(of, "commands", {}).items():
        yield " ".join((*path, name)), command
        yield from _commands(command, *path, name)


def test_the_shell_is_offered_names(path: Path, tmp_path: Path) -> None:
    context = typer.Context(get_command(app))
    assert completed(context, "m") == ["m2", "m1"]
    assert completed(context, "gpt[") == ["gpt[1]-a", "gpt[1]-b"]
    (tmp_path / "broken").write_text("no store")
    for elsewhere in ("absent", "broken"):
        context.params["store"] = tmp_path / elsewhere
        assert completed(context, "") == []
