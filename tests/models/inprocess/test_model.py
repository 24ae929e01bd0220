"""A model in this process, asked as one behind an endpoint is: what a call is told by, holds and counts."""

from __future__ import annotations

import asyncio
import random
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import BudgetReached, UsageError
from mien.models.engine import Job, Output, Token
from mien.models.inprocess.loading import open_engine
from mien.models.inprocess.model import Resident
from mien.models.usage import Tally
from mien.types import Call, Message, Request, Sampling
from tests.processes import LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WORDS = ("egg", "water", "salt", "spoon", "minute")


def drawn(job: Job) -> Output:
    """An answer of three words, drawn with the job's seed, or the score of the words given."""
    if job.continuation is not None:
        words = job.continuation.split()
        return Output(
            tokens=tuple(Token(text=word, logprob=-0.25 * len(word)) for word in words), tokens_in=9
        )
    draw = random.Random(job.seed)
    tokens = [Token(text=draw.choice(WORDS), logprob=-draw.random()) for _ in range(3)]
    return Output(text=" ".join(t.text for t in tokens), tokens=tuple(tokens), tokens_in=9)


class Engine:
    """Answers each job by a function, and notes the batches."""

    def __init__(
        self,
        answer: Callable[[Job], Output] = drawn,
        *,
        name: str = "tiny",
        digest: str = "d0",
        batch_size: int = 8,
    ) -> None:
        self.name, self.digest, self.batch_size, self.notes = name, digest, batch_size, ()
        self.batches: list[list[Job]] = []
        self._answer = answer

    @property
    def written(self) -> int:
        return 0

    def run(self, jobs: Sequence[Job]) -> list[Output]:
        self.batches.append(list(jobs))
        return [self._answer(job) for job in jobs]

    @property
    def jobs(self) -> list[Job]:
        return [job for batch in self.batches for job in batch]


def asking(text: str = "How do I boil an egg?", **members: Any) -> Request:
    return Request((Message(role="user", content=text),), **members)


def ask(engine: Any, *requests: Request, spec: str = "hf/tiny", tally: Tally | None = None) -> list[Call]:
    """The calls, made all at once."""

    async def main() -> list[Call]:
        resident = Resident(spec, engine, tally or Tally())
        try:
            return list(await asyncio.gather(*map(resident.complete, requests)))
        finally:
            await resident.aclose()

    return asyncio.run(main())


def key(request: Request, *, spec: str = "hf/tiny", **engine: Any) -> str:
    return Resident(spec, Engine(**engine), Tally()).key(request)


# -- keys ----------------------------------------------------------------------------------------------------

REQUESTS = st.builds(
    Request,
    st.lists(
        st.builds(
            Message, role=st.sampled_from(["system", "user"]), content=st.sampled_from(["", "a", "b\n"])
        ),
        min_size=1,
        max_size=2,
    ).map(tuple),
    sampling=st.builds(
        Sampling,
        temperature=st.sampled_from([None, 0.0, 0.5]),
        top_p=st.sampled_from([None, 0.5]),
        max_tokens=st.sampled_from([None, 5]),
    ),
    replicate=st.sampled_from([0, 1]),
    continuation=st.sampled_from([None, "", "a"]),
)


@settings(deadline=None)
@given(REQUESTS, REQUESTS)
def test_two_requests_have_one_key_exactly_when_they_ask_the_same(one: Request, other: Request) -> None:
    assert (key(one) == key(other)) == (one == other)


CHANGES: dict[str, dict[str, Any]] = {
    "message": {"messages": (Message(role="user", content="How do I boil an ogg?"),)},
    "role": {"messages": (Message(role="system", content="How do I boil an egg?"),)},
    "temperature": {"sampling": Sampling(temperature=0.5)},
    "top_p": {"sampling": Sampling(top_p=0.5)},
    "max_tokens": {"sampling": Sampling(max_tokens=5)},
    "reasoning_effort": {"sampling": Sampling(reasoning_effort="low")},
    "extra": {"sampling": Sampling(extra={"chat_template_kwargs": {"thinking": False}})},
    "replicate": {"replicate": 1},
    "continuation": {"continuation": "Boil it."},
    "empty continuation": {"continuation": ""},
}


