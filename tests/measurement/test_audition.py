"""Judges that are heard before a run is made."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from mien.errors import EndpointRefused
from mien.store.store import Store
from tests.measurement.planted import chosen, measure

if TYPE_CHECKING:
    from pathlib import Path

    from mien.testing import ScriptedServer


def runs(folder: Path) -> list[str]:
    with Store(folder / "mien.db", read_only=True) as store:
        return [run.name for run in store.runs()]


def test_a_judge_that_never_comes_to_a_verdict_is_told_before_the_responses_are_made(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.configure(judge_manner="prose")
    with pytest.raises(EndpointRefused) as caught:
        measure(server, rounds=8)
    told = str(caught.value)
    assert "asked 3 times about each of the first 3 responses, it wrote: “On balance I would call" in told
    assert "--judge-max-tokens" not in told  # nothing was cut off
    assert "--instrument stated needs none" in told
    assert runs(tmp_path) == []
    assert server.counts().by_role["model"] == 3
    # The same command, once the judge can be read, asks for nothing twice of the model.
    server.configure(judge_manner="asked")
    assert len(chosen(measure(server, rounds=8))) == 40
    assert server.counts().by_role["model"] == 40


def test_what_the_audition_asks_is_what_the_run_would_have_asked(server: ScriptedServer) -> None:
    measure(server, rounds=4)
    bodies = [request.body for request in server.requests()]
    assert len(bodies) == 40
    assert not any(a == b for a, b in itertools.combinations(bodies, 2))


def test_one_verdict_that_cannot_be_read_stops_nothing(server: ScriptedServer) -> None:
    server.configure(judge_manner="prose", judge_manner_rate=0.5)
    assert len(measure(server, rounds=8).profile().verdicts) == 6
