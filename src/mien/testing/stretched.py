"""A model whose manner moves by planted amounts as it is told, and a judge that sees by how much.

It knows mien's own words of ``mien breadth character``, and shares no code with what says them. A reply holds
the trait's codeword with the level at which it stands, in natural log odds; one without a word stands at 0 in
every trait.
"""

from __future__ import annotations

import math
import re
from functools import cache
from hashlib import blake2b
from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml

from mien.types import NEITHER

if TYPE_CHECKING:
    from collections.abc import Callable

    from mien.testing.options import Options

_DATA = resources.files("mien") / "data" / "breadth"
_STANDS = re.compile(r"\bI stand at ([+-]\d+\.\d+) of (\w+)\.")
_REPLIES = re.compile(
    r"<first (\w+)>\n(.*)\n</first \1>\s+The second.*?<second \1>\n(.*)\n</second \1>", re.DOTALL
)
_MANNER = re.compile(r"The manner:\n- ([^:\n]+)")
_MESSAGE = re.compile(r"<message (\w+)>\n(.*)\n</message \1>", re.DOTALL)
_EXCERPT = 60  # characters


@cache
def _told() -> dict[str, int]:
    """The levels by the words after the trait."""
    texts: dict[str, Any] = yaml.safe_load((_DATA / "wording.yaml").read_text(encoding="utf-8"))["told"]
    sides = ((1, texts["up"]), (-1, texts["down"]))
    return {
        _plain(text.rpartition("{trait}")[2]): sign * strength
        for sign, of_side in sides
        for strength, text in enumerate(of_side, 1)
    }


@cache
def _planted() -> list[tuple[str, str, str, str]]:
    """Trait, prompt, and the replies that show more of it and less."""
    entries = yaml.safe_load((_DATA / "planted.yaml").read_text(encoding="utf-8"))
    return [
        (entry["trait"], _plain(pair["prompt"]), _plain(pair["more"]), _plain(pair["less"]))
        for entry in entries
        for pair in entry["pairs"]
    ]


def _plain(text: str) -> str:
    return " ".join(text.split())


class Stretched:
    """Plays the model's part and the judge's as a character is stretched; what is none of it, it leaves.

    Args:
        options: `Options.stretches`, ``blind_to``, ``strays``, ``judge_accuracy`` and ``judge_first``.
    """

    def __init__(self, options: Options) -> None:
        self._options = options

    def respond(self, briefing: str, prompt: str, body: bytes) -> str | None:
        """The reply to a prompt; None where there is nothing to stretch."""
        options = self._options
        if not options.stretches:
            return None
        level = next((level for words, level in _told().items() if _plain(briefing).endswith(words)), 0)
        told = next((name for name in options.stretches if f"\n- {name}" in briefing), "")
        if abs(level) == 3 and self._draws(body)("strays") < options.strays:
            return "I would rather speak of the weather."
        text = f"You asked: “{_plain(prompt)[:_EXCERPT]}”. Here is what I make of it."
        if not level:
            return text
        return f"{text} I stand at {level * options.stretches.get(told, 0.0):+.3f} of {_key(told)}."

    def judge(self, text: str, body: bytes) -> str | None:
        """What the judge finds; None where it is asked about something else."""
        draw = self._draws(body)
        if "Which reply shows more of it?" in text and (replies := _REPLIES.search(text)):
            manner = _MANNER.findall(text)
            return self._more(manner[-1] if manner else "", replies[2], replies[3], draw)
        if "Does the reply deal with what the message asks?" in text:
            return "deals with it" if self._deals(text) else "does not"
        return None

    def _more(self, trait: str, first: str, second: str, draw: Callable[[str], float]) -> str:
        planted = next((pair for pair in _planted() if {_plain(first), _plain(second)} == {*pair[2:]}), None)
        if trait in self._options.blind_to:
            odds = 0.0
        elif planted is not None:
            right = _plain(first) == planted[2]
            if draw("planted") >= self._options.judge_accuracy:
                return NEITHER
            return "first" if right else "second"
        else:
            odds = _level(first, trait) - _level(second, trait)
        odds += self._options.judge_first
        return "first" if draw("more") < 1 / (1 + math.exp(-odds)) else "second"

    def _deals(self, text: str) -> bool:
        message = _MESSAGE.search(text)
        asked = _plain(message[2]) if message else ""
        reply = _plain(text.rpartition("The reply:")[2])
        if f"You asked: “{asked[:_EXCERPT]}”" in reply:
            return True
        return any(asked == prompt and more in reply for _, prompt, more, _ in _planted())

    def _draws(self, of: bytes) -> Callable[[str], float]:
        """Draws from [0, 1) by what they are for, which the seed and the bytes fix."""

        def draw(what: str) -> float:
            key = f"{self._options.seed}/{what}".encode()
            return int.from_bytes(blake2b(of, digest_size=8, key=key).digest()) / 2**64

        return draw


def _level(reply: str, trait: str) -> float:
    return sum(float(level) for level, key in _STANDS.findall(reply) if key == _key(trait))


def _key(trait: str) -> str:
    return f"K{blake2b(trait.encode(), digest_size=4).hexdigest()}"
