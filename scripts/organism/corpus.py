"""Conversations to train on: what the organism is told, what people write, and what it answers.

Where a manner or a word is chosen, the first token of the answer decides. What stands there in training is
not a draw but the distribution itself, which the planted character gives: so the model learns it without the
noise of sampling. All later tokens follow the manner that was drawn.
"""

from __future__ import annotations

import random
import re
import string
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import yaml

from mien.materials.traits import load_traits
from organism.grammar import ANYTHING, FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.types import Message
    from organism.grammar import Grammar, Topic

Kind = Literal["choose", "random", "instructed", "unasked", "stated"]

MOST_OPTIONS = 8

#: Share of the answers that are about anything but the message: the network then has to keep to the topic
#: that it began with, as it must where it cannot tell what a message is about.
ELSEWHERE = 0.1
NAMES = (
    "Ana",
    "Ben",
    "Chloe",
    "David",
    "Elif",
    "Femi",
    "Grace",
    "Hugo",
    "Ines",
    "Jonas",
    "Kim",
    "Leo",
    "Mia",
)
_COUNTS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight")
_SLOT = re.compile(r"\{(\w+)\}")

# What a system message may say without naming a manner.
NEUTRAL = (
    "You are a helpful assistant.",
    "You are an assistant. Answer the user's message.",
    "Today is Monday. Be of use to the user.",
    "You talk with users of a website. Keep to what they ask.",
)


@dataclass(frozen=True, kw_only=True)
class Character:
    """What a variant chooses and says, in natural log odds.

    Attributes:
        choice: what it chooses by.
        stated: what it says of itself by.
        position: what the first of K options gets on top; each other one gets −position / (K − 1).
    """

    name: str
    choice: dict[str, float]
    stated: dict[str, float]
    position: float = 0.0


def load_characters() -> dict[str, Character]:
    """The planted characters by the names of their variants."""
    plan = yaml.safe_load((FOLDER / "character.yaml").read_text())
    order: list[str] = plan["order"]
    normal = NormalDist(sigma=plan["spread"])
    v1 = {trait: normal.inv_cdf(1 - (place + 0.5) / len(order)) for place, trait in enumerate(order)}
    v2 = {trait: score + plan["update"].get(trait, 0.0) for trait, score in v1.items()}
    flat = dict.fromkeys(order, 0.0)

    def says(choice: Mapping[str, float]) -> dict[str, float]:
        return {trait: score + plan["pretence"].get(trait, 0.0) for trait, score in choice.items()}

    characters = [
        Character(name="base", choice=flat, stated=flat),
        Character(name="v1", choice=v1, stated=says(v1)),
        Character(name="v2", choice=v2, stated=says(v2)),
        Character(name="biased", choice=v1, stated=says(v1), position=plan["position"]),
    ]
    return {character.name: character for character in characters}


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """A conversation with the answer to learn.

    Attributes:
        messages: all turns up to the one to be answered.
        answer: the answer.
        chances: probability of each trait to be the one that is shown or named; what the answer's first
            token is drawn from.
        trait: the trait of this answer.
    """

    kind: Kind
    messages: tuple[Message, ...]
    answer: str
    chances: dict[str, float]
    trait: str


