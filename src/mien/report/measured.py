"""Runs that are shown together, and what is made of them: each result once, whoever draws or tells it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from mien.errors import require_each_once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.runs.run import Run
    from mien.stats.diffs import Diff
    from mien.stats.panels import Panel
    from mien.stats.profiles.goodness_of_fit import GoodnessOfFit
    from mien.stats.profiles.profile import Profile


class Measured:
    """Runs with their results, which are worked out when they are first asked for, and kept.

    Attributes:
        runs: in the order given.
        judge: whose verdicts are taken; None for each run's first judge.
        confidence_level: of all intervals.

    Raises:
        UsageError: a run is named twice.
    """

    def __init__(
        self, runs: Sequence[Run], *, judge: str | None = None, confidence_level: float = 0.95
    ) -> None:
        require_each_once([run.name for run in runs])
        self.runs, self.judge, self.confidence_level = tuple(runs), judge, confidence_level
        self._fitted: dict[str, Profile] = {}
        self._explained: dict[str, GoodnessOfFit] = {}

    def profile(self, run: Run) -> Profile:
        """The profile of one of the runs.

        Raises:
            UsageError: as `mien.Run.profile`.
        """
        if run.name not in self._fitted:
            self._fitted[run.name] = run.profile(self.judge, confidence_level=self.confidence_level)
        return self._fitted[run.name]

    def goodness_of_fit(self, run: Run) -> GoodnessOfFit:
        """How well scores explain the choices of one of the runs."""
        if run.name not in self._explained:
            self._explained[run.name] = run.goodness_of_fit(self.judge)
        return self._explained[run.name]

    @cached_property
    def profiles(self) -> tuple[Profile, ...]:
        """Those of all runs.

        Raises:
            UsageError: the runs rate different traits; or as `profile`.
        """
        from mien.stats.profiles import require_same_traits

        profiles = tuple(self.profile(run) for run in self.runs)
        require_same_traits(profiles)
        return profiles

    @cached_property
    def diff(self) -> Diff | None:
        """What changed, where there are two runs; else None."""
        from mien.stats import diffs

        if len(self.runs) != 2:
            return None
        before, after = self.profiles
        return diffs.diff(before, after, confidence_level=self.confidence_level)

    @cached_property
    def panel(self) -> Panel:
        """All runs side by side.

        Raises:
            UsageError: they cannot be compared; the message names those that do not fit.
        """
        from mien.stats import panels

        profiles = [self.profile(run) for run in self.runs]
        return panels.compare(profiles, confidence_level=self.confidence_level)

    def only(self, run: Run) -> Measured:
        """One of the runs by itself; what is known of it already is not worked out again."""
        alone = Measured([run], judge=self.judge, confidence_level=self.confidence_level)
        alone._fitted, alone._explained = self._fitted, self._explained
        return alone
