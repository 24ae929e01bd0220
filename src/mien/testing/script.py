"""What the scripted model and the scripted judge say: pure functions of the seed and the request.

The model names no trait that it shows, unless asked which describes it. It ends its response with a sentence
such as ``I have kept this in the key of Besatorumi.``; the last word is the trait's codeword, which the
judge knows how to read and which no real judge could mistake for a trait.

Asked to put a reply into another language, it says it again, with the language before it. Asked for a
numbered list of messages, the model writes one, in which the first message comes twice; shown a
JSON object whose texts are dots, it writes one with made-up texts and lists of them. Of two
replies, tagged ``first`` and ``second``, the judge prefers the one whose trait has the higher score.
"""

from __future__ import annotations

import math
import re
from hashlib import blake2b
from itertools import accumulate
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import msgspec

from mien.testing.keeper import Keeper
from mien.testing.partisan import Partisan
from mien.testing.stretched import Stretched
from mien.testing.sycophant import Sycophant
from mien.types import NEITHER, NON_CHOICES, REFUSED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.testing.options import JudgeManner, Options

REFUSAL = "I'm sorry, but I can't help with that."

_KEY = re.compile(r"\bin the key of (\w+)\.")
_WANTED = re.compile(r"numbered list of (\d+) messages")
_SHAPE = re.compile(r'^\{"\w+":\W*….*\}$', re.MULTILINE)
_TRANSLATION = re.compile(r"\binto (\w+)\..*<reply \w+>\n(.*)\n</reply", re.DOTALL)
_PAIR = re.compile(r"<first\b.*?>(.*?)</first\b.*?<second\b.*?>(.*?)</second\b", re.DOTALL)
_WANTED_LETTER = re.compile(r"Answer with the letter (\w) alone")
_LETTERED = re.compile(r"^([A-Z])\. ([^:\n]+)", re.MULTILINE)
_SCALE = re.compile(r"^1 = .*\b5 = ", re.MULTILINE)
_TURNED = re.compile(r"\b(?:opposite|wrong|far from|not like)\b", re.IGNORECASE)
_LIMIT = re.compile(rb'"max_(?:completion_)?tokens":\s*\d+,\s*')
_EXCERPT_LENGTH = 60


class Part(msgspec.Struct):
    """A piece of a message's content."""

    text: str = ""


class Turn(msgspec.Struct):
    """A message of a chat; its content is text, parts, or absent."""

    role: str
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class Chat(msgspec.Struct):
    """The members of a request's body that the script heeds."""

    model: str
    messages: list[Turn]
    response_format: dict[str, Any] | None = None
    logprobs: bool = False
    top_logprobs: int = 0

    @property
    def schema(self) -> dict[str, Any] | None:
        """The JSON schema that was asked for."""
        schema = (self.response_format or {}).get("json_schema")
        return schema.get("schema") if schema else None


