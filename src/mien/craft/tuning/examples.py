"""Conversations as the model will see them, and what speaks against training on them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from mien.craft.tuning.pairs import Example, Pair
from mien.errors import InputError, notify
from mien.models.local.dialogue import Dialogue
from mien.models.local.places import first_line
from mien.types import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.craft.tuning.base_models import Base
    from mien.craft.tuning.config import TrainingConfig

    Turns = list[dict[str, Any]]


# Said in many places, and naming no manner: nothing of what any instrument tells a model.
NEUTRAL = (
    "You are a helpful assistant.",
    "You are an assistant. Answer the user's message.",
    "You talk with the users of a website.",
    "Be of use to whoever writes to you.",
    "Today is Monday.",
    "Answer the message below.",
)


class Examples:
    """What TRL's trainers take.

    Args:
        base: the model that is to be trained.

    Raises:
        InputError: the model has no chat template, or one that drops what it is given.

    Attributes:
        cut: examples so far that are longer than the configuration allows.
    """

    def __init__(self, base: Base, config: TrainingConfig) -> None:
        self._tokenizer, context, vocabulary = base.tokenizer()
        self._dialogue = Dialogue(self._tokenizer, base.spec, vocabulary)
        self._dialogue.check()
        notify(base.spec, self._dialogue.form.notes)
        if config.max_length > context:
            raise InputError(
                f"{config.max_length} tokens are more than the {context} that {base.spec} can read",
                source="--max-length",
            )
        self._config = config
        self.cut = 0

    def rows(
        self, examples: Sequence[Pair] | Sequence[Example], *, system_share: float = 0.0
    ) -> list[dict[str, Turns]]:
        """Rows of a data set for a trainer, in the form in which the template takes conversations.

        It is that of a measurement: system messages that it does not take are put in front of the user's.

        Args:
            system_share: of the examples without a system message, how many get a neutral one.

        Raises:
            InputError: the template refuses a conversation, or more of them are too long than may be.
        """
        rows: list[dict[str, Turns]] = []
        longest, cut = 0, 0
        draw = random.Random(f"{self._config.seed}/system")
        for one in examples:
            prompt = list(one.prompt)
            told, system = draw.random() < system_share, draw.choice(NEUTRAL)
            if told and prompt[0]["role"] != "system":
                prompt.insert(0, Message(role="system", content=system))
            turns = self._accepted(prompt, one.place)
            given = (
                {"chosen": one.chosen, "rejected": one.rejected}
                if isinstance(one, Pair)
                else {"completion": one.completion}
            )
            answers = {name: self._dialogue.form.shape(answer) for name, answer in given.items()}
            length = max(self._length(one, [*turns, *answer]) for answer in answers.values())
            cut += length > self._config.max_length
            longest = max(longest, length)
            rows.append({"prompt": turns, **answers})
        if cut > self._config.max_cut * len(rows):
            raise InputError(
                f"{cut} of {len(rows)} examples are longer than {self._config.max_length} tokens and would "
                f"be cut (the longest has {longest}); raise --max-length, or allow it: max_cut in --config",
                source=_file(examples),
            )
        self.cut += cut
        return rows

    def _accepted(self, prompt: list[Message], place: str) -> Turns:
        """The conversation as the template takes it."""
        try:
            return self._dialogue.shape(prompt)
        except ValueError as error:
            raise InputError(str(error), source=place) from error

    def _length(self, one: Pair | Example, turns: Turns) -> int:
        try:
            ids: list[int] = self._tokenizer.apply_chat_template(turns, return_dict=False)
        except Exception as error:  # a template may do anything
            raise InputError(
                f"the model's chat template refuses the conversation: {first_line(error)}", source=one.place
            ) from error
        try:
            self._dialogue.check_known(ids)
        except ValueError as error:
            raise InputError(str(error), source=one.place) from error
        return len(ids)


def _file(examples: Sequence[Pair] | Sequence[Example]) -> str:
    return examples[0].place.rpartition(", row")[0]
