"""Which of two runs' responses stand side by side, in which order pairs come, and who stands on the left."""

from __future__ import annotations

import json
from collections import defaultdict
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mien.types import Side


class Answered(NamedTuple):
    """A trial with a response."""

    trial: str
    options: str
    prompt: str


class Pair(NamedTuple):
    """Two runs' responses to one prompt; ``key`` names it without telling which response is whose."""

    key: str
    trial_a: str
    trial_b: str
    prompt: str

    @property
    def trials(self) -> tuple[str, str]:
        """Both trials."""
        return self.trial_a, self.trial_b


def paired(runs: tuple[str, str], a: Iterable[Answered], b: Iterable[Answered]) -> list[Pair]:
    """Pairs of the responses to a common prompt, in the order in which everybody compares them.

    Trials that both runs have (one id, the same options) are paired. Where a prompt has none, its trials are
    paired as they come, as many as both runs have. Every prompt comes up once before any comes up again.

    Args:
        runs: names of the two.
        a: the first run's trials, in order; ``b`` the second's.
    """
    theirs: defaultdict[str, list[Answered]] = defaultdict(list)
    for trial in b:
        theirs[trial.prompt].append(trial)
    ours: defaultdict[str, list[Answered]] = defaultdict(list)
    for trial in a:
        if trial.prompt in theirs:
            ours[trial.prompt].append(trial)
    rounds: list[tuple[int, Pair]] = []
    for prompt, trials in ours.items():
        shared = set(trials) & set(theirs[prompt])
        both = [(t, t) for t in trials if t in shared] or zip(trials, theirs[prompt], strict=False)
        found = [Pair(_key(runs, (x.trial, y.trial)), x.trial, y.trial, prompt) for x, y in both]
        rounds += enumerate(sorted(found))
    return [pair for _, pair in sorted(rounds)]


def left(pair: Pair, runs: tuple[str, str], person: str) -> Side:
    """The run whose response a person sees on the left: drawn anew for every pair and person."""
    first = _hash(f"{pair.key}\n{person}")[0] % 2 == 0
    # By name, not by place: whichever run the address names first, the person sees the same.
    return "a" if first == (runs[0] < runs[1]) else "b"


def _key(runs: tuple[str, str], trials: tuple[str, str]) -> str:
    return _hash(json.dumps(sorted(zip(runs, trials, strict=True)))).hex()


def _hash(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=8).digest()
