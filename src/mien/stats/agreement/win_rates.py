"""Whose responses people prefer, and find more of a trait in: pure functions of their choices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mien.stats.proportions import clustered_share
from mien.types import PREFERRED, TIE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.stats.proportions import Proportion
    from mien.types import Preference


@dataclass(frozen=True, slots=True)
class WinRate:
    """How often the second run's responses were chosen over the first's, a tie counting half.

    Attributes:
        question: `mien.types.PREFERRED`, or a trait.
        person: who chose; empty for everybody.
        share: of the second run, with its interval and the number of choices.
        won: choices of the second run; ``tied`` and ``lost`` are the others.
        left: share of what stood on the left: far from ½ it is the place that was chosen, not the response.
    """

    question: str
    person: str
    share: Proportion
    won: int
    tied: int
    lost: int
    left: Proportion


def win_rates(
    preferences: Sequence[Preference], prompts: Sequence[str], *, confidence_level: float = 0.95
) -> list[WinRate]:
    """Win rates by question, of everybody together and then of each person.

    Args:
        preferences: T choices between two runs.
        prompts: (T,) labels of their prompts, by which the intervals are clustered.
        confidence_level: of the intervals.

    Returns:
        The plain preference first, then traits by name; of each everybody's, then people by name.
    """
    chosen = np.array([_score(p.chosen, "b") for p in preferences])
    left = np.array([_score(p.chosen, p.shown_left) for p in preferences])
    clusters = np.array(prompts, dtype=np.str_)
    asked = np.array([p.question for p in preferences], dtype=np.str_)
    people = np.array([p.person for p in preferences], dtype=np.str_)
    found: list[WinRate] = []
    for question in sorted(set(asked.tolist()), key=lambda name: (name != PREFERRED, name)):
        here = asked == question
        for person in ("", *sorted(set(people[here].tolist()))):
            rows = here & (people == person) if person else here
            own = chosen[rows]
            found.append(
                WinRate(
                    question,
                    person,
                    clustered_share(own, clusters[rows], confidence_level=confidence_level),
                    won=int(np.count_nonzero(own == 1)),
                    tied=int(np.count_nonzero(own == 0.5)),
                    lost=int(np.count_nonzero(own == 0)),
                    left=clustered_share(left[rows], clusters[rows], confidence_level=confidence_level),
                )
            )
    return found


def pleases(
    preferences: Sequence[Preference], prompts: Sequence[str], trait: str, *, confidence_level: float = 0.95
) -> Proportion | None:
    """How often people preferred the response that they found more of a trait in, a tie counting half.

    Over the pairs of which a person answered both questions and saw more of the trait on one side; None
    where there are none. Both runs count alike, so this is about the trait and not about either run.

    Args:
        preferences: T choices between two runs.
        prompts: (T,) labels of their prompts, by which the interval is clustered.
        trait: the trait.
        confidence_level: of the interval.
    """
    preferred = {(p.person, p.trial_a, p.trial_b): p.chosen for p in preferences if p.question == PREFERRED}
    both = [
        (_score(preferred[p.person, p.trial_a, p.trial_b], p.chosen), prompt)
        for p, prompt in zip(preferences, prompts, strict=True)
        if p.question == trait and p.chosen != TIE and (p.person, p.trial_a, p.trial_b) in preferred
    ]
    if not both:
        return None
    scores, clusters = zip(*both, strict=True)
    return clustered_share(np.array(scores), np.array(clusters), confidence_level=confidence_level)


def _score(chosen: str, side: str) -> float:
    return 0.5 if chosen == TIE else float(chosen == side)
