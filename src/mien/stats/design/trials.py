"""Which trials a run consists of: rounds, blocks, counterbalancing, and the prompt of each trial.

A design is a pure function of traits, prompts, number of options, order, rounds and seed. A design of more
rounds begins with the trials of the shorter one, so that a run can grow and pay only for what is new.

Pairs (K = 2) follow schedules in which no pair repeats before every pair has met: for an even number of
traits the circle method (a 1-factorisation of the complete graph; Kirkman 1847), for an odd number Walecki's
decomposition into Hamiltonian cycles (Lucas 1892; Alspach 2008, "The wonderful Walecki construction"), each
traversed twice: two rounds whose middle block borrows its second trait from the second round. For K > 2 no
such schedule is known for every number of traits; blocks are then filled greedily with the traits that have
met least often.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import count, islice
from operator import add
from typing import TYPE_CHECKING, Literal

import numpy as np

from mien.errors import UsageError
from mien.stats.design.shards import WHOLE, Shard
from mien.types import Prompt, Trial

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.random import RandomState
    from numpy.typing import NDArray

Order = Literal["counterbalanced", "listed"]
Block = tuple[int, list[int]]  # the round in which it begins, and its traits in the order shown

#: What a design has a row of for each trial.
TRIAL_ARRAYS = ("options", "prompt", "round", "replicate")

MAX_OPTIONS = 8
DEFAULT_TRIALS = 2_000
_AT_A_TIME = 1 << 16  # trials that are made lists of


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """The trials of a run. Iterating gives `Trial`s; the arrays hold the same without an object a trial.

    Attributes:
        traits: n trait names.
        prompts: what the trials' prompts are dealt from.
        rounds: in each, every trait appears exactly once.
        options: (T, K) indices into ``traits``, in the order shown.
        prompt: (T,) indices into ``prompts``.
        round: (T,) the round in which each trial's block begins, from 0.
        replicate: (T,) how many earlier trials show the same options in the same order with the same prompt;
            where a response serves several trials, how many earlier responses answer the same prompt.
        content: hash of all that the design depends on but the number of rounds.
        shard: which of the design's trials these are; T counts them alone.
        per_response: neighbouring trials that one response serves, each with other traits; the last one may
            serve fewer.
    """

    traits: tuple[str, ...]
    prompts: tuple[Prompt, ...]
    rounds: int
    seed: int
    order: Order
    options: NDArray[np.int32]
    prompt: NDArray[np.int32]
    round: NDArray[np.int32]
    replicate: NDArray[np.int32]
    content: str
    shard: Shard = WHOLE
    per_response: int = 1

    @property
    def name(self) -> str:
        """The design's name: designs of one content and different lengths differ in the last part."""
        return f"{self.content}-{self.rounds}"

    def __len__(self) -> int:
        return len(self.options)

    def __getitem__(self, index: int) -> Trial:
        """Trial number ``index`` of these in order of presentation; its id tells which of the design's."""
        index = range(len(self))[index]
        shown: list[int] = self.options[index].tolist()
        names = tuple(self.traits[i] for i in shown)
        trial = f"t{self.shard.trial(index)}"
        return Trial(trial, int(self.round[index]), names, self.prompts[int(self.prompt[index])])

    def __iter__(self) -> Iterator[Trial]:
        return (self[index] for index in range(len(self)))

    def first_on_response(self, trial: Trial) -> str:
        """Id of the first of the trials that are served by the same response as one of these."""
        number = int(trial.id.removeprefix("t"))
        return f"t{number - number % self.per_response}"

    @property
    def in_all(self) -> int:
        """The number of trials of all its shards together."""
        return math.ceil(self.rounds * len(self.traits) / self.options.shape[1])

    @property
    def connected(self) -> bool:
        """Whether any two traits meet, or meet others that do; else no verdicts rate them all."""
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import connected_components

        n, beside = len(self.traits), self.options[:, 1:]
        first = np.repeat(self.options[:, 0], beside.shape[1])
        meet = csr_array((np.ones(len(first)), (first, beside.ravel())), shape=(n, n))
        groups, _ = connected_components(meet, directed=False)
        return groups == 1

    def part(self, shard: Shard) -> Design:
        """One shard of a design that is whole.

        Raises:
            UsageError: there are more shards than trials.
        """
        shard.require(self.in_all)
        arrays = {name: getattr(self, name)[shard.every].copy() for name in TRIAL_ARRAYS}
        return replace(self, shard=shard, **arrays)

    def first(self, rounds: int) -> Design:
        """The design of the first so many rounds, at most as many as there are; of one that is whole."""
        shorter = replace(self, rounds=min(rounds, self.rounds))
        return replace(shorter, **{name: getattr(self, name)[: shorter.in_all] for name in TRIAL_ARRAYS})


