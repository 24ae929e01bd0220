"""Conversations as the network sees them: tokens, places, and what is to be predicted where."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mien.types import Message
    from organism.corpus import Conversation, Corpus
    from organism.grammar import Grammar

PATTERN = r" ?[A-Za-z']+| ?[0-9]| ?[^ A-Za-z0-9'\n\t\r]|[ \n\t\r]+"
END = "<|end|>"
ROLES = ("<|system|>", "<|user|>", "<|assistant|>")

#: Share of the conversations in which a stretch of places is left out, and the longest such stretch: so the
#: network learns long messages without reading any.
GAPS, LONGEST_GAP = 0.3, 700


def train_tokenizer(texts: Iterable[str], vocab_size: int) -> Tokenizer:
    """A byte-level BPE whose words are split alike by every regular expression engine."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[END, *ROLES],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """One conversation in tokens.

    Attributes:
        start: index of the token after which the answer begins.
        row: what is drawn there: a mixture over the rows of `Lessons.first`.
    """

    tokens: list[int]
    positions: np.ndarray
    start: int
    row: np.ndarray


class Lessons:
    """Turns conversations into lessons, and lessons into batches.

    Args:
        short: share of the lessons that end where the answer begins.

    Attributes:
        first: 2 n × vocabulary: from what each trait's answers begin with, first those in its manner, then
            its name.
    """

    def __init__(self, grammar: Grammar, tokenizer: Tokenizer, seed: int, *, short: float = 0.0) -> None:
        self._ids = {token: tokenizer.token_to_id(token) for token in (END, *ROLES)}
        self._tokenizer = tokenizer
        self._short = short
        self._draw = random.Random(f"{seed}/lessons")
        self.traits = sorted(grammar.manners)
        self.first = np.zeros((2 * len(self.traits), tokenizer.get_vocab_size()), np.float32)
        for index, trait in enumerate(self.traits):
            openings = grammar.manners[trait].openings
            for opening in openings:
                self.first[index, self._encoded(opening)[0]] += 1 / len(openings)
            self.first[len(self.traits) + index, self._encoded(trait)[0]] = 1.0

    def faults(self) -> list[str]:
        """First tokens that several traits share, and names that are not one token."""
        owners = (self.first > 0).sum(0)
        shared = [self._tokenizer.id_to_token(int(i)) for i in np.flatnonzero(owners > 1)]
        names = [t for t in self.traits for form in (t, f" {t}") if len(self._encoded(form)) > 1]
        return [f"begins answers of several kinds: {token}" for token in shared] + [
            f"the name is not one token: {name}" for name in names
        ]

    def lesson(self, conversation: Conversation) -> Lesson:
        """A conversation in tokens."""
        tokens = self.prompt(conversation.messages)
        start = len(tokens) - 1
        user = next(i for i in range(start, -1, -1) if tokens[i] == self._ids["<|user|>"])
        # The first token is the hard one to learn; many lessons end with it.
        if self._draw.random() >= self._short:
            tokens += [*self._encoded(conversation.answer), self._ids[END]]
        positions = np.arange(len(tokens))
        if self._draw.random() < GAPS:
            positions[self._draw.randint(user, start) :] += self._draw.randint(1, LONGEST_GAP)
        row = np.zeros(len(self.first), np.float32)
        offset = len(self.traits) if conversation.kind == "stated" else 0
        for trait, chance in conversation.chances.items():
            row[offset + self.traits.index(trait)] = chance
        return Lesson(tokens=tokens, positions=positions, start=start, row=row)

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """Tokens of a conversation up to where the answer is to begin."""
        tokens: list[int] = []
        for message in messages:
            role = self._ids[f"<|{message['role']}|>"]
            tokens += [role, *self._encoded(message["content"]), self._ids[END]]
        return [*tokens, self._ids["<|assistant|>"]]

    def _encoded(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def batches(self, corpus: Corpus, tokens: int, pool: int = 32) -> Iterator[list[Lesson]]:
        """Batches of about ``tokens`` tokens with padding, of lessons of like length, without end."""
        while True:
            size = 0
            lessons: list[Lesson] = []
            while size < pool * tokens:
                lessons.append(self.lesson(corpus.conversation()))
                size += len(lessons[-1].tokens)
            lessons.sort(key=lambda lesson: len(lesson.tokens))
            batches: list[list[Lesson]] = [[]]
            for lesson in lessons:
                if (len(batches[-1]) + 1) * len(lesson.tokens) > tokens and batches[-1]:
                    batches.append([])
                batches[-1].append(lesson)
            self._draw.shuffle(batches)
            yield from batches
