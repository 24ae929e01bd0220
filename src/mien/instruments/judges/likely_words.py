"""How likely a base model finds words after a text, and whether its endpoint tells so truly."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from mien.errors import EndpointRefused
from mien.models.http.logprobs import read_first_word
from mien.models.inprocess.loading import runs_here
from mien.models.prefixes import FORMS, bare
from mien.types import Call, Request, Sampling

if TYPE_CHECKING:
    from mien.instruments.judges import Ask
    from mien.models import Model

#: The forms for which the first token's alternatives are enough.
BY_FIRST_TOKEN: Final = FORMS[:1]

#: Alternatives that are asked for: as many as nearly every endpoint tells.
ALTERNATIVES: Final = 5

# The others differ from the first in one part: other words, a token long, or another text.
_PROBES: Final = (
    ("The day after Sunday is", " Monday"),
    ("The day after Sunday is", " Paris"),
    ("The capital of France is", " Monday"),
)

_UNREACHED: Final = frozenset(
    (0, 408, 409, 425, 429)
)  # statuses that tell nothing of what an endpoint can do


class LikelyWords:
    """Asks a base model how likely it finds words.

    An endpoint is probed first. Some repeat a text without its log-probabilities and say nothing of it: every
    word would look alike. Where it tells those of the next token alone, that is enough for some forms.

    Args:
        name: the judge's, for messages.
        model: what is asked.
    """

    def __init__(self, name: str, model: Model) -> None:
        self._name = name
        self._model = model
        self._probing: asyncio.Task[tuple[str, ...] | Call] | None = None

    async def forms(self, ask: Ask) -> tuple[str, ...] | Call:
        """The forms in which the model can read, or the call that failed to tell.

        Raises:
            EndpointRefused: it can read in none; the message says why.
        """
        if runs_here(bare(self._model.name)):
            return FORMS
        if self._probing is None or (self._probing.done() and self._probing.cancelled()):
            self._probing = asyncio.create_task(self._probe(ask))
        found = await asyncio.shield(self._probing)
        if isinstance(found, Call):
            self._probing = None  # it may be answered another time
        return found

    async def scored(self, ask: Ask, text: str, words: str) -> Call:
        """A call whose text is the log-probability of words after a text, in nats."""
        return await ask(self._model, Request((), text=text, continuation=words))

    async def first(self, ask: Ask, text: str) -> Call:
        """A call whose text holds the likeliest tokens after a text; `read_first_word` reads it."""
        sampling = Sampling(temperature=1.0, max_tokens=1)
        return await ask(self._model, Request((), sampling, text=text, alternatives=ALTERNATIVES))

    async def _probe(self, ask: Ask) -> tuple[str, ...] | Call:
        scored = await asyncio.gather(*(self.scored(ask, *probe) for probe in _PROBES))
        unscored = next((call for call in scored if not call.answered), None)
        if unscored is None:
            one, *others = (float(call.text) for call in scored)
            if one in others:
                raise EndpointRefused(
                    f"{self._name}: the endpoint tells the same log-probability of different texts "
                    f"({one:.2f}), so that it means nothing; give another --judge"
                )
            return FORMS
        if unscored.status in _UNREACHED:
            return unscored
        first = [await self.first(ask, text) for text, _ in _PROBES[1:]]
        unread = next((call for call in first if not call.answered), None)
        if unread is not None:
            if unread.status in _UNREACHED or unread.status >= 500:
                return unread
            raise EndpointRefused(
                f"{self._name}: a base model is read by the log-probabilities of plain texts (/completions), "
                f"and the endpoint tells none: {unread.failure}. Behind a chat alone no base model can be "
                "read; serve it with vLLM, llama.cpp or mien serve, or give another --judge"
            )
        alike, few = len({call.text for call in first}) == 1, len(read_first_word(first[0].text)) < 2
        if alike or few:
            told = (
                "the same log-probabilities whatever it is asked" if alike else "no alternatives to a token"
            )
            raise EndpointRefused(
                f"{self._name}: the endpoint tells {told}, so that they mean nothing; give another --judge"
            )
        return BY_FIRST_TOKEN