def rounds_for(n_traits: int, *, n_options: int = 2, trials: int | None = None, full: bool = False) -> int:
    """Rounds needed for ``trials`` trials (rounded up to whole rounds), or for every pair once.

    Raises:
        UsageError: ``full`` was asked for with more than two options, or fewer than one trial.
    """
    if full:
        if n_options != 2:
            equal = math.ceil((n_traits - 1) / (n_options - 1))
            raise UsageError(
                f"every pair exactly once exists only for pairs of options; with {n_options} options "
                f"{equal} rounds show as many pairs"
            )
        return n_traits - 1
    trials = DEFAULT_TRIALS if trials is None else trials
    if trials < 1:
        raise UsageError(f"a design needs at least one trial, not {trials}")
    # Whole numbers: the fewest rounds whose blocks, the last of which may borrow, are as many as the trials.
    return (trials - 1) * n_options // n_traits + 1


def lay_out(
    traits: Sequence[str],
    prompts: Sequence[Prompt],
    *,
    rounds: int,
    n_options: int = 2,
    order: Order = "counterbalanced",
    seed: int = 0,
    per_response: int = 1,
) -> Design:
    """Lay out a design.

    Every trait appears once a round, so appearances differ by at most one over traits; where K does not
    divide n, the last block of a round borrows from the next. Under ``"counterbalanced"`` the counts of
    first positions differ by at most one over traits, too; under ``"listed"`` options stand in the order of
    ``traits``.

    Args:
        traits: n trait names, n ≥ K.
        prompts: dealt so that every trait sees the categories in their proportions.
        rounds: at least 1.
        n_options: K, 2 to 8; 1 where traits are rated one at a time.
        order: how options are ordered within a trial.
        seed: 0 to 2³² − 1.
        per_response: neighbouring trials that one response to a prompt serves; they have that prompt.

    Raises:
        UsageError: too few traits, no prompts, or a number out of range.
    """
    n = len(traits)
    _check(n, len(prompts), rounds, n_options, seed)
    # RandomState's stream is frozen by NumPy's policy (NEP 19); that of newer generators may change.
    rng = np.random.RandomState([seed, 0])
    blocks = {1: _singles, 2: _pairs}[n_options](n, rng) if n_options <= 2 else _blocks(n, n_options, rng)
    n_trials = math.ceil(rounds * n / n_options)
    # Whole responses: a longer design then deals the last one the same prompt.
    n_responses = math.ceil(n_trials / per_response)
    options = np.empty((n_responses * per_response, n_options), dtype=np.int32)
    round_ = np.empty(len(options), dtype=np.int32)
    for t, (begins, block) in enumerate(islice(blocks, len(options))):
        options[t] = sorted(block) if order == "listed" else block
        round_[t] = begins
    served = options.reshape(n_responses, -1)
    prompt = _deal(served, n, [p.category for p in prompts], np.random.RandomState([seed, 1]))
    replicate = _replicates(served if per_response == 1 else served[:, :0], prompt)
    options, round_ = options[:n_trials], round_[:n_trials]
    prompt, replicate = (np.repeat(each, per_response)[:n_trials] for each in (prompt, replicate))
    return Design(
        traits=tuple(traits),
        prompts=tuple(prompts),
        rounds=rounds,
        seed=seed,
        order=order,
        options=options,
        prompt=prompt,
        round=round_,
        replicate=replicate,
        content=content_of(traits, prompts, n_options, order, seed, per_response),
        per_response=per_response,
    )


def _check(n_traits: int, n_prompts: int, rounds: int, n_options: int, seed: int) -> None:
    if not 1 <= n_options <= MAX_OPTIONS:
        raise UsageError(f"a trial shows 1 to {MAX_OPTIONS} options, not {n_options}")
    if n_traits < n_options:
        raise UsageError(
            f"{n_options} options a trial need at least {n_options} traits; there are {n_traits}"
        )
    if not n_prompts:
        raise UsageError("a design needs at least one prompt; the filters may have left none")
    if rounds < 1:
        raise UsageError(f"a design needs at least one round, not {rounds}")
    if not 0 <= seed < 2**32:
        raise UsageError(f"a seed is a whole number from 0 to {2**32 - 1}, not {seed}")


