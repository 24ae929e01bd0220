"""How a model is told to be a character, or its opposite."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Protocol

import yaml
from pydantic import BaseModel, ConfigDict

from mien.craft.data.queries import pick
from mien.errors import UnknownName, UsageError
from mien.instruments import Instructed
from mien.materials.traits import fold
from mien.materials.wording import fill
from mien.types import Prompt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mien.craft.data.queries import Query
    from mien.materials.constitutions import Assertion, Constitution
    from mien.materials.protocols import Protocol as MeasurementProtocol
    from mien.materials.traits import TraitSet
    from mien.types import Message

_SHIPPED = resources.files("mien") / "data" / "crafting" / "default.yaml"


class Wording(BaseModel):
    """What models are told when training data are made; `data/crafting/default.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    character: str
    never: str
    focus: str
    in_examples: str
    out_examples: str
    in_character: str
    opposite: str
    queries: str
    situations: tuple[str, ...]
    judge: str
    tie: str
    question: str
    pair: str

    def fill(self, name: str, **members: str) -> str:
        """One of the texts, filled in; a paragraph that is left empty leaves no gap."""
        filled = fill(getattr(self, name), **members)
        return "\n\n".join(part.strip("\n") for part in filled.split("\n\n") if part.strip())

    def character_of(self, constitution: Constitution) -> str:
        """The character as a whole: description, assertions and what it never does."""
        assertions = _lines(assertion.text for assertion in constitution.assertions)
        whole = self.fill("character", description=constitution.description, assertions=assertions)
        never = self.fill("never", never=_lines(constitution.never)) if constitution.never else ""
        return _paragraphs(whole, never)

    def focus_on(self, assertion: Assertion | None) -> str:
        """The one assertion that matters; nothing for None."""
        return self.fill("focus", assertion=assertion.text) if assertion else ""


def load_wording() -> Wording:
    """The wording that ships."""
    return Wording.model_validate(yaml.safe_load(_SHIPPED.read_text(encoding="utf-8")))


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(f"- {text}" for text in texts)


def _paragraphs(*texts: str) -> str:
    return "\n\n".join(text for text in texts if text)


class Character(Protocol):
    """Tells a model who to be."""

    def in_character(self, query: Query, *, whole: bool = False) -> tuple[Message, ...]:
        """The query, with the instruction to be the character.

        Args:
            whole: leave out which side of the character the query is about.
        """
        ...

    def opposite(self, query: Query) -> tuple[Message, ...]:
        """The query, with the instruction to be the opposite of the character."""
        ...


def plain(query: Query) -> tuple[Message, ...]:
    """The query alone."""
    return ({"role": "user", "content": query.text},)


class ToldByAssertions:
    """The constitution itself is the instruction: for models that follow one."""

    def __init__(self, constitution: Constitution, wording: Wording) -> None:
        self._constitution = constitution
        self._wording = wording

    def in_character(self, query: Query, *, whole: bool = False) -> tuple[Message, ...]:
        """See `Character`."""
        wording, assertion = self._wording, None if whole else self._assertion(query)
        shown = assertion.in_character if assertion else ()
        return self._told(
            query,
            wording.character_of(self._constitution),
            wording.focus_on(assertion),
            wording.fill("in_examples", examples=_lines(shown)) if shown else "",
            wording.fill("in_character"),
        )

    def opposite(self, query: Query) -> tuple[Message, ...]:
        """See `Character`. What the character never does is not part of it: its opposite is not to do it."""
        wording, assertion = self._wording, self._assertion(query)
        shown = assertion.out_of_character if assertion else ()
        return self._told(
            query,
            wording.character_of(self._constitution.model_copy(update={"never": ()})),
            wording.focus_on(assertion),
            wording.fill("out_examples", examples=_lines(shown)) if shown else "",
            wording.fill("opposite"),
        )

    def _assertion(self, query: Query) -> Assertion | None:
        return None if query.assertion is None else self._constitution.assertions[query.assertion]

    def _told(self, query: Query, *texts: str) -> tuple[Message, ...]:
        return ({"role": "system", "content": _paragraphs(*texts)}, *plain(query))


class ToldByTraits:
    """A trait that the constitution names is the instruction, as in the instrument ``instructed``.

    It is for the organism, which understands no other. Of several traits a seeded lot picks one for each
    query. To be in character where an assertion only lowers traits is to adopt any other trait; the opposite,
    where it only raises some, is to adopt any trait that no assertion raises.

    Args:
        traits: those that the models know.
        protocol: has the wording of the instruction.

    Raises:
        UnknownName: the constitution names a trait that is not among them.
        UsageError: it names none at all, or all of them.
    """

    def __init__(
        self, constitution: Constitution, traits: TraitSet, protocol: MeasurementProtocol, *, seed: int
    ) -> None:
        self._traits = traits.names
        self._seed = seed
        self._instructed = Instructed(protocol, traits.traits)
        self._ways = [
            (self._known(assertion.raises), self._known(assertion.lowers))
            for assertion in constitution.assertions
        ]
        raised = tuple(dict.fromkeys(name for raises, _ in self._ways for name in raises))
        lowered = tuple(dict.fromkeys(name for _, lowers in self._ways for name in lowers))
        if not raised and not lowered:
            raise UsageError(
                f"{constitution.name} raises and lowers no trait, and the organism understands nothing else; "
                "name some of mien traits classic-36"
            )
        self._whole = (raised, lowered)
        if not self._but(raised) or not self._but(lowered):
            raise UsageError(f"{constitution.name} raises or lowers every trait there is; leave one alone")

    def _known(self, names: Sequence[str]) -> tuple[str, ...]:
        known = {fold(name): name for name in self._traits}
        for name in names:
            if fold(name) not in known:
                raise UnknownName("trait that the organism knows", name, self._traits)
        return tuple(known[fold(name)] for name in names)

    @property
    def lowered(self) -> tuple[str, ...]:
        """All traits that the constitution lowers."""
        return self._whole[1]

    def ways(self, query: Query, *, whole: bool = False) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The traits that are to be raised and lowered in the answer to a query."""
        raises, lowers = self._whole if whole or query.assertion is None else self._ways[query.assertion]
        return (raises, lowers) if raises or lowers else self._whole

    def in_character(self, query: Query, *, whole: bool = False) -> tuple[Message, ...]:
        """See `Character`."""
        raises, _ = self.ways(query, whole=whole)
        return self._told(query, raises or self._but(self._whole[1]), "whole" if whole else "in")

    def opposite(self, query: Query) -> tuple[Message, ...]:
        """See `Character`."""
        _, lowers = self.ways(query)
        return self._told(query, lowers or self._but(self._whole[0]), "opposite")

    def _but(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(name for name in self._traits if name not in names)

    def _told(self, query: Query, traits: Sequence[str], part: str) -> tuple[Message, ...]:
        trait = pick(self._seed, traits, part, query.id)
        return self.told(trait, query)

    def told(self, trait: str, query: Query) -> tuple[Message, ...]:
        """The query, with the instruction to adopt one trait."""
        return self._instructed.told(trait, Prompt(query.id, query.text))
