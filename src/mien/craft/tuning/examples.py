"""Conversations as the model will see them, and what speaks against training on them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from jinja2 import TemplateError

from mien.craft.tuning.pairs import Example, Pair
from mien.errors import InputError
from mien.models.local.dialogue import Dialogue, without_system
from mien.models.local.places import first_line
from mien.types import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.craft.tuning.base_models import Base
    from mien.craft.tuning.config import TrainingConfig


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
        InputError: the model has no chat template.

    Attributes:
        cut: examples so far that are longer than the configuration allows.
    """

    def __init__(self, base: Base, config: TrainingConfig) -> None:
        self._tokenizer, context = base.tokenizer()
        Dialogue(self._tokenizer, base.spec).check()
        if config.max_length > context:
            raise InputError(
                f"{config.max_length} tokens are more than the {context} that {base.spec} can read",
                source="--max-length",
            )
        self._config = config
        self.cut = 0

    def rows(
        self, examples: Sequence[Pair] | Sequence[Example], *, system_share: float = 0.0
    ) -> list[dict[str, list[Message]]]:
        """Rows of a data set for a trainer.

        A system message that the template does not take is put in front of the first of the user's, as it is
        in a measurement.

        Args:
            system_share: of the examples without a system message, how many get a neutral one.

        Raises:
            InputError: the template refuses a conversation, or more of them are too long than may be.
        """
        rows: list[dict[str, list[Message]]] = []
        longest, cut = 0, 0
        draw = random.Random(f"{self._config.seed}/system")
        for one in examples:
            prompt = list(one.prompt)
            told, system = draw.random() < system_share, draw.choice(NEUTRAL)
            if told and prompt[0]["role"] != "system":
                prompt.insert(0, Message(role="system", content=system))
            prompt = self._accepted(prompt, one.place)
            answers = (
                {"chosen": list(one.chosen), "rejected": list(one.rejected)}
                if isinstance(one, Pair)
                else {"completion": list(one.completion)}
            )
            length = max(self._length(one, [*prompt, *answer]) for answer in answers.values())
            cut += length > self._config.max_length
            longest = max(longest, length)
            rows.append({"prompt": prompt, **answers})
        if cut > self._config.max_cut * len(rows):
            raise InputError(
                f"{cut} of {len(rows)} examples are longer than {self._config.max_length} tokens and would "
                f"be cut (the longest has {longest}); raise --max-length, or allow it: max_cut in --config",
                source=_file(examples),
            )
        self.cut += cut
        return rows

    def _accepted(self, given: list[Message], place: str) -> list[Message]:
        """The conversation as the template takes it."""
        for prompt in (given, without_system(given)):
            try:
                self._tokenizer.apply_chat_template(prompt, add_generation_prompt=True, tokenize=False)
            except TemplateError as error:
                problem = first_line(error)
            else:
                return prompt
        raise InputError(f"the model's chat template refuses the conversation: {problem}", source=place)

    def _length(self, one: Pair | Example, turns: list[Message]) -> int:
        try:
            ids: list[int] = self._tokenizer.apply_chat_template(turns, return_dict=False)
        except TemplateError as error:
            raise InputError(
                f"the model's chat template refuses the conversation: {first_line(error)}", source=one.place
            ) from error
        return len(ids)


def _file(examples: Sequence[Pair] | Sequence[Example]) -> str:
    return examples[0].place.rpartition(", row")[0]
