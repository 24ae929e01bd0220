"""Release gates: bounds on what may change, and whether a diff keeps them.

::

    gate      any  |  quantity > number  |  quantity < number
    quantity  TRAIT          its change, in points of rating
              |TRAIT|        the size of its change
              rms            the size of all changes, less noise (`mien.stats.diffs.size`)
              rank(TRAIT)    its rank in the run after, 1 for the highest rating

A gate names what must not be. ``any`` fails when any trait changed. A trait whose name holds one of ``<>|()``
or is one of the gates' own words stands in double quotes.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NoReturn, TypedDict, get_args

import numpy as np

from mien.errors import GateError, UsageError
from mien.stats.diffs import influence
from mien.stats.diffs.jackknife import Jackknife
from mien.stats.profiles import ranks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mien.stats.diffs.difference import Diff

Quantity = Literal["any", "change", "size of change", "rms", "rank"]
Status = Literal["passed", "undecided", "failed"]
FailWhen = Literal["certain", "likely"]

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
        trait: whose, as it was written; empty for ``any`` and ``rms``.
        place: where in ``text`` the trait stands; ``bound_place``: where the bound does.
        above: whether it fails above the bound, rather than below it.
        bound: in points of rating, or a rank.
    """

    text: str
    quantity: Quantity
    trait: str = ""
    place: int = 0
    above: bool = True
    bound: float = 0.0
    bound_place: int = 0


class Without(TypedDict):
    """The prompt that pulls a gate's quantity most, and what the gate would be without it.

    ``flips`` says that the gate fails on account of this one prompt, or passes on account of it.
    """

    prompt: str
    estimate: float
    status: Status
    flips: bool


class _Measured(TypedDict):
    status: Status
    estimate: float
    low: float | None
    high: float | None
    reason: str


class Outcome(_Measured):
    """What became of a gate. For ``any`` the estimate is the number of changed traits, without interval."""

    gate: str
    without: Without


def parse(text: str) -> Gate:
    """Read a gate.

    Raises:
        GateError: it cannot be read; the error points to the character.
    """
    return _Reader(text).gate()


def check(found: Diff, gates: Sequence[str | Gate], *, fail_when: FailWhen = "certain") -> list[Outcome]:
    """Hold a diff against gates, in their order.

    A gate is judged on the interval of its quantity: under ``certain`` it fails when the whole interval lies
    beyond the bound, and is undecided, which lets it pass, when the interval holds the bound. Under
    ``likely`` the estimate decides: beyond the bound, the quantity is more likely there than not. ``any`` is
    judged by the false-discovery rate (and the margin) of the diff under both. Gates are judged one by one:
    more gates fail by chance more often.

    Args:
        found: the diff.
        gates: as text, or read already.
        fail_when: ``certain`` or ``likely``.

    Raises:
        GateError: a gate cannot be read, names no trait of the diff, or can never be decided.
        UsageError: there is no such ``fail_when``.
    """
    if fail_when not in get_args(FailWhen):
        raise UsageError(f"gates fail when {' or '.join(get_args(FailWhen))}, not {fail_when!r}")
    read = [gate if isinstance(gate, Gate) else parse(gate) for gate in gates]
    items = [_item(found, gate) for gate in read]
    if not read:
        return []
    jackknife = Jackknife.of(found.before.fit, found.after.fit)
    return [_outcome(found, gate, item, fail_when, jackknife) for gate, item in zip(read, items, strict=True)]


def _outcome(found: Diff, gate: Gate, item: int, fail_when: FailWhen, jackknife: Jackknife) -> Outcome:
    whole = _measure(found, gate, item, fail_when)
    pull = _pull(found, gate, item, jackknife)
    grows = gate.above if gate.quantity != "any" else True
    back = (whole["status"] == "failed") == grows  # whether a smaller quantity would turn the gate
    row = int(np.argmax(pull) if back else np.argmin(pull))
    less = _measure(influence.leave_out(found, jackknife.clusters[row]), gate, item, fail_when)
    without = Without(
        prompt=str(jackknife.clusters[row]),
        estimate=less["estimate"],
        status=less["status"],
        flips=(less["status"] == "failed") != (whole["status"] == "failed"),
    )
    return Outcome(gate=gate.text, **whole, without=without)


