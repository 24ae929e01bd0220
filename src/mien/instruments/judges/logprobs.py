"""A judge behind an endpoint that tells log-probabilities: all that it might answer is read off."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from hashlib import blake2b
from string import ascii_uppercase
from typing import TYPE_CHECKING, ClassVar, Final

from mien.errors import EndpointRefused, UsageError
from mien.instruments.judges.generative import AskingJudge
from mien.instruments.judges.soft import averaged, told
from mien.materials.wording import fill
from mien.models.http.logprobs import read_first_word
from mien.models.inprocess.loading import runs_here
from mien.models.prefixes import LOGPROBS, bare
from mien.types import UNREADABLE, Call, Request, Sampling, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.instruments.judges import Ask
    from mien.materials.protocols import Protocol
    from mien.models import Model
    from mien.types import Trait, Trial

#: Alternatives that are asked for: as many as endpoints tell at most.
ALTERNATIVES: Final = 20

#: Probability that the answer begins with one of the letters below which nothing can be read.
LEAST_MASS: Final = 0.5

_LETTERS: Final = "Answer with the letter of one line alone, and nothing else: {letters}."
_PROBE: Final = "Answer with the letter {letter} alone, and nothing else."
_AROUND: Final = " \t\r\n.,:;()[]*_\"'`<>▁Ġ"


class LogprobsJudge(AskingJudge):
    """Shows the answers by letters, and reads how probable each letter is as the first token.

    Variants of a letter ("A", " A", "(A") are one. A letter that is not among the likeliest alternatives has
    the most that it can have: as much as the least of these, or all that is left. Where the letters together
    have less than `LEAST_MASS`, in one of the orders, the verdict is ``unreadable``.

    The options are put in both orders, as by `mien.instruments.judges.scored`. Before it reads, the endpoint
    is probed: some take the wish for log-probabilities and tell none, or tell the same of everything.
    """

    reads: ClassVar = "tells how probable its answers are"
    sees_order: ClassVar = False
    varies: ClassVar = False
    checked: ClassVar = True
    tells: ClassVar = True

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
        super().__init__(name, model, protocol, traits, seed=seed, repeat=repeat)
        self._probing: asyncio.Task[Call | None] | None = None

    @classmethod
    def takes(cls, spec: str) -> bool:
        """Specs that begin with ``logprobs:``.

        Raises:
            UsageError: what follows is a model in this process.
        """
        if not spec.startswith(LOGPROBS):
            return False
        if runs_here(bare(spec)):
            raise UsageError(f"{bare(spec)} tells its probabilities in any case; leave out {LOGPROBS}")
        return True

    @property
    def settings(self) -> Mapping[str, object]:
        """The wording, and how the options are put."""
        wording = self._wording.model_dump(include={"judge", "neither", "forced", "question"})
        return {"letters": wording | {"answer": _LETTERS}, "order": "both", "forced": self._settings.forced}

    async def verdict(self, trial: Trial, response: str, ask: Ask) -> Verdict | Call:
        """Read a response; see `mien.instruments.judges.Judge`.

        Raises:
            EndpointRefused: the endpoint tells no log-probabilities, or such as mean nothing.
        """
        if self._probing is None or (self._probing.done() and self._probing.cancelled()):
            self._probing = asyncio.create_task(self._probe(ask))
        if failed := await asyncio.shield(self._probing):
            self._probing = None  # it may be answered another time
            return failed
        orders = (trial.options, trial.options[::-1])
        calls = await asyncio.gather(
            *(ask(self.model, self._letters(trial, response, order)) for order in orders)
        )
        if failed := next((call for call in calls if not call.answered), None):
            return failed
        readings = [
            by_answer(read_first_word(call.text), self._allowed(order))
            for call, order in zip(calls, orders, strict=True)
        ]
        key = calls[0].key
        if any(mass < LEAST_MASS for _, mass in readings):
            return Verdict(trial=trial.id, judge=self.name, chosen=UNREADABLE, order=trial.options, call=key)
        logs = averaged([reading for reading, _ in readings])
        chosen = max(sorted(logs), key=lambda answer: round(logs[answer], 4))
        return Verdict(
            trial=trial.id,
            judge=self.name,
            chosen=chosen,
            order=trial.options,
            call=key,
            logs=told(logs, trial.options),
        )

    def _letters(self, trial: Trial, response: str, order: tuple[str, ...]) -> Request:
        wording, allowed = self._wording, self._allowed(order)
        mark = blake2b(f"{trial.id}\n{response}".encode(), digest_size=4).hexdigest()
        letters = ascii_uppercase[: len(allowed)]
        lines = (
            f"{letter}. {self._list((name,)).removeprefix('- ')}"
            for letter, name in zip(letters, allowed, strict=True)
        )
        system = "\n\n".join(
            text.strip()
            for text in (
                wording.judge,
                wording.forced if self._settings.forced else wording.neither,
                _LETTERS.format(letters=", ".join(letters)),
            )
        )
        question = fill(
            wording.question,
            mark=mark,
            prompt=trial.prompt.text,
            response=response,
            options="\n".join(lines),
        )
        return Request(
            messages=({"role": "system", "content": system}, {"role": "user", "content": question}),
            sampling=Sampling(temperature=1.0, max_tokens=1, system_role=self._sampling.system_role),
            alternatives=ALTERNATIVES,
        )

    async def _probe(self, ask: Ask) -> Call | None:
        """Ask for two letters; the call that failed, if one did."""
        asked = Request(
            messages=(), sampling=Sampling(temperature=1.0, max_tokens=1), alternatives=ALTERNATIVES
        )
        calls = [
            await ask(
                self.model,
                replace(asked, messages=({"role": "user", "content": _PROBE.format(letter=letter)},)),
            )
            for letter in "AB"
        ]
        for call in calls:
            if not call.answered:
                return call
        first, second = (read_first_word(call.text) for call in calls)
        if first == second:
            raise EndpointRefused(
                f"{self.name}: the endpoint tells the same log-probabilities whatever it is asked "
                f"({_shown(first)}), so that they mean nothing; leave out {LOGPROBS}"
            )
        if len(first) < 2:
            raise EndpointRefused(
                f"{self.name}: the endpoint tells the log-probability of its own answer alone "
                f"({_shown(first)}), and not of others (top_logprobs); leave out {LOGPROBS}"
            )
        return None


def by_answer(tokens: Mapping[str, float], allowed: Sequence[str]) -> tuple[dict[str, float], float]:
    """Log-probabilities of the answers that letters stand for, and how probable the letters are together.

    Args:
        tokens: log-probabilities of the likeliest tokens.
        allowed: the answers, by their letters.
    """
    found = dict.fromkeys(ascii_uppercase[: len(allowed)], 0.0)
    for token, log in tokens.items():
        if (letter := token.strip(_AROUND)) in found:
            found[letter] += math.exp(log)
    mass = math.fsum(found.values())
    left = max(1 - math.fsum(math.exp(log) for log in tokens.values()), 1e-12)
    bound = min(left, math.exp(min(tokens.values())))
    logs = {
        answer: math.log(found[letter] or bound)
        for letter, answer in zip(ascii_uppercase, allowed, strict=False)
    }
    return logs, mass


def _shown(tokens: Mapping[str, float]) -> str:
    return ", ".join(f"{token!r} {log:.2f}" for token, log in sorted(tokens.items())[:3])
