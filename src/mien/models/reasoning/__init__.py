"""Reasoning that stands inside an answer: how models mark it, and where it ends.

Many a server hands out what its model wrote as it is: the reasoning, in marks of the model's own, before the
answer. One table knows the marks. What they enclose is taken out where it cannot be meant otherwise; where
an answer may as well be *about* such marks it is left as it is, and `markup` tells of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mien.models.reasoning.marks import ANY, KNOWN
from mien.models.reasoning.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mien.models.reasoning.marks import Marks

__all__ = ["Split", "markup", "opened", "split"]

# What some models put around the answer that follows their reasoning.
_WRAPPED = re.compile(
    r"<(answer|response|output)>(?P<tagged>.*?)(?:</\1>)?"
    r"|<\|START_RESPONSE\|>(?P<response>.*?)(?:<\|END_RESPONSE\|>)?"
    r"|<\|begin_of_solution\|>(?P<solution>.*?)(?:<\|end_of_solution\|>)?",
    re.DOTALL | re.IGNORECASE,
)
_TURN_ENDS = re.compile(r"(?:\s*(?:<\|(?:end|return|im_end|eot_id|END_OF_TURN_TOKEN)\|>|<turn\|>))+\s*\Z")

# One of these, in lower case, is in every text with reasoning in it. Looking for them is quick, and most
# answers hold none.
_SIGNS = (
    *("think>", "<think", "thinking>", "thought", "reasoning>", "<reasoning", "scratchpad>", "antthinking>"),
    *("[think]", "[/think]", "◁", "<|", "|>", "assistantfinal"),
)
_FIRST_WORDS = ("analysis", "assistant", "commentary", "final")


@dataclass(frozen=True, slots=True)
class Split:
    """An answer and the reasoning that stood in it.

    Attributes:
        answer: what is left; empty where all of it is reasoning.
        reasoning: without its marks.
        unopened: whether the reasoning was closed but never opened: the model's chat template did that, in
            the prompt.
    """

    answer: str
    reasoning: str = ""
    unopened: bool = False


def split(content: str, *, cut: bool = False) -> Split:
    """Part an answer from the reasoning inside it.

    Reasoning that leads is always taken out, and where it does not end it leaves no answer. What closes
    without having been opened ends reasoning that the chat template opened, if it stands where a line or a
    sentence ends. Reasoning that begins in the middle is taken out if it opens a line, is closed, and is not
    announced by a colon. Marks in code or in quotation marks are the answer's own words.

    Args:
        content: all that the model wrote.
        cut: whether it was cut off: reasoning that begins in the middle is then all there is.
    """
    if not _may_hold_marks(content):
        return Split(content)
    rest, reasoning, whole = _without_leading(content)
    if not whole:
        return Split("", _joined(reasoning))
    if not reasoning and (end := Page(rest).closed_alone()):
        thought = rest[: end.start()].strip()
        return Split(_unwrapped(rest[end.end() :]), thought, unopened=bool(thought))
    rest, later, whole = _without_later(rest, cut=cut)
    if not whole:
        return Split("", _joined([*reasoning, rest, *later]))
    if not reasoning and not later:
        return Split(content)
    return Split(_unwrapped(rest), _joined([*reasoning, *later]))


def opened(prompt: str) -> bool:
    """Whether a prompt ends with what opens reasoning, so that a model goes on in the middle of it."""
    tail = prompt.rstrip()[-200:]
    return any(found.end() == len(tail) for marks in KNOWN for found in marks.opening.finditer(tail))


def markup(answer: str) -> str:
    """The first mark of reasoning, or special token, that stands in an answer unquoted; empty for none."""
    if not any(sign in answer for sign in "<>[◁") and not answer.startswith("thought"):
        return ""
    page = Page(answer)
    return next((mark[0] for mark in ANY.finditer(answer) if not page.quotes(mark)), "")


def _may_hold_marks(content: str) -> bool:
    low = content.lower()
    return any(sign in low for sign in _SIGNS) or low.lstrip().startswith(_FIRST_WORDS)


def _without_leading(content: str) -> tuple[str, list[str], bool]:
    """What is left, the reasoning that led, and whether that ended."""
    page = Page(content)
    reasoning: list[str] = []
    at = _after_space(content, 0)
    while begin := next(_openings(content, at), None):
        marks, opening = begin
        end = page.ends(marks, opening.end())
        if end is None and not marks.closes:
            return "", [*reasoning, content[opening.end() :]], False
        if end is None:
            break
        reasoning.append(content[opening.end() : end.start()])
        at = _after_space(content, end.end())
    return content[at:], reasoning, True


def _openings(content: str, at: int) -> Iterator[tuple[Marks, re.Match[str]]]:
    for marks in KNOWN:
        if opening := marks.opening.match(content, at):
            yield marks, opening


def _without_later(rest: str, *, cut: bool) -> tuple[str, list[str], bool]:
    """What is left, the reasoning that began in the middle, and whether all of it ended."""
    page = Page(rest)
    kept: list[str] = []
    reasoning: list[str] = []
    at = 0
    for marks, opening in page.opens():
        if opening.start() < at:
            continue
        end = page.ends(marks, opening.end())
        if end:
            kept.append(rest[at : opening.start()])
            reasoning.append(rest[opening.end() : end.start()])
            at = _after_space(rest, end.end())
        elif cut:
            return rest[at : opening.start()], [*reasoning, rest[opening.end() :]], False
    return "".join([*kept, rest[at:]]), reasoning, True


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _unwrapped(answer: str) -> str:
    """An answer that followed reasoning, without what the model put around it."""
    answer = _TURN_ENDS.sub("", answer.lstrip())
    if wrapped := _WRAPPED.fullmatch(answer.strip()):
        parts = wrapped.group("tagged", "response", "solution")
        return next(part for part in parts if part is not None).strip()
    return answer


def _joined(reasoning: list[str]) -> str:
    return "\n".join(part.strip() for part in reasoning if part.strip())
