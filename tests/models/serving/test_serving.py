"""A model in this process over real HTTP, asked by OpenAI's own client."""

from __future__ import annotations

import asyncio
import io
import re
import signal
import sys
from contextlib import asynccontextmanager
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import aiohttp
import openai
import pytest
from openai import AsyncOpenAI

from mien.errors import UsageError
from mien.models.engine import Job, Output, Token
from mien.models.serving import bind, serve
from tests import ROOT
from tests.processes import LIMIT, ended, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

SPEC = "organism/v1"
CONTEXT = 40
HELLO = [{"role": "user", "content": "say hello"}]
WORDS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta")


class Engine:
    """A token is a word with the space before it; what is drawn depends on the prompt and the seed alone."""

    name, digest, batch_size = "v1", "fp-1", 64

    def __init__(self) -> None:
        self.batches: list[list[Job]] = []
        self.silent = False

    def run(self, jobs: Sequence[Job]) -> list[Output]:
        self.batches.append(list(jobs))
        return [self._score(job) if job.continuation is not None else self._generate(job) for job in jobs]

    def _generate(self, job: Job) -> Output:
        text = job.prompt if isinstance(job.prompt, str) else " ".join(m["content"] for m in job.prompt)
        if "BREAK" in text:
            raise ZeroDivisionError("broken")
        tokens_in = len(words(text))
        if tokens_in > CONTEXT:
            return Output(failure=f"the prompt has {tokens_in} tokens, more than the context of {CONTEXT}")
        greedy = job.sampling.temperature == 0
        luck = blake2b(text.encode() + (b"" if greedy else str(job.seed).encode())).digest()
        answer = ["say", *(f" {WORDS[byte % len(WORDS)]}" for byte in luck[:6]), " é."]
        if "HALF" in text:
            answer = ["\ufffd", "\ufffd"]
        if self.silent:
            answer = []
        limit = job.sampling.max_tokens or len(answer)
        tokens = tuple(token(piece, i, job.top_logprobs) for i, piece in enumerate(answer[:limit]))
        return Output(
            text="".join(answer[:limit]),
            tokens=tokens,
            finish_reason="length" if limit < len(answer) else "stop",
            tokens_in=tokens_in,
        )

    def _score(self, job: Job) -> Output:
        assert job.prompt == ""
        assert job.continuation
        tokens = [token(piece, i, job.top_logprobs) for i, piece in enumerate(words(job.continuation))]
        tokens[0] = Token(text=tokens[0].text, logprob=None)
        return Output(text=job.continuation, tokens=tuple(tokens))


def words(text: str) -> list[str]:
    return re.findall(r"\s*\S+", text)


def token(text: str, place: int, top: int) -> Token:
    alternatives = ((text, -0.5 - place), ("the", -3.0), ("a", float("-inf")))
    return Token(text=text, logprob=-0.5 - place, top=alternatives[:top])


@asynccontextmanager
async def serving(engine: Engine) -> AsyncIterator[AsyncOpenAI]:
    with bind("127.0.0.1", 0) as bound:
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        server = asyncio.create_task(serve(SPEC, engine, bound, ready.set_result))
        try:
            async with AsyncOpenAI(base_url=await ready, api_key="any", max_retries=0) as client:
                yield client
        finally:
            server.cancel()
            await asyncio.gather(server, return_exceptions=True)


def ask(scenario: Callable[[AsyncOpenAI], Awaitable[Any]], engine: Engine | None = None) -> Any:
    async def main() -> Any:
        async with serving(engine or Engine()) as client:
            return await scenario(client)

    return asyncio.run(main())


def chat(engine: Engine | None = None, **members: Any) -> Any:
    asked: dict[str, Any] = {"model": SPEC, "messages": HELLO} | members
    return ask(lambda client: client.chat.completions.create(**asked), engine)


