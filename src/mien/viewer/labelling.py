"""Which trials to label next, and how far labels agree."""

from __future__ import annotations

from collections import defaultdict
from hashlib import blake2b
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from mien.names import require_visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mien.stats.agreement.kappa import Kappa

SAMPLES = ("random", "stratified", "disagreement")
LONGEST_NAME = 60  # characters


class Agreement(NamedTuple):
    """How far two readers agree on the trials that both have read."""

    first: str
    second: str
    kappa: Kappa


def person_name(members: Mapping[str, Any]) -> str:
    """The name that a person typed; empty where none did.

    Raises:
        InputError: it holds what cannot be seen.
    """
    name = " ".join(str(members.get("person", "")).split())[:LONGEST_NAME]
    return require_visible(name, "name of a person")


def queue(sample: str, trials: Iterable[str], verdicts: Iterable[Mapping[str, str]]) -> list[str]:
    """Trials in the order in which everybody labels them, so that people's labels overlap.

    Args:
        sample: ``random``; ``stratified``, every verdict of the first judge in turn, so that rare ones come
            up, too; ``disagreement``, only trials that judges read differently.
        trials: ids of the trials with a response.
        verdicts: of each judge: what was chosen, by trial.
    """
    order = sorted(trials, key=_shuffled)
    judges = list(verdicts)
    if sample == "disagreement":
        return [trial for trial in order if len({j[trial] for j in judges if trial in j}) > 1]
    if sample == "stratified" and judges:
        turns: defaultdict[str, int] = defaultdict(int)
        placed: list[tuple[int, str]] = []
        for trial in order:
            stratum = judges[0].get(trial, "")
            placed.append((turns[stratum], trial))
            turns[stratum] += 1
        return [trial for _, trial in sorted(placed, key=lambda place: place[0])]
    return order


def shown_order(trial: str, options: tuple[str, ...]) -> tuple[str, ...]:
    """A trial's options in an order of its own: neither the model's nor the judge's."""
    return tuple(sorted(options, key=lambda option: _shuffled(f"{trial}\n{option}")))


def agreements(
    options: Mapping[str, tuple[str, ...]],
    people: Mapping[str, Mapping[str, str]],
    judges: Mapping[str, Mapping[str, str]],
) -> list[Agreement]:
    """Cohen's κ of every two people, and of each person with each judge, where they share a trial.

    As between judges, what is compared is the place of the chosen option, or the kind of non-choice.

    Args:
        options: as shown to the model, by trial.
        people: what each person chose, by trial.
        judges: what each judge chose, by trial.
    """
    from mien.stats.agreement.kappa import cohen_kappa

    readers = {**judges, **people}
    pairs = [(person, judge) for person in people for judge in judges]
    found: list[Agreement] = []
    for first, second in (*pairs, *combinations(people, 2)):
        common = sorted(readers[first].keys() & readers[second].keys() & options.keys())
        if common:
            a, b = (
                [_place(options[trial], readers[reader][trial]) for trial in common]
                for reader in (first, second)
            )
            found.append(Agreement(first, second, cohen_kappa(a, b)))
    return found


def _place(options: tuple[str, ...], chosen: str) -> str:
    return str(options.index(chosen)) if chosen in options else chosen


def _shuffled(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=8).digest()
