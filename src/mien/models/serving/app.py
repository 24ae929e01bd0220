"""The addresses: from a request's body to the engine's jobs, and back."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from aiohttp import web

from mien.models.engine import Job, Output
from mien.models.serving.answers import Answer, echoed, finished, usage
from mien.models.serving.bodies import ChatBody, TextBody
from mien.models.serving.forms import ChatForm, TextForm
from mien.models.serving.reading import read
from mien.models.serving.refusals import Refused, in_openais_words

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Sequence

    from mien.models.engine import Engine
    from mien.models.inprocess.batching import Batcher
    from mien.models.serving.bodies import Body

_MOST_BYTES = 16 * 2**20
_NOTHING = Answer(text="", tokens=(), finish_reason="length", drawn=0)

_Result = TypeVar("_Result")
_encode = msgspec.json.Encoder().encode


class App:
    """Answers requests with an engine.

    Args:
        spec: the model's full name, such as ``organism/v1``; it answers to the engine's own name, too.
        engine: the model.
        batcher: what hands the engine its jobs.
    """

    def __init__(self, spec: str, engine: Engine, batcher: Batcher) -> None:
        self._names = (spec, engine.name)
        self._fingerprint = engine.digest
        self._batcher = batcher
        self._created = int(time.time())

    def application(self) -> web.Application:
        """What aiohttp serves."""
        application = web.Application(middlewares=[in_openais_words], client_max_size=_MOST_BYTES)
        application.add_routes(
            [
                web.post("/v1/chat/completions", self._chat),
                web.post("/v1/completions", self._complete),
                web.get("/v1/models", self._models),
                web.get("/v1/models/{name:.+}", self._model),
                web.get("/health", self._health),
            ]
        )
        return application

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = read(await request.read(), ChatBody, self._names)
        messages = tuple(turn.message for turn in body.messages)
        outputs = await self._run(
            Job(
                prompt=messages,
                sampling=body.sampling(body.limit),
                seed=seed,
                top_logprobs=body.top_logprobs or 0,
            )
            for seed in body.seeds()
        )
        answers = [finished(output, body.stops) for output in outputs]
        form = ChatForm(logprobs=bool(body.logprobs))
        return await self._send(request, body, form, answers, outputs[0].tokens_in)

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = read(await request.read(), TextBody, self._names)
        # All at once, for them to be batched together.
        done = await _together(self._complete_one(body, prompt) for prompt in body.prompts)
        answers = [answer for _, some in done for answer in some]
        form = TextForm(logprobs=body.logprobs is not None)
        return await self._send(request, body, form, answers, sum(tokens_in for tokens_in, _ in done))

    async def _complete_one(self, body: TextBody, prompt: str) -> tuple[int, list[Answer]]:
        """Answer one of the prompts: its count of tokens, and ``n`` answers."""
        top, sampling = body.logprobs or 0, body.sampling(body.limit)
        jobs: list[Job] = []
        if body.limit:
            jobs += [
                Job(prompt=prompt, sampling=sampling, seed=seed, top_logprobs=top) for seed in body.seeds()
            ]
        if prompt and (body.echo or not jobs):
            jobs.append(Job(prompt="", continuation=prompt, top_logprobs=top))
        outputs = await self._run(jobs)
        scored = outputs.pop() if jobs and jobs[-1].continuation else Output()
        answers = [finished(output, body.stops) for output in outputs] or [_NOTHING] * (body.n or 1)
        tokens_in = outputs[0].tokens_in if outputs else len(scored.tokens)
        if body.echo:
            answers = [echoed(prompt, scored, answer) for answer in answers]
        return tokens_in, answers

    async def _run(self, jobs: Iterable[Job]) -> list[Output]:
        outputs = await _together(self._batcher.submit(job) for job in jobs)
        for output in outputs:
            if output.failure:
                code = "context_length_exceeded" if "context" in output.failure else None
                raise Refused(output.failure, code=code)
        return outputs

    async def _send(
        self,
        request: web.Request,
        body: Body,
        form: ChatForm | TextForm,
        answers: Sequence[Answer],
        tokens_in: int,
    ) -> web.StreamResponse:
        head = {
            "id": f"{form.prefix}-{secrets.token_hex(12)}",
            "created": int(time.time()),
            "model": body.model,
            "system_fingerprint": self._fingerprint,
        }
        count = usage(tokens_in, answers)
        if not body.stream:
            choices = [form.choice(index, answer) for index, answer in enumerate(answers)]
            return _json(head | {"object": form.kind, "choices": choices, "usage": count})
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
        )
        await response.prepare(request)
        head |= {"object": form.chunk_kind} | ({"usage": None} if body.usage_at_end else {})
        for index, answer in enumerate(answers):
            for chunk in form.chunks(index, answer):
                await response.write(b"data: %b\n\n" % _encode(head | {"choices": [chunk]}))
        if body.usage_at_end:
            await response.write(b"data: %b\n\n" % _encode(head | {"choices": [], "usage": count}))
        await response.write(b"data: [DONE]\n\n")
        return response

    async def _models(self, _: web.Request) -> web.Response:
        return _json({"object": "list", "data": [self._listed()]})

    async def _model(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self._names:
            raise Refused(f"the model `{name}` does not exist", status=404, code="model_not_found")
        return _json(self._listed())

    def _listed(self) -> dict[str, Any]:
        listed = {"id": self._names[0], "object": "model", "created": self._created, "owned_by": "mien"}
        return listed | {"fingerprint": self._fingerprint}

    async def _health(self, _: web.Request) -> web.Response:
        return _json({"status": "ok", "model": self._names[0]})


async def _together(asked: Iterable[Coroutine[Any, Any, _Result]]) -> list[_Result]:
    """Wait for all; where one fails, the others are not run."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in asked]
    except ExceptionGroup as problems:
        raise problems.exceptions[0] from None
    return [task.result() for task in tasks]


def _json(value: Any) -> web.Response:
    return web.Response(body=_encode(value), content_type="application/json")
