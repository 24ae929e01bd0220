"""An evaluation carried out: every item is taken through its questions, and goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from mien.errors import RunConflict, UsageError
from mien.models.prefixes import BASE
from mien.names import require_visible
from mien.store.records import Asked, EvaluationInfo
from mien.types import UNREADABLE, Call

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from mien.evals.item import Item
    from mien.instruments.judges import Ask
    from mien.measurement.calls import Calls, Progress
    from mien.measurement.session import Session
    from mien.models import Model
    from mien.store.records import EvaluationRecord
    from mien.store.store import Store
    from mien.types import Message, Request, Verdict


@dataclass(frozen=True, kw_only=True)
class EvaluationPlan:
    """What is to be evaluated, and how.

    Attributes:
        name: of the evaluation, in its store.
        kind: ``sycophancy``, …
        model: the model under test.
        judge: who reads its answers; empty where nobody does.
        settings: all else that the answers depend on, by name; JSON can hold it. ``system`` is the system
            prompt that stands before every conversation with the model under test.
        items: what is asked, each once.
        growing: settings that may change as an evaluation goes on, such as how many samples are drawn.
    """

    name: str
    kind: str
    model: str
    judge: str
    settings: Mapping[str, object]
    items: tuple[Item, ...]
    growing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for what, name in (("evaluation", self.name), ("model", self.model), ("judge", self.judge)):
            require_visible(name, f"name of {'an' if what[0] == 'e' else 'a'} {what}")
        keys = [(item.test, item.id) for item in self.items]
        if not keys:
            raise UsageError(f"{self.kind} has no items to ask")
        if self.system and self.model.startswith(BASE):
            raise UsageError(f"{self.model} is a base model, which takes no system prompt")
        if len(set(keys)) < len(keys):
            twice = next(key for key in keys if keys.count(key) > 1)
            raise UsageError(f"item {twice[1]!r} of {twice[0]} is there twice; name each item once")

    @property
    def system(self) -> str:
        """The system prompt; empty for none."""
        return str(self.settings.get("system", ""))

    @property
    def models(self) -> tuple[str, ...]:
        """Who is asked."""
        return (self.model, self.judge) if self.judge else (self.model,)

    @property
    def info(self) -> EvaluationInfo:
        """As a store keeps it."""
        return EvaluationInfo(
            name=self.name,
            kind=self.kind,
            model=self.model,
            judge=self.judge,
            settings=msgspec.json.encode(self.settings, order="sorted").decode(),
        )


def default_name(model: str, kind: str) -> str:
    """What an evaluation is called where nobody says: the model's own name and the kind."""
    return f"{model.rstrip('/').rpartition('/')[2].rpartition('#')[2]}-{kind}"


class Place(NamedTuple):
    """Where an answer lies among those of an item.

    Attributes:
        condition: in which the item is asked.
        turn: of the conversation, from 1.
        sample: tells repeated samples apart, from 0.
    """

    condition: str = ""
    turn: int = 1
    sample: int = 0


class Asking(Protocol):
    """What asks about one item."""

    async def answer(self, place: Place, request: Request) -> Call:
        """Ask the model under test, whether it can answer or fails."""
        ...

    async def reading(
        self, place: Place, reader: str, read: Callable[[Ask], Awaitable[Verdict | Call]]
    ) -> str:
        """Have what lies at a place read, unless it was.

        Args:
            place: what is read.
            reader: the name that the reading goes by.
            read: asks the reader; it gives a verdict, or the call that failed to bring one.

        Returns:
            What was chosen; empty where the reader's call failed.
        """
        ...

    def ends(self, *, where: bool) -> bool:
        """Whether the item is through before all is asked, since an answer makes the rest needless.

        Args:
            where: whether the answer does.
        """
        ...