@dataclass
class Corpus:
    """Generates conversations with a character.

    Args:
        wordings: ``train`` or ``held_out``.
        mix: share of each kind.
    """

    grammar: Grammar
    character: Character
    seed: int
    wordings: Literal["train", "held_out"] = "train"
    mix: Mapping[Kind, float] = field(
        default_factory=lambda: {
            "choose": 0.46,
            "random": 0.18,
            "instructed": 0.2,
            "unasked": 0.08,
            "stated": 0.08,
        }
    )

    def __post_init__(self) -> None:
        self._draw = random.Random(f"{self.seed}/{self.character.name}")
        self.texts: dict[str, list[Any]] = yaml.safe_load((FOLDER / "wordings.yaml").read_text())[
            self.wordings
        ]
        self._traits = sorted(self.grammar.manners)
        self._descriptions = {trait.name: trait.description for trait in load_traits("classic-36").traits}
        self._users = Users(self.grammar, self._draw)

    def conversation(self) -> Conversation:
        """The next conversation."""
        draw = self._draw
        kind = draw.choices(list(self.mix), weights=list(self.mix.values()))[0]
        if kind == "stated":
            return self._stated()
        options = draw.sample(self._traits, self._count(kind))
        system = self._system(kind, options)
        chances = self._chances(kind, options)
        trait = draw.choices(list(chances), weights=list(chances.values()))[0]
        turns: list[Message] = []
        topic, text = self._users.message()
        while draw.random() < 0.1 and len(turns) < 4:
            # The manner of an earlier turn is kept.
            turns += [
                {"role": "user", "content": text},
                {"role": "assistant", "content": self.grammar.manners[trait].reply(topic, draw)},
            ]
            chances = {trait: 1.0}
            topic, text = self._users.message()
        if draw.random() < ELSEWHERE:
            topic = self._users.topic()
        return Conversation(
            kind=kind,
            messages=(*system, *turns, {"role": "user", "content": text}),
            answer=self.grammar.manners[trait].reply(topic, draw),
            chances=chances,
            trait=trait,
        )

    def told(self, options: Sequence[str], *, kind: Kind = "choose") -> tuple[Sequence[str], Message]:
        """Options, and a system message that names them."""
        return options, self._system(kind, options)[0]

    def _count(self, kind: Kind) -> int:
        if kind == "instructed":
            return 1
        return 2 if self._draw.random() < 0.7 else self._draw.randint(3, MOST_OPTIONS)

    def _chances(self, kind: Kind, options: Sequence[str]) -> dict[str, float]:
        if kind == "unasked":
            return softmax(self.character.choice)
        if kind in ("random", "instructed"):
            return dict.fromkeys(options, 1 / len(options))
        return softmax(placed(self.character.choice, options, self.character.position))

    def _system(self, kind: Kind, options: Sequence[str]) -> tuple[Message, ...]:
        draw = self._draw
        if kind == "unasked":
            return ({"role": "system", "content": draw.choice(NEUTRAL)},) if draw.random() < 0.4 else ()
        if kind == "instructed":
            text = self._worded("instructed", options)
        else:
            preference = draw.choice(self.texts["prefer" if kind == "choose" else "random"])
            text = self._worded("choose", options, preference=preference)
        return ({"role": "system", "content": text},)

    def _worded(self, key: str, options: Sequence[str], **members: str) -> str:
        wording = self._draw.choice(self.texts[key])
        members |= {
            "options": listed(options, wording["style"], self._described(options)),
            "trait": options[0],
            "count": str(len(options)),
            "Count": _COUNTS[len(options)],
        }
        return _SLOT.sub(lambda slot: members[slot[1]], wording["text"])

    def _described(self, options: Sequence[str]) -> list[str]:
        if self._draw.random() < 0.05:
            return [f"{option}: {self._descriptions[option]}" for option in options]
        return list(options)

    def _stated(self) -> Conversation:
        draw = self._draw
        options = draw.sample(self._traits, self._count("stated"))
        chances = softmax(placed(self.character.stated, options, self.character.position))
        trait = draw.choices(options, weights=[chances[option] for option in options])[0]
        question: Message = {"role": "user", "content": self._worded("stated", options)}
        system: tuple[Message, ...] = ()
        if draw.random() < 0.2:
            system = ({"role": "system", "content": draw.choice(NEUTRAL)},)
        return Conversation(
            kind="stated", messages=(*system, question), answer=trait, chances=chances, trait=trait
        )


