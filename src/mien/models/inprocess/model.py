"""A model that runs in this process, asked in the same way as one behind an endpoint."""

from __future__ import annotations

import copy
import hashlib
import time
from typing import TYPE_CHECKING, Any, Self

import msgspec

from mien.models.engine import Job
from mien.models.inprocess.batching import Batcher
from mien.models.prefixes import require_text
from mien.models.reasoning import Split, split
from mien.models.system_role import messages_of
from mien.models.usage import account
from mien.types import Call

if TYPE_CHECKING:
    from mien.models.engine import Engine, Output
    from mien.models.usage import Tally
    from mien.types import Request

_encode = msgspec.json.Encoder(order="sorted").encode


class Resident:
    """A model in this process; `mien.models.client.Transport.open` makes it.

    A request is always answered alike: its draws are seeded by its key.

    Attributes:
        name: the spec as the user gave it.
        address: ``organism`` or ``hf``.
        model: the model's name there.
        supports_schema: never; a judge is asked for tags.
        learnt: nothing; what it takes is known.
    """

    def __init__(self, name: str, engine: Engine, tally: Tally) -> None:
        self.name = name
        self.address = name.partition("/")[0]
        self.places = (self.address,)
        self.model = engine.name
        self.supports_schema: bool | None = False
        self.learnt: dict[str, str] = {}
        self._digest = engine.digest
        self._notes = list(engine.notes)
        self._batcher = Batcher(engine)
        self._whole = tally
        self._engine = engine
        tally.writers[name] = self._written

    def called(self, name: str) -> Self:
        """The same model under another spec, such as one that says how it is asked."""
        other = copy.copy(self)
        other.name = name
        return other

    def body(self, request: Request) -> bytes:
        """What is asked, as JSON in full."""
        return _encode(self._asked(request))

    def _asked(self, request: Request) -> dict[str, Any]:
        require_text(self.name, request.text)
        sampling = request.sampling
        asked: dict[str, Any] = {
            "model": self.model,
            "messages": None if request.text else messages_of(request),
            "prompt": request.text or None,
            "continuation": request.continuation,
            "traced": True if request.traced is not None else None,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "reasoning_effort": sampling.reasoning_effort,
            "extra": sampling.extra or None,
        }
        return {name: value for name, value in asked.items() if value is not None}

    def key(self, request: Request) -> str:
        """What tells this call from all others: a hash of weights, body and replicate."""
        return self._key(self.body(request), request.replicate)

    def _key(self, body: bytes, replicate: int) -> str:
        asked = hashlib.blake2b(f"{self.address}/{self._digest}\n{replicate}\n".encode(), digest_size=16)
        asked.update(body)
        return asked.hexdigest()

    async def complete(self, request: Request) -> Call:
        """Ask. A call that failed is returned, with its reason.

        Raises:
            BudgetReached: the call was not made, since it would go beyond a limit.
            UsageError: the model cannot be asked this.
        """
        body = self.body(request)
        key = self._key(body, request.replicate)
        job = Job(
            prompt=request.text or messages_of(request),
            continuation=request.continuation,
            sampling=request.sampling,
            seed=int(key, 16),
            traced=request.traced is not None,
        )
        tally = account(self._whole)
        tally.begin()
        began = time.monotonic()
        try:
            output = await self._batcher.submit(job)
        except BaseException:
            tally.drop()
            raise
        text, reasoning, failure = _read(job, output)
        call = Call(
            key=key,
            endpoint=self.address,
            model=self.model,
            replicate=request.replicate,
            request=_encode(self._asked(request) | {"notes": self._notes}) if self._notes else body,
            body=_raw(output),
            failure=failure,
            text=text,
            reasoning=reasoning,
            finish_reason=output.finish_reason,
            tokens_in=output.tokens_in + (len(output.tokens) if job.continuation is not None else 0),
            tokens_out=len(output.tokens) if job.continuation is None else 0,
            cost=0.0,
            adapted="; ".join(self._notes),
            latency=time.monotonic() - began,
            created=time.time(),
        )
        tally.end(call.tokens_in, call.tokens_out, call.cost, answered=call.answered)
        tally.settle(call)
        return call

    def _written(self) -> int:
        return self._engine.written

    async def aclose(self) -> None:
        """Let go of the model's thread."""
        self._whole.writers.pop(self.name, None)
        await self._batcher.aclose()


def _read(job: Job, output: Output) -> tuple[str, str, str]:
    """The answer, the reasoning inside it, and why there is no answer.

    For a continuation the answer is its log-probability, in nats.
    """
    if output.failure:
        return "", "", output.failure
    if job.continuation is not None:
        return f"{sum(token.logprob or 0.0 for token in output.tokens):.4f}", "", ""
    cut = output.finish_reason == "length"
    parts = split(output.text, cut=cut)
    if cut and output.opened and not parts.reasoning:
        parts = Split("", output.text.strip())
    if parts.answer.strip():
        return parts.answer, parts.reasoning, ""
    return "", parts.reasoning, "the answer is empty" + (": only reasoning" if parts.reasoning else "")


def _raw(output: Output) -> bytes:
    """Tokens with their log-probabilities: what an endpoint would have told of them; and the steps."""
    told: dict[str, Any] = {}
    if output.tokens:
        tokens = [(token.text, token.logprob and round(token.logprob, 4)) for token in output.tokens]
        told |= {"text": output.text, "tokens": tokens}
    if output.steps:
        told["steps"] = [[round(value, 6) for value in step] for step in output.steps]
    return msgspec.json.encode(told) if told else b""
