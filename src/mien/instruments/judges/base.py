"""A base model as a judge: it follows no instruction, and tells how likely it finds texts."""

from __future__ import annotations

import asyncio
from functools import cache
from importlib import resources
from string import ascii_uppercase
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

import yaml

from mien.errors import EndpointRefused, UsageError
from mien.instruments.judges.likely_words import LikelyWords
from mien.instruments.judges.logprobs import LEAST_MASS, by_answer
from mien.instruments.judges.soft import averaged, told
from mien.materials.wording import OptionList, fill
from mien.models.http.logprobs import read_first_word
from mien.models.prefixes import BASE, FORMS, base_form, with_form
from mien.types import UNREADABLE, Call, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.instruments.judges import Ask
    from mien.materials.protocols import Protocol
    from mien.models import Model
    from mien.types import Trait, Trial

#: What is compared in each form, in words that follow the judge's name.
READS: Final = {
    "label": "compares, as a base model, the letters of the options, in both orders",
    "word": "compares, as a base model, the options' names after the response",
    "lift": "compares, as a base model, what the response adds to the chances of the options' names",
    "told": "compares, as a base model, the likelihoods of the response under the options",
}


class Term(NamedTuple):
    """Of an option's score, a part: ``weight`` times the log-probability of words after a text."""

    weight: float
    text: str
    words: str


