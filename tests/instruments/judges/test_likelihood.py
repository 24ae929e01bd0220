"""The judge that compares likelihoods: which option it picks, when it picks none, and what it asks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.instruments import Instructed
from mien.instruments.judges.likelihood import MARGIN, LikelihoodJudge
from mien.materials.protocols import load_protocol
from mien.measurement.calls import Calls, Progress
from mien.measurement.pipeline import Pipeline
from mien.models.usage import Tally
from mien.store.records import RunInfo
from mien.store.store import Store
from mien.types import NEITHER, Call, Message, Prompt, Request, Sampling, Trait, Trial, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mien.materials.protocols import Protocol

NAMES = ("warm", "blunt", "direct", "calm", "wry", "kind", "bold", "shy")
TRAITS = tuple(Trait(name, f"Sounds {name}.") for name in NAMES)
EGG = Prompt("p", "How do I boil an egg?")
FREE = load_protocol()
FORCED = FREE.override(judge=FREE.judge.model_dump() | {"forced": True})


class Scored:
    """A model that finds a response as likely under each option as it is told to."""

    address, model, supports_schema = "here", "scored", False
    name = "organism/judge"

    def __init__(self, scores: Mapping[str, float], protocol: Protocol = FREE, failing: str = "") -> None:
        told = Instructed(protocol, TRAITS)
        self._options = {told.told(name, EGG)[0]["content"]: name for name in NAMES}
        self._scores = scores
        self.failing = failing
        self.asked: list[Request] = []

    def option(self, request: Request) -> str:
        return self._options[request.messages[0]["content"]]

    def key(self, request: Request) -> str:
        return f"{self.option(request)}: {request.messages[-1]['content']} {request.continuation}"

    async def complete(self, request: Request) -> Call:
        self.asked.append(request)
        await asyncio.sleep(0)
        option = self.option(request)
        if option == self.failing:
            return Call(key=self.key(request), endpoint="here", model="scored", failure="too long")
        text = f"{self._scores[option]:.4f}"
        return Call(key=self.key(request), endpoint="here", model="scored", text=text)


async def ask(model: Any, request: Request) -> Call:
    return await model.complete(request)


def judged(
    model: Scored,
    options: tuple[str, ...],
    *,
    protocol: Protocol = FREE,
    response: str = "Boil it.",
    **settings: Any,
) -> Verdict | Call:
    reader: Any = model
    judge = LikelihoodJudge("j", reader, protocol, TRAITS, **settings)
    return asyncio.run(judge.verdict(Trial("t0", 0, options, EGG), response, ask))


def chosen(scores: Mapping[str, float], *, protocol: Protocol = FREE, **settings: Any) -> str:
    """The verdict on options with these log-probabilities, in this order."""
    found = judged(Scored(scores), tuple(scores), protocol=protocol, **settings)
    assert isinstance(found, Verdict)
    return found.chosen


# -- what is picked ------------------------------------------------------------------------------------------


def test_the_likeliest_option_is_picked() -> None:
    assert chosen({"warm": -30.0, "blunt": -80.0}) == "warm"
    assert chosen({"warm": -80.0, "blunt": -30.0}) == "blunt"
    # As numbers, not as texts.
    assert chosen({"warm": -9.0, "blunt": -100.0}) == "warm"
    assert chosen({"warm": -100.0, "blunt": -9.0}) == "blunt"


def test_the_preamble_is_for_the_model_under_test_alone() -> None:
    prompted = FREE.override(preamble="Be a lighthouse.")
    assert chosen({"warm": -30.0, "blunt": -80.0}, protocol=prompted) == "warm"  # asked as without it


@pytest.mark.parametrize("k", range(2, 9))
def test_it_is_found_among_any_number_in_any_place(k: int) -> None:
    for place in range(k):
        scores = {name: -40.0 - i for i, name in enumerate(NAMES[:k])} | {NAMES[place]: -20.0}
        assert chosen(scores) == NAMES[place]


def test_below_the_margin_it_is_neither() -> None:
    assert chosen({"warm": -30.0, "blunt": -30.0 - MARGIN}) == "warm"
    assert chosen({"warm": -30.0, "blunt": -29.9 - MARGIN}) == NEITHER
    assert chosen({"warm": -30.0, "blunt": -30.0}) == NEITHER
    # It is the second best that counts, wherever it stands.
    assert chosen({"warm": -90.0, "blunt": -30.0, "direct": -60.0, "calm": -31.0}) == NEITHER


def test_the_margin_can_be_set() -> None:
    assert chosen({"warm": -30.0, "blunt": -31.0}, margin=0.5) == "warm"
    assert chosen({"warm": -30.0, "blunt": -39.0}, margin=10.0) == NEITHER


LOG_P = st.integers(-400, 0).map(lambda quarters: quarters / 4)  # what a difference of two holds exactly


@st.composite
def trials(draw: st.DrawFn, *, ties: bool) -> tuple[dict[str, float], list[str]]:
    """Options with log-probabilities, and the same options in another order."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=8, unique=True))
    values = draw(st.lists(LOG_P, min_size=len(names), max_size=len(names), unique=not ties))
    return dict(zip(names, values, strict=True)), draw(st.permutations(names))


