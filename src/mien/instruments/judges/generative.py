"""From a response to a verdict: a model reads which of the options the response shows.

The judge sees the prompt, the response and the options, and never the name of the model under test.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from mien.materials.traits import fold
from mien.materials.wording import OptionList, fill
from mien.types import NEITHER, REFUSED, UNREADABLE, Call, Request, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.instruments.judges import Ask
    from mien.materials.protocols import Protocol
    from mien.models import Model
    from mien.types import Trait, Trial

_TAGGED = re.compile(r"<choice>(.*?)</choice>", re.DOTALL | re.IGNORECASE)
_FENCED = re.compile(r"```(?:json)?\s*(.*?)\s*```", re.DOTALL)

#: HTTP statuses by which endpoints say that they take no JSON schema.
SCHEMA_REFUSED = frozenset((400, 404, 415, 422))


class _Answer(msgspec.Struct, forbid_unknown_fields=True):
    choice: str


class AskingJudge:
    """Asks a model for verdicts.

    Args:
        name: what the verdicts go by.
        model: what is asked.
        protocol: wording, order of the options, whether a choice is forced, attempts.
        traits: the traits that may be options.
        seed: the design's; with the trial's id it fixes the order in which the judge sees the options.
        repeat: 0 for the first reading; 1, 2, … ask the same questions again, with calls of their own.
    """

    reads: ClassVar = "is asked"
    sees_order: ClassVar = True
    varies: ClassVar = True
    answers: ClassVar = True

    def __init__(
        self,
        name: str,
        model: Model,
        protocol: Protocol,
        traits: Sequence[Trait],
        *,
        seed: int = 0,
        repeat: int = 0,
    ) -> None:
        self.name = name
        self.model = model
        self._settings = protocol.judge
        self._sampling = protocol.judge.sampling.sampling()
        self._wording = protocol.wording
        self._list = OptionList(traits, descriptions=protocol.descriptions)
        self._seed = seed
        self._repeat = repeat
        self._first_is_in: asyncio.Event | None = None

    @classmethod
    def takes(cls, spec: str) -> bool:
        """Any model can be asked."""
        return True

    @property
    def settings(self) -> Mapping[str, object]:
        """The protocol's settings for judges, and the wording; of a repeat also its number."""
        wording = self._wording.model_dump(include={"judge", "neither", "forced", "question"})
        settings = self._settings.model_dump() | {"wording": wording}
        return settings | {"repeat": self._repeat} if self._repeat else settings

    async def verdict(self, trial: Trial, response: str, ask: Ask) -> Verdict | Call:
        """Read a response; see `mien.instruments.judges.Judge`.

        An answer that cannot be read is asked for again; if none can be read, the verdict is ``unreadable``
        and the last call keeps the raw text. A call that is refused may be so for its JSON schema: the answer
        is then asked for in tags. Where it is not known which of them the model takes, the first response is
        read alone, and the others as it was.
        """
        if self.model.supports_schema is None:
            if self._first_is_in is None:
                self._first_is_in = asyncio.Event()
                try:
                    return await self._read(trial, response, ask)
                finally:
                    self._first_is_in.set()
            await self._first_is_in.wait()
        return await self._read(trial, response, ask)

    async def _read(self, trial: Trial, response: str, ask: Ask) -> Verdict | Call:
        order = self._order(trial)
        attempt, first = 0, self._repeat * self._settings.attempts
        schema = self.model.supports_schema is not False
        while True:
            request = self._request(trial, response, order, schema=schema)
            request = replace(request, replicate=first + attempt)
            call = await ask(self.model, request)
            if schema and call.status in SCHEMA_REFUSED:
                schema = False
                continue
            if not call.answered:
                return call
            if self.model.supports_schema is None:
                self.model.supports_schema = schema
            attempt += 1
            chosen = read_choice(call.text, self._allowed(order))
            if chosen or attempt == self._settings.attempts:
                chosen = chosen or UNREADABLE
                return Verdict(trial=trial.id, judge=self.name, chosen=chosen, order=order, call=call.key)

    def _order(self, trial: Trial) -> tuple[str, ...]:
        if self._settings.order == "listed":
            return trial.options

        def lot(option: str) -> bytes:
            return blake2b(f"{self._seed}\n{trial.id}\n{option}".encode(), digest_size=8).digest()

        return tuple(sorted(trial.options, key=lot))

    def _allowed(self, order: tuple[str, ...]) -> tuple[str, ...]:
        return (*order, REFUSED) if self._settings.forced else (*order, NEITHER, REFUSED)

    def _request(self, trial: Trial, response: str, order: tuple[str, ...], *, schema: bool) -> Request:
        wording = self._wording
        # The response may hold anything, also what looks like the end of it: it cannot guess the mark.
        mark = blake2b(f"{trial.id}\n{response}".encode(), digest_size=4).hexdigest()
        system = "\n\n".join(
            text.strip()
            for text in (
                wording.judge,
                wording.forced if self._settings.forced else wording.neither,
                wording.answer_json if schema else wording.answer_tags,
            )
        )
        question = fill(
            wording.question,
            mark=mark,
            prompt=trial.prompt.text,
            response=response,
            options=self._list(order),
        )
        return Request(
            messages=({"role": "system", "content": system}, {"role": "user", "content": question}),
            sampling=self._sampling,
            schema=_schema(self._allowed(order)) if schema else None,
        )


def read_choice(text: str, allowed: Sequence[str]) -> str | None:
    """Read an answer strictly: a JSON object with ``choice`` alone, or one choice between tags.

    What is chosen must be one of ``allowed`` as a whole; only case, white space and surrounding quotes or
    emphasis don't count. Prose around tags is let pass, since some models think aloud; prose around JSON is
    not. Two different tagged choices are none.

    Returns:
        The member of ``allowed`` that was chosen, or None.
    """
    if tagged := _TAGGED.findall(text):
        found = {_match(choice, allowed) for choice in tagged}
        return found.pop() if len(found) == 1 else None
    fenced = _FENCED.fullmatch(text.strip())
    try:
        answer = msgspec.json.decode(fenced[1] if fenced else text, type=_Answer)
    except msgspec.MsgspecError:
        return None
    return _match(answer.choice, allowed)


def _match(said: str, allowed: Sequence[str]) -> str | None:
    for form in (fold, _bare):  # names may differ by a mark alone
        matching = [name for name in allowed if form(name) == form(said)]
        if len(matching) == 1:
            return matching[0]
    return None


def _bare(name: str) -> str:
    return fold(fold(name).strip("\"'“”‘’`*"))


def _schema(allowed: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"choice": {"type": "string", "enum": list(allowed)}},
        "required": ["choice"],
        "additionalProperties": False,
    }