def complete(engine: Engine | None = None, **members: Any) -> Any:
    asked: dict[str, Any] = {"model": SPEC, "prompt": "say hello"} | members
    return ask(lambda client: client.completions.create(**asked), engine)


def posted(body: bytes, path: str = "/chat/completions", method: str = "POST") -> tuple[int, dict[str, Any]]:
    async def post(client: AsyncOpenAI) -> tuple[int, dict[str, Any]]:
        url = str(client.base_url).rstrip("/") + path
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, data=io.BytesIO(body)) as answer,
        ):
            return answer.status, await answer.json()

    return ask(post)


def test_a_chat() -> None:
    engine = Engine()
    answer = chat(
        engine, seed=7, temperature=0.5, top_p=0.9, max_tokens=3, extra_body={"max_completion_tokens": 4}
    )
    [choice] = answer.choices
    assert words(choice.message.content)[0] == "say"
    assert (choice.message.role, choice.finish_reason, choice.logprobs) == ("assistant", "length", None)
    assert (answer.object, answer.model, answer.system_fingerprint) == ("chat.completion", SPEC, "fp-1")
    usage = answer.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (2, 4, 6)
    [[job]] = engine.batches
    assert (job.prompt, job.seed) == (({"role": "user", "content": "say hello"},), 7)
    assert (job.sampling.temperature, job.sampling.top_p, job.sampling.max_tokens) == (0.5, 0.9, 4)


def test_what_is_not_said_is_left_to_the_model() -> None:
    engine = Engine()
    assert chat(engine).choices[0].finish_reason == "stop"
    [[job]] = engine.batches
    assert (job.sampling.temperature, job.sampling.top_p, job.sampling.max_tokens) == (None, None, None)


def test_a_chat_of_parts_and_roles() -> None:
    engine = Engine()
    parts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    chat(engine, messages=[{"role": "developer", "content": "be brief"}, {"role": "user", "content": parts}])
    [[job]] = engine.batches
    assert job.prompt == (
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "one\ntwo"},
    )


def test_log_probabilities_of_a_chat() -> None:
    [choice] = chat(logprobs=True, top_logprobs=3).choices
    told = choice.logprobs.content
    assert "".join(token.token for token in told) == choice.message.content
    assert [token.logprob for token in told] == [-0.5 - i for i in range(8)]
    assert bytes(told[-1].bytes) == " é.".encode()
    assert [(top.token, top.logprob) for top in told[0].top_logprobs] == [
        ("say", -0.5),
        ("the", -3.0),
        ("a", -9999.0),  # JSON has no infinity
    ]
    [piece] = chat(logprobs=True, max_tokens=1, messages=[{"role": "user", "content": "HALF"}]).choices
    assert piece.logprobs.content[0].bytes is None  # half a character: which half, its text does not tell
    assert all(token.top_logprobs == [] for token in chat(logprobs=True).choices[0].logprobs.content)


def test_seeds_fix_the_draws() -> None:
    def texts(**members: Any) -> list[str]:
        return [choice.message.content for choice in chat(**members).choices]

    four = texts(n=4, seed=1)
    assert len(set(four)) == 4
    assert texts(n=4, seed=1) == four
    assert texts(seed=1) == four[:1]
    assert not set(texts(n=4, seed=2)) & set(four)
    assert texts(n=2, seed=-5) == texts(n=2, seed=-5)
    fresh = [*texts(n=3), *texts(n=3)]
    assert len(set(fresh)) == 6
    assert len(set(texts(n=3, temperature=0))) == 1


def test_a_stop_text_ends_the_answer() -> None:
    whole = chat(seed=3, logprobs=True).choices[0].message.content
    third = words(whole)[2].strip()
    cut = chat(seed=3, logprobs=True, stop=["no such word", third])
    [choice] = cut.choices
    assert choice.message.content == whole[: whole.index(third)]
    assert choice.finish_reason == "stop"
    assert cut.usage.completion_tokens == len(choice.logprobs.content) < 8
    [short] = chat(seed=3, stop="say", max_tokens=2).choices
    assert (short.message.content, short.finish_reason) == ("", "stop")