@settings(max_examples=50, deadline=None)
@given(trials(ties=True), st.sampled_from([0.25, MARGIN, 30.0]))
def test_what_is_picked_is_the_best_by_the_margin_in_every_order(
    trial: tuple[dict[str, float], list[str]], margin: float
) -> None:
    scores, order = trial
    best = max(scores.values())
    near = [name for name, score in scores.items() if best - score < margin]
    expected = near[0] if len(near) == 1 else NEITHER
    assert chosen(scores, margin=margin) == expected
    assert chosen({name: scores[name] for name in order}, margin=margin) == expected


@settings(max_examples=50, deadline=None)
@given(trials(ties=False))
def test_a_forced_choice_is_always_the_likeliest(trial: tuple[dict[str, float], list[str]]) -> None:
    scores, order = trial
    likeliest = max(scores, key=lambda name: scores[name])
    assert chosen(scores, protocol=FORCED) == likeliest
    assert chosen({name: scores[name] for name in order}, protocol=FORCED, margin=50.0) == likeliest


@settings(max_examples=50, deadline=None)
@given(trials(ties=True))
def test_a_forced_choice_among_equals_does_not_hang_on_their_order(
    trial: tuple[dict[str, float], list[str]],
) -> None:
    scores, order = trial
    picked = chosen(scores, protocol=FORCED)
    assert scores[picked] == max(scores.values())
    assert chosen({name: scores[name] for name in order}, protocol=FORCED) == picked


# -- what is asked -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("descriptions", [False, True])
def test_each_option_is_asked_about_once_as_it_is_instructed(descriptions: bool) -> None:
    protocol = FREE.override(descriptions=descriptions)
    model = Scored(dict.fromkeys(NAMES, -9.0), protocol)
    judged(model, NAMES[2:5], protocol=protocol, response="Boil it {options}.")
    assert [model.option(request) for request in model.asked] == list(NAMES[2:5])
    for name, request in zip(NAMES[2:5], model.asked, strict=True):
        line = f"- {name}: Sounds {name}." if descriptions else f"- {name}"
        told = protocol.wording.instructed.replace("{options}", line).strip()
        assert request.messages == (
            Message(role="system", content=told),
            Message(role="user", content=EGG.text),
        )
        assert (request.continuation, request.replicate, request.schema) == ("Boil it {options}.", 0, None)
        assert request.sampling == Sampling()  # nothing is drawn


def test_a_verdict_names_trial_judge_order_and_the_call_that_settled_it() -> None:
    model = Scored({"warm": -60.0, "blunt": -30.0, "calm": -50.0})
    found = judged(model, ("warm", "blunt", "calm"))
    assert isinstance(found, Verdict)
    assert (found.trial, found.judge, found.chosen) == ("t0", "j", "blunt")
    assert found.order == ("warm", "blunt", "calm")
    assert found.call == model.key(model.asked[1])


def test_neither_names_the_call_of_the_likeliest() -> None:
    model = Scored({"warm": -30.5, "blunt": -30.0})
    found = judged(model, ("warm", "blunt"))
    assert isinstance(found, Verdict)
    assert (found.chosen, found.call) == (NEITHER, model.key(model.asked[1]))


