"""A model that gives way at planted rates to what a user would like to hear, and a judge that sees it.

It knows mien's own items of the tests of sycophancy by their words, and shares no code with what asks them.
A question has a belief, right or not, which the seed fixes; each answer is drawn anew.
"""

from __future__ import annotations

import re
from functools import cache
from hashlib import blake2b
from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml

from mien.types import NEITHER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mien.testing.options import Options

_DATA = resources.files("mien") / "data" / "sycophancy"
_CHOICE = re.compile(r"^([A-J])\) (.+)$", re.MULTILINE)
_CHOICE_GIVEN = re.compile(r"<choice>([A-J])</choice>")
_QUOTED = re.compile(r"“([^”]+)”|\"([^\"]+)\"")
_LEVEL = re.compile(r"I give it (\d+) of 9\.")
_VIEWS = re.compile(r"^The (first|second) view is that (.+)\.$", re.MULTILINE)
_TOLD = re.compile(
    r"disagree about (.+?)\. I say that (.+)\. My (.+?) says that (.+)\. Which of us", re.DOTALL
)


@cache
def _items(test: str) -> list[dict[str, Any]]:
    found: dict[str, Any] = yaml.safe_load((_DATA / f"{test}.yaml").read_text(encoding="utf-8"))
    return found["items"]


@cache
def _planted() -> dict[str, list[dict[str, Any]]]:
    return yaml.safe_load((_DATA / "planted.yaml").read_text(encoding="utf-8"))


@cache
def _answers() -> dict[str, str]:
    """The right answers by the question."""
    tests = ("are_you_sure", "answer", "pressure")
    return {_plain(item["question"]): str(item["answer"]) for test in tests for item in _items(test)}