async def streamed(client: AsyncOpenAI, **members: Any) -> list[Any]:
    stream = await client.chat.completions.create(model=SPEC, messages=HELLO, stream=True, **members)
    return [chunk async for chunk in stream]


def test_a_stream_says_the_same_in_pieces() -> None:
    members: dict[str, Any] = {"seed": 5, "n": 2, "logprobs": True, "stop": "é"}
    whole = chat(**members)
    chunks = ask(lambda client: streamed(client, **members, stream_options={"include_usage": True}))
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[-1].choices == []
    assert chunks[-1].usage == whole.usage
    for choice in whole.choices:
        mine = [chunk.choices[0] for chunk in chunks[:-1] if chunk.choices[0].index == choice.index]
        assert mine[0].delta.role == "assistant"
        assert "".join(piece.delta.content or "" for piece in mine) == choice.message.content
        assert [piece.finish_reason for piece in mine] == [None] * (len(mine) - 1) + ["stop"]
        told = [token for piece in mine if piece.logprobs for token in piece.logprobs.content]
        assert told == choice.logprobs.content
        assert len(mine) == len(told) + 2


def test_a_stream_without_usage_and_of_completions() -> None:
    chunks = ask(lambda client: streamed(client, max_tokens=2))
    assert all(chunk.usage is None for chunk in chunks)

    async def completions(client: AsyncOpenAI) -> list[Any]:
        stream = await client.completions.create(
            model=SPEC, prompt="say hello", seed=1, echo=True, logprobs=0, stream=True
        )
        return [chunk async for chunk in stream]

    chunks = ask(completions)
    [whole] = complete(seed=1, echo=True, logprobs=0).choices
    pieces = [chunk.choices[0] for chunk in chunks]
    assert "".join(piece.text for piece in pieces) == whole.text
    offsets = [offset for piece in pieces if piece.logprobs for offset in piece.logprobs.text_offset]
    assert offsets == whole.logprobs.text_offset


def test_completions() -> None:
    engine = Engine()
    answer = complete(engine, prompt=["one", "two words"], n=2, seed=4, max_tokens=3, logprobs=2)
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
    assert len({choice.text for choice in answer.choices}) == 4
    assert answer.usage.prompt_tokens == 3
    assert answer.usage.completion_tokens == 12
    told = answer.choices[0].logprobs
    assert "".join(told.tokens) == answer.choices[0].text
    assert told.text_offset[:2] == [0, 3]
    assert told.top_logprobs[1] == {told.tokens[1]: -1.5, "the": -3.0}
    assert sum(map(len, engine.batches)) == 4
    alone = complete(prompt="two words", n=2, seed=4, max_tokens=3)
    assert [choice.text for choice in alone.choices] == [choice.text for choice in answer.choices[2:]]


def test_completions_are_sixteen_tokens_long_unless_told() -> None:
    engine = Engine()
    complete(engine)
    assert engine.batches[0][0].sampling.max_tokens == 16


def test_a_prompt_is_scored() -> None:
    engine = Engine()
    answer = complete(engine, prompt=["one two three", "four"], echo=True, max_tokens=0, logprobs=1)
    first, second = answer.choices
    assert (first.text, first.finish_reason, second.text) == ("one two three", "length", "four")
    assert first.logprobs.tokens == ["one", " two", " three"]
    assert first.logprobs.token_logprobs == [None, -1.5, -2.5]
    assert first.logprobs.top_logprobs == [None, {" two": -1.5}, {" three": -2.5}]
    assert first.logprobs.text_offset == [0, 3, 7]
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (4, 0)
    assert [job.continuation for [*jobs] in engine.batches for job in jobs] == ["one two three", "four"]


