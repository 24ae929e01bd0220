"""Items for the clauses of a spec, written by a model."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, get_args

import yaml

from mien.errors import UnknownName, UsageError
from mien.instruments.manner.duplicates import alike
from mien.materials.specs import SpecItem
from mien.materials.specs.spec import ItemKind
from mien.materials.wording import fill
from mien.measurement.stages import LeftOut, Stages
from mien.models.lists import read_list
from mien.types import Request, Sampling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.instruments.judges import Ask
    from mien.materials.specs import Clause, Spec
    from mien.measurement.session import Session
    from mien.models import Model
    from mien.types import Call, Message

#: The kinds of items that are written, in this order.
KINDS: Final[tuple[ItemKind, ...]] = tuple(kind for kind in get_args(ItemKind) if kind)

#: How often a model is asked again for what near-duplicates left wanting.
ROUNDS: Final = 3

_SPARE: Final = 2  # messages asked for beyond those that are wanted: some will be near-duplicates
_SHOWN: Final = 6  # messages that are there already, of which the model is told
_LONGEST: Final = 4_000  # characters; longer members of a list are not messages but a list misread
_SAMPLING: Final = Sampling(temperature=1.0)
_TOKENS: Final = 4_096


@cache
def _wording() -> dict[str, Any]:
    file = resources.files("mien") / "data" / "specs" / "writing.yaml"
    return yaml.safe_load(file.read_text(encoding="utf-8"))


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be written.

    Attributes:
        items: for each clause, of all kinds together.
        held_out: share of them that is held out; which, a hash of seed and message tells, so that more items
            move none from one side to the other.
        clauses: ids of those that are written for; empty for all.

    Raises:
        UsageError: no items, or a share that is none.
    """

    items: int = 12
    held_out: float = 0.2
    clauses: tuple[str, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        if self.items < 1:
            raise UsageError("have at least one item written for each clause")
        if not 0 <= self.held_out < 1:
            raise UsageError("the share that is held out lies between 0 and 1")

    def share(self, kind: ItemKind) -> int:
        """How many items of a kind are wanted: all alike, the first kinds with what is over."""
        each, over = divmod(self.items, len(KINDS))
        return each + (KINDS.index(kind) < over)


@dataclass(slots=True)
class Written:
    """A spec with the items that were written for it.

    Attributes:
        added: items by clause.
        duplicates: messages that nearly repeated an earlier one, and are left out.
        wanting: items that are wanting, by clause, since the model wrote no others.
    """

    spec: Spec
    added: dict[str, int] = field(default_factory=dict[str, int])
    duplicates: int = 0
    wanting: dict[str, int] = field(default_factory=dict[str, int])


def write_items(spec: Spec, model: str, session: Session, wanted: Wanted | None = None) -> Written:
    """Have a model write items for clauses: typical ones, edge cases, and adversarial ones.

    Each item is a message, judged by its clause. A message that nearly repeats another of its clause, written
    or there before, is left out, and others are asked for, `ROUNDS` times in all. Calls that the store holds
    are not made again: the same command writes the same.

    Args:
        spec: for whose clauses; the items that it has stay as they are.
        model: who writes; it is named as the items' origin. An organism cannot.
        session: through which it is called.

    Raises:
        UnknownName: there is no such clause.
        UsageError: the model cannot be opened, or wrote nothing that can be read.
        Unfinished: too many calls failed.
        BudgetReached: a limit was reached; what was answered is kept.
        EndpointRefused: the endpoint refuses every call alike.
    """
    wanted = wanted or Wanted()
    if model.startswith("organism/"):
        raise UsageError(f"{model} follows no request and cannot write; give a model that can with --model")
    by_id = {clause.id: clause for clause in spec.clauses}
    for name in wanted.clauses:
        if name not in by_id:
            raise UnknownName("clause", name, by_id)
    chosen = [clause for clause in spec.clauses if clause.id in (wanted.clauses or by_id)]

    async def main() -> list[_Page]:
        opened = session.open(model)
        writer = _Writer(opened, model, wanted)
        found = await Stages(session).carry_out(chosen, writer.write, "clause", opened)
        return [one for one in found if not isinstance(one, LeftOut)]

    pages = session.run(main)
    if not any(page.items for page in pages):
        said = next((page.unread for page in pages if page.unread), "")
        raise UsageError(f"{model} wrote no list of messages that can be read, but {said[:80]!r}")
    return _together(spec, pages, wanted)


@dataclass(slots=True)
class _Page:
    """What was written for a clause."""

    clause: str
    items: list[SpecItem] = field(default_factory=list[SpecItem])
    duplicates: int = 0
    unread: str = ""


class _Writer:
    def __init__(self, model: Model, origin: str, wanted: Wanted) -> None:
        self._model, self._origin, self._wanted = model, origin, wanted

    async def write(self, clause: Clause, ask: Ask) -> _Page | LeftOut:
        """All that is wanted for a clause, kind by kind."""
        page = _Page(clause.id)
        seen = [_said(item) for item in clause.items]
        seen += [one.messages[-1]["content"] for one in (*clause.good, *clause.bad)]
        known = [_said(item) for item in clause.items]
        for kind in KINDS:
            wanting = self._wanted.share(kind)
            for attempt in range(ROUNDS):
                if wanting <= 0:
                    break
                call = await self._ask(clause, kind, self._wanted.share(kind), known, attempt, ask)
                if not call.answered:
                    return LeftOut(call.failure, failed=True)
                texts = read_list(call.text, cut_off=call.finish_reason == "length")
                page.unread = page.unread or (call.text if not texts else "")
                for text in (one.strip() for one in texts if len(one) <= _LONGEST):
                    if wanting <= 0:
                        break
                    if any(alike(text, other) for other in seen):
                        page.duplicates += 1
                        continue
                    seen.append(text)
                    page.items.append(self._item(text, kind))
                    wanting -= 1
        return page

    async def _ask(
        self, clause: Clause, kind: ItemKind, count: int, known: Sequence[str], attempt: int, ask: Ask
    ) -> Call:
        texts = _wording()
        applies = fill(texts["applies"], applies=clause.applies) if clause.applies else ""
        told = "\n".join(f"- {' '.join(message.split())}" for message in known[:_SHOWN])
        text = fill(
            texts["ask"],
            clause=clause.text + applies,
            kind=texts["kinds"][kind],
            count=str(count + _SPARE),
            examples=fill(texts["examples"], messages=told) if told else "",
        )
        asked: Message = {"role": "user", "content": text}
        return await ask(self._model, Request((asked,), _SAMPLING, replicate=attempt, longest=_TOKENS))

    def _item(self, text: str, kind: ItemKind) -> SpecItem:
        digest = blake2b(text.encode(), digest_size=5).hexdigest()
        drawn = blake2b(f"{self._wanted.seed}\nheld out\n{text}".encode(), digest_size=8).digest()
        return SpecItem.model_validate(
            {
                "id": f"{kind}-{digest}",
                "messages": text,
                "kind": kind,
                "held_out": int.from_bytes(drawn) / 2**64 < self._wanted.held_out,
                "origin": self._origin,
            }
        )


def asked_to_reword(clause: Clause, attempt: int) -> Request:
    """What a model is asked that puts a clause in other words."""
    asked: Message = {"role": "user", "content": fill(_wording()["reword"], clause=clause.text)}
    return Request((asked,), _SAMPLING, replicate=attempt, longest=_TOKENS)


def _said(item: SpecItem) -> str:
    return item.messages[-1]["content"]


def _together(spec: Spec, pages: Sequence[_Page], wanted: Wanted) -> Written:
    by_clause = {page.clause: page.items for page in pages}
    clauses = tuple(
        clause.model_copy(update={"items": (*clause.items, *by_clause.get(clause.id, ()))})
        for clause in spec.clauses
    )
    written = Written(spec.model_copy(update={"clauses": clauses}))
    counts = Counter({page.clause: len(page.items) for page in pages})
    for name in wanted.clauses or [clause.id for clause in spec.clauses]:
        written.added[name] = counts[name]
        if counts[name] < wanted.items:
            written.wanting[name] = wanted.items - counts[name]
    written.duplicates = sum(page.duplicates for page in pages)
    return written
