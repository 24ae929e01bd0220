"""What a model says of itself: asked which of the options describes it. Its own answer is the verdict."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from mien.errors import EndpointRefused
from mien.instruments.judges.choices import read_choice
from mien.instruments.judges.generative import FIRST_VERDICTS
from mien.materials.wording import OptionList, fill
from mien.types import NEITHER, OWN_ANSWER, UNREADABLE, Prompt, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.instruments.judges import Ask
    from mien.materials.protocols import Protocol
    from mien.types import Message, Trait, Trial

#: What the prompts of questions about nothing but the model have for a source, with the phrasing.
_SOURCE: Final = "phrasing: "


class Stated:
    """The question, in one of its phrasings, with the options in the order shown.

    Alone, the phrasings are what a design deals as its prompts: each trait sees each equally often, and first
    as often as second. About a user's prompt, each prompt has one phrasing, by lot.
    """

    def __init__(self, protocol: Protocol, traits: Sequence[Trait]) -> None:
        self._phrasings = protocol.wording.stated
        self._around = protocol.wording.stated_in_context if protocol.in_context else ""
        self._list = OptionList(traits, descriptions=protocol.descriptions)
        preamble = protocol.preamble.strip()
        self._opening: tuple[Message, ...] = ({"role": "system", "content": preamble},) if preamble else ()

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """The phrasings, as a design that asks about nothing else deals them."""
        return tuple(Prompt(name, text, category=name) for name, text in self._phrasings.items())

    def messages(self, trial: Trial) -> tuple[Message, ...]:
        """The preamble, where there is one, and the question."""
        return (*self._opening, {"role": "user", "content": self._question(trial)})

    def asked(self, trial: Trial) -> Trial:
        """The trial with what is asked for its prompt.

        Two trials that ask the same are of one cluster; about a user's prompt, all trials with that prompt.
        """
        if self._around:
            return trial
        name = self.phrasing(trial.prompt)
        about = f"{name}: {', '.join(trial.options)}"
        return replace(trial, prompt=Prompt(about, self._question(trial), source=f"{_SOURCE}{name}"))

    def phrasing(self, prompt: Prompt) -> str:
        """The name of the phrasing that goes with a prompt, of a design or of a stored run."""
        if self._around:
            lot = int.from_bytes(blake2b(prompt.id.encode(), digest_size=8).digest())
            return [*self._phrasings][lot % len(self._phrasings)]
        return prompt.source.removeprefix(_SOURCE) or prompt.id

    def _question(self, trial: Trial) -> str:
        question = fill(self._phrasings[self.phrasing(trial.prompt)], options=self._list(trial.options))
        return fill(self._around, prompt=trial.prompt.text, question=question) if self._around else question


class FirstAnswers:
    """Gives a model up none of whose first answers could be read.

    Args:
        wanted: what an answer that can be read does.
        key: of the protocol, which holds the words that it was asked in.
    """

    def __init__(self, wanted: str, key: str) -> None:
        self._wanted, self._key = wanted, key
        self._unreadable: int | None = 0  # None once an answer could be read

    def look(self, response: str, *, read: bool) -> None:
        """Count an answer.

        Raises:
            EndpointRefused: none of the first could be read.
        """
        if read:
            self._unreadable = None
        elif self._unreadable is not None:
            self._unreadable += 1
            if self._unreadable >= FIRST_VERDICTS:
                said = " ".join(response.split())
                raise EndpointRefused(
                    f"none of the first {FIRST_VERDICTS} answers {self._wanted}; one of them: "
                    f"“{said[:200]}”. Ask in other words ({self._key} in the protocol), or shorter "
                    "(--max-tokens)"
                )


class OwnAnswer:
    """Reads the model's answer strictly: an option as a whole, or ``neither``; all else is ``unreadable``.

    It asks nobody, and an answer that cannot be read is not asked for again: to ask until one comes would
    choose among answers. Where none of the first can be read, the model is given up.

    Attributes:
        name: what the verdicts go by.
        settings: how an answer is read; kept with the run.
    """

    def __init__(self, protocol: Protocol, traits: Sequence[Trait]) -> None:
        self.name = OWN_ANSWER
        self.settings: Mapping[str, object] = {"reads": "the model's own answer", "allowed": [NEITHER]}
        self._list = OptionList(traits, descriptions=protocol.descriptions)
        self._first = FirstAnswers("names an option and nothing else", "wording.stated")

    async def verdict(self, trial: Trial, response: str, ask: Ask) -> Verdict:
        """The verdict that a response is.

        Raises:
            EndpointRefused: none of the first answers could be read.
        """
        del ask
        chosen = read_choice(response, (*trial.options, NEITHER), self._list) or UNREADABLE
        self._first.look(response, read=chosen != UNREADABLE)
        return Verdict(trial=trial.id, judge=self.name, chosen=chosen)