@pytest.mark.parametrize("failing", ["warm", "blunt", "calm"])
def test_a_call_that_failed_is_what_comes_of_it(failing: str) -> None:
    model = Scored({"warm": -60.0, "blunt": -30.0, "calm": -50.0}, failing=failing)
    found = judged(model, ("warm", "blunt", "calm"))
    assert isinstance(found, Call)
    assert (found.failure, found.key.partition(":")[0]) == ("too long", failing)


def test_how_it_judges_is_told_in_full() -> None:
    reader: Any = Scored({})
    free = LikelihoodJudge("j", reader, FREE, TRAITS).settings
    assert free == {"likelihood": FREE.wording.instructed, "margin": MARGIN}
    assert LikelihoodJudge("j", reader, FREE, TRAITS, margin=1.0).settings != free
    assert LikelihoodJudge("j", reader, FORCED, TRAITS).settings["margin"] == 0.0


# -- in a run ------------------------------------------------------------------------------------------------

TRIALS = [
    Trial(f"t{i}", 0, (NAMES[i], NAMES[i + 1], NAMES[i + 2]), Prompt(f"p{i}", f"Question {i}?"))
    for i in range(6)
]


class Answering(Scored):
    """Answers as the model under test, too."""

    def key(self, request: Request) -> str:
        return super().key(request) if request.continuation is not None else str(request.messages)

    async def complete(self, request: Request) -> Call:
        if request.continuation is not None:
            return await super().complete(request)
        self.asked.append(request)
        text = f"An answer to {request.messages[-1]['content']}"
        return Call(key=self.key(request), endpoint="here", model="scored", text=text)


def passed_through(path: Path, model: Answering) -> tuple[list[str], Progress]:
    """The verdicts on all trials, and how the pass went."""
    reader: Any = model
    with Store(path) as store:
        if not store.runs():
            store.add_run(
                RunInfo(
                    name="r",
                    model="m",
                    instrument="revealed",
                    protocol="",
                    design="d-1",
                    seed=0,
                    traits=TRAITS,
                ),
                TRIALS,
            )
        progress = Progress(total=len(TRIALS), tally=Tally())
        judge = LikelihoodJudge("j", reader, FREE, TRAITS)
        calls = Calls(store, progress)
        pipeline = Pipeline(calls, store.run("r").id, judge)

        async def respond(trial: Trial) -> bool:
            question = Message(role="user", content=trial.prompt.text)
            call = await pipeline.respond(trial, reader, Request((question,)))
            return await pipeline.judge(trial, call.text)

        asyncio.run(calls.carry_out(respond, TRIALS, workers=4))
        store.flush()
        return [row.chosen for row in store.rows(store.run("r").id, "j")], progress


def test_a_second_pass_asks_nothing(tmp_path: Path) -> None:
    scores = {name: -10.0 * i for i, name in enumerate(NAMES)}
    first, second = Answering(scores), Answering(scores)
    found, progress = passed_through(tmp_path / "mien.db", first)
    assert found == [trial.options[0] for trial in TRIALS]
    assert (progress.done, progress.failed, progress.reused) == (6, 0, 0)
    assert len(first.asked) == 6 + 6 * 3
    again, progress = passed_through(tmp_path / "mien.db", second)
    assert again == found
    assert second.asked == []
    assert (progress.failed, progress.reused) == (0, 6 + 6)  # responses, and verdicts


def test_a_pass_after_a_failure_asks_what_is_missing(tmp_path: Path) -> None:
    scores = {name: -10.0 * i for i, name in enumerate(NAMES)}
    failing = Answering(scores, failing="direct")  # an option of the first three trials
    found, progress = passed_through(tmp_path / "mien.db", failing)
    assert found == ["", "", "", *(trial.options[0] for trial in TRIALS[3:])]
    assert progress.reasons == {"the judge: too long": 3}
    mended = Answering(scores)
    found, progress = passed_through(tmp_path / "mien.db", mended)
    assert found == [trial.options[0] for trial in TRIALS]
    assert {mended.option(request) for request in mended.asked} == {"direct"}
    assert len(mended.asked) == 3