def _singles(n: int, rng: RandomState) -> Iterator[Block]:
    """Each trait by itself, without end, every round in an order of its own."""
    return ((r, [trait]) for r in count() for trait in rng.permutation(n).tolist())


def _pairs(n: int, rng: RandomState) -> Iterator[Block]:
    """Pairs without end, oriented so that in every two rounds each trait comes first once."""
    return _odd_pairs(n, rng) if n % 2 else _even_pairs(n, rng)


def _even_pairs(n: int, rng: RandomState) -> Iterator[Block]:
    rounds = _circle_rounds(n, rng)
    for r in count(step=2):
        one, two = next(rounds), next(rounds)
        for begins, ordered in enumerate(_orient(one, two), start=r):
            yield from ((begins, block) for block in ordered)


def _circle_rounds(n: int, rng: RandomState) -> Iterator[NDArray[np.int64]]:
    """Perfect matchings (n/2, 2): all n − 1 of a circle in shuffled order, then those of a new circle.

    Shuffling matters: neighbouring rounds of a circle join each trait to the same few others, and ratings
    that hang together through long chains are less precise.
    """
    half = np.arange(1, n // 2)
    while True:
        label = rng.permutation(n)
        for s in rng.permutation(n - 1):
            left = np.concatenate(([n - 1], (s + half) % (n - 1)))
            right = np.concatenate(([s], (s - half) % (n - 1)))
            yield label[np.column_stack((left, right))]


def _orient(one: NDArray[np.int64], two: NDArray[np.int64]) -> tuple[list[list[int]], list[list[int]]]:
    """Order the pairs of two matchings so that each trait is first in one and second in the other.

    The union of two perfect matchings is a set of even cycles; walking each of them meets the edges of both
    matchings in turn and puts the trait that it leaves from first.
    """
    partner_one, partner_two = ({int(a): int(b) for a, b in (*m, *m[:, ::-1])} for m in (one, two))
    first: set[int] = set()  # of matching one
    for start in one[:, 0]:
        trait = int(start)
        while trait not in first and partner_one[trait] not in first:
            first.add(trait)
            trait = partner_two[partner_one[trait]]
    return (
        [[a, b] if a in first else [b, a] for a, b in one.tolist()],
        [[b, a] if a in first else [a, b] for a, b in two.tolist()],
    )


def _odd_pairs(n: int, rng: RandomState) -> Iterator[Block]:
    half = (n - 1) // 2
    steps = np.array([(-1) ** (i + 1) * ((i + 1) // 2) for i in range(2 * half)])  # 0, 1, −1, 2, −2 …
    begins = 0
    while True:
        label = rng.permutation(n)
        for j in rng.permutation(half):
            cycle = label[np.concatenate(([n - 1], (j + steps) % (2 * half)))]
            cycle = np.roll(cycle[:: rng.choice((-1, 1))], rng.randint(n)).tolist()
            for k in range(n):
                yield begins + (2 * k >= n), [cycle[2 * k % n], cycle[(2 * k + 1) % n]]
            begins += 2


def _blocks(n: int, size: int, rng: RandomState) -> Iterator[Block]:
    """Blocks of ``size`` without end.

    Each round sets aside as leaders (shown first) the traits that have led least often, one for every block
    that begins in it: that keeps leads within one of each other. The others follow where they have met the
    block's members least often, and stand where they have stood least often.
    """
    met, stood, leads = np.zeros((n, n)), np.zeros((n, size)), np.zeros(n)

    def choose_leaders(n_blocks: int) -> list[int]:
        order = rng.permutation(n)
        chosen = order[np.argsort(leads[order], kind="stable")][:n_blocks].tolist()
        leads[chosen] += 1
        return chosen

    def fill(members: list[int], pool: list[int]) -> None:
        while pool and len(members) < size:
            meetings = met[np.ix_(pool, members)]
            members.append(pool.pop(int(np.lexsort((meetings.max(axis=1), meetings.sum(axis=1)))[0])))

    borrowed: list[int] = []
    leaders = choose_leaders(math.ceil(n / size))
    for r in count():
        due = [i for i in rng.permutation(n).tolist() if i not in leaders and i not in borrowed]
        short = -(n - len(borrowed)) % size
        next_leaders = choose_leaders(math.ceil((n - short) / size))
        borrowed = []
        for leader in leaders:
            members = [leader]
            fill(members, due)
            if (kept := len(members)) < size:
                fill(members, [i for i in rng.permutation(n).tolist() if i not in (*members, *next_leaders)])
                borrowed = members[kept:]
            block = [leader, *_place(members[1:], stood)]
            met[np.ix_(block, block)] += 1
            stood[block, range(size)] += 1
            yield r, block
        leaders = next_leaders


def _place(followers: list[int], stood: NDArray[np.float64]) -> list[int]:
    """Order the followers so that each stands, as far as it goes, where it has stood least often."""
    from scipy.optimize import linear_sum_assignment

    # Squared, so that one trait far off balance counts for more than several slightly off.
    who, where = linear_sum_assignment(stood[followers, 1:] ** 2)
    return [followers[i] for i in who[np.argsort(where)]]


def _deal(
    options: NDArray[np.int32], n_traits: int, categories: Sequence[str], rng: RandomState
) -> NDArray[np.int32]:
    """A prompt for each trial, (T,), so that every trait sees the categories in their proportions.

    Each trial takes the category that its traits have seen least often against its share, and of that
    category the next prompt of a shuffled deck, so that none comes again before all others have come.
    """
    _, category, size = np.unique(np.array(categories, dtype=str), return_inverse=True, return_counts=True)
    shuffled = rng.permutation(len(categories))
    decks = [shuffled[category[shuffled] == c] for c in range(len(size))]
    # Whole numbers: nothing here can round differently on another machine. And lists, for arrays of some ten
    # categories take longer to be called than to be added up.
    sizes: list[int] = size.tolist()
    n_prompts = len(categories)
    seen = [[0] * len(sizes) for _ in range(n_traits)]
    shown, dealt = [0] * n_traits, [0] * len(sizes)
    prompt = np.empty(len(options), dtype=np.int32)
    for t, block in enumerate(_rows(options)):
        due = sum(shown[i] for i in block) + len(block)
        had: Iterable[int] = seen[block[0]]
        for i in block[1:]:
            had = map(add, had, seen[i])
        owed = [each * due - n_prompts * times for each, times in zip(sizes, had, strict=True)]
        most = max(owed)
        c = owed.index(most)
        if owed.count(most) > 1:  # the one that has been dealt least often of all
            equal = (k for k, value in enumerate(owed) if value == most)
            c = max(equal, key=lambda k: sizes[k] * (t + 1) - n_prompts * dealt[k])
        prompt[t] = decks[c][dealt[c] % sizes[c]]
        dealt[c] += 1
        for i in block:
            seen[i][c] += 1
            shown[i] += 1
    return prompt


def _rows(options: NDArray[np.int32]) -> Iterator[list[int]]:
    for begin in range(0, len(options), _AT_A_TIME):
        yield from options[begin : begin + _AT_A_TIME].tolist()


def _replicates(options: NDArray[np.int32], prompt: NDArray[np.int32]) -> NDArray[np.int32]:
    """How many earlier trials are the same, (T,)."""
    same, n_kinds = prompt.astype(np.int64), int(prompt.max(initial=0)) + 1
    n_traits = int(options.max(initial=0)) + 1
    for shown in options.T:
        if n_kinds * n_traits >= 1 << 63:  # counted anew, so that one number still holds them
            same = np.unique(same, return_inverse=True)[1]
            n_kinds = int(same.max(initial=0)) + 1
        same = same * n_traits + shown
        n_kinds *= n_traits
    order = np.argsort(same, kind="stable")
    starts = np.flatnonzero(np.diff(same[order], prepend=-1))
    occurrence = np.arange(len(same)) - np.repeat(starts, np.diff(starts, append=len(same)))
    replicate = np.empty(len(same), dtype=np.int32)
    replicate[order] = occurrence
    return replicate


def content_of(
    traits: Sequence[str],
    prompts: Sequence[Prompt],
    n_options: int,
    order: str,
    seed: int,
    per_response: int = 1,
) -> str:
    """A hash of all that a design depends on but the number of rounds."""
    content = [list(traits), [(p.id, p.text, p.category) for p in prompts], n_options, order, seed]
    if per_response > 1:
        content.append(per_response)
    return blake2b(json.dumps(content, ensure_ascii=False).encode(), digest_size=5).hexdigest()
