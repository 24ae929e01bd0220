"""What a model in character says of itself, and to itself: text for supervised tuning."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec
import yaml
from pydantic import BaseModel, ConfigDict

from mien.craft.data.queries import Query
from mien.materials.wording import fill
from mien.measurement.stages import LeftOut
from mien.types import Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.craft.data.characters import ToldByTraits
    from mien.craft.data.wording import Wording
    from mien.instruments.judges import Ask
    from mien.materials.constitutions import Constitution
    from mien.models import Model
    from mien.types import Message, Sampling

_SHIPPED = resources.files("mien") / "data" / "crafting" / "introspection.yaml"

Kind = Literal["reflection", "interaction"]


class IntrospectionWording(BaseModel):
    """What a model is asked about itself; `data/crafting/introspection.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reflection: str
    interaction: str
    cue: str
    questions: tuple[str, ...]
    openings: tuple[str, ...]


def load_introspection_wording() -> IntrospectionWording:
    """The wording that ships."""
    return IntrospectionWording.model_validate(yaml.safe_load(_SHIPPED.read_text(encoding="utf-8")))


class Task(NamedTuple):
    """A question about itself, or a conversation's opening, for the ``replicate``-th time."""

    kind: Kind
    text: str
    replicate: int


class Introspection(NamedTuple):
    """What came of a task: the messages that are trained on, without any instruction."""

    kind: Kind
    messages: tuple[Message, ...]

    @property
    def id(self) -> str:
        """A hash of the messages."""
        return f"i{blake2b(msgspec.json.encode(self.messages), digest_size=8).hexdigest()}"

    def row(self) -> dict[str, Any]:
        """As `introspection.jsonl` has it."""
        return {"id": self.id, "kind": self.kind, "messages": list(self.messages)}


def tasks(wording: IntrospectionWording, *, reflections: int, interactions: int) -> list[Task]:
    """Questions and openings by turns, each as often as any other, to within one."""

    def spread(kind: Kind, texts: Sequence[str], n: int) -> list[Task]:
        return [Task(kind, texts[i % len(texts)], i // len(texts)) for i in range(n)]

    return [
        *spread("reflection", wording.questions, reflections),
        *spread("interaction", wording.openings, interactions),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Introspector:
    """Has a model carry out tasks in character.

    Attributes:
        model: the model that is told to be the character.
        turns: answers of the second copy in a conversation.
        traits: where given, traits are the instruction, not the constitution: for the organism.
    """

    model: Model
    constitution: Constitution
    wording: IntrospectionWording
    crafting: Wording
    sampling: Sampling
    turns: int
    traits: ToldByTraits | None = None

    async def carry_out(self, task: Task, ask: Ask) -> Introspection | LeftOut:
        """Answer the question, or hold the conversation."""
        own = await (self._reflect(task, ask) if task.kind == "reflection" else self._talk(task, ask))
        return own if isinstance(own, LeftOut) else Introspection(task.kind, own)

    async def _reflect(self, task: Task, ask: Ask) -> tuple[Message, ...] | LeftOut:
        asked = _said("user", task.text)
        answer = await self._say((*self._told(task, "only"), asked), task, ask)
        return answer if isinstance(answer, LeftOut) else (asked, _said("assistant", answer))

    async def _talk(self, task: Task, ask: Ask) -> tuple[Message, ...] | LeftOut:
        """The first copy opens with the task's text; what is trained on is the second copy's view.

        To each the other is the user. The first copy is shown a cue, so that its conversation begins with a
        user's message, as chat templates want it.
        """
        first = [*self._told(task, "first"), _said("user", self.wording.cue), _said("assistant", task.text)]
        told = self._told(task, "second")
        second = [_said("user", task.text)]
        for turn in range(self.turns):
            if turn:
                said = await self._say(tuple(first), task, ask)
                if isinstance(said, LeftOut):
                    return said
                first.append(_said("assistant", said))
                second.append(_said("user", said))
            answer = await self._say((*told, *second), task, ask)
            if isinstance(answer, LeftOut):
                return answer
            first.append(_said("user", answer))
            second.append(_said("assistant", answer))
        return tuple(second)

    def _told(self, task: Task, copy: str) -> tuple[Message, ...]:
        if self.traits:
            # The lot goes by the query's id; the system message alone is wanted of what it brings.
            about = Query(
                id=f"{task.text} {task.replicate} {copy}",
                text=task.text,
                assertion=None,
                source="seed",
                split="train",
            )
            return self.traits.in_character(about, whole=True)[:-1]
        template = getattr(self.wording, task.kind)
        character = self.crafting.character_of(self.constitution)
        return (_said("system", fill(template, character=character).strip()),)

    async def _say(self, messages: tuple[Message, ...], task: Task, ask: Ask) -> str | LeftOut:
        call = await ask(self.model, Request(messages, self.sampling, replicate=task.replicate))
        if not call.answered:
            return LeftOut(call.failure, failed=True)
        return LeftOut("an answer was cut off") if call.finish_reason == "length" else call.text.strip()


def _said(role: Literal["system", "user", "assistant"], content: str) -> Message:
    return {"role": role, "content": content}