def test_everything_that_an_answer_depends_on_is_in_the_key() -> None:
    plain = asking()
    keys = [key(plain), key(plain, digest="d1"), key(plain, spec="organism/tiny")]
    keys += [key(replace(plain, **members)) for members in CHANGES.values()]
    assert len(set(keys)) == len(keys)


def test_what_an_engine_does_otherwise_stands_with_each_call() -> None:
    engine = Engine()
    engine.notes = ("the system's words are the user's",)
    [call] = ask(engine, asking())
    assert call.adapted == "the system's words are the user's"


def test_how_the_user_spelled_the_model_is_not_in_the_key() -> None:
    # The likelihood judge and the base model are the same weights, and share what they were asked.
    engine = {"name": "base", "digest": "d"}
    specs = ["organism/base", "organism/judge"]
    assert len({key(asking(), spec=spec, **engine) for spec in specs}) == 1


def test_a_schema_changes_nothing_since_none_is_obeyed() -> None:
    assert Resident("hf/tiny", Engine(), Tally()).supports_schema is False
    assert key(asking(schema={"type": "object"})) == key(asking())


def test_what_is_asked_is_kept_as_json_in_full() -> None:
    sampling = Sampling(temperature=0.0, max_tokens=5, extra={"chat_template_kwargs": {"thinking": False}})
    [call] = ask(Engine(), asking(sampling=sampling))
    assert msgspec.json.decode(call.request) == {
        "model": "tiny",
        "messages": [{"role": "user", "content": "How do I boil an egg?"}],
        "temperature": 0.0,
        "max_tokens": 5,
        "extra": {"chat_template_kwargs": {"thinking": False}},
    }


# -- answers -------------------------------------------------------------------------------------------------


def test_a_job_is_the_request_with_a_seed_from_its_key() -> None:
    engine = Engine()
    request = asking(sampling=Sampling(temperature=0.7, top_p=0.9, max_tokens=5))
    [call] = ask(engine, request)
    [job] = engine.jobs
    assert (job.prompt, job.sampling, job.continuation) == (request.messages, request.sampling, None)
    assert job.seed == int(call.key, 16)
    assert call.key == key(request)


def test_the_same_request_is_answered_alike_and_replicates_are_not() -> None:
    requests = [asking(replicate=replicate) for replicate in range(20)]
    alone = [ask(Engine(batch_size=1), request)[0].text for request in requests]
    together = [call.text for call in ask(Engine(batch_size=7), *reversed(requests))]
    assert together[::-1] == alone
    assert len(set(alone)) > 10


def test_a_call_says_what_came_of_it() -> None:
    tokens = (Token(text="Boil", logprob=None), Token(text=" it.", logprob=-0.123456))
    output = Output(text="Boil it.", tokens=tokens, finish_reason="length", tokens_in=9)
    tally = Tally()
    [call] = ask(Engine(lambda _: output), asking(replicate=3), spec="hf/some/folder", tally=tally)
    assert call.answered
    assert (call.endpoint, call.model, call.replicate, call.text) == ("hf", "tiny", 3, "Boil it.")
    assert (call.finish_reason, call.tokens_in, call.tokens_out, call.cost) == ("length", 9, 2, 0.0)
    assert msgspec.json.decode(call.body) == {
        "text": "Boil it.",
        "tokens": [["Boil", None], [" it.", -0.1235]],
    }
    assert call.created > 0
    assert call.latency >= 0
    assert (tally.answered, tally.failed, tally.in_flight) == (1, 0, 0)
    assert (tally.tokens_in, tally.tokens_out, tally.cost) == (9, 2, 0.0)


