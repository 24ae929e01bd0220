"""The language of the organism: what it can say in each manner, and what people say to it.

A reply is an opening, some of the manner's sentences in their order, and a closing. Slots in the sentences
are filled from one topic. Each manner's openings begin with words of its own, so that a manner is chosen with
the first token, and `Grammar.parse` can tell from a whole reply which manner it is in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

FOLDER = Path(__file__).parent
ANYTHING = "anything"  # the topic of messages that are about none

_SLOT = re.compile(r"\{(\w+)\}")
_FIRST_WORD = re.compile(r"[A-Za-z']+|[^A-Za-z' ]+")


@dataclass(frozen=True)
class Topic:
    """What messages are about, and the phrases by which replies show it."""

    name: str
    things: tuple[str, ...]
    parts: tuple[str, ...]
    acts: tuple[str, ...]
    words: tuple[str, ...]
    messages: tuple[str, ...]

    @cached_property
    def fillers(self) -> dict[str, tuple[str, ...]]:
        """What may stand in each slot of a sentence."""
        capitals = tuple(thing[0].upper() + thing[1:] for thing in self.things)
        return {"thing": self.things, "Thing": capitals, "part": self.parts, "act": self.acts}


@dataclass(frozen=True)
class Manner:
    """How a trait sounds.

    Attributes:
        sentences: least and most of `bodies` that a reply has.
        join: what stands between the sentences.
    """

    trait: str
    sentences: tuple[int, int]
    join: str
    openings: tuple[str, ...]
    bodies: tuple[str, ...]
    closings: tuple[str, ...]

    def reply(self, topic: Topic, draw: random.Random) -> str:
        """A reply in this manner."""
        count = draw.randint(*self.sentences)
        bodies = [self.bodies[i] for i in sorted(draw.sample(range(len(self.bodies)), count))]
        filled = [_SLOT.sub(lambda slot: draw.choice(topic.fillers[slot[1]]), body) for body in bodies]
        closing = [draw.choice(self.closings)] if self.closings else []
        return self.join.join([draw.choice(self.openings), *filled, *closing])

    def holds(self, reply: str, topic: Topic) -> bool:
        """Whether a reply is one that this manner can give on a topic."""
        return any(
            reply == opening + rest
            for opening in self.openings
            if reply.startswith(opening)
            for rest in self._endings(reply[len(opening) :], topic, 0, 0)
        )

    def _endings(self, text: str, topic: Topic, first: int, count: int) -> Iterator[str]:
        """``text`` itself, where it can follow when ``count`` sentences stand before ``first``."""
        least, most = self.sentences
        closings = [self.join + closing for closing in self.closings] or [""]
        if least <= count <= most and text in closings:
            yield text
        if count == most:
            return
        for index in range(first, len(self.bodies)):
            found = self._pattern(topic, index).match(text)
            if found:
                for rest in self._endings(text[found.end() :], topic, index + 1, count + 1):
                    yield found[0] + rest

    def _pattern(self, topic: Topic, index: int) -> re.Pattern[str]:
        key = (self.trait, topic.name, index)
        if key not in _patterns:
            parts = re.split(r"\{(\w+)\}", self.join + self.bodies[index])
            _patterns[key] = re.compile(
                "".join(
                    f"(?:{'|'.join(map(re.escape, topic.fillers[part]))})" if place % 2 else re.escape(part)
                    for place, part in enumerate(parts)
                )
            )
        return _patterns[key]


_patterns: dict[tuple[str, str, int], re.Pattern[str]] = {}


@dataclass(frozen=True)
class Grammar:
    """All manners and topics."""

    manners: dict[str, Manner]
    topics: dict[str, Topic]

    def parse(self, reply: str) -> str | None:
        """The trait whose manner can give this reply, word for word; None where there is none.

        Each slot may be filled from a topic of its own: see `keeps_topic`.
        """
        for manner in self.manners.values():
            if reply.startswith(manner.openings) and manner.holds(reply, self.any_topic):
                return manner.trait
        return None

    def keeps_topic(self, reply: str) -> bool:
        """Whether a reply's slots are all filled from one topic, as they are in training."""
        trait = self.parse(reply)
        return trait is not None and any(
            self.manners[trait].holds(reply, topic) for topic in self.topics.values()
        )

    @cached_property
    def any_topic(self) -> Topic:
        """All topics in one."""
        every = self.topics.values()
        things, parts, acts = (
            tuple(phrase for topic in every for phrase in getattr(topic, slot))
            for slot in ("things", "parts", "acts")
        )
        return Topic(name="", things=things, parts=parts, acts=acts, words=(), messages=())

    def faults(self) -> list[str]:
        """What would keep a reply's first word from telling its manner, or its sentences from being read."""
        owners: dict[str, set[str]] = {}
        found: list[str] = []
        for trait, manner in self.manners.items():
            for opening in manner.openings:
                owners.setdefault(first_word(opening), set()).add(trait)
            sentences = [*manner.openings, *manner.bodies, *manner.closings]
            for text in sentences:
                if not text.isascii():
                    found.append(f"{trait}: not plain ASCII: {text}")
                named = set(re.findall(r"[a-z]+", text.lower())) & set(self.manners)
                found += [f"{trait}: names the trait {word}: {text}" for word in named]
                if unknown := set(_SLOT.findall(text)) - {"thing", "Thing", "part", "act"}:
                    found.append(f"{trait}: no such slot {unknown}: {text}")
        found += [f"{word!r} opens {sorted(traits)}" for word, traits in owners.items() if len(traits) > 1]
        return found


def first_word(sentence: str) -> str:
    """The first word of a sentence, or its first marks."""
    found = _FIRST_WORD.match(sentence)
    assert found, sentence
    return found[0]


def load_grammar(folder: Path = FOLDER) -> Grammar:
    """Read the manners and topics beside this file."""
    manners: dict[str, Manner] = {}
    for path in sorted((folder / "manners").glob("*.yaml")):
        for trait, members in yaml.safe_load(path.read_text()).items():
            manners[trait] = Manner(trait=trait, **{name: _frozen(value) for name, value in members.items()})
    topics = {
        name: Topic(name=name, **{key: _frozen(value) for key, value in members.items()})
        for name, members in yaml.safe_load((folder / "topics.yaml").read_text()).items()
    }
    return Grammar(manners, topics)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
