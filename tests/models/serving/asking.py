"""A model of words, served over real HTTP and asked by OpenAI's own client."""

from __future__ import annotations

import asyncio
import io
import re
from contextlib import asynccontextmanager
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import aiohttp
from openai import AsyncOpenAI

from mien.models.engine import Job, Output, Token
from mien.models.serving import bind, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence


SPEC = "organism/v1"
CONTEXT = 40
HELLO = [{"role": "user", "content": "say hello"}]
WORDS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta")


class Engine:
    """A token is a word with the space before it; what is drawn depends on the prompt and the seed alone."""

    name, digest, batch_size, notes = "v1", "fp-1", 64, ()

    def __init__(self) -> None:
        self.batches: list[list[Job]] = []
        self.silent = False

    @property
    def written(self) -> int:
        return 0

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
