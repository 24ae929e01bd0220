"""An evaluation gone through without a call: what it would still ask, and of whom."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from hashlib import blake2b
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, Final

from mien.evals.conduct import Place, after_system, require_free
from mien.evals.evaluation import evaluations
from mien.evals.generation import sampling
from mien.measurement.cost import (
    CHARS_PER_TOKEN,
    SECONDS_OF_RESPONSE,
    SECONDS_OF_VERDICT,
    TOKENS_OF_RESPONSE,
    TOKENS_OF_VERDICT,
    Load,
)
from mien.store.schema import is_store
from mien.store.store import Store
from mien.types import Call

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from mien.evals.conduct import EvaluationPlan, Script
    from mien.evals.item import Item
    from mien.instruments.judges import Ask
    from mien.measurement.cost import Part
    from mien.models import Model
    from mien.store.records import Answered
    from mien.types import Request, Verdict

#: What takes the items of an evaluation of a kind through their questions, by its name.
SCRIPTS: Final = {
    "breadth": "breadth.evaluate:script",
    "diversity": "diversity.drawing:script",
    "spec": "spec.evaluate:script",
    "sycophancy": "sycophancy.evaluate:script",
    "views": "views.evaluate:script",
}

#: What items are called that only the judge is asked about.
KNOWN: Final = "known answers"


@dataclass(slots=True)
class Group:
    """Items of one test, and what is still asked about them.

    Attributes:
        items: how many there are.
        answers: of the model under test, still to be given.
        readings: of the judge, still to be made.
    """

    items: int = 0
    answers: int = 0
    readings: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What an evaluation would still ask, at most.

    Attributes:
        planned: the evaluation.
        done: of its items, those about which nothing is left to ask.
        groups: by test; items that only the judge is asked about are together, as `KNOWN`.
        stored: answers and readings that the store has.
        answers: what the model under test is asked.
        readings: what the judge is asked.
    """

    planned: EvaluationPlan
    done: int
    groups: Mapping[str, Group]
    stored: int
    answers: Load
    readings: Load

    @property
    def calls(self) -> int:
        """Of model and judge together, without retries."""
        return self.answers.calls + self.readings.calls

    @property
    def parts(self) -> list[Part]:
        """Who is asked, for how much, and how many seconds a call takes."""
        loads = ((self.answers, SECONDS_OF_RESPONSE), (self.readings, SECONDS_OF_VERDICT))
        return [(spec, *load) for spec, load in zip(self.planned.models, loads, strict=False)]


def rehearse(planned: EvaluationPlan, path: Path) -> Rehearsal:
    """Go through an evaluation, each item by the longest way; what the store has is left out.

    It has the answers of this evaluation, and those of others of its kind that asked the same model the same
    items in the same way; and what the judge read for any model in answers that are known.

    Args:
        planned: what is to be asked.
        path: the store; where there is none, nothing is begun.

    Raises:
        RunConflict: the store has another evaluation of this name, or a run.
        StoreError: the store cannot be read.
    """
    known: dict[tuple[str, Place, str], Answered] = {}
    if is_store(path):
        with Store(path, read_only=True) as store:
            require_free(store, planned)
        known = _known(planned, path)
    return asyncio.run(_through(planned, known))


def _known(planned: EvaluationPlan, path: Path) -> dict[tuple[str, Place, str], Answered]:
    """What the store has of these items, by item, place and reader."""
    asked = {item.key for item in planned.items}
    found: dict[tuple[str, Place, str], Answered] = {}
    for one in evaluations(path, planned.kind):
        if one.settings.get("wording") != planned.settings.get("wording"):
            continue
        alike = one.record.model == planned.model and _way(one.settings) == _way(planned.settings)
        for key, answers in one.answers().items():
            if key in asked and (alike or all(answer.place.reader for answer in answers)):
                for answer in answers:
                    at = answer.place
                    if not answer.failure:
                        found[key, Place(at.condition, at.turn, at.sample), at.reader] = answer
    return found


def _way(settings: Mapping[str, Any]) -> tuple[object, ...]:
    return sampling(settings), settings.get("system")


