"""From a response to a verdict: a model reads which of the options the response shows.

The judge sees the prompt, the response and the options, and never the name of the model under test.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, ClassVar

from mien.errors import EndpointRefused
from mien.instruments.judges.choices import read_choice
from mien.materials.wording import OptionList, fill
from mien.models.answer_format import AnswerFormat, may_be_the_schema
from mien.types import NEITHER, REFUSED, UNREADABLE, Call, Request, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.instruments.judges import Ask
    from mien.materials.protocols import Protocol
    from mien.models import Model
    from mien.types import Trait, Trial

#: Tokens that a judge may answer with where its protocol sets no limit: enough to think about two options,
#: and no more than nearly every model can give.
LONGEST_ANSWER = 8192

#: Verdicts that must all be unreadable, first of all, for a judge to be given up.
FIRST_VERDICTS = 20

_LONGEST_QUOTE = 200


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
    checked: ClassVar = False
    tells: ClassVar = False

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
        self._format = AnswerFormat(model, allowed=self._settings.json_schema)
        self._first_is_in: asyncio.Event | None = None
        self._first_unreadable: int | None = 0  # None once a verdict could be read

    @classmethod
    def takes(cls, spec: str) -> bool:
        """Any model can be asked."""
        return True

    @classmethod
    def knows(cls, writer: str) -> bool:
        """Whoever wrote it."""
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
        and the last call keeps the raw text. A call may fail for its JSON schema, or the schema be taken and
        not followed: the answer is then asked for in tags. Where it is not known which of them the model
        takes, the first response is read alone, and the others as it was.

        Raises:
            EndpointRefused: none of the first verdicts could be read.
        """
        if self.model.supports_schema is None and self._format.schema:
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
        first = self._repeat * self._settings.attempts
        schema, instead, attempt = self._format.schema, False, 0
        while True:
            request = self._request(trial, response, order, schema=schema)
            call = await ask(self.model, replace(request, replicate=first + attempt))
            if not call.answered and not (schema and may_be_the_schema(call)):
                return call
            if call.answered:
                attempt += 1
                cut = call.finish_reason == "length"
                if chosen := read_choice(call.text, self._allowed(order), self._list, cut=cut):
                    self._format.worked(schema=schema, instead=instead)
                    return self._verdict(trial, chosen, order, call)
                if attempt == self._settings.attempts:
                    return self._verdict(trial, UNREADABLE, order, call)
                if self._format.proven:
                    continue
            if schema:
                schema, instead = False, True

    def _verdict(self, trial: Trial, chosen: str, order: tuple[str, ...], call: Call) -> Verdict:
        if chosen != UNREADABLE:
            self._first_unreadable = None
        elif self._first_unreadable is not None:
            self._first_unreadable += 1
            if self._first_unreadable >= FIRST_VERDICTS:
                said = " ".join(call.text.split())
                said = said if len(said) <= _LONGEST_QUOTE else said[: _LONGEST_QUOTE - 1] + "…"
                cut = ", cut off at its longest" if call.finish_reason == "length" else ""
                raise EndpointRefused(
                    f"{self.name}: none of the first {FIRST_VERDICTS} verdicts of this judge could be read; "
                    f"one of them{cut}: “{said}”. Have another judge read, or see docs/endpoints.md"
                )
        return Verdict(trial=trial.id, judge=self.name, chosen=chosen, order=order, call=call.key)

    def _order(self, trial: Trial) -> tuple[str, ...]:
        return trial.options if self._settings.order == "listed" else own_order(trial, self._seed)

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
            longest=LONGEST_ANSWER,
            schema=_schema(self._allowed(order)) if schema else None,
        )


def own_order(trial: Trial, seed: int) -> tuple[str, ...]:
    """The options in an order of the judge's own: by lots that depend on the seed and the trial."""

    def lot(option: str) -> bytes:
        return blake2b(f"{seed}\n{trial.id}\n{option}".encode(), digest_size=8).digest()

    return tuple(sorted(trial.options, key=lot))


def _schema(allowed: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"choice": {"type": "string", "enum": list(allowed)}},
        "required": ["choice"],
        "additionalProperties": False,
    }