def test_a_prompt_is_scored_as_evaluation_harnesses_ask() -> None:
    """They ask for one more token and leave it out of their sums."""
    [choice] = complete(prompt="one two three", echo=True, max_tokens=1, logprobs=1, temperature=0).choices
    assert choice.text == "one two threesay"
    assert sum(choice.logprobs.token_logprobs[1:-1]) == -4.0
    assert [max(top.values()) for top in choice.logprobs.top_logprobs[1:-1]] == [-1.5, -2.5]


def test_an_end_takes_the_place_of_the_token_that_was_asked_for() -> None:
    engine = Engine()
    engine.silent = True
    answer = complete(engine, prompt="one two", echo=True, max_tokens=1, logprobs=1)
    [choice] = answer.choices
    assert (choice.text, choice.finish_reason, answer.usage.completion_tokens) == ("one two", "stop", 0)
    assert choice.logprobs.token_logprobs[1:-1] == [-1.5]
    assert choice.logprobs.tokens == ["one", " two", ""]


def test_nothing_asked_is_nothing_answered() -> None:
    assert complete(max_tokens=0).choices[0].text == ""
    answer = complete(prompt="", echo=True, max_tokens=0, logprobs=1)
    assert (answer.choices[0].text, answer.choices[0].logprobs.tokens) == ("", [])


def test_requests_under_way_are_answered_together() -> None:
    engine = Engine()

    async def many(client: AsyncOpenAI) -> list[str]:
        answers = await asyncio.gather(
            *(
                client.chat.completions.create(
                    model="v1", messages=[{"role": "user", "content": f"number {i}"}]
                )
                for i in range(30)
            )
        )
        return [answer.choices[0].message.content or "" for answer in answers]

    assert len(set(ask(many, engine))) == 30
    assert sum(map(len, engine.batches)) == 30
    assert len(engine.batches) < 20


def test_the_model_is_listed() -> None:
    async def listed(client: AsyncOpenAI) -> tuple[list[str], str]:
        return [model.id async for model in client.models.list()], (await client.models.retrieve("v1")).id

    assert ask(listed) == ([SPEC], SPEC)
    with pytest.raises(openai.NotFoundError):
        ask(lambda client: client.models.retrieve("organism/v2"))


def test_health() -> None:
    assert posted(b"", "/../health", "GET") == (200, {"status": "ok", "model": SPEC})