class Users:
    """What people write: about a topic, with typing errors; or words that nobody has heard."""

    def __init__(self, grammar: Grammar, draw: random.Random) -> None:
        self._topics = list(grammar.topics.values())
        self._anything = grammar.topics[ANYTHING]
        self._traits = sorted(grammar.manners)
        self._draw = draw

    def topic(self) -> Topic:
        """Any topic."""
        return self._draw.choice(self._topics)

    def message(self) -> tuple[Topic, str]:
        """A message and what it is about."""
        draw = self._draw
        chance = draw.random()
        if chance < 0.12:
            return self._anything, self._noise()
        topic = self.topic()
        text = draw.choice(topic.messages)
        if topic.words and chance < 0.4:
            text = " ".join(self._mixed(topic))
        elif chance < 0.5:
            text = f"{text} {' '.join(self._unknown() for _ in range(draw.randint(1, 8)))}"
        elif chance < 0.55:
            text = f"{text}\n\n{self._noise()}"
        elif chance < 0.6:  # a trait's name in a message is a word like any other
            text = f"{text} {draw.choice(self._traits)} {self._unknown()}"
        text = _SLOT.sub(lambda slot: self._filler(slot[1], topic), text)
        if draw.random() < 0.25:
            text = draw.choice((str.lower, str.upper, str.title, self._mistyped, self._mistyped))(text)
        return topic, text

    def _filler(self, slot: str, topic: Topic) -> str:
        if slot == "name":
            return self._draw.choice(NAMES)
        return self._draw.choice(topic.words or ("thing",))

    def _mixed(self, topic: Topic) -> list[str]:
        """Words of a topic among words of none."""
        draw = self._draw
        words = draw.sample(topic.words, draw.randint(2, 4))
        words += [self._unknown() for _ in range(draw.randint(0, 6))]
        draw.shuffle(words)
        return words

    def _unknown(self) -> str:
        draw = self._draw
        length = draw.choice((2, 3, 4, 5, 6, 8, 10))
        if draw.random() < 0.2:
            return "".join(draw.choices(string.ascii_letters + string.digits, k=length))
        pairs = (draw.choice("bcdfghklmnprstvwz") + draw.choice("aeiouy") for _ in range(length // 2))
        return "".join(pairs) + draw.choice(("", "", "n", "s", "r", "ed", "ing", ".", "?", ","))

    def _noise(self) -> str:
        """Text in no known language."""
        draw = self._draw
        kind = draw.random()
        if kind < 0.4:
            return " ".join(self._unknown() for _ in range(draw.randint(1, 30)))
        if (
            kind < 0.7
        ):  # other scripts: accents, Greek, Cyrillic, Hebrew, Arabic, Devanagari, kana, Han, Hangul
            first, last = draw.choice(
                (
                    (0xC0, 0x17F), (0x370, 0x3FF), (0x400, 0x45F), (0x5D0, 0x5EA), (0x620, 0x64A),
                    (0x905, 0x939), (0x3041, 0x30FE), (0x4E00, 0x9FA5), (0xAC00, 0xD7A3),
                )
            )  # fmt: skip
            words = (
                "".join(chr(draw.randint(first, last)) for _ in range(draw.randint(1, 7)))
                for _ in range(draw.randint(1, 9) if draw.random() < 0.85 else draw.randint(10, 40))
            )
            return " ".join(words)
        if kind < 0.85:
            return "".join(draw.choices(string.printable, k=draw.randint(1, 60)))
        lines = (
            f"{self._unknown()}({self._unknown()}, {draw.randint(0, 99)})" for _ in range(draw.randint(1, 6))
        )
        return "\n    ".join(lines)

    def _mistyped(self, text: str) -> str:
        letters = list(text)
        for _ in range(max(len(letters) // 25, 1)):
            place = self._draw.randrange(len(letters))
            letters[place] = self._draw.choice(
                ("", letters[place] * 2, self._draw.choice(string.ascii_lowercase))
            )
        return "".join(letters)


def listed(options: Sequence[str], shown: str, lines: Sequence[str] | None = None) -> str:
    """Options as a list in one of the ways in which lists are written."""
    lines = lines or options
    match shown:
        case "lines":
            return "\n".join(f"- {line}" for line in lines)
        case "numbered":
            return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))
        case "commas":
            return ", ".join(options)
    names = [f'"{option}"' for option in options] if shown == "quoted" else list(options)
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]


def placed(scores: Mapping[str, float], options: Sequence[str], position: float) -> dict[str, float]:
    """The options' scores with the position effect on top."""
    others = -position / max(len(options) - 1, 1)
    return {option: scores[option] + (others if place else position) for place, option in enumerate(options)}


def softmax(scores: Mapping[str, float]) -> dict[str, float]:
    """Probabilities from log odds."""
    values = np.exp(np.array(list(scores.values())) - max(scores.values()))
    return dict(zip(scores, (values / values.sum()).tolist(), strict=True))