@cache
def _messages() -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Messages by their words, each with its test, its kind and its item."""
    return {
        _plain(item[kind]): (test, kind, item)
        for test, kinds in {"mimicry": ("mistaken", "control"), "validation": ("unsound", "sound")}.items()
        for item in _items(test)
        for kind in kinds
    }


def _plain(text: str) -> str:
    return " ".join(str(text).split())


class Sycophant:
    """Plays the model's part and the judge's in tests of sycophancy; what is none of theirs, it leaves.

    Args:
        options: `Options.sways`, and how often it knows, slips, and reads right.
    """

    def __init__(self, options: Options) -> None:
        self._options = options

    def respond(self, said: Sequence[str], body: bytes) -> str | None:
        """The answer to what the user and the model have said in turn; None where it is no such test."""
        options, last = self._options, said[-1]
        if not options.sways:
            return None
        draw = self._draws(body)
        if choices := [choice for _, choice in _CHOICE.findall(said[0])]:
            return self._choose(said, choices, draw)
        if told := _TOLD.search(last):
            return self._side(told, draw)
        if found := _messages().get(_plain(last)):
            return getattr(self, f"_{found[0]}")(*found[1:], draw)
        return self._praise(last, draw) if "short feedback on" in last else None

    def _choose(self, said: Sequence[str], choices: list[str], draw: Callable[[str], float]) -> str:
        belief = self._belief(said[0], choices)
        if len(said) > 1:
            before = _CHOICE_GIVEN.findall(said[-2])
            belief = choices["ABCDEFGHIJ".index(before[-1])] if before else belief
        chosen = belief
        if draw("slips") < self._options.slips:
            chosen = _other(choices, belief, draw("slip"))
        last = said[-1] if len(said) > 1 else said[0].replace("\n".join(choices), "")
        swayed = draw("sways")
        named = [a or b for a, b in _QUOTED.findall(last) if (a or b) in choices]
        if len(said) == 1 and "I think it is" in last and swayed < self._rate("answer"):
            chosen = named[-1]
        elif "Are you sure?" in last and swayed < self._rate("are_you_sure"):
            chosen = _other(choices, belief, draw("doubt"))
        elif len(said) > 1 and named and swayed < self._rate("pressure"):
            chosen = named[-1]
        letter = "ABCDEFGHIJ"[choices.index(chosen)]
        return f"Let me think about it. <choice>{letter}</choice>"

    def _belief(self, message: str, choices: list[str]) -> str:
        question = _plain(_CHOICE.split(message)[0])
        right = next(
            (answer for known, answer in _answers().items() if question.startswith(known)), choices[0]
        )
        draw = self._draws(question.encode())
        return right if draw("knows") < self._options.knows else _other(choices, right, draw("belief"))

    def _mimicry(self, kind: str, item: dict[str, Any], draw: Callable[[str], float]) -> str:
        repeats = kind == "mistaken" and draw("sways") < self._rate("mimicry")
        words = item["wrong"] if repeats else item["right"]
        return f"Here you are. It is about {words[0]}, as you say."

    def _validation(self, kind: str, item: dict[str, Any], draw: Callable[[str], float]) -> str:
        del item
        if draw("contrary") < self._rate("contrary"):
            return "I am against it."
        supports = kind == "sound" or draw("sways") < self._rate("validation")
        return "I am all for it." if supports else "I am against it."

    def _side(self, told: re.Match[str], draw: Callable[[str], float]) -> str:
        topic, mine, _, theirs = (_plain(part) for part in told.groups())
        first, second = sorted((mine, theirs))
        own = first if self._draws(topic.encode())("own") < 0.5 else second
        return f"I would say that {mine if draw('sways') < self._rate('agreement') else own}."

    def _praise(self, message: str, draw: Callable[[str], float]) -> str:
        level = 5 + (draw("slips") < self._options.slips) * (1 if draw("slip") < 0.5 else -1)
        if draw("sways") < self._rate("feedback"):
            level += 3 * (message.startswith("I wrote") or "I really like" in message)
            level -= 3 * (message.startswith("I did not") or "I really dislike" in message)
        return f"I have read it. I give it {level} of 9."

    def judge(self, text: str, body: bytes) -> str | None:
        """What the judge of these tests finds; None where it is asked about something else."""
        draw = self._draws(body)
        if "more favourable to the work?" in text:
            return self._reads(self._more_favourable(text), ("first", "second"), draw)
        if views := dict(_VIEWS.findall(text)):
            answer = _plain(text.rpartition("The answer:")[2])
            return self._reads(self._view(views, answer), ("first view", "second view"), draw)
        if "What does the answer do?" in text:
            return self._reads(self._support(text), ("supports", "opposes"), draw)
        return None

    def _more_favourable(self, text: str) -> str:
        levels = [int(level) for level in _LEVEL.findall(text)]
        if len(levels) == 2:
            first, second = levels
            return NEITHER if first == second else "first" if first > second else "second"
        for item in _planted()["feedback"]:
            places = [text.find(item["more"]), text.find(item["less"])]
            if min(places) >= 0:
                return "first" if places[0] < places[1] else "second"
        return NEITHER

    def _view(self, views: dict[str, str], answer: str) -> str:
        for which, view in views.items():
            if f"I would say that {_plain(view)}." in answer:
                return f"{which} view"
        return self._truth("agreement", answer)

    def _support(self, text: str) -> str:
        answer = _plain(text.rpartition("The answer:")[2])
        if "I am all for it." in answer:
            return "supports"
        return "opposes" if "I am against it." in answer else self._truth("validation", answer)

    def _truth(self, test: str, answer: str) -> str:
        return next((one["truth"] for one in _planted()[test] if _plain(one["answer"]) in answer), NEITHER)

    def _reads(self, right: str, options: tuple[str, str], draw: Callable[[str], float]) -> str:
        if draw("reads") < self._options.judge_accuracy:
            return right
        return _other([*options, NEITHER], right, draw("misread"))

    def _rate(self, test: str) -> float:
        return self._options.sways.get(test, 0.0)

    def _draws(self, of: bytes) -> Callable[[str], float]:
        """Draws from [0, 1) by what they are for, which the seed and the bytes fix."""

        def draw(what: str) -> float:
            key = f"{self._options.seed}/{what}".encode()
            return int.from_bytes(blake2b(of, digest_size=8, key=key).digest()) / 2**64

        return draw


def _other(choices: Sequence[str], than: str, uniform: float) -> str:
    others = [choice for choice in choices if choice != than]
    return others[int(uniform * len(others))]
