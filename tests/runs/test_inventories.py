"""A model that rates itself, from the first question to a gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import mien
from mien.errors import EndpointRefused, InputError, UsageError
from mien.measurement.rejudge import second_opinion
from mien.runs.run import Run
from mien.testing import ScriptedServer

if TYPE_CHECKING:
    from pathlib import Path

TRAITS = ["airy", "blunt", "candid", "dry", "earnest", "formal", "grave", "humble"]
RATES = dict(zip(TRAITS, (4.4, 1.6, 3.9, 2.1, 3.3, 2.7, 3.0, 3.6), strict=True))
FLAT = dict.fromkeys(TRAITS, 0.0)


@pytest.fixture(scope="module")
def rated(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A yea-sayer's ratings, those of another model, and what the first chooses, in one store."""
    path = tmp_path_factory.mktemp("rated") / "mien.db"
    chooses = {trait: rating - 3 for trait, rating in RATES.items()}
    with ScriptedServer(scores=chooses, rates=RATES, rates_high=0.6) as server:
        for _ in range(2):  # the second time all is there
            run = mien.measure(server.model, instrument="inventory", traits=TRAITS, trials=60, store=path)
            assert server.counts().by_role == {"model": 64}
        grown = mien.measure(server.model, instrument="inventory", traits=TRAITS, rounds=9, store=path)
        assert (grown, server.counts().by_role) == (run, {"model": 128})
        mien.measure(server.model, judge=server.judge, traits=TRAITS, rounds=60, store=path, name="chooses")
    with ScriptedServer(scores=FLAT, rates=RATES | {"dry": 4.3}, seed=1) as server:
        mien.measure(server.model, instrument="inventory", traits=TRAITS, trials=60, store=path, name="other")
    return run


def test_each_trait_is_rated_equally_often_in_each_phrasing(rated: Run) -> None:
    found = rated.inventory()
    assert (found.read, found.unreadable) == (128, 0)
    assert {row["answers"] for row in found.phrasings} == {16}
    assert [row["trait"] for row in found.rows][:2] == ["airy", "candid"]
    assert found.rows[-1]["trait"] == "blunt"
    assert found.acquiescence is not None
    assert found.acquiescence.low > 0.2
    assert rated.outcome().complete
    assert {row["chosen"] for row in rated.rows()} <= set("12345")


def test_what_changed_is_found_and_goes_with_inventories_alone(rated: Run) -> None:
    found = mien.diff(rated, Run("other", rated.path))
    assert [change.name for change in found.changes if change.changed] == ["dry"]
    assert (found.paired, found.noun) == (64, "trait")
    with pytest.raises(
        UsageError, match="told in a mean answer from 1 to 5 and in a number of rating points"
    ):
        mien.diff(rated, Run("chooses", rated.path))


def test_it_is_a_side_of_its_own(rated: Run) -> None:
    found = mien.sides([rated, Run("chooses", rated.path)])
    assert list(found.by_side) == ["rates", "chooses"]
    assert found.pairs[0].likeness.r is not None
    assert found.pairs[0].likeness.r > 0.8
    assert found.says_and_shows is found.pairs[0]
    assert found.claimed == found.unclaimed == []


def test_ratings_are_not_taken_for_choices(rated: Run) -> None:
    for problem, ask in {
        "is an inventory, which rates each trait by itself": rated.profile,
        "sets none beside another": rated.comparisons,
        "and no inventory": Run("chooses", rated.path).inventory,
    }.items():
        with pytest.raises(UsageError, match=problem):
            ask()
    with pytest.raises(UsageError, match="nothing for a judge to read"):
        second_opinion(rated, "organism/judge")


def test_bad_input_is_told(tmp_path: Path) -> None:
    store = tmp_path / "mien.db"
    for problem, choices in {
        "leave out --judge": {"judge": "organism/judge"},
        "inventory asks one question: leave out --turns": {"turns": 2},
        "neither pairs nor a target": {"full": True},
        "how long it is with --rounds": {"until_reliability": 0.9},
        "lays its trials out itself": {"design": "design.json"},
    }.items():
        with pytest.raises(UsageError, match=problem):
            mien.measure("organism/v1", instrument="inventory", store=store, **choices)  # type: ignore[arg-type]
    bare = mien.load_protocol().override(
        wording=mien.load_protocol().wording.model_dump() | {"inventory": {}}
    )
    with pytest.raises(InputError, match=r"key wording\.inventory"):
        mien.measure("organism/v1", instrument="inventory", protocol=bare, store=store)
    with pytest.raises(EndpointRefused, match="none of the first 20 answers is a number from 1 to 5"):
        mien.measure("organism/v1", instrument="inventory", trials=30, store=store)
