"""How alike several forms of one measurement rank the traits: other judges, protocols, wordings.

Forms often share responses, for a run reads them twice, and calls that two protocols have in common are made
once. Their errors then hang together, and forms look more alike than they are.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from mien.errors import UsageError
from mien.stats.choice.plackett_luce import cross_covariance
from mien.stats.correlation import Correlation, rank_correlation
from mien.stats.profiles import require_same_traits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.stats.profiles.profile import Profile


class FormPair(Correlation):
    """`Correlation` of two forms, each a run as one judge read it.

    ``shared`` is the part of the correlation that is due to errors in common; the corrected one is without.
    """

    run_a: str
    judge_a: str
    run_b: str
    judge_b: str
    shared: float | None


def parallel_forms(profiles: Sequence[Profile], *, confidence_level: float = 0.95) -> list[FormPair]:
    """Correlate the ranks of every two profiles of one model and one trait set.

    Errors in common are those of the prompts that both forms have
    (`mien.stats.choice.cross_covariance`). With c the mean over traits of the covariance of
    both scores' errors, and s the standard deviation of the scores, c/(s_a s_b) of the correlation is error
    (`mien.stats.correlation.rank_correlation`).

    Raises:
        UsageError: the profiles are of different models, instruments or traits; the message names the runs.
    """
    require_one_measurement(profiles)
    return [_pair(a, b, confidence_level) for a, b in combinations(profiles, 2)]


def _pair(a: Profile, b: Profile, confidence_level: float) -> FormPair:
    n = len(a.traits)
    spreads = [float(np.std(form.fit.scores, ddof=1)) for form in (a, b)]
    shared = None
    if min(spreads) > 0:
        common = cross_covariance(a.fit, b.fit)[:n, :n]
        shared = float(np.mean(np.diag(common))) / (spreads[0] * spreads[1])
    found = rank_correlation(
        a.fit.scores,
        b.fit.scores,
        (a.reliability["model_based"], b.reliability["model_based"]),
        shared=shared or 0.0,
        confidence_level=confidence_level,
    )
    return FormPair(run_a=a.run, judge_a=a.judge, run_b=b.run, judge_b=b.judge, **found, shared=shared)


def require_one_measurement(profiles: Sequence[Profile]) -> None:
    """Refuse profiles that are not all of one model, instrument and trait set.

    Raises:
        UsageError: naming the runs.
    """
    for what, values, advice in (
        ("model", [form.model for form in profiles], "mien compare is for several models"),
        ("instrument", [form.instrument for form in profiles], "name runs of one instrument"),
    ):
        # An imported table need not tell.
        known = {value: form.run for value, form in zip(values, profiles, strict=True) if value}
        if len(known) > 1:
            told = ", ".join(f"{run}: {value}" for value, run in known.items())
            raise UsageError(f"the runs have more than one {what} ({told}); {advice}")
    require_same_traits(profiles)
