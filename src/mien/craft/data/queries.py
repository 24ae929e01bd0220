"""Queries: messages where a character matters, and ordinary ones, with a share that nothing is trained on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, Literal

from mien.errors import UsageError
from mien.formatting import counted
from mien.instruments.manner.duplicates import Seen
from mien.models.lists import read_list
from mien.types import Request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from mien.craft.data.wording import Wording
    from mien.materials.constitutions import Constitution
    from mien.types import Call, Prompt, Sampling

Source = Literal["seed", "teacher", "ordinary"]
Split = Literal["train", "heldout"]

#: Messages that the teacher is asked for at once. More save calls, and repeat each other more.
BATCH: Final = 20

#: How often the teacher is asked again for what duplicates left wanting.
ROUNDS: Final = 3

#: Messages, and pairs, of which fewer teach next to nothing.
FEW: Final = 16

_SPARE = 1.25  # asked for, to one that is wanted: some will be duplicates
_EXAMPLES = 5
_LONGEST = 4_000  # characters; longer members of a list are not messages but a list misread


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A message that answers are made for.

    Attributes:
        assertion: index of the assertion of the constitution that it is about; None for ordinary ones.
        source: who wrote it: the constitution's author, the teacher, or the ordinary prompts'.
        split: whether it may be trained on.
    """

    id: str
    text: str
    assertion: int | None
    source: Source
    split: Split


class Collection:
    """Queries as they come, each once: a near-duplicate of an earlier one is left out.

    Args:
        heldout: share of the queries that is held out; which, a hash of seed and text tells, so that more
            queries move none from one side to the other.
    """

    def __init__(self, *, heldout: float, seed: int) -> None:
        self.queries: list[Query] = []
        self.duplicates: Counter[Source] = Counter()
        self._seen = Seen()
        self._heldout = heldout
        self._seed = seed

    def add(self, text: str, assertion: int | None, source: Source) -> bool:
        """Take a query, unless there is one like it."""
        text = text.strip()
        if self._seen.add(text) is not None:
            self.duplicates[source] += 1
            return False
        self.queries.append(
            Query(
                id=f"q{blake2b(text.encode(), digest_size=8).hexdigest()}",
                text=text,
                assertion=assertion,
                source=source,
                split="heldout" if lot(self._seed, "split", text) < self._heldout else "train",
            )
        )
        return True

    def count(self, assertion: int) -> int:
        """How many there are about an assertion."""
        return sum(query.assertion == assertion for query in self.queries)


def lot(seed: int, *about: object) -> float:
    """A draw from [0, 1) that the seed and what it is about fix."""
    digest = blake2b("\n".join(map(str, (seed, *about))).encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def pick(seed: int, options: Sequence[str], *about: object) -> str:
    """One of the options, each as probable as any other."""
    return options[int(lot(seed, *about) * len(options))]


async def expand(
    collection: Collection,
    constitution: Constitution,
    wording: Wording,
    *,
    n_queries: int,
    sampling: Sampling,
    carry_out: Callable[[Sequence[Request]], Awaitable[list[Call | None]]],
) -> None:
    """Have the teacher write messages until every assertion has its share of ``n_queries``.

    Where duplicates leave some wanting, it is asked again, `ROUNDS` times in all; then what there is must do.

    Args:
        carry_out: makes calls, and gives None for one that failed.

    Raises:
        UsageError: no message could be read in anything that the teacher wrote.
    """
    share = share_of(n_queries, constitution)
    asked: Counter[int] = Counter()
    unread = ""
    for _ in range(ROUNDS):
        batches: list[tuple[int, Request]] = []
        for index in range(len(constitution.assertions)):
            wanting = share - collection.count(index)
            for _ in range(_batches(wanting)):
                request = _request(constitution, wording, index, asked[index], sampling)
                batches.append((index, request))
                asked[index] += 1
        if not batches:
            break
        calls = await carry_out([request for _, request in batches])
        for (index, _), call in zip(batches, calls, strict=True):
            if call is None:
                continue
            texts = read_list(call.text, cut_off=call.finish_reason == "length")
            unread = unread or (call.text if not texts else "")
            for text in texts:
                if collection.count(index) < share and len(text) <= _LONGEST:
                    collection.add(text, index, "teacher")
    if unread and not any(query.source == "teacher" for query in collection.queries):
        raise UsageError(
            f"the teacher wrote no list of messages that can be read, but {unread[:80]!r}; take another "
            "teacher, or none of its messages with --queries 0"
        )


def requests_for(n_queries: int, constitution: Constitution) -> int:
    """How often the teacher is asked for messages, where it writes enough at once that differ."""
    share = share_of(n_queries, constitution)
    return sum(_batches(share - len(assertion.questions)) for assertion in constitution.assertions)


def _batches(wanting: int) -> int:
    return -(-int(wanting * _SPARE) // BATCH) if wanting > 0 else 0


def share_of(n_queries: int, constitution: Constitution) -> int:
    """How many messages each assertion is to have."""
    return -(-n_queries // len(constitution.assertions))


def _request(
    constitution: Constitution, wording: Wording, index: int, number: int, sampling: Sampling
) -> Request:
    """The ``number``-th batch about an assertion: its situation and its examples change with the number."""
    questions = constitution.assertions[index].questions
    first = number * _EXAMPLES % len(questions)
    examples = (questions[first:] + questions[:first])[:_EXAMPLES]
    situations = wording.situations
    text = wording.fill(
        "queries",
        character=wording.character_of(constitution),
        focus=wording.focus_on(constitution.assertions[index]),
        count=str(BATCH),
        situation=situations[(index + number) % len(situations)],
        examples="\n".join(f"- {example}" for example in examples),
    )
    replicate = number // len(situations)  # where the situations begin anew
    return Request(({"role": "user", "content": text},), sampling, replicate=replicate)


def add_ordinary(collection: Collection, prompts: Iterable[Prompt], *, most: int, seed: int) -> None:
    """Add a seeded sample of ordinary prompts."""
    shuffled = sorted(prompts, key=lambda prompt: lot(seed, "ordinary", prompt.text))
    for prompt in shuffled:
        if most <= 0:
            return
        most -= collection.add(prompt.text, None, "ordinary")


def few(n: int, what: str) -> list[str]:
    """A note, where messages or pairs are too few to teach a character, to be told before any is made."""
    if n >= FEW:
        return []
    return [f"{counted(n, what)}: few, and a training on them moves little; some hundreds are usual"]


def check_split(queries: Sequence[Query]) -> None:
    """Refuse queries that leave nothing to train on, or nothing to hold out.

    Raises:
        UsageError: one side is empty.
    """
    splits = Counter(query.split for query in queries)
    if not splits["heldout"]:
        raise UsageError(
            f"none of {len(queries)} queries is held out, so that nothing could be tried on what was not "
            "trained on; raise --heldout, or have more queries"
        )
    if not splits["train"]:
        raise UsageError(f"all {len(queries)} queries are held out; lower --heldout, or have more queries")
