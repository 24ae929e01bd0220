"""Runs that are shown together, and what is made of them: each result once, whoever draws or tells it."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mien.errors import UsageError, require_each_once

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Literal

    from mien.runs.run import Run
    from mien.stats.diffs import Diff
    from mien.stats.inventories import Inventory
    from mien.stats.panels import Panel
    from mien.stats.profiles.goodness_of_fit import GoodnessOfFit
    from mien.stats.profiles.profile import Profile
    from mien.stats.sides import Sides

    PriorName = Literal["flat", "pooled"]


class Measured:
    """Runs with their results, which are worked out when they are first asked for, and kept.

    Attributes:
        runs: in the order given.
        judge: whose verdicts are taken; None for each run's first judge.
        confidence_level: of all intervals.
        fdr: false-discovery rate of all changes.
        soft: runs that calibrate the judge's probabilities, by the names of those that are rated by these.
        prior: of the profiles; what changed and how alike models are is told without one.
        labels: what runs are called in figures and tables, by their names; any other by its name.

    Raises:
        UsageError: a run is named twice.
    """

    def __init__(
        self,
        runs: Sequence[Run],
        *,
        judge: str | None = None,
        confidence_level: float = 0.95,
        fdr: float = 0.05,
        prior: PriorName = "flat",
        labels: Mapping[str, str] = MappingProxyType({}),
        soft: Mapping[str, Run] = MappingProxyType({}),
    ) -> None:
        require_each_once([run.name for run in runs])
        self.runs, self.judge, self.confidence_level = tuple(runs), judge, confidence_level
        self.fdr, self.labels, self.soft = fdr, dict(labels), dict(soft)
        self.prior: PriorName = prior
        self._inventories: dict[str, Inventory] = {}
        self._fitted: dict[tuple[str, str], Profile] = {}
        self._explained: dict[str, GoodnessOfFit] = {}

    def __getstate__(self) -> dict[str, Any]:
        # `only` shares what is known of all runs: what is sent to another process knows of its own.
        names = {run.name for run in self.runs}
        fitted = {key: profile for key, profile in self._fitted.items() if key[0] in names}
        explained = {name: found for name, found in self._explained.items() if name in names}
        rated = {name: found for name, found in self._inventories.items() if name in names}
        return self.__dict__ | {"_fitted": fitted, "_explained": explained, "_inventories": rated}

    @cached_property
    def choosing(self) -> tuple[Run, ...]:
        """The runs that hold choices, and so have a profile: all but inventories."""
        return tuple(run for run in self.runs if run.record.instrument != "inventory")

    @cached_property
    def inventories(self) -> tuple[Inventory, ...]:
        """What the runs that are inventories say of their models."""
        return tuple(self._inventory(run) for run in self.runs if run not in self.choosing)

    def profile(self, run: Run) -> Profile:
        """The profile of one of the runs.

        Raises:
            UsageError: as `mien.Run.profile`.
        """
        return self._profile(run, self.prior)

    def rated(self, run: Run) -> Profile | Inventory:
        """What one of the runs gives, without a prior: an inventory's ratings, or a profile.

        Raises:
            UsageError: as `mien.Run.profile` or `mien.Run.inventory`.
        """
        return self._profile(run, "flat") if run in self.choosing else self._inventory(run)

    def _inventory(self, run: Run) -> Inventory:
        if run.name not in self._inventories:
            self._inventories[run.name] = run.inventory(confidence_level=self.confidence_level)
        return self._inventories[run.name]

    def _profile(self, run: Run, prior: PriorName) -> Profile:
        if (run.name, prior) not in self._fitted:
            found = run.profile(
                self.judge,
                prior=prior,
                soft=self.soft.get(run.name),
                confidence_level=self.confidence_level,
            )
            called = self.labels.get(run.name, run.name)
            provenance = replace(found.provenance, run=called)
            self._fitted[run.name, prior] = replace(found, provenance=provenance)
        return self._fitted[run.name, prior]

    def goodness_of_fit(self, run: Run) -> GoodnessOfFit:
        """How well scores explain the choices of one of the runs."""
        if run.name not in self._explained:
            self._explained[run.name] = run.goodness_of_fit(self.judge)
        return self._explained[run.name]

    @cached_property
    def profiles(self) -> tuple[Profile, ...]:
        """Those of all runs with choices.

        Raises:
            UsageError: the runs are of different traits, or saw too few in common; or as `profile`.
        """
        from mien.stats.profiles import common_traits

        if not self.choosing:
            raise UsageError(
                "inventories alone make no report, for they set no trait beside another: name a run with "
                "choices, too, or see mien profile"
            )
        profiles = tuple(self.profile(run) for run in self.choosing)
        common_traits(profiles)
        return profiles

    @property
    def left_out(self) -> list[str]:
        """Traits that some run was never seen to show, and that are not set beside each other therefore."""
        from mien.stats.profiles import left_out

        return left_out(self.profiles)

    @cached_property
    def diff(self) -> Diff | None:
        """What changed, where there are two runs with choices; else None."""
        from mien.stats import diffs

        if len(self.choosing) != 2:
            return None
        _ = self.profiles  # which are refused where they rate different traits
        before, after = (self._profile(run, "flat") for run in self.choosing)
        return diffs.diff(before, after, fdr=self.fdr, confidence_level=self.confidence_level)

    @cached_property
    def sides(self) -> Sides | None:
        """One model from several sides, where each run is by another instrument; else None.

        None, too, where the runs have too few traits in common to tell.
        """
        from mien.stats.sides.sides import SIDES, sides

        records = [run.record for run in self.runs]
        instruments = {record.instrument for record in records}
        one = len({record.model for record in records}) == 1 and instruments <= SIDES.keys()
        if not one or len(records) < 2 or len(instruments) < len(records):
            return None
        rated = [self.rated(run) for run in self.runs]
        try:
            return sides(rated, fdr=self.fdr, confidence_level=self.confidence_level)
        except UsageError:
            return None

    @cached_property
    def change(self) -> Diff | None:
        """What changed from one run to the other; None where they are two sides of one model."""
        return None if self.sides is not None else self.diff

    @cached_property
    def panel(self) -> Panel:
        """All runs side by side.

        Raises:
            UsageError: they cannot be compared; the message names those that do not fit.
        """
        from mien.stats import panels

        profiles = [self._profile(run, "flat") for run in self.runs]
        return panels.compare(profiles, fdr=self.fdr, confidence_level=self.confidence_level)

    def only(self, *runs: Run) -> Measured:
        """Some of the runs by themselves; what is known of them already is not worked out again."""
        alone = Measured(
            runs,
            judge=self.judge,
            confidence_level=self.confidence_level,
            fdr=self.fdr,
            prior=self.prior,
            labels=self.labels,
            soft=self.soft,
        )
        alone._fitted, alone._explained = self._fitted, self._explained
        alone._inventories = self._inventories
        return alone