class BaseJudge:
    """Reads by likelihoods that a model without any training as an assistant tells of plain texts.

    Forms, as the spec names them (``base:word:SPEC``):

    * ``label``: the options are listed by letters, in both orders; log p of the letters is averaged.
    * ``word``: log p(option's name | message, response).
    * ``lift``: that, less the same where the response is not shown: the name's prior.
    * ``told``: log p(response | message, told to be of that manner); Bayes' choice under equal options.

    A verdict always names an option, and is soft. Where an endpoint tells the likeliest next tokens alone,
    only ``label`` is read, as in `mien.instruments.judges.logprobs`: a letter outside of them has the most
    that it can have, and below `LEAST_MASS` of all letters the verdict is ``unreadable``.

    Args:
        name: what the verdicts go by.
        model: what the likelihoods are taken from; its spec names the form.
        protocol: whether letters stand before descriptions, too.
        traits: the traits that may be options.
        seed, repeat: play no part: nothing is drawn, and a repeat reads alike.

    Raises:
        UsageError: the spec names no form.
    """

    reads: ClassVar = "compares likelihoods as a base model"
    sees_order: ClassVar = False
    varies: ClassVar = False
    answers: ClassVar = False
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
        self.name = name
        self.model = model
        self.form = base_form(model.name)
        if not self.form:
            others = ", ".join(with_form(model.name, form) for form in FORMS)
            raise UsageError(f"{model.name}: say in which form it is to read: {others}")
        self._likely = LikelyWords(name, model)
        self._list = OptionList(traits, descriptions=protocol.descriptions)

    @classmethod
    def takes(cls, spec: str) -> bool:
        """Specs that begin with ``base:``."""
        return spec.startswith(BASE)

    @classmethod
    def knows(cls, writer: str) -> bool:
        """Whoever wrote it."""
        return True

    @property
    def settings(self) -> Mapping[str, object]:
        """The form, and the texts that are gone on with."""
        needed = {"lift": ("word", "unread")}.get(self.form, (self.form,))
        return {"base": self.form, "texts": {name: _texts()[name] for name in needed}}

    async def forms(self, ask: Ask) -> tuple[str, ...] | Call:
        """See `mien.instruments.judges.likely_words.LikelyWords.forms`."""
        return await self._likely.forms(ask)

    async def verdict(self, trial: Trial, response: str, ask: Ask) -> Verdict | Call:
        """Read a response; see `mien.instruments.judges.Judge`.

        Raises:
            EndpointRefused: the endpoint does not tell what the form needs.
        """
        able = await self.forms(ask)
        if isinstance(able, Call):
            return able
        if self.form not in able:
            raise EndpointRefused(
                f"{self.name}: the endpoint repeats no text with its log-probabilities (echo), as "
                f"{self.form} needs; it can read by {', '.join(able)} alone: "
                f"{with_form(self.model.name, able[0])}"
            )
        if able != FORMS:
            return await self._by_first_token(trial, response, ask)
        terms = {option: self._terms(trial, response, option) for option in trial.options}
        flat = [term for some in terms.values() for term in some]
        calls = await asyncio.gather(*(self._likely.scored(ask, term.text, term.words) for term in flat))
        if failed := next((call for call in calls if not call.answered), None):
            return failed
        found = dict(zip(flat, calls, strict=True))
        logs = {
            option: sum(term.weight * float(found[term].text) for term in some)
            for option, some in terms.items()
        }
        chosen = _likeliest(logs)
        return self._verdict(trial, chosen, found[terms[chosen][0]], logs)

    def _terms(self, trial: Trial, response: str, option: str) -> list[Term]:
        prompt, words = trial.prompt.text, f" {option}"
        match self.form:
            case "label":
                orders = (trial.options, trial.options[::-1])
                return [
                    Term(1 / 2, self._lettered(trial, response, order), f" {_letters(order)[option]}")
                    for order in orders
                ]
            case "told":
                text = fill(_texts()["told"], option=option, prompt=prompt)
                return [Term(1.0, text, f" {response.strip()}")]
            case _:
                read = [Term(1.0, fill(_texts()["word"], prompt=prompt, response=response.strip()), words)]
                if self.form == "word":
                    return read
                unread = fill(_texts()["word"], prompt=prompt, response=_texts()["unread"])
                return [*read, Term(-1.0, unread, words)]

    async def _by_first_token(self, trial: Trial, response: str, ask: Ask) -> Verdict | Call:
        orders = (trial.options, trial.options[::-1])
        calls = await asyncio.gather(
            *(self._likely.first(ask, self._lettered(trial, response, order)) for order in orders)
        )
        if failed := next((call for call in calls if not call.answered), None):
            return failed
        readings = [
            by_answer(read_first_word(call.text), order) for call, order in zip(calls, orders, strict=True)
        ]
        if any(mass < LEAST_MASS for _, mass in readings):
            return Verdict(
                trial=trial.id, judge=self.name, chosen=UNREADABLE, order=trial.options, call=calls[0].key
            )
        logs = averaged([reading for reading, _ in readings])
        return self._verdict(trial, _likeliest(logs), calls[0], logs)

    def _lettered(self, trial: Trial, response: str, order: Sequence[str]) -> str:
        lines = (
            f"{letter}. {self._list((name,)).removeprefix('- ')}" for name, letter in _letters(order).items()
        )
        return fill(
            _texts()["label"], prompt=trial.prompt.text, response=response.strip(), lines="\n".join(lines)
        )

    def _verdict(self, trial: Trial, chosen: str, call: Call, logs: Mapping[str, float]) -> Verdict:
        return Verdict(
            trial=trial.id,
            judge=self.name,
            chosen=chosen,
            order=trial.options,
            call=call.key,
            logs=told(logs, trial.options),
        )


def reads_by(spec: str) -> str:
    """What is compared in the form that a base model's spec names, or that it compares at all."""
    return READS.get(base_form(spec), BaseJudge.reads)


def _likeliest(logs: Mapping[str, float]) -> str:
    """Of equals, the one that comes first in the alphabet: their order plays no part."""
    return max(sorted(logs), key=lambda option: round(logs[option], 4))


def _letters(order: Sequence[str]) -> dict[str, str]:
    return dict(zip(order, ascii_uppercase, strict=False))


@cache
def _texts() -> dict[str, str]:
    found = yaml.safe_load((resources.files("mien") / "data" / "base_judge.yaml").read_text(encoding="utf-8"))
    return {name: text.strip() for name, text in found.items()}
