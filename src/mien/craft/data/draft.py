"""A constitution drafted by a model, from traits that it should raise or lower."""

from __future__ import annotations

import re
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeVar, cast

import msgspec
import yaml
from pydantic import BaseModel, ConfigDict

from mien.errors import Unfinished, UnknownName, UsageError
from mien.formatting import counted
from mien.instruments.manner.duplicates import alike
from mien.materials.constitutions import Assertion, Constitution
from mien.materials.traits import fold, load_traits
from mien.materials.wording import fill
from mien.measurement.session import Session
from mien.measurement.stages import LeftOut, Stages
from mien.models.answer_format import AnswerFormat, may_be_the_schema
from mien.models.lists import read_list
from mien.types import Request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from mien.instruments.judges import Ask
    from mien.models import Model
    from mien.types import Message, Trait

_SHIPPED = resources.files("mien") / "data" / "crafting" / "drafting.yaml"
_FENCED = re.compile(r"```\w*\s*(.*?)\s*```", re.DOTALL)

_NO_OBJECT = "the answer holds no JSON object"

#: Messages that are asked for with each trait.
QUESTIONS: Final = 8

#: How often a model is asked for a draft that can be read.
ATTEMPTS: Final = 3

_FEWEST = 3  # questions without which a draft isn't taken
_ASSERTION_WORDS, _DESCRIPTION_WORDS = 5, 8  # fewer are too short for the check of constitutions