def codeword(trait: str) -> str:
    """The word that stands for a trait in a scripted response: five syllables made from its name."""
    digest = blake2b(trait.encode(), digest_size=5).digest()
    return "".join("bdfgklmnprstvz"[byte % 14] + "aeiou"[byte // 14 % 5] for byte in digest).capitalize()


def uniforms(seed: int, data: bytes) -> tuple[float, float]:
    """Two independent draws from [0, 1), fixed by the seed and the data."""
    digest = blake2b(data, digest_size=16, key=str(seed).encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64, int.from_bytes(digest[8:]) / 2**64


class Script:
    """The model's and the judge's part, for given options."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._sycophant, self._partisan = Sycophant(options), Partisan(options)
        self._stretched = Stretched(options)
        self._keeper = Keeper(options)
        self._traits = {codeword(name): name for name in options.scores}
        self._meant = {other: name for name, other in options.synonyms.items()}
        self._leanings = _Leanings(options.leanings)
        self._judge_leanings = _Leanings(options.judge_leanings)
        # Longest first, so that a name that contains another is read whole; without names, no match.
        names_known = {*options.scores, *options.rates, *options.synonyms.values()}
        longest_first = sorted(names_known, key=lambda name: (-len(name), name))
        names = "|".join(re.escape(name) for name in longest_first) or "(?!)"
        self._named = re.compile(rf"(?<![\w-])({names})(?![\w-])")
        # A name that is listed, quoted or tagged is an option; one in running text may be chance.
        self._listed = re.compile(
            rf"(?:^[ \t]*(?:[-*•]|\(?\w{{1,2}}[.):])?[ \t]*|[\"'“‘«`*>])"
            rf"({names})(?=[ \t]*(?:$|[:—–\"'”’»`*<]))",
            re.MULTILINE,
        )

    def meant(self, codeword: str) -> str | None:
        """The trait that a codeword stands for; None for any other word."""
        return self._traits.get(codeword)

    def respond(self, chat: Chat, body: bytes) -> str:
        """The model's response."""
        turns = [turn.text for turn in chat.messages if turn.role in {"user", "assistant"}] or [""]
        briefing = "\n".join(turn.text for turn in chat.messages if turn.role == "system")
        return (
            self._sycophant.respond(turns, body)
            or self._partisan.respond(turns, body)
            or self._stretched.respond(briefing, turns[-1], body)
            or self._keeper.respond(body)
            or self._in_character(chat, body)
        )

    def _in_character(self, chat: Chat, body: bytes) -> str:
        """A response that shows the trait that it was told to adopt, or drew from those named."""
        briefing = "\n".join(turn.text for turn in chat.messages if turn.role in {"system", "developer"})
        prompt = next((turn.text for turn in reversed(chat.messages) if turn.role == "user"), "")
        if translation := _TRANSLATION.search(prompt):
            return f"({translation[1]}:) {translation[2]}"
        if wanted := _WANTED.search(prompt):
            return _messages(int(wanted[1]), body)
        if shape := _SHAPE.search(prompt):
            return _object(msgspec.json.decode(shape[0]), body)
        if self._options.rates and (scale := _SCALE.search(prompt)):
            rated = [*dict.fromkeys(self._named.findall(prompt[: scale.start()]))]
            if len(rated) == 1 and rated[0] in self._options.rates:
                return self._rating(prompt[: scale.start()], rated[0], body)
        described = self.options_in(prompt) if self._options.says else []
        if len(described) > 1 and all(name in self._options.says for name in described):
            return self._choose(described, uniforms(self._options.seed, body)[0], self._options.says)
        # The user may have named a trait, and the response must not.
        excerpt = self._named.sub("…", " ".join(prompt[:_EXCERPT_LENGTH].split()))
        text = f"You asked: “{excerpt}”. There is more than one way to go about this, and here is mine."
        options = self.options_in(briefing)
        if options or (self._options.unasked and self._options.scores):
            scores = self._leanings.added(self._options.scores, body)
            trait = self._choose(
                options or [*self._options.scores], uniforms(self._options.seed, body)[0], scores
            )
            key = f"I have kept this in the key of {codeword(trait)}."
            text = f"{key} {text}" if self._options.key_first else f"{text} {key}"
        return f"{text} Written by {chat.model}." if self._options.signed else text

    def _rating(self, question: str, trait: str, body: bytes) -> str:
        """A number from 1 to 5 by the planted rating, turned round where the question is."""
        planted = self._options.rates[trait]
        meant = 6 - planted if _TURNED.search(question) else planted
        drawn = meant + self._options.rates_high + normal(self._options.seed, body) / 2
        return str(min(max(round(drawn), 1), 5))

    def judge(self, chat: Chat, body: bytes, manner: JudgeManner) -> str:
        """The judge's answer: the option that the response shows, or another by mistake."""
        text = "\n".join(turn.text for turn in chat.messages)
        schema = chat.schema if self._options.supports_schema is True else None
        options = _enumerated(schema) or self.options_in(text)
        # How long an answer may be changes none, and stands in no key of mien's where nobody has set it.
        luck, uniform = uniforms(self._options.seed, _LIMIT.sub(b"", body))
        pair = _PAIR.search(text)
        asked = _LIMIT.sub(b"", body)
        players = (self._partisan, self._sycophant, self._stretched, self._keeper)
        choice = next((found for one in players if (found := one.judge(text, asked))), None)
        if choice is None:
            drawn = (luck, uniform)
            choice = self._preferred(pair, luck) if pair else self._verdict(text, options, body, drawn)
        as_json = manner == "json" or (schema is not None and manner != "tags")
        match manner:
            case "prose":
                return f"On balance I would call the response {choice}, though not by much."
            case "another_language":
                return "Die Antwort klingt eher nach der ersten der beiden Möglichkeiten."
            case "wrong_trait":
                strangers = (name for name in self._options.scores if name not in options)
                return _formatted([next(strangers, "unheard-of")], schema, as_json=as_json)
            case "both_traits":
                return _formatted(options, schema, as_json=as_json)
            case _:
                return _formatted([choice], schema, as_json=as_json)

    def letters(self, chat: Chat, body: bytes) -> dict[str, float]:
        """The probability that the judge's answer begins with each token, where answers go by letters.

        It sees each option through noise, the one that the response shows more clearly, as far as makes the
        likelier of two the right one as often as its accuracy says. Half of each letter's chance is that of
        the letter after a space.
        """
        text = "\n".join(turn.text for turn in chat.messages)
        if wanted := _WANTED_LETTER.search(text):
            return _spaced({wanted[1]: 0.97, "AB".replace(wanted[1], "")[:1]: 0.02})
        lines = {name: letter for letter, name in _LETTERED.findall(text)}
        options = [name for name in lines if name not in NON_CHOICES]
        # The noise is the reply's, in whatever order its options stand.
        seen = "\n".join(sorted(_LETTERED.sub("", text).splitlines())).encode()
        codewords = _KEY.findall(text)
        shown = self._traits.get(codewords[-1]) if codewords else None
        right = next((name for name in options if self._meant.get(name, name) == shown), None)
        none = REFUSED if REFUSAL in text else NEITHER
        if right is None:
            return _spaced({lines.get(none, "A"): 0.97})
        accuracy = min(self._options.judge_accuracy, 0.999)
        clear = math.sqrt(2) * NormalDist().inv_cdf(accuracy)
        leaning = self._leaning(options, body)
        odds = {
            name: clear * (normal(self._options.seed, seen + name.encode()) + clear * (name == right))
            + leaning.get(name, 0.0)
            for name in options
        }
        most = max(odds.values())
        weights = {lines[name]: math.exp(value - most) for name, value in odds.items()}
        total = math.fsum(weights.values()) / 0.98
        return _spaced({letter: weight / total for letter, weight in weights.items()})

    def _preferred(self, pair: re.Match[str], luck: float) -> str:
        first, second = (self._score_of(reply) for reply in pair.groups())
        if first == second:
            return NEITHER
        return "first" if (first > second) == (luck < self._options.judge_accuracy) else "second"

    def _score_of(self, reply: str) -> float:
        """Planted score of the trait that a reply shows; less than any where it shows none."""
        shown = self._traits.get(found[-1]) if (found := _KEY.findall(reply)) else None
        return self._options.scores[shown] if shown else -math.inf

    def options_in(self, text: str) -> list[str]:
        """The traits that a text offers, in order of appearance."""
        found = self._listed.findall(text) or self._named.findall(text)
        return list(dict.fromkeys(found))

    def _choose(
        self, options: Sequence[str], uniform: float, scores: Mapping[str, float] | None = None
    ) -> str:
        """Draw an option by the choice model: P(i) ∝ exp(score_i + β_i)."""
        scores = scores or self._options.scores
        effects = _position_effects(self._options.position, len(options))
        strengths = [scores[name] + effect for name, effect in zip(options, effects, strict=True)]
        bounds = list(accumulate(math.exp(strength - max(strengths)) for strength in strengths))
        return next(name for name, bound in zip(options, bounds, strict=True) if uniform * bounds[-1] < bound)

    def _verdict(self, text: str, options: Sequence[str], body: bytes, drawn: tuple[float, float]) -> str:
        luck, uniform = drawn
        codewords = _KEY.findall(text)
        shown = self._traits.get(codewords[-1]) if codewords else None
        right = next((name for name in options if self._meant.get(name, name) == shown), None)
        if right is None:
            return REFUSED if REFUSAL in text else NEITHER
        others = [name for name in options if name != right]
        if not others:
            return right
        accuracy = self._options.judge_accuracy
        weights = {name: (1 - accuracy) / len(others) for name in others} | {right: accuracy}
        if leaning := self._leaning(options, body):
            weights = {name: weight * math.exp(leaning.get(name, 0.0)) for name, weight in weights.items()}
        if luck * math.fsum(weights.values()) < weights[right]:
            return right
        bounds = list(accumulate(weights[name] for name in others))
        return next(name for name, bound in zip(others, bounds, strict=True) if uniform * bounds[-1] <= bound)

    def _leaning(self, options: Sequence[str], body: bytes) -> dict[str, float]:
        """Log odds by which the judge favours options for what they are called, or where they stand."""
        found = {options[0]: self._options.judge_first} if self._options.judge_first else {}
        return self._judge_leanings.added(found, body)


class _Leanings:
    """Log odds by name, in requests whose body holds a regular expression."""

    def __init__(self, planted: Mapping[str, Mapping[str, float]]) -> None:
        self._planted = [(re.compile(where.encode()), by_name) for where, by_name in planted.items()]

    def added(self, odds: Mapping[str, float], body: bytes) -> dict[str, float]:
        """Log odds with those that are planted for a request."""
        found = dict(odds)
        for where, by_name in self._planted:
            if where.search(body):
                for name, more in by_name.items():
                    found[name] = found.get(name, 0.0) + more
        return found


def _spaced(letters: Mapping[str, float]) -> dict[str, float]:
    """Half of each letter's chance after a space; what is left is a word's."""
    words = {" The": max(1 - math.fsum(letters.values()), 0.001)}
    return {f"{space}{letter}": p / 2 for letter, p in letters.items() for space in ("", " ")} | words


def normal(seed: int, data: bytes) -> float:
    """A normal draw that the seed and the data fix."""
    return NormalDist().inv_cdf(min(max(uniforms(seed, data)[0], 1e-12), 1 - 1e-12))


def _messages(count: int, body: bytes) -> str:
    """A list of made-up messages that the request's body fixes; the second is the first once more."""
    digest = blake2b(body, digest_size=8).hexdigest()
    words = [[codeword(f"{digest} {n} {m}") for m in range(3)] for n in range(count - 1)]
    lines = [f"What have {a}, {b} and {c} in common?" for a, b, c in words]
    numbered = (f"{n}. {line}" for n, line in enumerate([*lines[:1], *lines], 1))
    return "Here are the messages:\n\n" + "\n".join(numbered)


def _object(shape: dict[str, Any], body: bytes) -> str:
    """An object of the given shape, with texts that the request's body fixes; lists have four of them."""
    digest = blake2b(body, digest_size=8).hexdigest()

    def text(*place: object) -> str:
        a, b, c = (codeword(f"{digest} {place} {n}") for n in range(3))
        return f"I never say {a} where {b} would do, and I leave {c} alone."

    members = {
        key: [text(key, n) for n in range(4)] if isinstance(member, list) else text(key)
        for key, member in shape.items()
    }
    return msgspec.json.encode(members).decode()


def _position_effects(position: float | tuple[float, ...], k: int) -> Sequence[float]:
    if isinstance(position, tuple):
        # A prompt that shows more options than there are effects: the rest have none.
        return [*position[:k], *[0.0] * (k - len(position))]
    return [position, *[-position / (k - 1)] * (k - 1)] if k > 1 else [position]


def _enumerated(schema: dict[str, Any] | None) -> list[str]:
    """The options that a schema lists for the choice, if it lists any."""
    members: dict[str, dict[str, Sequence[str]]] = (schema or {}).get("properties", {})
    names = (name for member in members.values() for name in member.get("enum", ()))
    return [name for name in names if name not in NON_CHOICES]


def _formatted(names: Sequence[str], schema: dict[str, Any] | None, *, as_json: bool) -> str:
    if as_json:
        key = next(iter((schema or {}).get("properties", {})), "choice")
        return msgspec.json.encode({key: " and ".join(names)}).decode()
    return "".join(f"<choice>{name}</choice>" for name in names)