def _measure(found: Diff, gate: Gate, item: int, fail_when: FailWhen) -> _Measured:
    if gate.quantity == "any":
        names = [row["trait"] for row in found.rows if row["changed"]]
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        return _Measured(
            status="failed" if names else "passed",
            estimate=float(len(names)),
            low=None,
            high=None,
            reason=f"changed: {', '.join(names[:8])}{more}" if names else "no trait changed",
        )
    estimate, low, high = _interval(found, gate, item)
    certainly, likely, not_beyond = (
        (low > gate.bound, estimate > gate.bound, high <= gate.bound)
        if gate.above
        else (high < gate.bound, estimate < gate.bound, low >= gate.bound)
    )
    number, bound = ("{:+.0f}", "{:+g}") if gate.quantity == "change" else ("{:.0f}", "{:g}")
    beyond = f"{'above' if gate.above else 'below'} {bound.format(gate.bound)}"
    status: Status
    if fail_when == "likely":
        status = "failed" if likely else "passed"
        verdict = f"the estimate {'lies' if likely else 'does not lie'} {beyond}"
    elif certainly:
        status, verdict = "failed", f"the whole interval lies {beyond}"
    elif not_beyond:
        status, verdict = "passed", f"no part of the interval lies {beyond}"
    else:
        status, verdict = "undecided", f"not certain, for the interval holds {bound.format(gate.bound)}"
    figures = f"{number.format(estimate)} ({number.format(low)} … {number.format(high)})"
    return _Measured(status=status, estimate=estimate, low=low, high=high, reason=f"{figures}: {verdict}")


def _interval(found: Diff, gate: Gate, item: int) -> tuple[float, float, float]:
    """Estimate and ends of the interval of what a gate bounds."""
    if gate.quantity == "rms":
        return found.size["rms"], found.size["low"], found.size["high"]
    if gate.quantity == "rank":
        fit, n = found.after.fit, len(found.traits)
        taken = ranks.rank(
            fit.scores,
            fit.covariance[:n, :n],
            item,
            df=fit.n_clusters - 1,
            confidence_level=found.confidence_level,
        )
        return float(taken.rank), float(taken.low), float(taken.high)
    estimate, low, high = (float(values[item]) for values in (found.delta, found.low, found.high))
    if gate.quantity == "size of change":
        return abs(estimate), max(low, -high, 0.0), max(abs(low), abs(high))
    return estimate, low, high


def _pull(found: Diff, gate: Gate, item: int, jackknife: Jackknife) -> NDArray[np.float64]:
    """(C,) how far each prompt pulls up what a gate bounds; its sign is what matters, and its order."""
    if gate.quantity == "rms":
        scores = found.after.fit.scores - found.before.fit.scores
        pulls = ((score, jackknife.pull(i), jackknife.share(i)) for i, score in enumerate(scores.tolist()))
        return np.sum([2 * score * pull - pull**2 - share for score, pull, share in pulls], axis=0)
    if gate.quantity == "rank":
        after = found.after.fit
        pull = dict(zip(after.clusters.tolist(), after.gradients @ after.bread[:, item], strict=True))
        return -np.array([pull.get(prompt, 0.0) for prompt in jackknife.clusters])
    pull = jackknife.pull(item)
    return pull * np.sign(found.delta[item]) if gate.quantity in {"any", "size of change"} else pull


def _item(found: Diff, gate: Gate) -> int:
    """Index of the trait that decides a gate: for ``any`` the one nearest to a change, for ``rms`` none.

    Raises:
        GateError: the diff has no such trait, or the bound cannot be reached.
    """
    n = len(found.traits)
    if gate.quantity == "any":
        open_ = ~found.unchanged if (~found.unchanged).any() else np.ones(n, dtype=np.bool_)
        return int(np.argmin(np.where(open_, found.p, np.inf)))
    if gate.quantity == "rank" and not 1 <= gate.bound <= n:
        raise GateError(f"ranks go from 1 to {n} here", gate.text, gate.bound_place)
    if gate.quantity in {"rms", "size of change"} and gate.bound < 0:
        raise GateError("a size is never below 0", gate.text, gate.bound_place)
    if gate.quantity == "rms":
        return 0
    folded = {" ".join(name.casefold().split()): i for i, name in enumerate(found.traits)}
    item = folded.get(" ".join(gate.trait.casefold().split()))
    if item is None:
        near = difflib.get_close_matches(gate.trait, found.traits, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(found.traits[:8])} …"
        raise GateError(f"no trait named {gate.trait!r}; {hint}", gate.text, gate.place)
    return item


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
        self.end("the gate should end here")
        return Gate(
            text=self.text,
            quantity=quantity,
            trait=trait,
            place=place,
            above=above,
            bound=bound,
            bound_place=bound_place,
        )

    def quantity(self) -> tuple[Quantity, str, int]:
        if self.take("|"):
            trait, place, _ = self.name()
            self.expect("|", f"the size of a change is written |{trait}|")
            return "size of change", trait, place
        name, place, quoted = self.name()
        if quoted or name not in {"any", "rms", "rank"}:
            return "change", name, place
        if name == "rank":
            self.expect("(", "a rank is that of a trait: rank(warm) > 20")
            trait, place, _ = self.name()
            self.expect(")", f"a rank is written rank({trait})")
            return "rank", trait, place
        return ("any", "", place) if name == "any" else ("rms", "", place)

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
