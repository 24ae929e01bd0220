"""How long a run is to be, and which part of it is made here."""

from __future__ import annotations

from dataclasses import dataclass

from mien.errors import UsageError
from mien.stats.design import stopping
from mien.stats.design.shards import WHOLE, Shard
from mien.stats.design.trials import rounds_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """How long a run is to be; by default it has enough rounds for about 2,000 trials.

    Attributes:
        rounds: how often every trait is shown.
        trials: instead of rounds; rounded up to whole ones.
        full: instead of rounds: every pair once.
        until_reliability: instead of rounds: go on until the ratings have this reliability, 0 to 1; see
            `mien.stats.design.stopping`. What was found is in the last report's ``check``.
        until_stderr: instead of rounds, or together with a reliability: go on until the root mean square of
            the ratings' standard errors is no more than so many points.
        max_trials: to make at most, for a target; None: every pair once, or 2,000 where that is more.
        shard: which of the run's trials are made here, others being made elsewhere.

    Raises:
        UsageError: more than one of them is given, or a target that cannot be reached.
    """

    rounds: int | None = None
    trials: int | None = None
    full: bool = False
    until_reliability: float | None = None
    until_stderr: float | None = None
    max_trials: int | None = None
    shard: Shard = WHOLE

    def __post_init__(self) -> None:
        given = sum((self.rounds is not None, self.trials is not None, self.full))
        if given > 1:
            raise UsageError("give one of rounds, trials and full")
        if self.until is None and self.max_trials is not None:
            raise UsageError(
                "--max-trials is for a run that stops at a target (--until-reliability, --until-stderr); "
                "without one, --trials says how many"
            )
        if self.until is not None and given:
            raise UsageError(
                "a run that stops at a target finds its length itself: leave out rounds, trials and full, or "
                "give its most trials with --max-trials"
            )
        if self.until is not None and not self.shard.whole:
            raise UsageError(
                "a shard does not see what the others found, and cannot stop at a target: measure shards of "
                "so many --rounds, merge them, look at the profile's reliability, and give all shards more"
            )

    @property
    def until(self) -> stopping.Rule | None:
        """The rule that stops the run, where it has a target."""
        if self.until_reliability is None and self.until_stderr is None:
            return None
        return stopping.Rule(reliability=self.until_reliability, stderr=self.until_stderr)

    def most_rounds(self, n_traits: int, n_options: int) -> int:
        """The run's rounds; under a target the most that there may be.

        Raises:
            UsageError: there is no such number of trials, or of pairs.
        """
        if self.until is not None:
            return stopping.ceiling(n_traits, n_options, self.max_trials)
        if self.rounds is not None:
            return self.rounds
        return rounds_for(n_traits, n_options=n_options, trials=self.trials, full=self.full)