class Live:
    """Asks about one item, and keeps where the answers lie; see `Asking`.

    Args:
        calls: makes the calls.
        model: the model under test.
        system: what stands before every conversation with it; empty for nothing.
        evaluation: the store's record.
        item: which.
        known: what readers chose already, by place and reader.
    """

    def __init__(
        self,
        calls: Calls,
        model: Model,
        system: str,
        evaluation: EvaluationRecord,
        item: Item,
        known: Mapping[tuple[str, Place, str], str],
    ) -> None:
        self._calls, self._model, self._evaluation, self._item = calls, model, evaluation, item
        self._system = system
        self._known = known

    async def answer(self, place: Place, request: Request) -> Call:
        """As `Asking`."""
        call = await self._calls.ask(self._model, after_system(self._system, request))
        self._keep(place, "", call.key)
        if not call.answered:
            self._calls.progress.reasons[call.failure] += 1
        return call

    async def reading(
        self, place: Place, reader: str, read: Callable[[Ask], Awaitable[Verdict | Call]]
    ) -> str:
        """As `Asking`."""
        if chosen := self._known.get((self._item.key, place, reader)):
            self._calls.progress.reused += 1
            return chosen
        found = await read(self._calls.ask)
        if isinstance(found, Call):
            self._calls.progress.reasons[f"the judge: {found.failure}"] += 1
            self._keep(place, reader, found.key)
            return ""
        self._keep(place, reader, found.call, found.chosen)
        return found.chosen

    def ends(self, *, where: bool) -> bool:
        """As `Asking`."""
        return where

    def _keep(self, place: Place, reader: str, call: str, chosen: str = "") -> None:
        asked = Asked(self._evaluation.id, self._item.key, *place, reader, call, chosen)
        self._calls.store.evaluations.put_asked(asked)


def after_system(system: str, request: Request) -> Request:
    """The request after the system prompt; what it has of a system message itself goes on with that."""
    if not system:
        return request
    own = [message["content"] for message in request.messages if message["role"] == "system"]
    rest = [message for message in request.messages if message["role"] != "system"]
    told: Message = {"role": "system", "content": "\n\n".join([system, *own])}
    return replace(request, messages=(told, *rest))


class Script(Protocol):
    """Takes an item through its questions."""

    async def __call__(self, item: Item, asking: Asking) -> bool:
        """Whether all answers are there."""
        ...


#: Gives the model that a spec names.
Open = Callable[[str], "Model"]


async def conduct(planned: EvaluationPlan, session: Session, script: Script) -> Progress:
    """Carry out an evaluation in a session that is open, beside whatever else goes on in it.

    Calls that the store holds are not made again; one that was stopped, or has more items now, goes on.

    Raises:
        RunConflict: the store has another evaluation, or a run, of this name.

    Returns:
        How far it came.
    """
    models = [session.open(spec) for spec in planned.models]
    await session.open_batches(*models)
    evaluation = open_evaluation(session.store, planned)
    known = {
        (of.item, Place(of.condition, of.turn, of.sample), of.reader): of.chosen
        for of, *_ in session.store.evaluations.answers(evaluation.id)
        if of.reader and of.chosen != UNREADABLE
    }
    calls = session.calls(len(planned.items), "item")

    async def step(item: Item) -> bool:
        brought = await script(item, Live(calls, models[0], planned.system, evaluation, item, known))
        if brought:
            calls.store.evaluations.put_done(evaluation.id, item.key)
        return brought

    await calls.carry_out(step, planned.items, workers=session.workers(*models))
    session.store.flush()
    return calls.progress


def open_evaluation(store: Store, planned: EvaluationPlan) -> EvaluationRecord:
    """Make the planned evaluation, or find it.

    Raises:
        RunConflict: there is another of this name, or a run.
    """
    require_free(store, planned)
    return store.evaluations.add(planned.info, [item.record for item in planned.items])


def require_free(store: Store, planned: EvaluationPlan) -> None:
    """Refuse a name that is taken.

    Raises:
        RunConflict: there is another evaluation of this name, or a run.
    """
    if any(run.name == planned.name for run in store.runs()):
        raise RunConflict(f"there is a run named {planned.name!r}; choose another name with --name")
    found = next((one for one in store.evaluations.all() if one.name == planned.name), None)
    if found:
        _require_same(store, planned, found)


def _require_same(store: Store, planned: EvaluationPlan, found: EvaluationRecord) -> None:
    before = msgspec.json.decode(found.settings, type=dict[str, object])
    now = msgspec.json.decode(planned.info.settings, type=dict[str, object])
    settings = [
        name
        for name in sorted(before.keys() | now.keys())
        if name not in planned.growing and before.get(name) != now.get(name)
    ]
    asked = {item.key for item in planned.items}
    differing = [
        *(name for name in ("kind", "model", "judge") if getattr(found, name) != getattr(planned, name)),
        *settings,
        *["items"] * any(item.key not in asked for item in store.evaluations.items(found.id)),
    ]
    if differing:
        raise RunConflict(
            f"there is an evaluation named {planned.name!r} already, with other {', '.join(differing)}; "
            "choose another name with --name"
        )
