"""The marks that models and their servers are known to put around reasoning."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True, slots=True)
class Marks:
    """What stands around reasoning.

    Attributes:
        opening: pattern of what opens it.
        closing: pattern of what ends it.
        closes_alone: pattern of what ends it where nothing opened it; None where nothing tells that.
        leads: whether it opens only at the very beginning: its words mean nothing elsewhere.
        closes: whether reasoning that never ends is none: its words may begin any answer.
    """

    opening: re.Pattern[str]
    closing: re.Pattern[str]
    closes_alone: re.Pattern[str] | None
    leads: bool = False
    closes: bool = False


def _pair(opening: str, closing: str, flags: int = 0) -> Marks:
    ends = re.compile(closing, flags)
    return Marks(re.compile(opening, flags), ends, ends)


def _tag(name: str) -> Marks:
    return _pair(rf"<{name}(?:\s[^<>]*)?>", rf"</{name}\s*>", re.IGNORECASE)


_SENTENCE = r"(?=[A-Z][\w'’]*[,.!?:]? [\"“]?\w)"
_START = r"(?:<\|start\|>\s*assistant\s*)?"
_FINAL = rf"(?:<\|end\|>)?\s*(?:{_START}<\|channel\|>\s*final\b[^<]*|<\|start\|>\s*assistant\s*)<\|message\|>"

#: The marks that models and their servers are known to write.
KNOWN: Final = (
    # DeepSeek, Qwen, GLM, MiniMax, Kimi, Phi, OLMo, SmolLM, Nemotron …; then Claude's, Gemini's and EXAONE's,
    # and those that prompts ask for
    *map(_tag, ("think", "thinking", "thoughts?", "reasoning", "scratchpad", "antthinking")),
    *map(_tag, ("seed:think", "longcat_think")),
    _pair(r"\[THINK\]", r"\[/THINK\]"),  # Magistral
    _pair("◁think▷", "◁/think▷"),  # Kimi
    _pair(r"<\|START_THINKING\|>", r"<\|END_THINKING\|>"),  # Command
    _pair(r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),  # OpenThinker
    _pair(r"<\|inner_prefix\|>", r"<\|inner_suffix\|>"),  # Apertus
    _pair(r"<\|channel>\s*thought\b", r"<channel\|>"),  # Gemma
    Marks(  # Solar
        re.compile(r"<\|think\|>"),
        re.compile(r"<\|/think\|>|<\|end\|>(?:<\|begin\|>assistant)?(?:<\|content\|>)?"),
        None,
    ),
    Marks(  # gpt-oss
        re.compile(rf"{_START}<\|channel\|>\s*(?:analysis|commentary)\b[^<]*<\|message\|>"),
        re.compile(rf"{_FINAL}|<\|end\|>(?!\s*(?:<\|start\|>|$))"),
        re.compile(_FINAL),
    ),
    Marks(  # gpt-oss where the server leaves its special tokens out: a channel's name runs into a sentence
        re.compile(rf"(?:assistant)?(?:analysis|commentary){_SENTENCE}"),
        re.compile(r"assistantfinal"),
        re.compile(rf"(?:(?<=[.!?…:\"”'’)\]\n])|\A)assistantfinal(?=\S)|\Afinal{_SENTENCE}"),
        leads=True,
    ),
    Marks(
        re.compile(r"(?:assistant)?(?:analysis|commentary)(?=\S)"),
        re.compile(r"assistantfinal"),
        None,
        leads=True,
        closes=True,
    ),
    Marks(  # Granite
        re.compile(r"Here(?:'s| is) my thought process:"),
        re.compile(r"Here(?:'s| is) my response:"),
        None,
        leads=True,
        closes=True,
    ),
)

# Special tokens of chat templates, whatever their name.
_SPECIAL = (
    r"<[|｜][\w▁:/]{1,40}[|｜]>|<\|(?:channel|turn|think)>|<(?:channel|turn)\|>|<(?:start|end)_of_turn>"
    r"|\[/?INST\]"
)

#: Any mark, and any special token; also what is left of Gemma's where those were left out. The look ahead
#: spares trying them all at each character.
ANY: Final = re.compile(
    r"(?=[<\[◁])(?:"
    + "|".join(
        [f"(?i:{marks.opening.pattern}|{marks.closing.pattern})" for marks in KNOWN if not marks.leads]
        + [_SPECIAL]
    )
    + r")|\Athought\n"
)

# Marks that are one token of their models, and those that are several.
_TOKEN = re.compile(
    r"\[/?THINK\]|</?(?:[a-z]+[:_])?think>|<\|(?:START|END)_(?:THINKING|RESPONSE)\|>"
    r"|<\|channel>|<channel\|>|<\|inner_(?:prefix|suffix)\|>"
)
_FAMILIES = (
    frozenset(("<|start|>", "<|channel|>", "<|message|>", "<|end|>")),
    frozenset(("<|think|>", "<|begin|>", "<|content|>", "<|end|>")),
)


def among(tokens: Collection[str]) -> set[str]:
    """Those of a model's special tokens that are marks of reasoning: its answer must not lose them."""
    families = (family for family in _FAMILIES if family.issubset(tokens))
    return {token for token in tokens if _TOKEN.fullmatch(token)}.union(*families)