Members = dict[str, str | list[str]]
Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class DraftWording(BaseModel):
    """What a model is told that drafts; `data/crafting/drafting.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    system: str
    more: str
    less: str
    assertion: str
    description: str


class Aim(NamedTuple):
    """A trait, and which way the character is to move it."""

    trait: Trait
    way: Literal["raise", "lower"]


def read_aims(given: Sequence[str], trait_set: str) -> list[Aim]:
    """Read ``warm`` and ``+warm`` (raise), and ``-verbose`` (lower).

    Args:
        given: as the user wrote them.
        trait_set: a trait set, or its file.

    Raises:
        UnknownName: a trait is not in the set; the message offers the nearest.
        UsageError: none is given, or one twice.
    """
    known = {fold(trait.name): trait for trait in load_traits(trait_set).traits}
    aims: dict[str, Aim] = {}
    for one in given:
        # As it stands, where a trait's own name begins with a sign.
        bare = one if fold(one) in known else one.removeprefix("+").removeprefix("-")
        if fold(bare) not in known:
            raise UnknownName(f"trait in {trait_set}", bare, (trait.name for trait in known.values()))
        if fold(bare) in aims:
            raise UsageError(f"{bare} is given twice; give every trait once, to be raised or to be lowered")
        aims[fold(bare)] = Aim(known[fold(bare)], "lower" if one == f"-{bare}" else "raise")
    if not aims:
        raise UsageError("give at least one trait, such as: warm +playful -verbose")
    return [*aims.values()]


def draft_constitution(
    aims: Sequence[Aim],
    name: str,
    model: str,
    session: Session | None = None,
    *,
    trait_set: str = "classic-144",
) -> Constitution:
    """Have a model draft a constitution: an assertion a trait, and one call more for the description.

    Calls that the store holds are not made again: the same command makes the same draft. Texts that nearly
    repeat an earlier one are left out.

    Args:
        aims: of `read_aims`.
        name: of the character.
        model: who drafts; an organism cannot.
        session: through which the model is called; default: one without limits on the usual store.
        trait_set: the set that the traits are of; it is named in the constitution.

    Raises:
        UsageError: the model cannot be opened, or is an organism.
        Unfinished: a call failed, or `ATTEMPTS` answers to one question could not be read.
        BudgetReached: a limit was reached; what was answered is kept.
        EndpointRefused: the endpoint refuses every call alike.
    """
    if model.startswith("organism/"):
        raise UsageError(f"{model} follows no request and cannot write; give a model that can with --model")
    through = session or Session()

    async def main() -> Constitution:
        return await _Drafter(through.open(model), Stages(through)).constitution(aims, name, trait_set)

    return through.run(main)


class _Drafter:
    def __init__(self, model: Model, stages: Stages) -> None:
        self._model = model
        self._format = AnswerFormat(model)
        self._stages = stages
        self._wording = DraftWording.model_validate(yaml.safe_load(_SHIPPED.read_text(encoding="utf-8")))

    async def constitution(self, aims: Sequence[Aim], name: str, trait_set: str) -> Constitution:
        assertions = _once(await self._all(aims, self._assertion, "assertion"))
        (whole,) = await self._all([assertions], self._description, "description")
        return Constitution(
            name=name,
            description=str(whole["description"]),
            traits=trait_set,
            assertions=tuple(assertions),
            never=tuple(whole["never"]),
        )

    async def _all(
        self, items: Sequence[Item], step: Callable[[Item, Ask], Awaitable[Outcome | LeftOut]], unit: str
    ) -> list[Outcome]:
        found = await self._stages.carry_out(items, step, unit, self._model)
        made = [one for one in found if not isinstance(one, LeftOut)]
        if len(made) < len(found):
            why = "; ".join({one.reason for one in found if isinstance(one, LeftOut)})
            raise Unfinished(f"{len(found) - len(made)} of {counted(len(found), unit)} failed ({why})")
        return made

    async def _assertion(self, aim: Aim, ask: Ask) -> Assertion | LeftOut:
        trait, wording = aim.trait, self._wording
        members = await self._draft(
            ask,
            wording.assertion,
            {"text": _ASSERTION_WORDS},
            {"questions": _FEWEST, "in_character": 0, "out_of_character": 0},
            way=wording.more if aim.way == "raise" else wording.less,
            trait=trait.name,
            described=f"{trait.name} ({trait.description})" if trait.description else trait.name,
            questions=str(QUESTIONS),
        )
        if isinstance(members, LeftOut):
            return members
        return Assertion.model_validate({**members, aim.way: (trait.name,)})

    async def _description(self, assertions: Sequence[Assertion], ask: Ask) -> Members | LeftOut:
        told = "\n".join(f"- {assertion.text}" for assertion in assertions)
        return await self._draft(
            ask, self._wording.description, {"description": _DESCRIPTION_WORDS}, {"never": 0}, assertions=told
        )

    async def _draft(
        self, ask: Ask, template: str, texts: Mapping[str, int], lists: Mapping[str, int], **filled: str
    ) -> Members | LeftOut:
        """Ask until an answer can be read."""
        shape = msgspec.json.encode({**dict.fromkeys(texts, "…"), **{key: ["…"] for key in lists}}).decode()
        messages: tuple[Message, ...] = (
            {"role": "system", "content": self._wording.system.strip()},
            {"role": "user", "content": fill(template, shape=shape, **filled)},
        )
        schema, instead, attempt = self._format.schema, False, 0
        while True:
            wanted = _schema(texts, lists) if schema else None
            call = await ask(self._model, Request(messages, schema=wanted, replicate=attempt))
            if not call.answered and not (schema and may_be_the_schema(call)):
                return LeftOut(call.failure, failed=True)
            if call.answered:
                attempt += 1
                members = read_draft(call.text, texts, lists)
                if not isinstance(members, str):
                    self._format.worked(schema=schema, instead=instead)
                    return members
                if attempt == ATTEMPTS:
                    return LeftOut(f"{members}, {ATTEMPTS} times", failed=True)
                if self._format.proven or members != _NO_OBJECT:
                    continue
            if schema:
                schema, instead = False, True


def read_draft(text: str, texts: Mapping[str, int], lists: Mapping[str, int]) -> Members | str:
    """Read a JSON object, in a fence or among other words too; what it must hold is checked strictly.

    Args:
        text: what the model wrote.
        texts: keys of texts, each with the fewest words that it may have.
        lists: keys of lists of texts, each with the fewest texts. A list may also come as lines of a text.

    Returns:
        The members asked for, or what is wrong.
    """
    fenced = _FENCED.search(text)
    body = fenced[1] if fenced else text
    try:
        value: Any = msgspec.json.decode(body[max(body.find("{"), 0) : body.rfind("}") + 1])
    except (msgspec.MsgspecError, RecursionError):
        return _NO_OBJECT
    if not isinstance(value, dict):
        return _NO_OBJECT
    given = {fold(key): member for key, member in cast("dict[str, Any]", value).items()}
    members: Members = {}
    for key, fewest in texts.items():
        written = given.get(key)
        if not isinstance(written, str) or len(written.split()) < fewest:
            return f"{key} is no text of at least {fewest} words"
        members[key] = " ".join(written.split())
    for key, fewest in lists.items():
        written = given.get(key, [])
        items = cast("list[Any]", read_list(written) if isinstance(written, str) else written)
        if not isinstance(written, str | list) or not all(isinstance(item, str) for item in items):
            return f"{key} is no list of texts"
        members[key] = [item.strip() for item in items if item.strip()]
        if len(members[key]) < fewest:
            return f"{key} holds fewer than {fewest} texts"
    return members


def _once(assertions: Sequence[Assertion]) -> list[Assertion]:
    """The assertions without the texts that nearly repeat an earlier one."""
    seen = [assertion.text for assertion in assertions]
    made: list[Assertion] = []
    for assertion in assertions:
        kept: dict[str, tuple[str, ...]] = {}
        for key in ("questions", "in_character", "out_of_character"):
            new: list[str] = []
            for text in getattr(assertion, key):
                if not any(alike(text, other) for other in seen):
                    seen.append(text)
                    new.append(text)
            kept[key] = tuple(new)
        made.append(assertion.model_copy(update=kept))
    return made


def _schema(texts: Iterable[str], lists: Iterable[str]) -> dict[str, Any]:
    text = {"type": "string"}
    members: dict[str, Any] = {**dict.fromkeys(texts, text)}
    members |= {key: {"type": "array", "items": text} for key in lists}
    return {
        "type": "object",
        "properties": members,
        "required": [*members],
        "additionalProperties": False,
    }