def test_another_model_is_not_found() -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        chat(model="gpt-5")
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    assert "`gpt-5`" in caught.value.message
    assert chat(model="v1").model == "v1"


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"temperature": 2.5}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"n": 0}, "n"),
        ({"seed": 0.5}, "seed"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"stop": ""}, "stop"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": [{"role": "tool", "content": "4"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            "messages[0].content[0].type",
        ),
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, "response_format"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"presence_penalty": 0.5}, "presence_penalty"),
        ({"extra_body": {"top_k": 5}}, "top_k"),
    ],
)
def test_what_cannot_be_answered_as_asked_is_refused(members: dict[str, Any], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        chat(**members)
    assert caught.value.param == param
    assert param in caught.value.message
    assert caught.value.type == "invalid_request_error"


def test_members_that_ask_for_nothing_are_let_through() -> None:
    chat(
        response_format={"type": "text"},
        presence_penalty=0,
        logit_bias={},
        user="me",
        stop=[],
        extra_body={"top_k": None},
    )


@pytest.mark.parametrize("prompt", [[1, 2], [[1, 2], [3]], ["one", 2]])
def test_token_ids_are_refused(prompt: Any) -> None:
    with pytest.raises(openai.BadRequestError, match="token ids are not supported") as caught:
        complete(prompt=prompt)
    assert caught.value.param == "prompt"


@pytest.mark.parametrize(
    ("body", "path", "method", "status", "words"),
    [
        (b"{not json", "/chat/completions", "POST", 400, "no JSON"),
        (b"\xff\xfe", "/chat/completions", "POST", 400, "no JSON"),
        (b"[" * 100_000, "/chat/completions", "POST", 400, "no JSON"),
        (b"[]", "/chat/completions", "POST", 400, "Expected `object`"),
        (b'{"model": "v1"}', "/chat/completions", "POST", 400, "messages"),
        (b'{"model": "v1"}', "/completions", "POST", 400, "prompt"),
        (b"{}", "/embeddings", "POST", 404, "POST /v1/embeddings"),
        (b"", "/completions", "GET", 405, "Not Allowed"),
        (b" " * (17 * 2**20), "/completions", "POST", 413, "Too Large"),
    ],
)
def test_every_error_has_openais_form(body: bytes, path: str, method: str, status: int, words: str) -> None:
    got, answer = posted(body, path, method)
    assert got == status
    assert set(answer["error"]) == {"message", "type", "param", "code"}
    assert words in answer["error"]["message"]


def test_a_prompt_beyond_the_context() -> None:
    for call in (
        lambda: chat(messages=[{"role": "user", "content": "word " * 50}]),
        lambda: complete(prompt=["short", "word " * 50]),
    ):
        with pytest.raises(openai.BadRequestError, match="50 tokens") as caught:
            call()
        assert caught.value.code == "context_length_exceeded"


def test_an_engine_that_breaks_is_a_server_error(caplog: pytest.LogCaptureFixture) -> None:
    async def twice(client: AsyncOpenAI) -> str | None:
        with pytest.raises(openai.InternalServerError, match="ZeroDivisionError"):
            await client.completions.create(model=SPEC, prompt=["BREAK", "also"])
        return (await client.completions.create(model=SPEC, prompt="go on")).choices[0].text

    assert ask(twice)
    assert "ZeroDivisionError" in caplog.text


def test_a_port_in_use_is_told_of() -> None:
    with bind("127.0.0.1", 0) as bound:
        bound.listen()
        with pytest.raises(UsageError, match=r"cannot listen at 127\.0\.0\.1:\d+: .*in use"):
            bind("127.0.0.1", bound.getsockname()[1])
    with pytest.raises(UsageError, match="cannot listen at no such host"):
        bind("no such host", 0)


def command(*arguments: str) -> list[str]:
    """``mien serve`` with the engine of these tests."""
    code = (
        "from tests.models.serving import test_serving\n"
        "from mien.models.inprocess import loading\n"
        "loading.open_engine = lambda spec, **_: test_serving.Engine()\n"
        "from mien.cli import main\n"
        "main()\n"
    )
    return [sys.executable, "-c", code, "serve", *arguments]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_from_a_shell(sent: signal.Signals) -> None:
    with running(command(SPEC, "--port", "0"), cwd=ROOT) as process:
        assert process.stdout
        assert process.stderr
        line = process.stdout.readline()
        found = re.fullmatch(rf"Serving {SPEC} at (http://127\.0\.0\.1:\d+/v1) \(Ctrl-C stops it\)\n", line)
        assert found, process.stderr.read()
        hint = process.stderr.readline()
        assert hint.startswith(f"Try:  curl {found[1]}/chat/completions")
        tried = ended(["sh", "-c", hint.removeprefix("Try:  ").replace("curl", "curl -s", 1)], check=True)
        assert '"say ' in tried.stdout
        port = found[1].split(":")[2].removesuffix("/v1")
        taken = ended(command(SPEC, "--port", port), cwd=ROOT)
        assert taken.returncode == 2
        assert re.fullmatch(r"Error: cannot listen at .*in use.*\n", taken.stderr)
        process.send_signal(sent)
        assert process.wait(LIMIT) == 0
        assert process.stderr.read().strip() == "Stopped."


def test_only_models_of_this_machine_are_served() -> None:
    done = ended([sys.executable, "-m", "mien.cli", "serve", "openai/gpt-5"])
    assert done.returncode == 2
    assert "organism/NAME or hf/FOLDER" in done.stderr
    assert done.stderr.count("\n") == 1
