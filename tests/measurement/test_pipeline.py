"""Trials under way: a response is judged, and both are kept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from mien.instruments.judges.generative import AskingJudge
from mien.materials.protocols import load_protocol
from mien.measurement.calls import Calls, Progress
from mien.measurement.pipeline import Pipeline
from mien.models.usage import Tally
from tests.measurement.scripted import TRAITS, TRIALS, Scripted, request

if TYPE_CHECKING:
    from mien.store.store import Store


def pipeline(store: Store, judge: Scripted | None = None) -> tuple[Pipeline, Progress]:
    reader: Any = judge or Scripted("judge", lambda _: '{"choice": "warm"}')
    calls = Calls(store, Progress(total=len(TRIALS), tally=Tally()))
    return Pipeline(calls, 1, AskingJudge("j", reader, load_protocol(), TRAITS)), calls.progress


async def take(line: Pipeline, model: Scripted) -> bool:
    """Have a model respond to the first trial, and the response judged."""
    call = await line.respond(TRIALS[0], model, request("egg?"))
    return await line.judge(TRIALS[0], call.text)


def test_a_response_is_judged_and_both_are_kept(store: Store) -> None:
    model = Scripted("m", lambda _: "Boil it.")
    line, _ = pipeline(store)
    assert asyncio.run(take(line, model)) is True
    store.flush()
    row = next(store.rows(1, "j"))
    assert (row.response, row.chosen, row.failure) == ("Boil it.", "warm", "")


def test_a_response_that_failed_is_kept(store: Store) -> None:
    line, progress = pipeline(store)
    call = asyncio.run(line.respond(TRIALS[0], Scripted("m", lambda _: ""), request("egg?")))
    assert not call.answered
    assert progress.reasons == {"empty answer": 1}
    store.flush()
    row = next(store.rows(1, "j"))
    assert (row.response, row.chosen, row.failure) == ("", "", "empty answer")


def test_what_a_user_says_stands_in_the_place_of_the_note_once_it_is_said(store: Store) -> None:
    line, progress = pipeline(store)
    silent, user = Scripted("u", lambda _: ""), Scripted("u", lambda _: "Why 4 minutes?")
    assert not asyncio.run(line.listen(TRIALS[0], silent, request("Go on."))).answered
    assert progress.reasons == {"the user: empty answer": 1}
    store.flush()
    assert next(store.rows(1, "j")).trial == TRIALS[0]
    asyncio.run(line.listen(TRIALS[0], user, request("Go on.")))
    assert asyncio.run(take(line, Scripted("m", lambda _: "Since it is an egg."))) is True
    store.flush()
    row = next(store.rows(1, "j"))
    assert (row.trial.prompt.text, row.trial.prompt.id) == ("Why 4 minutes?", TRIALS[0].prompt.id)
    assert [answer.message for answer in store.answers(1, "j")] == ["Why 4 minutes?"]


def test_a_judge_that_failed_leaves_the_response_without_a_verdict(store: Store) -> None:
    line, _ = pipeline(store, Scripted("judge", lambda _: ""))
    assert asyncio.run(take(line, Scripted("m", lambda _: "Boil it."))) is False
    store.flush()
    row = next(store.rows(1, "j"))
    assert (row.response, row.chosen) == ("Boil it.", "")


def test_what_was_read_is_not_read_again_however_the_judge_is_asked_by_now(store: Store) -> None:
    model, judge = Scripted("m", lambda _: "Boil it."), Scripted("judge", lambda _: '{"choice": "warm"}')
    asyncio.run(take(pipeline(store, judge)[0], model))
    store.flush()
    judge.supports_schema = False  # as it was found in mid-run: in tags every question is another
    line, progress = pipeline(store, judge)
    asked = len(judge.asked)
    assert asyncio.run(take(line, model)) is True
    assert (len(judge.asked), progress.reused) == (asked, 2)
    # Another response to the trial is read.
    assert asyncio.run(take(pipeline(store, judge)[0], Scripted("other", lambda _: "Fry it."))) is True
    assert len(judge.asked) > asked
