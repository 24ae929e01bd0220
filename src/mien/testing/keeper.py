"""A model that keeps to what a spec requires at planted rates, and the judge that sees it.

It says outright whether it does; the judge reads that, and knows the examples of a spec by their words. It
shares no code with what asks them.
"""

from __future__ import annotations

import re
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from mien.testing.options import Options

KEPT, BROKEN = "I have kept to what is required.", "I have done otherwise."
_QUESTIONS = {"Is the answer as the clause requires?": ("meets", "breaks"), "The question: ": ("yes", "no")}
_ANSWER = re.compile(r"<answer (\w+)>\n(.*)\n</answer \1>", re.DOTALL)


class Keeper:
    """Plays the model's part and the judge's where a spec is run; what is none of it, it leaves.

    Args:
        options: `Options.keeps`, `Options.examples`, and how often the judge reads right.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._keeps = [(re.compile(pattern.encode()), rate) for pattern, rate in options.keeps.items()]

    def respond(self, body: bytes) -> str | None:
        """An answer that keeps to what is required, or does not; None where no rate is planted."""
        rate = next((rate for pattern, rate in self._keeps if pattern.search(body)), None)
        if rate is None:
            return None
        mark = blake2b(body, digest_size=3).hexdigest()  # answers to other requests are other answers
        return f"Here is answer {mark}. {KEPT if self._draw('keeps', body) < rate else BROKEN}"

    def judge(self, text: str, body: bytes) -> str | None:
        """What the judge says of an answer; None where it is asked about something else."""
        options = next((names for said, names in _QUESTIONS.items() if said in text), None)
        answer = _ANSWER.search(text)
        if options is None or answer is None:
            return None
        meets, breaks = options
        good = self._good(answer[2])
        if good is None:
            return "neither"
        right = self._draw("reads", body) < self._options.judge_accuracy
        return meets if good == right else breaks

    def _good(self, answer: str) -> bool | None:
        if KEPT in answer or BROKEN in answer:
            return KEPT in answer
        return self._known.get(_plain(answer))

    @cached_property
    def _known(self) -> dict[str, bool]:
        """Which examples are good, by their words."""
        if not self._options.examples:
            return {}
        document: dict[str, Any] = yaml.safe_load(Path(self._options.examples).read_text(encoding="utf-8"))
        return {
            _plain(example["answer"]): side == "good"
            for clause in document["clauses"]
            for side in ("good", "bad")
            for example in clause.get(side, ())
        }

    def _draw(self, what: str, body: bytes) -> float:
        """A draw from [0, 1) that the seed and the bytes fix."""
        key = f"{self._options.seed}/{what}".encode()
        return int.from_bytes(blake2b(body, digest_size=8, key=key).digest()) / 2**64


def _plain(text: str) -> str:
    return " ".join(str(text).split())