def test_what_could_not_be_done_is_a_failed_call_with_its_reason() -> None:
    def answer(job: Job) -> Output:
        long = len(job.prompt[0]["content"]) > 100 if isinstance(job.prompt, tuple) else False
        return Output(failure="the prompt is too long", tokens_in=900) if long else drawn(job)

    tally = Tally()
    requests = [
        asking(),
        asking("egg " * 100),
        asking("egg " * 100, continuation="Boil it."),
        asking("salt?"),
    ]
    calls = ask(Engine(answer), *requests, tally=tally)
    assert [call.failure for call in calls] == ["", "the prompt is too long", "the prompt is too long", ""]
    assert [call.answered for call in calls] == [True, False, False, True]
    assert (calls[1].text, calls[2].text) == ("", "")
    assert (calls[1].tokens_in, calls[1].tokens_out) == (900, 0)
    assert (tally.answered, tally.failed, tally.in_flight) == (2, 2, 0)


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
def test_an_empty_answer_is_none(text: str) -> None:
    tally = Tally()
    [call] = ask(Engine(lambda _: Output(text=text, tokens_in=9)), asking(), tally=tally)
    assert call.failure == "the answer is empty"
    assert (tally.answered, tally.failed) == (0, 1)


# -- continuations -------------------------------------------------------------------------------------------


def test_a_continuation_is_answered_with_its_log_probability() -> None:
    engine = Engine()
    [call] = ask(engine, asking(continuation="Boil it now."))
    assert engine.jobs[0].continuation == "Boil it now."
    assert call.answered
    assert float(call.text) == pytest.approx(-0.25 * (4 + 2 + 4))
    assert (call.tokens_in, call.tokens_out) == (9 + 3, 0)


def test_a_token_with_nothing_before_it_adds_nothing_to_a_log_probability() -> None:
    tokens = (Token(text="a", logprob=None), Token(text="b", logprob=-1.5), Token(text="c", logprob=0.0))
    [call] = ask(Engine(lambda _: Output(tokens=tokens)), asking(continuation="abc"))
    assert float(call.text) == -1.5


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-50, 0), min_size=1, max_size=40))
def test_a_log_probability_is_the_sum_over_the_tokens(values: list[float]) -> None:
    tokens = tuple(Token(text="x", logprob=value) for value in values)
    [call] = ask(Engine(lambda _: Output(tokens=tokens)), asking(continuation="x" * len(values)))
    assert float(call.text) == pytest.approx(sum(values), abs=1e-4)


def test_no_words_are_a_continuation_too() -> None:
    [call] = ask(Engine(), asking(continuation=""))
    assert call.answered
    assert float(call.text) == 0.0


# -- limits, batches, ends -----------------------------------------------------------------------------------


def test_no_more_calls_are_made_than_the_budget_allows() -> None:
    engine, tally = Engine(), Tally(max_calls=3)

    async def main() -> list[Call | BaseException]:
        resident = Resident("hf/tiny", engine, tally)
        requests = [asking(str(i)) for i in range(5)]
        came = await asyncio.gather(*map(resident.complete, requests), return_exceptions=True)
        with pytest.raises(BudgetReached, match="limit of 3 calls"):
            await resident.complete(asking("one more"))
        await resident.aclose()
        return list(came)

    came = asyncio.run(main())
    assert [type(one) for one in came] == [Call] * 3 + [BudgetReached] * 2
    assert len(engine.jobs) == 3
    assert (tally.answered, tally.in_flight) == (3, 0)


def test_calls_that_cost_nothing_reach_no_limit_on_cost() -> None:
    tally = Tally(max_cost=0.01)
    engine = Engine()
    for start in (0, 10):
        assert all(c.answered for c in ask(engine, *(asking(str(start + i)) for i in range(10)), tally=tally))
    assert tally.answered == 20


def test_calls_made_at_once_are_done_in_batches() -> None:
    engine = Engine(batch_size=8)
    calls = ask(engine, *(asking(str(i)) for i in range(20)))
    assert [len(batch) for batch in engine.batches] == [8, 8, 4]
    assert [call.key for call in calls] == [key(asking(str(i))) for i in range(20)]