async def _through(planned: EvaluationPlan, known: Mapping[tuple[str, Place, str], Answered]) -> Rehearsal:
    script: Script = resolve_name(f"mien.evals.{SCRIPTS[planned.kind]}")(planned, _Unasked)
    most = sampling(planned.settings).max_tokens or TOKENS_OF_RESPONSE
    answers = _Asked(tokens=min(TOKENS_OF_RESPONSE, most))
    readings = _Asked(tokens=TOKENS_OF_VERDICT)
    if known:  # what an item was asked, another may ask alike, also one before it
        for item in planned.items:
            await script(item, _Supposed(item, planned.system, known, answers, readings))
        answers.forget()
        readings.forget()
    groups: dict[str, Group] = {}
    done = stored = 0
    for item in planned.items:
        asking = _Supposed(item, planned.system, known, answers, readings)
        await script(item, asking)
        group = groups.setdefault(item.test if asking.of_model else KNOWN, Group())
        group.items += 1
        group.answers += asking.group.answers
        group.readings += asking.group.readings
        done += not (asking.group.answers or asking.group.readings)
        stored += asking.stored
    if KNOWN in groups:
        groups[KNOWN] = groups.pop(KNOWN)  # the last: it is there for the judge's sake
    return Rehearsal(
        planned=planned,
        done=done,
        groups=groups,
        stored=stored,
        answers=answers.load,
        readings=readings.load,
    )


@dataclass(slots=True, kw_only=True)
class _Asked:
    """Requests to one model; what is asked twice alike is asked once.

    Attributes:
        tokens: of an answer, as it is assumed.
        chars: of all new requests.
        new: their keys.
        known: what was answered to requests that the store has, by their keys.
    """

    tokens: int
    chars: int = 0
    new: set[bytes] = field(default_factory=set[bytes])
    known: dict[bytes, Call] = field(default_factory=dict[bytes, Call])

    def take(self, request: Request, held: Call | None) -> tuple[Call, bool, bool]:
        """An answer, or what stands for one; whether the store has it; and whether it is the first such.

        Args:
            request: what is asked.
            held: its answer, where that is known to be there.
        """
        said = "\n".join((request.text, *(one["content"] for one in request.messages)))
        key = blake2b(f"{request.replicate} {request.continuation}\n{said}".encode(), digest_size=16).digest()
        if held:
            self.known[key] = held
        if call := self.known.get(key):
            return call, True, False
        if first := key not in self.new:
            self.new.add(key)
            self.chars += len(said)
        # Answers differ as what is asked does: a judge is shown as many.
        return _call(key.hex().ljust(self.tokens * CHARS_PER_TOKEN)), False, first

    def forget(self) -> None:
        """What is new is to be counted again."""
        self.chars = 0
        self.new.clear()

    @property
    def load(self) -> Load:
        n = len(self.new)
        return Load(n, self.chars // CHARS_PER_TOKEN, n * self.tokens)


class _Supposed:
    """Asks about one item, and nobody: an `Asking` that counts."""

    def __init__(
        self,
        item: Item,
        system: str,
        known: Mapping[tuple[str, Place, str], Answered],
        answers: _Asked,
        readings: _Asked,
    ) -> None:
        self._item, self._system, self._known = item, system, known
        self._answers, self._readings = answers, readings
        self._all_known = True
        self.group, self.stored, self.of_model = Group(), 0, False

    async def answer(self, place: Place, request: Request) -> Call:
        """See `mien.evals.conduct.Asking`."""
        self.of_model = True
        found = self._known.get((self._item.key, place, ""))
        held = _call(found.text, found.finish_reason) if found else None
        call, there, first = self._answers.take(after_system(self._system, request), held)
        self.stored += there
        self.group.answers += first
        self._all_known &= there
        return call

    async def reading(
        self, place: Place, reader: str, read: Callable[[Ask], Awaitable[Verdict | Call]]
    ) -> str:
        """See `mien.evals.conduct.Asking`."""
        found = self._known.get((self._item.key, place, reader))
        held = _call(found.text) if found else None
        taken: list[tuple[bool, bool]] = []

        async def ask(_: Model, request: Request) -> Call:
            taken.append(self._readings.take(request, held)[1:])
            return _NO_ANSWER

        await read(ask)
        there = all(there for there, _ in taken)
        self.stored += there
        self.group.readings += any(first for _, first in taken)
        self._all_known &= there
        return found.place.chosen if found else "supposed"

    def ends(self, *, where: bool) -> bool:
        """An item goes the longest way, unless it is known that it did not."""
        return where and self._all_known


def _call(text: str, finish_reason: str = "") -> Call:
    return Call(key="", endpoint="", model="", text=text, finish_reason=finish_reason)


_NO_ANSWER: Final = Call(key="", endpoint="", model="", failure="nobody is asked")


class _Unasked:
    """A model that is never asked, in place of one that would have to be opened."""

    supports_schema: bool | None = False  # a judge asks it once for a verdict, as it does one that it knows

    def __init__(self, spec: str) -> None:
        self.name = self.model = self.address = spec
        self.places = (spec,)
        self.learnt: dict[str, str] = {}

    def key(self, request: Request) -> str:
        """None: nothing that it says is kept."""
        return ""

    async def complete(self, request: Request) -> Call:
        """It answers nothing."""
        return _NO_ANSWER
