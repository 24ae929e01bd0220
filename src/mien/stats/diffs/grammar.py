"""The words of release gates.

::

    gate      any  |  quantity > bound  |  quantity < bound
    quantity  NAME           its change, in its unit: points of rating, a share, tokens
              |NAME|         the size of its change
              rms            the size of all changes, less noise (`mien.stats.diffs.size`)
              rank(NAME)     its rank after, 1 for the highest
              rate(NAME)     its value after, of a share
              clause(NAME)   the same, of a clause of a spec: the share of answers that meet it
              mean(NAME)     its value after, of an amount or a number
              rating(NAME)   its value after, in points: 1000 is the mean of all
    bound     a number; a change of an amount in per cent of what it was before: +20%; a rate: .05 or 5%

A gate names what must not be. ``any`` fails when anything changed. A name that holds one of ``<>|()`` or is
one of the gates' own words stands in double quotes. What a quantity's unit does not allow is refused when the
gate is held against a diff (`mien.stats.diffs.gates`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NoReturn

from mien.errors import GateError

Bounded = Literal["any", "change", "size of change", "rms", "rank", "rate", "mean", "rating"]

EXAMPLES = "any, 'warm > +50', '|warm| > 50', 'rms > 80', 'rank(warm) > 20'"
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(?![\w.])")
_WORD = re.compile(r"[^<>|()\"]+")
_QUOTED = re.compile(r'"([^"]*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One gate, as it was written and as it was read.

    Attributes:
        text: as it was written.
        quantity: what is bounded.
        trait: whose, the name as it was written; empty for ``any`` and ``rms``.
        place: where in ``text`` the name stands; ``bound_place``: where the bound does.
        above: whether it fails above the bound, rather than below it.
        bound: in the unit of what is bounded, or a rank.
        percent: whether the bound was written in per cent; ``bound`` is then a hundredth of it.
    """

    text: str
    quantity: Bounded
    trait: str = ""
    place: int = 0
    above: bool = True
    bound: float = 0.0
    bound_place: int = 0
    percent: bool = False


def parse(text: str) -> Gate:
    """Read a gate.

    Raises:
        GateError: it cannot be read; the error points to the character.
    """
    return _Reader(text).gate()


class _Reader:
    """Reads a gate from left to right. What cannot be printed counts as a space, for the caret's sake."""

    def __init__(self, text: str) -> None:
        self.text = "".join(sign if sign.isprintable() else " " for sign in text)
        self.at = 0

    def gate(self) -> Gate:
        if not self.text.strip():
            self.refuse(f"a gate is empty; write one such as {EXAMPLES}")
        quantity, trait, place = self.quantity()
        if quantity == "any":
            self.end("any takes no bound")
            return Gate(text=self.text, quantity="any")
        above = self.direction()
        self.skip()
        bound_place, bound = self.at, self.number()
        percent_place = self.at
        if percent := self.take("%"):
            if quantity in {"rms", "rank", "mean", "rating"}:
                self.at = percent_place
                self.refuse(f"a {quantity} takes no per cent")
            bound /= 100
        self.end("the gate should end here")
        return Gate(
            text=self.text,
            quantity=quantity,
            trait=trait,
            place=place,
            above=above,
            bound=bound,
            bound_place=bound_place,
            percent=percent,
        )

    def quantity(self) -> tuple[Bounded, str, int]:
        if self.take("|"):
            trait, place, _ = self.name()
            self.expect("|", f"the size of a change is written |{trait}|")
            return "size of change", trait, place
        name, place, quoted = self.name()
        word = "" if quoted else name
        match word:
            case "any" | "rms":
                return word, "", place
            case "rank":
                self.expect("(", "a rank is that of a trait: rank(warm) > 20")
                return word, *self.argument(word)
            case "rate" | "mean" | "rating" if self.take("("):  # without, a trait may be called mean
                return word, *self.argument(word)
            case "clause" if self.take("("):
                return "rate", *self.argument(word)
            case _:
                return "change", name, place

    def argument(self, word: str) -> tuple[str, int]:
        """The name before a closing parenthesis, and where it stands."""
        name, place, _ = self.name()
        self.expect(")", f"a {word} is written {word}({name})")
        return name, place

    def name(self) -> tuple[str, int, bool]:
        """A name, where it stands, and whether in quotes."""
        self.skip()
        place = self.at
        if quoted := _QUOTED.match(self.text, self.at):
            self.at = quoted.end()
            return quoted[1], place, True
        if self.text[self.at : self.at + 1] == '"':
            self.refuse("these quotes are not closed")
        word = _WORD.match(self.text, self.at)
        if word is None:
            self.refuse("a trait's name should stand here")
        self.at = word.end()
        return word[0].rstrip(), place, False

    def direction(self) -> bool:
        if self.take(">") or self.take("<"):
            above = self.text[self.at - 1] == ">"
            if self.text[self.at : self.at + 1] == "=":
                self.refuse("write > or <: an estimate never lies right on a bound")
            return above
        return self.refuse(
            "a bound should stand here, such as > 50; in a shell, put the whole gate in quotes"
        )

    def number(self) -> float:
        number = _NUMBER.match(self.text, self.at)
        if number is None:
            self.refuse("a number should stand here, such as 50, +50 or -50")
        self.at = number.end()
        return float(number[0])

    def end(self, problem: str) -> None:
        self.skip()
        if self.at < len(self.text):
            self.refuse(problem)

    def expect(self, sign: str, problem: str) -> None:
        if not self.take(sign):
            self.refuse(f"{sign!r} should stand here: {problem}")

    def take(self, sign: str) -> bool:
        self.skip()
        found = self.text.startswith(sign, self.at)
        self.at += len(sign) * found
        return found

    def skip(self) -> None:
        self.at += len(self.text[self.at :]) - len(self.text[self.at :].lstrip())

    def refuse(self, problem: str) -> NoReturn:
        raise GateError(problem, self.text, self.at)
