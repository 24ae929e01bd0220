"""The conversations of OpenAI's model spec: turns between tags, and answers that are compared.

They look like XML and are none: a tag stands at the beginning of a line, what is between is text whose
``&lt;`` and the like stand for signs.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mien.types import Message

_OPEN: Final = re.compile(
    r"<(?P<role>system|developer|user|assistant|tool|comparison)(?P<attributes>(?:\s[^>]*)?)>"
    r"\s*(?:<!--\s*(?P<label>.*?)\s*-->)?\s*"
)
_LABEL: Final = re.compile(
    r"(?P<verdict>[A-Z]+)(?:\[#(?P<other>[\w-]+)\])?(?:[:,]\s*(?P<why>.*))?", re.DOTALL
)
_ELLIPSIS: Final = re.compile(r"\[?(?:\.\.\.|…)\]?")  # turns that are not told

Role = Literal["system", "developer", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer among those that are compared.

    Attributes:
        verdict: ``GOOD``, ``BAD`` or ``OK``.
        other: the section that it breaks, where that is another.
        spoken: it is no call of a tool.
    """

    text: str
    verdict: str
    other: str
    why: str
    spoken: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """What one says; or, of the assistant, what it could say."""

    role: str
    text: str = ""
    spoken: bool = True
    answers: tuple[Answer, ...] = ()


@dataclass(slots=True)
class Talk:
    """A conversation as it goes on.

    Attributes:
        told: what the system and the developer say, before all else.
    """

    told: list[str] = field(default_factory=list[str])
    said: list[Message] = field(default_factory=list["Message"])
    problem: str = ""

    def add(self, turn: Turn) -> None:
        """Take the next turn; what cannot be carried over is told in `problem`."""
        if turn.role == "nobody":
            self.problem = self.problem or f"has text between its turns: {turn.text[:40]}"
        elif turn.role == "tool" or not turn.spoken:
            self.problem = self.problem or "calls a tool"
        elif turn.role in {"system", "developer"}:
            if self.said:
                self.problem = self.problem or f"a {turn.role}'s message stands in its midst"
            self.told.append(turn.text)
        else:
            role = "user" if turn.role == "user" else "assistant"
            self.said.append({"role": role, "content": turn.text})

    @property
    def messages(self) -> list[Message]:
        """What was said so far; where no user speaks, the last to tell something stands for them."""
        told, said = list(self.told), list(self.said)
        if told and not any(message["role"] == "user" for message in said):
            said.insert(0, {"role": "user", "content": told.pop()})
        return [{"role": "system", "content": "\n\n".join(told)}, *said] if told else said


def read_turns(block: str) -> list[Turn]:
    """The turns of a block.

    What stands between turns is a turn of nobody's, but for an ellipsis.

    Raises:
        ValueError: a tag is never closed, or text stands between answers that are compared.
    """
    turns: list[Turn] = []
    lines = iter(block.split("\n"))
    for line in lines:
        if not line.strip() or _ELLIPSIS.fullmatch(line.strip()):
            continue
        opening = _OPEN.match(line)
        if not opening:
            turns.append(Turn("nobody", line.strip()))
        elif opening["role"] == "comparison":
            turns.append(Turn("comparison", answers=tuple(_answers(lines))))
        else:
            text = _until(opening["role"], line[opening.end() :], lines)
            turns.append(Turn(opening["role"], text, "recipient=" not in opening["attributes"]))
    return turns


def _answers(lines: Iterator[str]) -> Iterator[Answer]:
    for line in lines:
        if line.strip() == "</comparison>":
            return
        if not line.strip():
            continue
        opening = _OPEN.match(line)
        if not opening or opening["role"] != "assistant":
            raise ValueError(f"stands between answers that are compared: {line.strip()[:60]}")
        label = _LABEL.fullmatch(opening["label"] or "")
        text = _until("assistant", line[opening.end() :], lines)
        spoken = "recipient=" not in opening["attributes"]
        parts = label.groupdict(default="") if label else {"verdict": "", "other": "", "why": ""}
        yield Answer(text, parts["verdict"], parts["other"], parts["why"].strip(), spoken)
    raise ValueError("a comparison is never closed")


def _until(role: str, first: str, lines: Iterator[str]) -> str:
    """The text up to the tag that closes it."""
    closing = f"</{role}>"
    parts: list[str] = []
    line: str | None = first
    while line is not None:
        before, closed, _ = line.partition(closing)
        parts.append(before)
        if closed:
            return html.unescape("\n".join(parts)).strip()
        line = next(lines, None)
    raise ValueError(f"<{role}> is never closed")
