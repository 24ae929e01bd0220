"""How a model is told to be a character, or its opposite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mien.craft.data.queries import pick
from mien.craft.data.wording import bullets, paragraphs
from mien.errors import UnknownName, UsageError
from mien.instruments import Instructed
from mien.materials.traits import fold
from mien.types import Prompt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.craft.data.queries import Query
    from mien.craft.data.wording import Wording
    from mien.materials.constitutions import Assertion, Constitution
    from mien.materials.protocols import Protocol as MeasurementProtocol
    from mien.materials.traits import TraitSet
    from mien.types import Message


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
            wording.fill("in_examples", examples=bullets(shown)) if shown else "",
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
            wording.fill("out_examples", examples=bullets(shown)) if shown else "",
            wording.fill("opposite"),
        )

    def _assertion(self, query: Query) -> Assertion | None:
        return None if query.assertion is None else self._constitution.assertions[query.assertion]

    def _told(self, query: Query, *texts: str) -> tuple[Message, ...]:
        return ({"role": "system", "content": paragraphs(*texts)}, *plain(query))


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
