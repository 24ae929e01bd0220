"""When a run has told enough: targets of precision, checked at the end of rounds.

Stopping once an estimated standard error is small enough is the sequential interval of fixed width of Chow
and Robbins (1965, Annals of Mathematical Statistics 36, 457–462). As runs get long, what they stop on hardly
varies, and estimates at such a time have the law, and intervals the coverage, of a run of fixed length
(Anscombe 1952, Proc. Cambridge Philosophical Society 48, 600–607; Glynn and Whitt 1992, Annals of Applied
Probability 2, 180–198). A floor of rounds keeps runs from stopping on luck before that.

Between two checks a run makes half of the rounds that it still seems to need. That is the second stage of
Hall's triple sampling (1981, Annals of Statistics 9, 1229–1238), repeated: calls stay in flight while the end
is far, and no trial is made beyond the round at which the run stops.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from mien.errors import NotIdentified, UsageError
from mien.stats.design.trials import rounds_for

if TYPE_CHECKING:
    from mien.stats.comparisons import Comparisons

FLOOR: Final = 14  # rounds before which no run stops


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Targets at which a run has told enough; where there are two, it goes on until it has reached both.

    Attributes:
        reliability: model-based (`mien.stats.profiles.reliability`), at least this; between 0 and 1.
        stderr: root mean square over traits of the ratings' standard errors, at most this; points.

    Raises:
        UsageError: a target is out of range, or there is none.
    """

    reliability: float | None = None
    stderr: float | None = None

    def __post_init__(self) -> None:
        if self.reliability is None and self.stderr is None:
            raise UsageError("a stop rule needs a target: a reliability, a standard error, or both")
        if self.reliability is not None and not 0 < self.reliability < 1:
            raise UsageError(f"--until-reliability is a number between 0 and 1, not {self.reliability:g}")
        if self.stderr is not None and not 0 < self.stderr < math.inf:
            raise UsageError(f"--until-stderr is a positive number of points, not {self.stderr:g}")

    def __str__(self) -> str:
        targets = (("a reliability of", self.reliability), ("a standard error of", self.stderr))
        return " and ".join(f"{name} {target:g}" for name, target in targets if target is not None)

    def check(self, comparisons: Comparisons, rounds: int) -> Check:
        """Hold the verdicts of so many rounds, rated under the flat prior, against the targets."""
        # Whoever measures without a rule fits nothing, and need not load what fits.
        from mien.stats import choice
        from mien.stats.choice import Trials
        from mien.stats.profiles import reliability
        from mien.stats.profiles.elo import ELO_SCALE

        decided = comparisons.chosen >= 0
        nothing = Check(rule=self, rounds=rounds, decided=int(np.count_nonzero(decided)))
        if not nothing.decided:
            return nothing
        try:
            fit = choice.fit(Trials.decided(comparisons))
        except NotIdentified:
            return nothing
        if fit.n_clusters < 2:
            return nothing
        return replace(
            nothing,
            reliability=reliability.model_based(fit.scores, fit.noise),
            stderr=ELO_SCALE * float(np.sqrt(np.mean(fit.stderr**2))),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a rule found at the end of a round.

    Attributes:
        rounds: made so far.
        decided: trials in which an option was chosen.
        reliability: of the ratings; None where it cannot be told.
        stderr: root mean square over traits, points; None where the verdicts are too few to rate all traits.
    """

    rule: Rule
    rounds: int
    decided: int = 0
    reliability: float | None = None
    stderr: float | None = None

    def __str__(self) -> str:
        return ", ".join(
            f"{name} {'not known yet' if found is None else format(found, digits)} ({sign} {target:g})"
            for name, found, digits, sign, target in (
                ("reliability", self.reliability, ".3f", "≥", self.rule.reliability),
                ("standard error", self.stderr, ".1f", "≤", self.rule.stderr),
            )
            if target is not None
        )

    @property
    def met(self) -> bool:
        """Whether all targets are reached."""
        r, s, rule = self.reliability, self.stderr, self.rule
        return (rule.reliability is None or (r is not None and r >= rule.reliability)) and (
            rule.stderr is None or (s is not None and s <= rule.stderr)
        )

    @property
    def needed(self) -> float:
        """Rounds that would do, by what these have told; infinite where they tell nothing yet.

        The variance of a score's error falls with the inverse of the rounds. So a standard error s needs
        rounds · (s/target)², and a reliability r, by the formula of Spearman (1910) and Brown (1910),
        rounds · target/(1 − target) · (1 − r)/r.
        """
        r, s, rule = self.reliability, self.stderr, self.rule
        times = [0.0]
        if rule.reliability is not None:
            odds = rule.reliability / (1 - rule.reliability)
            times.append(math.inf if r is None or r <= 0 else odds * (1 - r) / r)
        if rule.stderr is not None:
            times.append(math.inf if s is None else (s / rule.stderr) ** 2)
        return self.rounds * max(times)

    def next(self, ceiling: int) -> int:
        """The round at whose end to check again: half of the way, at least one on, at most twice as many."""
        halfway = min((self.rounds + self.needed) / 2, 2 * self.rounds)
        return min(max(self.rounds + 1, math.floor(halfway)), ceiling)


def ceiling(n_traits: int, n_options: int, max_trials: int | None = None) -> int:
    """The most rounds of a run under a rule: those of ``max_trials`` trials, rounded down to whole ones.

    By default as many as show every pair once (with K > 2 options: as many pairs as there are), or as a run
    without a rule has, where those are more.

    Raises:
        UsageError: the floor needs more trials.
    """
    if max_trials is None:
        pairs = math.ceil((n_traits - 1) / (n_options - 1))
        return max(pairs, rounds_for(n_traits, n_options=n_options), FLOOR)
    rounds = max_trials * n_options // n_traits
    if rounds < FLOOR:
        least = math.ceil(FLOOR * n_traits / n_options)
        raise UsageError(
            f"--max-trials is at least {least:,} here, not {max_trials:,}: no target is checked before the "
            f"end of round {FLOOR}"
        )
    return rounds
