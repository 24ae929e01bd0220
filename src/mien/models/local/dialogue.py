"""Conversations to tokens, through the model's chat template."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from mien.errors import InputError
from mien.models.local.places import first_line
from mien.models.local.template import Form, Template
from mien.types import Message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# What no template takes away or writes itself.
_ANSWER: Final = "mien7answer7mien"


class Dialogue:
    """A model's way to write conversations down.

    Args:
        tokenizer: transformers' own.
        name: of the model, for messages.
        vocabulary: tokens that the model has embeddings for.

    Raises:
        InputError: its chat template cannot be read, or drops what it is given; or its tokenizer knows no
            words, or writes every conversation with tokens that the model does not know.

    Attributes:
        form: in which the template takes conversations.
    """

    def __init__(self, tokenizer: Any, name: str, vocabulary: int) -> None:
        self._tokenizer = tokenizer
        self._name = name
        self._vocabulary = vocabulary
        self._template = Template(tokenizer)
        self.form = self._template.check(name) if tokenizer.chat_template else Form()
        self._check_tokens()

    def check(self) -> None:
        """See that there is a chat template.

        Raises:
            InputError: there is none.
        """
        if not self._tokenizer.chat_template:
            raise InputError(
                "the model has no chat template, and a conversation needs one; take a model tuned for chat, "
                "or put chat_template.jinja into its folder (a GGUF file is made one by mien craft merge)",
                source=self._name,
            )

    def write(self, messages: Sequence[Message], options: Mapping[str, Any]) -> str:
        """Write a conversation down up to where the assistant is to answer, as the template takes it.

        One that refuses this conversation for its system message gets it in the user's.

        Args:
            messages: who said what.
            options: further variables of the template.

        Raises:
            ValueError: the template refuses the conversation, or drops a part of it; the message says why.
        """
        form = self._template.form(options)
        return self._accepted(form, messages, options)[1]

    def shape(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        """A conversation as it is to be given to transformers' ``apply_chat_template``.

        Raises:
            ValueError: as `write`.
        """
        return self._accepted(self.form, messages, {})[0].shape(messages)

    def _accepted(
        self, form: Form, messages: Sequence[Message], options: Mapping[str, Any]
    ) -> tuple[Form, str]:
        """The form in which the template takes a conversation, and what it writes then."""
        try:
            return form, self._template.render(form, messages, options)
        except Exception as error:  # a template may do anything
            if form.merge or all(message["role"] != "system" for message in messages):
                raise ValueError(_refusal(error)) from error
        return self._accepted(replace(form, merge=True), messages, options)

    def encode(self, text: str, *, talk: bool) -> list[int]:
        """Tokens of a text.

        Args:
            text: a conversation as the template writes it, or a plain text, which gets the beginning that the
                tokenizer sets.
            talk: whether it is a conversation.

        Raises:
            ValueError: the model does not know one of them.
        """
        ids: list[int] = self._tokenizer(text, add_special_tokens=not talk)["input_ids"]
        self.check_known(ids)
        return ids[:-1] if self._closes and not talk else ids

    def check_known(self, ids: Sequence[int]) -> None:
        """See that the model has embeddings for all of these tokens.

        Raises:
            ValueError: it has none for one; the message says what that is.
        """
        if beyond := next((token for token in ids if token >= self._vocabulary), None):
            word = self._tokenizer.convert_ids_to_tokens(beyond)
            raise ValueError(
                f"its tokenizer writes {word!r} as token {beyond}, and the model has embeddings for "
                f"{self._vocabulary}: they were not made for each other; take the tokenizer files of this "
                "model"
            )

    def _check_tokens(self) -> None:
        """See that the tokenizer makes something of texts, and the model of its tokens."""
        ids: list[int] = self._tokenizer("Hello, how are you?")["input_ids"]
        if not set(ids) - {*self._tokenizer.all_special_ids}:
            raise InputError(
                "its tokenizer knows no words: a plain text comes to nothing; put tokenizer.json (or "
                "tokenizer.model) of this model into its folder",
                source=self._name,
            )
        if not self._tokenizer.chat_template:
            return
        try:
            text = self.write([Message(role="user", content="Hello")], {})
        except ValueError:  # this one it refuses, and says so where it is asked
            return
        try:
            self.encode(text, talk=True)
        except ValueError as error:
            raise InputError(str(error), source=self._name) from error

    def continuation(self, text: str, before: str, *, talk: bool) -> list[int]:
        """Tokens of a text in the place of what the model would generate.

        They follow the very tokens that generation starts from. Both texts are tokenised as one, as the model
        saw them in training; where that changes a token of the first (``"is "`` before ``"yes"`` would become
        ``"is", " yes"``), the second is tokenised by itself.

        In a conversation, the text starts with the white space that the template sets between its prompt and
        what the assistant says, if any, and is followed by the token with which the template ends the turn.

        Args:
            text: the words.
            before: the prompt, as `encode` takes it.
            talk: whether it is a conversation.
        """
        lead, end = self._frame if talk else ("", [])
        prompt = self.encode(before, talk=talk)
        together = self.encode(before + lead + text, talk=talk)
        if together[: len(prompt)] == prompt:
            return together[len(prompt) :] + end
        return self.encode(lead + text, talk=True) + end

    @property
    def end(self) -> int | None:
        """The token that the template sets right after what the assistant said; None where it sets none."""
        return next(iter(self._frame[1]), None)

    @cached_property
    def _frame(self) -> tuple[str, list[int]]:
        """What the template sets before and after what the assistant says: white space, and at most a token.

        Anything else, such as the empty thoughts that some templates write, is the model's to say or not.
        """
        asked = [Message(role="user", content="Hello")]
        answered = [*asked, Message(role="assistant", content=_ANSWER)]
        try:
            prompt = self._template.render(self.form, asked, {})
            whole = self._template.whole(self.form, answered)
        except Exception:  # it needs more than this, or there is none
            return "", []
        up_to, found, after = whole.rpartition(_ANSWER)
        lead = up_to[len(prompt) :] if up_to.startswith(prompt) else ""
        first = self.encode(after, talk=True)[:1] if found else []
        marks = {*self._tokenizer.added_tokens_decoder, *self._tokenizer.all_special_ids}
        return lead if lead.isspace() else "", first if marks.issuperset(first) else []

    @cached_property
    def _closes(self) -> bool:
        """Whether the tokenizer sets an end to plain texts."""
        ids: list[int] = self._tokenizer("a")["input_ids"]
        return len(ids) > 1 and ids[-1] == self._tokenizer.eos_token_id


def _refusal(error: Exception) -> str:
    return f"the model's chat template refuses the conversation: {first_line(error)}"
