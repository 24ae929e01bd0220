"""A model's chat template, held to handing on what it is given."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from jinja2 import TemplateSyntaxError

from mien.errors import InputError
from mien.models.local.places import first_line
from mien.models.system_role import merge_system
from mien.types import Message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Role = Literal["system", "user", "assistant"]

# Words that no template takes away or writes itself: one for each turn.
_MARKS: Final = tuple(f"mien{i}probe{i}mien" for i in range(4))

# Conversations that measuring, serving and training need, and whether an answer is to follow. Templates may
# refuse the later two, which says what is wrong where it is asked for; none may drop a turn.
_PROBES: Final[tuple[tuple[tuple[Role, ...], bool], ...]] = (
    (("system", "user"), True),
    (("user",), True),
    (("system", "user", "assistant", "user"), True),
    (("system", "user", "assistant"), False),
)
_NEEDED: Final = 2

# What a form is told by that does not take a conversation.
_REFUSED: Final = "refused"


class Lossy(ValueError):
    """A chat template drops what it is given."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a template takes conversations.

    Attributes:
        merge: system messages as a part of the user's.
        parts: contents as lists of parts, as models have them that see images, too.
        opening: what it writes before an answer and not before one that is to come, though it is asked to.
        drops: where it merges, that the template would have dropped system messages; else it refuses them.
    """

    merge: bool = False
    parts: bool = False
    opening: str = ""
    drops: bool = False

    @property
    def mark(self) -> str:
        """In what it differs from giving the template what it does not refuse; empty where in nothing."""
        told = {"system-merged": self.merge and self.drops, "parts": self.parts, "opened": bool(self.opening)}
        return " ".join(name for name, holds in told.items() if holds)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is done other than as usual, and why."""
        told: list[str] = []
        if self.merge:
            what = "drops system messages without a word" if self.drops else "takes no system messages"
            told.append(f"its chat template {what}; they are put in front of the user's message")
        if self.parts:
            told.append("its chat template wants contents as lists of parts, and gets them so")
        if self.opening:
            told.append("its chat template does not open the answer when asked to; this is done for it")
        return tuple(told)

    def shape(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        """A conversation as the template takes it."""
        turns = merge_system(messages) if self.merge else messages
        if not self.parts:
            return [dict(turn) for turn in turns]
        return [
            {"role": turn["role"], "content": [{"type": "text", "text": turn["content"]}]} for turn in turns
        ]


class Template:
    """A tokenizer's chat template.

    A template may drop messages, or their whole contents, without an error; the model would then answer what
    nobody asked. So marked conversations are put through it before any other, and it is used in a form in
    which all of their turns come out.

    Args:
        tokenizer: transformers' own, with a template.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._forms: dict[bytes, Form | Lossy] = {}

    def check(self, source: str) -> Form:
        """See that it can be used, and how.

        Args:
            source: the model's name, for messages.

        Raises:
            InputError: it cannot be read, or drops turns in every form.
        """
        try:
            return self.form({})
        except Lossy as error:
            raise InputError(str(error), source=source) from error
        except TemplateSyntaxError as error:
            told = f"its chat template cannot be read: line {error.lineno}: {first_line(error)}"
            raise InputError(told, source=source) from error

    def form(self, options: Mapping[str, Any]) -> Form:
        """The form in which it hands on conversations, with some variables set.

        One that refuses everything may do so for a variable that is not set: it is taken as it is.

        Raises:
            Lossy: it drops turns in every form.
        """
        key = msgspec.json.encode(options, order="sorted")
        if key not in self._forms:
            self._forms[key] = self._found(options)
        found = self._forms[key]
        if isinstance(found, Lossy):
            raise found
        return found

    def render(self, form: Form, messages: Sequence[Message], options: Mapping[str, Any]) -> str:
        """Write a conversation down up to where the assistant is to answer.

        Raises:
            Exception: whatever the template raises.
        """
        return self._apply(form.shape(messages), options) + form.opening

    def whole(self, form: Form, messages: Sequence[Message]) -> str:
        """Write a conversation down that needs no answer any more.

        Raises:
            Exception: whatever the template raises.
        """
        return self._apply(form.shape(messages), {"add_generation_prompt": False})

    def _apply(self, turns: list[dict[str, Any]], options: Mapping[str, Any]) -> str:
        arguments = {"add_generation_prompt": True, **options, "tokenize": False}
        return self._tokenizer.apply_chat_template(turns, **arguments)

    def _found(self, options: Mapping[str, Any]) -> Form | Lossy:
        """Try all forms; the first in which nothing is lost, else one that at most refuses later turns."""
        forms = [Form(merge, parts) for merge, parts in product((False, True), repeat=2)]
        tried = {form: [self._lost(form, options, *probe) for probe in _PROBES] for form in forms}
        whole = [form for form in forms if not any(tried[form])]
        usable = [
            form for form in forms if not any(tried[form][:_NEEDED]) and set(tried[form]) <= {"", _REFUSED}
        ]
        for form in whole or usable:
            drops = form.merge and "system" in tried[Form(parts=form.parts)]
            return Form(form.merge, form.parts, self._opening(form, options), drops)
        if all(set(lost) <= {"", _REFUSED} for lost in tried.values()):
            return Form()
        # Where the system message is a part of the user's, it is the user's that is lost with it.
        lost = next(tried[form] for form in forms if form.merge and not set(tried[form]) <= {"", _REFUSED})
        role = "assistant" if set(lost) <= {"", _REFUSED, "assistant"} else "user"
        return Lossy(
            f"its chat template drops {role} messages, or their order, without a word: the model would be "
            "asked something else; put one that hands them on into its folder, as chat_template.jinja"
        )

    def _lost(self, form: Form, options: Mapping[str, Any], roles: Sequence[Role], asked: bool) -> str:
        """The role of a turn that a form loses; empty where it loses none."""
        turns = list(zip(roles, _MARKS, strict=False))
        messages = [Message(role=role, content=mark) for role, mark in turns]
        given = options if asked else {**options, "add_generation_prompt": False}
        try:
            text = self._apply(form.shape(messages), given)
        except TemplateSyntaxError:
            raise
        except Exception:  # a template may do anything
            return _REFUSED
        if "{'type':" in text:  # parts as Python writes them down: not what anybody meant
            return roles[-1]
        place = 0
        for role, mark in turns:
            found = text.find(mark)
            if role == "system":  # some put it before the last of the user's turns, or into each
                lost = found < 0
            else:
                lost = found < place or text.count(mark) > 1
                place = found
            if lost:
                return role
        return ""

    def _opening(self, form: Form, options: Mapping[str, Any]) -> str:
        """What the template writes before an answer, where it takes no notice of one being asked for."""
        if "add_generation_prompt" in options:
            return ""
        asked = [Message(role="user", content=_MARKS[0])]
        answered = [*asked, Message(role="assistant", content=_MARKS[1])]
        without = {**options, "add_generation_prompt": False}
        try:
            prompt = self._apply(form.shape(asked), options)
            unasked = self._apply(form.shape(asked), without)
            before = self._apply(form.shape(answered), without).partition(_MARKS[1])[0]
        except Exception:  # a template may do anything
            return ""
        opening = before.removeprefix(prompt) if before.startswith(prompt) else ""
        return opening if prompt == unasked and opening.strip() else ""
