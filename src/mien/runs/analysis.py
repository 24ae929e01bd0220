"""What is made of runs: a profile of one, a diff of two, a panel of several, one run's consistency.

Beside runs, these take names of runs in the store that ``MIEN_STORE`` or ``mien.db`` is, comparison tables,
and profiles that were made before.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from mien.errors import UsageError
from mien.runs.run import Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.stats.comparisons import Comparisons
    from mien.stats.consistency import Consistency
    from mien.stats.diffs import Diff
    from mien.stats.estimates import Estimates
    from mien.stats.inventories import Inventory
    from mien.stats.panels import Panel
    from mien.stats.profiles.profile import Profile
    from mien.stats.sides import Sides

    Compared = Run | str | Comparisons | Profile | Inventory | Estimates


def profile(of: Run | str | Comparisons, **settings: Any) -> Profile:
    """Rate the traits of a run, or of a comparison table.

    Args:
        of: what to rate.
        settings: those of `mien.stats.profiles.rate`; for a table also the members of
            `mien.stats.profiles.Provenance`, and ``elo_k`` and ``elo_start``; for a run also ``judge``, whose
            verdicts to take, and ``prior="pooled"`` for a prior from the other models' runs in its store, and
            ``correct_judge``, an ``instructed`` run by which to take out the errors of the judge, and
            ``soft``, one that calibrates its probabilities.

    Raises:
        UsageError: a pooled prior was asked for, and there are too few runs to pool; or the judge cannot be
            corrected.
        NotIdentified: the verdicts are too few to rate all traits.
    """
    if isinstance(of, str):
        of = Run(of)
    if isinstance(of, Run):
        return of.profile(**settings)

    if settings.get("prior") == "pooled":
        raise UsageError(
            "a comparison table has no other runs to pool; make runs of the tables with mien.import_run, and "
            "profile one of those"
        )
    if settings.get("correct_judge") is not None:
        raise UsageError(
            "a comparison table does not tell how its judge was asked; make a run of it with "
            "mien.import_run, or give the judge's errors as judge_correction "
            "(mien.stats.choice.legibility)"
        )
    return _rate(of, settings)


def _rate(table: Comparisons, settings: dict[str, Any]) -> Profile:
    """Rate a table; among the settings are the members of `Provenance`, ``elo_k`` and ``elo_start``."""
    from mien.stats.profiles import Elo, Provenance, rate

    of_run = {part.name: settings.pop(part.name) for part in fields(Provenance) if part.name in settings}
    elo = {part.name: settings.pop(key) for part in fields(Elo) if (key := f"elo_{part.name}") in settings}
    return rate(table, Provenance(**of_run), elo=Elo(**elo), **settings)


def diff(a: Compared, b: Compared, **settings: Any) -> Diff:
    """What changed from ``a`` to ``b``; ``settings`` are those of `mien.stats.diffs.diff`.

    Of an ``inventory`` the ratings are compared, and an inventory goes with another alone.

    Raises:
        UsageError: they rate different traits, or hold different quantities.
        NotIdentified: the verdicts are too few to rate all traits.
    """
    from mien.stats import diffs
    from mien.stats.estimates import Estimates

    first, second = (x if isinstance(x, Estimates) else _rated(x) for x in (a, b))
    return diffs.diff(first, second, **settings)


def _rated(of: Run | str | Comparisons | Profile | Inventory) -> Profile | Inventory:
    """What a run gives, whatever it was made by; what is rated already stays."""
    from mien.stats.inventories import Inventory
    from mien.stats.profiles.profile import Profile

    if isinstance(of, Profile | Inventory):
        return of
    if isinstance(of, str):
        of = Run(of)
    if isinstance(of, Run) and of.record.instrument == "inventory":
        return of.inventory()
    return profile(of)


def compare(runs: Sequence[Run | str | Comparisons | Profile], **settings: Any) -> Panel:
    """Several models at once; ``settings`` are those of `mien.stats.panels.panel.compare`.

    Raises:
        UsageError: the runs cannot be compared; the message names those that do not fit.
        NotIdentified: the verdicts of one are too few to rate all traits.
    """
    from mien.stats import panels
    from mien.stats.profiles.profile import Profile

    return panels.compare([run if isinstance(run, Profile) else profile(run) for run in runs], **settings)


def sides(runs: Sequence[Run | str | Comparisons | Profile | Inventory], **settings: Any) -> Sides:
    """One model from several sides: what it says, chooses, does and can, and how it rates itself.

    ``settings`` are those of `mien.stats.sides.sides.sides`.

    Raises:
        UsageError: the runs are of several models, or two of one instrument; or they have too few traits in
            common.
        NotIdentified: the verdicts of one are too few to rate all traits.
    """
    from mien.stats.sides.sides import sides

    return sides([_rated(run) for run in runs], **settings)


def consistency(run: Run, by: str = "category", **settings: Any) -> Consistency:
    """Whether a character holds across kinds of prompts.

    Args:
        run: the run to look into.
        by: ``"category"``, ``"language"`` or ``"length"`` of the prompts.
        settings: ``judge``, whose verdicts to take, and those of
            `mien.stats.consistency.consistency`.

    Raises:
        UnknownName: contexts are not told apart by this; or the run has no such judge.
        UsageError: the prompts name no such context, or fewer than two contexts have enough verdicts.
        NotIdentified: the verdicts are too few to rate all traits.
    """
    return run.consistency(by, **settings)
