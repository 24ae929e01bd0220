"""From a table of comparisons to a profile: ratings with their uncertainty, position effect, reliability."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

import numpy as np

from mien.errors import NotIdentified, UsageError
from mien.stats import choice
from mien.stats.choice.misclassification import corrected_fit
from mien.stats.comparisons import NEITHER_CODE, REFUSED_CODE, UNREADABLE_CODE
from mien.stats.intervals import quantile
from mien.stats.profiles import reliability
from mien.stats.profiles.accuracy import accuracy
from mien.stats.profiles.elo import ELO_CENTRE, ELO_SCALE, sequential_elo
from mien.stats.profiles.first_place import first_place

if TYPE_CHECKING:
    import pandas as pd

    from mien.stats.choice.empirical_bayes import Prior
    from mien.stats.choice.misclassification import Misreading
    from mien.stats.comparisons import Comparisons
    from mien.stats.profiles.accuracy import Accuracy
    from mien.stats.profiles.first_place import Position
    from mien.types import Floats, Ints


class TraitRow(TypedDict):
    """One trait of a profile. Ratings are on the Elo scale, scores in natural log odds.

    The three after ``chosen`` are there under a prior alone: the weight of the prior, 0 to 1, and what the
    run's own verdicts say. The last is there where the judge's errors were taken out: the rating with them.
    """

    trait: str
    rank: int
    rating: float
    low: float
    high: float
    stderr: float
    score: float
    score_stderr: float
    elo: float
    shown: int
    chosen: int
    shrinkage: NotRequired[float]
    flat_rating: NotRequired[float]
    flat_stderr: NotRequired[float]
    uncorrected_rating: NotRequired[float]


class Verdicts(TypedDict):
    """How many of a run's trials ended in which way; their sum is the number of trials."""

    chosen: int
    neither: int
    refused: int
    unreadable: int
    missing: int


class Reliability(TypedDict):
    """See `mien.stats.profiles.reliability`; None where it cannot be told."""

    model_based: float | None
    split_half: float | None