@pytest.mark.parametrize(
    ("sampling", "named"),
    [
        (Sampling(extra={"top_k": 4, "min_p": 0.1}), "min_p, top_k"),
        (Sampling(reasoning_effort="low"), "reasoning_effort"),
        (Sampling(reasoning_effort="low", extra={"top_k": 4}), "reasoning_effort, top_k"),
    ],
)
def test_the_organism_names_what_it_does_not_take(sampling: Sampling, named: str) -> None:
    tally = Tally()
    with pytest.raises(UsageError, match=f"organism/base .*takes no {named}$"):
        ask(open_engine("organism/base"), asking(sampling=sampling), spec="organism/base", tally=tally)
    assert (tally.answered, tally.failed, tally.in_flight) == (0, 0, 0)


@pytest.mark.parametrize("problem", [UsageError("tiny takes no top_k"), ValueError("broken")])
def test_what_an_engine_raises_is_raised_and_leaves_no_call_in_flight(problem: Exception) -> None:
    def answer(_: Job) -> Output:
        raise problem

    tally = Tally()
    with pytest.raises(type(problem), match=str(problem)):
        ask(Engine(answer), asking(), tally=tally)
    assert (tally.answered, tally.failed, tally.in_flight) == (0, 0, 0)


def test_a_call_that_is_cancelled_is_no_longer_in_flight() -> None:
    held = threading.Event()

    def answer(job: Job) -> Output:
        held.wait(LIMIT)
        return drawn(job)

    async def main() -> None:
        tally = Tally()
        resident = Resident("hf/tiny", Engine(answer), tally)
        call = asyncio.create_task(resident.complete(asking()))
        await asyncio.sleep(0.01)
        assert tally.in_flight == 1
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert (tally.answered, tally.failed, tally.in_flight) == (0, 0, 0)
        held.set()
        await resident.aclose()

    asyncio.run(main())


def test_a_resident_that_is_closed_has_no_thread_and_answers_no_more() -> None:
    async def main() -> None:
        tally = Tally()
        resident = Resident("hf/tiny", Engine(), tally)
        await resident.complete(asking())
        assert any(thread.name == "mien-engine" for thread in threading.enumerate())
        await resident.aclose()
        await resident.aclose()
        assert all(thread.name != "mien-engine" for thread in threading.enumerate())
        with pytest.raises(RuntimeError, match="closed"):
            await resident.complete(asking())
        assert (tally.answered, tally.in_flight) == (1, 0)

    asyncio.run(main())


def test_a_resident_that_was_never_asked_closes() -> None:
    asyncio.run(Resident("hf/tiny", Engine(), Tally()).aclose())


@pytest.mark.parametrize(
    ("output", "text", "reasoning", "failure"),
    [
        (Output(text="<think>hm</think>yes"), "yes", "hm", ""),
        (Output(text="hm</think>yes", opened=True), "yes", "hm", ""),
        (Output(text="<|channel|>analysis<|message|>hm"), "", "hm", "the answer is empty: only reasoning"),
        (
            Output(text="hm, let me", opened=True, finish_reason="length"),
            *("", "hm, let me", "the answer is empty: only reasoning"),
        ),
        (Output(text="yes", opened=True), "yes", "", ""),
        (Output(text="yes, and", finish_reason="length"), "yes, and", "", ""),
        (Output(text=" "), "", "", "the answer is empty"),
    ],
)
def test_reasoning_is_no_part_of_the_answer(output: Output, text: str, reasoning: str, failure: str) -> None:
    async def main() -> Call:
        resident = Resident("hf/tiny", Engine(lambda _: output), Tally())
        try:
            return await resident.complete(Request(messages=(Message(role="user", content="Hello"),)))
        finally:
            await resident.aclose()

    call = asyncio.run(main())
    assert (call.text, call.reasoning, call.failure) == (text, reasoning, failure)
