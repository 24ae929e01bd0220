"""By what model of the verdicts ratings are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, get_args

from mien.errors import NotIdentified, UnknownName, UsageError
from mien.stats.choice import DEFAULT_ALPHA, Trials
from mien.stats.choice.tally import tally
from mien.stats.profiles.verdicts import count_verdicts
from mien.types import Ties

if TYPE_CHECKING:
    from mien.stats.choice.empirical_bayes import Prior
    from mien.stats.choice.legibility import Misreading
    from mien.stats.comparisons import Comparisons


TIES: Final[tuple[Ties, ...]] = get_args(Ties)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """By what model of the verdicts ratings are made.

    Attributes:
        alpha: ridge strength of the choice model.
        prior: of the scores, in the ridge's place (`mien.stats.choice.empirical_bayes`).
        judge_correction: errors of the judge, to be taken out (`mien.stats.choice.misclassification`); not
            with a prior.
        ties: what a tie counts as: ``half`` a choice of each of two options, nothing (``drop``), or an
            outcome of its own (``davidson``; not with the judge's errors taken out).

    Raises:
        UnknownName: ties can't count as this.
        UsageError: two of them don't go together.
    """

    alpha: float = DEFAULT_ALPHA
    prior: Prior | None = None
    judge_correction: Misreading | None = None
    ties: Ties = "half"

    def __post_init__(self) -> None:
        if self.ties not in TIES:
            raise UnknownName("treatment of ties", self.ties, TIES)
        if self.judge_correction is None:
            return
        if self.prior is not None:
            raise UsageError("a judge is corrected under the flat prior alone; leave one of the two out")
        if self.ties == "davidson":
            raise UsageError(
                "a judge's errors are known of choices, not of ties as an outcome of their own; count ties "
                "as half, or drop them"
            )

    def trials(self, comparisons: Comparisons) -> Trials:
        """The trials that count.

        Raises:
            NotIdentified: no verdict chose an option.
            UsageError: as `mien.stats.choice.Trials.decided`.
        """
        if not (comparisons.chosen >= 0).any():
            verdicts = count_verdicts(comparisons)
            found = ", ".join(f"{n} {word}" for word, n in verdicts.items() if n) or "no trials at all"
            raise NotIdentified(f"no verdict chose an option, so there is nothing to rate: {found}")
        return tally(comparisons, ties=self.ties)