class Flat(TypedDict):
    """Wald test that all scores are equal; None where there are too few prompts for it."""

    statistic: float | None
    df: int
    p: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """All of a run's ratings. Arrays follow ``traits``; rows and tables go by rank.

    Attributes:
        traits: the n trait names, sorted.
        fit: the fitted choice model, its clusters labelled by prompt.
        elo: (n,) sequential Elo ratings.
        shown: (n,) trials with a choice in which the trait was shown.
        chosen: (n,) trials in which it was chosen.
        n_trials: trials of the design, with a verdict or not.
        accuracy: for the instrument ``instructed`` only.
        condition: by what the model was to choose; under ``random`` the profile should be flat.
        flat_fit: the fit without the prior, where ``fit`` has one.
        judge_correction: the judge's errors, where ``fit`` takes them out.
        uncorrected_fit: the fit with the judge's errors left in, where ``fit`` takes them out.
    """

    run: str
    model: str
    instrument: str
    protocol: str
    judge: str
    design: str
    seed: int | None
    confidence_level: float
    traits: tuple[str, ...]
    fit: choice.ChoiceFit
    elo: Floats
    shown: Ints
    chosen: Ints
    n_trials: int
    verdicts: Verdicts
    position: Position
    reliability: Reliability
    flat: Flat
    accuracy: Accuracy | None
    condition: str = ""
    flat_fit: choice.ChoiceFit | None = None
    judge_correction: Misreading | None = None
    uncorrected_fit: choice.ChoiceFit | None = None

    @property
    def rating(self) -> Floats:
        """(n,) scores on the Elo scale."""
        return ELO_CENTRE + ELO_SCALE * self.fit.scores

    @property
    def stderr(self) -> Floats:
        """(n,) standard errors of the ratings."""
        return ELO_SCALE * self.fit.stderr

    @property
    def rows(self) -> list[TraitRow]:
        """One row a trait, by rank; intervals by Student's t with one df less than there are prompts."""
        rating, stderr = self.rating, self.stderr
        by_rank: list[int] = np.argsort(-rating, kind="stable").tolist()
        margin = quantile(self.confidence_level, self.fit.n_clusters) * stderr
        rows = [
            TraitRow(
                trait=self.traits[i],
                rank=rank,
                rating=float(rating[i]),
                low=float(rating[i] - margin[i]),
                high=float(rating[i] + margin[i]),
                stderr=float(stderr[i]),
                score=float(self.fit.scores[i]),
                score_stderr=float(self.fit.stderr[i]),
                elo=float(self.elo[i]),
                shown=int(self.shown[i]),
                chosen=int(self.chosen[i]),
            )
            for rank, i in enumerate(by_rank, start=1)
        ]
        shrinkage, flat = self.fit.shrinkage, self.flat_fit
        if shrinkage is not None and flat is not None:
            for row, i in zip(rows, by_rank, strict=True):
                row["shrinkage"] = float(shrinkage[i])
                row["flat_rating"] = float(ELO_CENTRE + ELO_SCALE * flat.scores[i])
                row["flat_stderr"] = float(ELO_SCALE * flat.stderr[i])
        if self.uncorrected_fit is not None:
            uncorrected = ELO_CENTRE + ELO_SCALE * self.uncorrected_fit.scores
            for row, i in zip(rows, by_rank, strict=True):
                row["uncorrected_rating"] = float(uncorrected[i])
        return rows

    @property
    def table(self) -> pd.DataFrame:
        """`rows` as a table."""
        import pandas as pd

        return pd.DataFrame(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """What ``mien profile --json`` prints: plain Python values, None where a value is not known."""
        prior, judge = self.fit.prior, self.judge_correction
        return {
            "run": self.run,
            "model": self.model,
            "instrument": self.instrument,
            "protocol": self.protocol,
            "condition": self.condition,
            "judge": self.judge,
            "design": self.design,
            "seed": self.seed,
            "n_trials": self.n_trials,
            "verdicts": dict(self.verdicts),
            "traits": [dict(row) for row in self.rows],
            "position": dict(self.position),
            "reliability": dict(self.reliability),
            "flat": dict(self.flat),
            "accuracy": None if self.accuracy is None else dict(self.accuracy),
            "alpha": self.fit.alpha,
            "prior": None if prior is None else "pooled" if prior.runs else "given",
            "pool": [] if prior is None else list(prior.runs),
            "judge_correction": None
            if judge is None
            else {"run": judge.run, "accuracy": judge.accuracy, "n": judge.n},
            "confidence_level": self.confidence_level,
        }

    def _repr_html_(self) -> str:
        from html import escape

        name = escape(self.run or self.model or "profile")
        decided = f"{self.verdicts['chosen']:,} of {self.n_trials:,} trials decided"
        table = self.table.set_index("rank").to_html(float_format="{:.2f}".format, max_rows=20)
        return f"<p><b>{name}</b> · {escape(self.instrument)} · {decided}</p>{table}"


def rate(
    comparisons: Comparisons,
    *,
    run: str = "",
    model: str = "",
    instrument: str = "revealed",
    protocol: str = "",
    condition: str = "",
    judge: str = "",
    design: str = "",
    seed: int | None = 0,
    alpha: float = choice.DEFAULT_ALPHA,
    prior: Prior | None = None,
    judge_correction: Misreading | None = None,
    confidence_level: float = 0.95,
    elo_k: float = 32.0,
    elo_start: float = ELO_CENTRE,
) -> Profile:
    """Rate the traits of one run.

    Under a prior, `Profile.flat` is still the test on the run's own verdicts, and there is no split-half
    reliability: both halves would lean on the prior.

    Args:
        comparisons: the run's verdicts, in the order of its trials (sequential Elo depends on it).
        run: name of the run; this and the next seven are carried along.
        model: the model under test.
        instrument: under ``"instructed"``, position 1 is the trait that the model was told to take.
        protocol: name of the protocol.
        condition: by what the model was to choose.
        judge: who read the responses.
        design: name of the design.
        seed: of the design; also draws the halves of the split-half reliability.
        alpha: ridge strength of the choice model.
        prior: of the scores, in the ridge's place (`mien.stats.choice.empirical_bayes`).
        judge_correction: errors of the judge, to be taken out (`mien.stats.choice.misclassification`); not
            with a prior.
        confidence_level: of all intervals.
        elo_k: K of sequential Elo, points a game.
        elo_start: Elo rating before the first game.

    Raises:
        NotIdentified: too few choices to rate all traits; the message names those left out or apart.
        UsageError: the judge's errors cannot be taken out, or a prior was given, too.
    """
    if prior is not None and judge_correction is not None:
        raise UsageError("a judge is corrected under the flat prior alone; leave one of the two out")
    decided = comparisons.chosen >= 0
    verdicts = count_verdicts(comparisons)
    if not decided.any():
        found = ", ".join(f"{n} {word}" for word, n in verdicts.items() if n) or "no trials at all"
        raise NotIdentified(f"no verdict chose an option, so there is nothing to rate: {found}")
    options, chosen = comparisons.options[decided], comparisons.chosen[decided]
    cluster, n = comparisons.cluster[decided], len(comparisons.traits)
    fit = flat = choice.fit(options, chosen, n, clusters=cluster, alpha=alpha, names=comparisons.traits)
    if fit.n_clusters < 2:
        raise NotIdentified(
            "all choices were made on one prompt, which says nothing about how they vary between prompts; "
            "use several prompts (or leave prompt_id out, to take every row as its own)"
        )
    if prior is not None:
        fit = choice.fit(options, chosen, n, clusters=cluster, alpha=alpha, prior=prior)
    uncorrected = fit
    if judge_correction is not None:
        fit = flat = corrected_fit(
            options, chosen, n, judge_correction, clusters=cluster, alpha=alpha, names=comparisons.traits
        )
    labels = np.array(comparisons.clusters, dtype=object)[fit.clusters]
    wins = np.bincount(options[np.arange(len(chosen)), chosen], minlength=n)
    return Profile(
        run=run,
        model=model,
        instrument=instrument,
        protocol=protocol,
        condition=condition,
        judge=judge,
        design=design,
        seed=seed,
        confidence_level=confidence_level,
        traits=comparisons.traits,
        fit=replace(fit, clusters=labels),
        flat_fit=None if prior is None else replace(flat, clusters=labels),
        judge_correction=judge_correction,
        uncorrected_fit=None if judge_correction is None else replace(uncorrected, clusters=labels),
        elo=sequential_elo(options, chosen, n, k=elo_k, start=elo_start),
        shown=np.bincount(options.ravel(), minlength=n).astype(np.int64),
        chosen=wins.astype(np.int64),
        n_trials=len(comparisons.chosen) + comparisons.missing,
        verdicts=verdicts,
        position=first_place(
            fit.positions - fit.position_bias,
            fit.covariance[n:, n:],
            confidence_level=confidence_level,
            n_clusters=fit.n_clusters,
        ),
        reliability=Reliability(
            model_based=reliability.model_based(fit.scores, fit.stderr, shrunk=prior is not None),
            split_half=None
            if prior is not None
            else reliability.split_half(
                options,
                chosen,
                n,
                clusters=cluster,
                alpha=alpha,
                seed=seed or 0,
                misread=None if judge_correction is None else judge_correction.rate,
            ),
        ),
        flat=_flat(flat),
        accuracy=accuracy(comparisons, confidence_level) if instrument == "instructed" else None,
    )


def count_verdicts(comparisons: Comparisons) -> Verdicts:
    """Count choices, the three kinds of non-choice, and trials without a verdict."""
    chosen = comparisons.chosen
    return Verdicts(
        chosen=int(np.count_nonzero(chosen >= 0)),
        neither=int(np.count_nonzero(chosen == NEITHER_CODE)),
        refused=int(np.count_nonzero(chosen == REFUSED_CODE)),
        unreadable=int(np.count_nonzero(chosen == UNREADABLE_CODE)),
        missing=comparisons.missing,
    )


def _flat(fit: choice.ChoiceFit) -> Flat:
    n = len(fit.scores)
    test = choice.wald_test(fit.scores, fit.covariance[:n, :n], fit.n_clusters)
    return Flat(statistic=test.statistic, df=test.df, p=test.p)
