"""What can be counted in an answer without a judge: pure functions of texts.

A feature that a language has no list for is absent there, NaN, and never 0.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

from mien.instruments.manner.leakage import refuses
from mien.instruments.manner.markdown import Layout, layout
from mien.instruments.manner.phrases import Phrases, phrases, simple
from mien.instruments.manner.prose import (
    ECHO,
    is_echo,
    own,
    reading_ease,
    run_of_words,
    sentences,
    type_token_ratio,
    words,
)
from mien.stats.estimates import Amount, Quantity, Share, Unit

if TYPE_CHECKING:
    from collections.abc import Callable

# Pictographs, dingbats, symbols and flags; what follows one (skin tones, joiners) belongs to it.
_ONE = r"[\U0001F300-\U0001FAFF\U0001F1E6-\U0001F1FF\u2600-\u27BF\u2B50\u2B55]"
_MORE = r"[\uFE0F\U0001F3FB-\U0001F3FF]"
_EMOJI = re.compile(
    rf"[\U0001F1E6-\U0001F1FF]{{2}}|(?![\U0001F3FB-\U0001F3FF]){_ONE}{_MORE}*(?:\u200D{_ONE}{_MORE}*)*"
)
_QUESTIONS = re.compile(r"[?？؟][?？؟!！]*")
_EXCLAMATIONS = re.compile(r"[!！]+")
_LAST: Final = 2  # sentences in which an offer ends an answer

NONE: Final = math.nan


@dataclass(frozen=True)
class Answer:
    """An answer as features see it; each part is read once, and only where it is needed.

    Attributes:
        text: the answer.
        message: what the user wrote; what repeats it is not the writer's.
        language: ISO 639 code of the answer; empty where it is not known.
        later: whether there were turns before it.
    """

    text: str
    message: str = ""
    language: str = ""
    later: bool = False

    @cached_property
    def layout(self) -> Layout:
        """What it is set in."""
        return layout(self.text)

    @cached_property
    def lists(self) -> Phrases | None:
        """What is known of its language."""
        return phrases(self.language)

    @cached_property
    def words(self) -> list[str]:
        """All its words, in code and quotations, too."""
        return words(self.text)

    @cached_property
    def sentences(self) -> list[str]:
        """Those of its prose."""
        return sentences(self.layout.prose, self.lists.abbreviations if self.lists else frozenset())

    @cached_property
    def own(self) -> list[str]:
        """Its sentences, simple, less what is quoted, and less those that the user wrote."""
        said = run_of_words(self.message)
        repeats = said.count(" ") > ECHO  # a shorter message leaves nothing to repeat
        return [
            simple(own(sentence)) for sentence in self.sentences if not (repeats and is_echo(sentence, said))
        ]

    def shows(self, kind: str, part: slice = slice(None)) -> float:
        """How many phrases of a kind its sentences, or a part of them, hold; NaN without lists."""
        return float(self.lists.count(kind, "\n".join(self.own[part]))) if self.lists else NONE

    @cached_property
    def prose(self) -> list[str]:
        """The words of its sentences."""
        return [word for sentence in self.sentences for word in words(sentence)]


Kind = Literal["count", "share", "number"]


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that is counted.

    Attributes:
        name: as gates, rows and figures call it.
        kind: a ``count`` may be told per response or per 100 words; a ``share`` is 0 or 1; a ``number`` is
            told as it is.
        measure: what it is in an answer; NaN where it cannot be told.
        unit: of the mean.
    """

    name: str
    kind: Kind
    measure: Callable[[Answer], float]
    unit: Unit = field(default_factory=Unit)


def _layout(name: str, member: str) -> Feature:
    return Feature(name, "count", lambda answer: float(getattr(answer.layout, member)), Amount())


def _marks(name: str, pattern: re.Pattern[str]) -> Feature:
    return Feature(name, "count", lambda answer: float(len(pattern.findall(answer.text))), Amount())


def _emoji(answer: Answer) -> float:
    return 0.0 if answer.text.isascii() else float(len(_EMOJI.findall(answer.text)))


def _counted(name: str, kind: str) -> Feature:
    return Feature(name, "count", lambda answer: answer.shows(kind), Amount())


def _shown(name: str, kind: str, part: slice = slice(None)) -> Feature:
    return Feature(name, "share", lambda answer: min(answer.shows(kind, part), 1.0), Share())


def _words_a_sentence(answer: Answer) -> float:
    return len(answer.prose) / len(answer.sentences) if answer.sentences else NONE


def _asks_last(answer: Answer) -> float:
    last = _EMOJI.sub("", answer.sentences[-1]).rstrip(" *_\"”’')»") if answer.sentences else ""
    return float(last.endswith(("?", "？", "؟")))


def _refers_back(answer: Answer) -> float:
    return _REFERS.measure(answer) if answer.later else NONE


def _refuses(answer: Answer) -> float:
    return float(refuses(answer.text)) if answer.language == "en" else NONE


def _reading_ease(answer: Answer) -> float:
    return reading_ease(answer.prose, len(answer.sentences), answer.lists) if answer.lists else NONE


_REFERS: Final = _shown("refers back", "refers_back")

#: All of them, in the order in which they are shown.
FEATURES: Final = (
    Feature("characters", "number", lambda answer: float(len(answer.text)), Amount("characters")),
    Feature("words", "number", lambda answer: float(len(answer.words)), Amount("words")),
    Feature("sentences", "number", lambda answer: float(len(answer.sentences)), Amount("sentences")),
    Feature("words a sentence", "number", _words_a_sentence, Amount("words")),
    _layout("headings", "headings"),
    _layout("ordered items", "ordered"),
    _layout("unordered items", "unordered"),
    _layout("bold", "bold"),
    _layout("tables", "tables"),
    _layout("code", "code"),
    _layout("quotes", "quotes"),
    Feature("emoji", "count", _emoji, Amount()),
    _marks("exclamations", _EXCLAMATIONS),
    _marks("questions", _QUESTIONS),
    Feature("ends with a question", "share", _asks_last, Share()),
    _shown("ends with an offer", "offers", slice(-_LAST, None)),
    _shown("opens with agreement", "agrees", slice(1)),
    _shown("praises", "praises"),
    _shown("thanks", "thanks"),
    _shown("apologises", "apologises"),
    _shown("disclaims", "disclaims"),
    _shown("mentions being an AI", "ai"),
    Feature("refuses", "share", _refuses, Share()),
    Feature("refers back", "share", _refers_back, Share()),
    _counted("first person", "first_person"),
    _counted("hedges", "hedges"),
    _counted("intensifiers", "intensifiers"),
    Feature("type-token ratio", "share", lambda answer: type_token_ratio(answer.prose), Share()),
    Feature("reading ease", "number", _reading_ease),
)


def measured(answer: Answer, *, per_words: bool = False) -> dict[str, float]:
    """Every feature of an answer, by name.

    Args:
        answer: to be looked at.
        per_words: tell counts per 100 words, not per response; NaN for an answer without a word.
    """
    n = len(answer.words)
    scale = 1.0 if not per_words else 100.0 / n if n else NONE
    return {
        feature.name: feature.measure(answer) * (scale if feature.kind == "count" else 1.0)
        for feature in FEATURES
    }


def quantities(*, per_words: bool = False) -> tuple[Quantity, ...]:
    """What the means of the features are told in."""
    counted = Amount("per 100 words") if per_words else Amount("a response")
    return tuple(
        Quantity(feature.name, counted if feature.kind == "count" else feature.unit) for feature in FEATURES
    )
