"""What a model says of itself, one trait at a time: how far a word describes it, from 1 to 5."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mien.instruments.stated import FirstAnswers
from mien.materials.wording import fill
from mien.types import OWN_ANSWER, UNREADABLE, Prompt, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.instruments.judges import Ask
    from mien.materials.protocols import InventoryPhrasing, Protocol
    from mien.types import Message, Trait, Trial

#: What the prompts of questions have for a source, with the phrasing.
_SOURCE: Final = "phrasing: "
#: A number of the scale, and nothing else but marks; ``4/5`` and ``4 out of 5`` are the number, too.
_NUMBER: Final = re.compile(r"[\s\"'“”‘’`*_(\[]*([1-5])(?:\s*(?:/|of|out of)\s*5)?[\s\"'“”‘’`*_)\].,;:!]*")


class Inventory:
    """One trait a trial, rated in one of the phrasings, some of which ask for the opposite.

    The phrasings are what a design deals as its prompts: each trait sees each equally often.
    """

    def __init__(self, protocol: Protocol, traits: Sequence[Trait]) -> None:
        self.phrasings: Mapping[str, InventoryPhrasing] = protocol.wording.inventory
        described = {t.name: f"{t.name} ({t.description})" for t in traits if t.description}
        self._described = described if protocol.descriptions else {}
        preamble = protocol.preamble.strip()
        self._opening: tuple[Message, ...] = ({"role": "system", "content": preamble},) if preamble else ()

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """The phrasings, as a design deals them."""
        return tuple(Prompt(name, one.ask, category=name) for name, one in self.phrasings.items())

    def messages(self, trial: Trial) -> tuple[Message, ...]:
        """The preamble, where there is one, and the question."""
        return (*self._opening, {"role": "user", "content": self._question(trial)})

    def asked(self, trial: Trial) -> Trial:
        """The trial with what is asked for its prompt: two trials that ask the same are of one cluster."""
        name = self.phrasing(trial.prompt)
        about = f"{name}: {trial.options[0]}"
        return replace(trial, prompt=Prompt(about, self._question(trial), source=f"{_SOURCE}{name}"))

    def phrasing(self, prompt: Prompt) -> str:
        """The name of the phrasing that goes with a prompt, of a design or of a stored run."""
        return prompt.source.removeprefix(_SOURCE) or prompt.id

    def _question(self, trial: Trial) -> str:
        trait = trial.options[0]
        return fill(self.phrasings[self.phrasing(trial.prompt)].ask, trait=self._described.get(trait, trait))


class OwnRating:
    """Reads the model's answer strictly: a number from 1 to 5 and nothing else; all else is ``unreadable``.

    It asks nobody, and neither asks again for an answer that cannot be read nor puts one in its place: a
    middle put there would pull every rating to the middle. Where none of the first can be read, the model is
    given up.

    Attributes:
        name: what the verdicts go by.
        settings: how an answer is read; kept with the run.
    """

    def __init__(self) -> None:
        self.name = OWN_ANSWER
        self.settings: Mapping[str, object] = {"reads": "the model's own rating", "scale": [1, 5]}
        self._first = FirstAnswers("is a number from 1 to 5 and nothing else", "wording.inventory")

    async def verdict(self, trial: Trial, response: str, ask: Ask) -> Verdict:
        """The verdict that a response is: the number, as it was said.

        Raises:
            EndpointRefused: none of the first answers could be read.
        """
        del ask
        found = _NUMBER.fullmatch(response)
        self._first.look(response, read=found is not None)
        return Verdict(trial=trial.id, judge=self.name, chosen=found[1] if found else UNREADABLE)
