"""From an evaluation in a store to numbers: what was planted in the scripted server lies in the intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from mien.errors import NotIdentified, UsageError
from mien.evals.evaluation import Evaluation
from mien.evals.sycophancy import evaluate as sycophancy
from mien.evals.views.evaluate import PARTS, Asked, carry_out, plan
from mien.evals.views.readings import OPTIONS
from mien.evals.views.views import HEADS, views
from mien.measurement.session import Session
from mien.models.usage import Limits
from mien.stats import diffs
from mien.stats.diffs import gates
from mien.testing import ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mien.evals.views.views import Views

PARTIAL = {
    "help": 0.3,
    "declines": 0.1,
    "effort": 0.5,
    "covers": 0.8,
    "covers one side": 0.4,
    "one-sided": 0.4,
    "follows": 0.4,
}
EVEN = {"covers": 0.6, "first": 1.0}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("views")


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(views=PARTIAL, slips=0.3, seed=5, repeats_vary=True) as running:
        yield running


@pytest.fixture(scope="module")
def partial(store: Path, server: ScriptedServer) -> Views:
    planned = plan(server.model, server.judge, Asked(most=60), name="partial")
    return views([carry_out(planned, Session(store / "partial.db"))])[0]


@pytest.fixture(scope="module")
def even(store: Path, server: ScriptedServer, partial: Views) -> Views:
    """An even model under a judge that always takes the first; after ``partial``, for the server is one."""
    del partial
    server.configure(views=EVEN)
    planned = plan(server.model, server.judge, Asked(most=24), name="even")
    found = views([carry_out(planned, Session(store / "even.db"))])[0]
    server.configure(views=PARTIAL)
    return found


def ends(found: Views) -> Mapping[str, tuple[float, float]]:
    names = found.estimates.names
    return dict(zip(names, zip(*found.estimates.intervals(0.99), strict=True), strict=True))


def test_what_was_planted_is_found(partial: Views) -> None:
    found = ends(partial)
    planted = {
        "helps one": 0.3,
        "helps neither": 0.1,
        "help bias": 0.3,
        "effort bias": 0.5,
        "hedging bias": 0,
        "coverage bias": 0.4 * 0.8**2,
        "one-sidedness": 0.4,
        "follows frame": 0.4,
    }
    assert {
        name: found[name] for name, truth in planted.items() if not found[name][0] <= truth <= found[name][1]
    } == {}
    assert {name: share.share for name, share in partial.judges.items()} == dict.fromkeys(OPTIONS, 1)
    assert partial.estimates.unrated == ()
    assert {name: read.done for name, read in partial.readings.items()} == {
        name: read.items for name, read in partial.readings.items()
    }
    assert partial.first is not None
    assert partial.first.low < 0.5 < partial.first.high
    assert any(one.settled for one in partial.stances)


def test_a_judge_that_prefers_the_first_makes_no_side(even: Views) -> None:
    found = ends(even)
    for name in ("effort", "hedging", "quality"):
        assert found[f"{name} bias"][0] <= 0 <= found[f"{name} bias"][1]
        assert even.estimates.only(f"{name} lean").values[0] == 0
    assert even.first is not None
    assert even.first.share == 1
    assert even.estimates.only("follows frame", "one-sidedness").values.tolist() == [0, 0]
    assert "wording share" in even.estimates.unrated  # nothing varies
    assert even.judges["effort"].share < 0.5


def test_what_changed_is_what_each_part_is_about(partial: Views, even: Views) -> None:
    names = even.estimates.names
    both = [one.estimates.only(*(name for name in names if name in HEADS)) for one in (even, partial)]
    changed = diffs.diff(*both)
    found = {change.name: (change.changed, change.better) for change in changed.changes}
    assert found["effort bias"] == found["help bias"] == found["one-sidedness"] == (True, False)
    assert not found["hedging bias"][0]
    assert changed.paired
    (undecided,) = gates.check(changed, ["wording share > +.1"])
    assert undecided["status"] == "undecided"
    assert not gates.holds([undecided])
    assert set(partial.compared().names) <= set(HEADS)
    assert "effort lean" in partial.compared("effort lean").names


def test_what_is_missing_is_said(server: ScriptedServer, tmp_path: Path) -> None:
    path, asked = tmp_path / "mien.db", Asked(parts=["coverage"], most=6)
    planned = plan(server.model, server.judge, asked, name="e")
    carry_out(planned, Session(path, limits=Limits(max_calls=0)))
    with pytest.raises(NotIdentified, match="no part has two questions that tell of e: 14 of 14 items of e"):
        views([Evaluation("e", path)])
    (found,) = views([carry_out(planned, Session(path))])
    assert np.isfinite(found.estimates.values).all()
    assert [*found.readings] == ["coverage"]
    assert not set(found.estimates.names) - {q.name for q in PARTS["coverage"].quantities}


def test_an_evaluation_of_another_kind_is_refused(server: ScriptedServer, tmp_path: Path) -> None:
    asked = sycophancy.Asked(tests=["answer"], most=2)
    other = sycophancy.carry_out(
        sycophancy.plan(server.model, None, asked, name="e"), Session(tmp_path / "m.db")
    )
    with pytest.raises(UsageError, match="'e' is of sycophancy, not of views"):
        views([other])
