"""The scripted server itself, as it runs in its own process.

One low-level aiohttp server without router or middleware: it must outrun every client that is
measured against it.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from aiohttp import web

from mien.testing.base_model import BaseModel, Text, completion
from mien.testing.batches.anthropic import Anthropic
from mien.testing.batches.gemini import Gemini
from mien.testing.batches.kept import Batches
from mien.testing.batches.kept import Refused as RefusedBatch
from mien.testing.batches.openai import OpenAI
from mien.testing.log import Entry, Log
from mien.testing.options import Options
from mien.testing.replies import Reply, answer, encode, error
from mien.testing.script import Chat, Script, uniforms

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_decode_chat = msgspec.json.Decoder(Chat).decode
_decode_text = msgspec.json.Decoder(Text).decode


Asked = TypeVar("Asked", Chat, Text)


class _Refused(Exception):
    def __init__(self, reply: Reply) -> None:
        self.reply = reply


class App:
    """Answers HTTP requests as `Options` say, and keeps a log of them."""

    def __init__(self, options: Options) -> None:
        self._log = Log(options.log_limit)
        self._let_through: deque[float] = deque()
        self._served = 0
        self._seen: Counter[bytes] = Counter()
        self._configure(options)
        self._routes: dict[tuple[str, str], Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]] = {
            ("POST", "/v1/chat/completions"): self._completions,
            ("POST", "/v1/completions"): self._texts,
            ("GET", "/v1/models"): self._models,
            ("GET", "/control/requests"): self._show_requests,
            ("GET", "/control/counts"): self._show_counts,
            ("POST", "/control/options"): self._set_options,
            ("POST", "/control/reset"): self._reset_log,
        }
        self._batches = Batches(self._answer_in_batch)
        self._batching = {
            "openai": OpenAI(self._batches),
            "anthropic": Anthropic(self._batches),
            "gemini": Gemini(self._batches),
        }

    def _configure(self, options: Options) -> None:
        self._options = options
        self._script = Script(options)
        self._base = BaseModel(options, self._script.meant)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer any request."""
        route = self._routes.get((request.method, request.path))
        try:
            if route is not None:
                return await route(request)
            if not request.path.startswith("/control/") and self._options.batches:
                if "upload_id" not in request.query:  # which is what lets a file be brought there
                    self._check_key(request)
                protocol = self._batching[self._options.batches]
                return _response(await protocol.handle(request.method, request.path, request, self._options))
        except (_Refused, RefusedBatch) as refused:
            return _response(refused.reply)
        return _response(error(404, f"no such address: {request.method} {request.path}"))

    async def _completions(self, request: web.BaseRequest) -> web.StreamResponse:
        log = self._log
        entry = log.open(await request.read(), time.time())
        try:
            chat = self._admit(request, entry, _decode_chat)
            reply = await self._answer(chat, entry)
            if entry.fault in {"dropped", "cut"}:
                return _hang_up(request, reply.body if entry.fault == "cut" else b"")
            entry.status = reply.status
            return _response(reply)
        except _Refused as refused:
            entry.status = refused.reply.status
            raise
        finally:
            # Also when the client hangs up, which cancels this coroutine.
            log.close(entry)

    async def _texts(self, request: web.BaseRequest) -> web.StreamResponse:
        """Go on with a plain text."""
        entry = self._log.open(await request.read(), time.time())
        try:
            if self._options.completions == "none":
                raise _Refused(error(404, "this is a chat model, which has no completions"))
            asked = self._admit(request, entry, _decode_text)
            if self._options.completions == "not repeated":
                asked.echo = False
            choice = completion(asked, self._base, self._options.logprobs)
            body = {"object": "text_completion", "model": asked.model, "choices": [choice]}
            n = len(asked.prompt) // 4
            usage = {"prompt_tokens": n, "completion_tokens": 1, "total_tokens": n + 1}
            entry.status = 200
            return _response(Reply(encode(body | {"usage": usage})))
        except _Refused as refused:
            entry.status = refused.reply.status
            raise
        finally:
            self._log.close(entry)

    async def _answer_in_batch(self, batch: str, body: bytes) -> Reply:
        """Answer a request that came in a batch; one whose connection would break fails."""
        entry = self._log.open(body, time.time(), batch=batch)
        try:
            reply = await self._answer(self._admit(None, entry, _decode_chat), entry)
            if entry.fault in {"dropped", "cut", "hang", "html", "stream", "truncated"}:
                reply = error(500, "a scripted failure")
        except _Refused as refused:
            reply = refused.reply
        entry.status = reply.status
        self._log.close(entry)
        return reply

    def _admit(
        self, request: web.BaseRequest | None, entry: Entry, decode: Callable[[bytes], Asked]
    ) -> Asked:
        """Read a request that is to be answered, or one of a batch, which came without; refuse any other."""
        try:
            asked = decode(entry.raw)
        except msgspec.MsgspecError as problem:
            raise _Refused(error(400, f"this body cannot be read: {problem}")) from None
        entry.model = asked.model
        if request is not None:
            self._check_key(request)
        if asked.model not in self._options.models:
            raise _Refused(error(404, f"the model `{asked.model}` does not exist", code="model_not_found"))
        entry.role = "judge" if asked.model.startswith("judge") else "model"
        if request is not None and not self._within_limit(entry.time):
            message = "rate limit reached: too many requests"
            raise _Refused(error(429, message, retry_after=self._options.retry_after))
        if isinstance(asked, Chat) and asked.response_format and self._options.supports_schema is False:
            raise _Refused(error(400, "this model does not support the parameter `response_format`"))
        entry.fault = self._draw_fault(asked.model)
        if entry.fault.isdigit():
            status = int(entry.fault)
            raise _Refused(error(status, "a scripted failure", retry_after=self._options.retry_after))
        return asked

    def _check_key(self, request: web.BaseRequest) -> None:
        named = (request.headers.get(name) for name in ("x-api-key", "x-goog-api-key"))
        key = next(filter(None, named), request.headers.get("Authorization", "").removeprefix("Bearer "))
        if self._options.api_key not in {None, key}:
            shown = f": {key}" if self._options.echo_key else ""
            raise _Refused(error(401, f"incorrect API key provided{shown}", code="invalid_api_key"))

    def _within_limit(self, now: float) -> bool:
        """Whether a request may pass that arrived now; if so, it counts."""
        limit = self._options.rate_limit
        if limit is None:
            return True
        while self._let_through and self._let_through[0] <= now - 1.0:
            self._let_through.popleft()
        if len(self._let_through) >= limit:
            return False
        self._let_through.append(now)
        return True

    def _draw_fault(self, model: str) -> str:
        faults, only = self._options.faults, self._options.faulty_models
        if not faults or (only and model not in only):
            return ""
        # A counter, not the body: a request that failed may succeed when it is made again.
        self._served += 1
        luck, _ = uniforms(self._options.seed, b"fault %d" % self._served)
        for name, rate in faults.items():
            if luck < rate:
                return name
            luck -= rate
        return ""

    async def _answer(self, chat: Chat, entry: Entry) -> Reply:
        delay = self._options.hang if entry.fault == "hang" else self._options.latency
        if delay and not entry.batch:
            await asyncio.sleep(delay)
        body = self._drawn_from(entry.raw)
        if entry.role == "judge" and chat.logprobs and self._options.logprobs != "dropped":
            letters = self._letters(chat, body)
            return answer(max(letters, key=letters.__getitem__), chat.model, entry.raw, entry.fault, letters)
        if entry.role == "judge":
            text = self._script.judge(chat, body, self._judge_manner(entry))
        else:
            text = self._script.respond(chat, body)
        return answer(text, chat.model, entry.raw, entry.fault)

    def _letters(self, chat: Chat, body: bytes) -> dict[str, float]:
        if self._options.logprobs == "same":
            return {"A": 0.5, "B": 0.5}
        letters = self._script.letters(chat, body)
        most = 1 if self._options.logprobs == "alone" else chat.top_logprobs
        return dict(sorted(letters.items(), key=lambda one: -one[1])[:most])

    def _drawn_from(self, body: bytes) -> bytes:
        """What an answer is drawn from: the body, and how often it has come already where that counts."""
        if not self._options.repeats_vary:
            return body
        self._seen[body] += 1
        return b"%b%d" % (body, self._seen[body]) if self._seen[body] > 1 else body

    def _judge_manner(self, entry: Entry) -> Any:
        luck, _ = uniforms(self._options.seed, b"manner %d" % entry.order)
        return self._options.judge_manner if luck < self._options.judge_manner_rate else "asked"

    async def _models(self, request: web.BaseRequest) -> web.StreamResponse:
        self._check_key(request)
        prices = self._options.prices
        listing = [
            {"id": name, "object": "model", "owned_by": "mien"}
            | ({"pricing": _per_token(*prices)} if prices else {})
            for name in self._options.models
        ]
        return _response(Reply(encode({"object": "list", "data": listing})))

    async def _show_requests(self, _: web.BaseRequest) -> web.StreamResponse:
        return _response(Reply(encode(list(self._log.entries))))

    async def _show_counts(self, _: web.BaseRequest) -> web.StreamResponse:
        return _response(Reply(encode(self._log.counts)))

    async def _set_options(self, request: web.BaseRequest) -> web.StreamResponse:
        self._configure(msgspec.json.decode(await request.read(), type=Options))
        return _response(Reply(b"{}"))

    async def _reset_log(self, _: web.BaseRequest) -> web.StreamResponse:
        self._log = Log(self._options.log_limit)
        self._batches.forget()
        return _response(Reply(b"{}"))


def _per_token(price_in: float, price_out: float) -> dict[str, str]:
    """Prices in the form in which OpenRouter lists them."""
    return {"prompt": f"{price_in / 1e6:.12g}", "completion": f"{price_out / 1e6:.12g}"}


def _response(reply: Reply) -> web.Response:
    return web.Response(body=reply.body, status=reply.status, headers=reply.headers)


def _hang_up(request: web.BaseRequest, body: bytes) -> web.StreamResponse:
    """Close the connection after half of an answer; at once if it is empty."""
    if request.transport is not None:
        if body:
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            request.transport.write(head.encode() + body[: len(body) // 2])
        request.transport.close()
    return web.Response()


async def serve(options: Options, port: int, ready: Callable[[str], None]) -> None:
    """Serve until cancelled; `ready` is told the base URL once requests are taken."""
    server = web.Server(App(options).handle, handler_cancellation=True, access_log=None)
    runner = web.ServerRunner(server)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=4096).start()
    ready(f"http://127.0.0.1:{runner.addresses[0][1]}/v1")
    await asyncio.Event().wait()
