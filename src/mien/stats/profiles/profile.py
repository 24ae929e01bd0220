"""From a table of comparisons to a profile: ratings with their uncertainty, position effect, reliability."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypedDict, cast

import numpy as np
import scipy.sparse as sp

from mien.formatting import filled
from mien.stats.choice.assisted_intervals import assisted_interval
from mien.stats.choice.calibration import Calibration
from mien.stats.choice.flat import flat_test
from mien.stats.choice.misclassification import read_by
from mien.stats.choice.trials import Counts, counting
from mien.stats.distributions import t_half_width
from mien.stats.estimates import Estimates, Quantity, Rating, Sample
from mien.stats.estimates.circumstances import Circumstances
from mien.stats.estimates.jackknife import Jackknife
from mien.stats.estimates.simultaneous import rank_intervals, reach
from mien.stats.profiles import non_choices, reliability
from mien.stats.profiles.accuracy import accuracy
from mien.stats.profiles.correction import correction
from mien.stats.profiles.elo import ELO_CENTRE, ELO_SCALE, USUAL, Elo, sequential_elo
from mien.stats.profiles.first_place import first_place
from mien.stats.profiles.fits import Fits
from mien.stats.profiles.model import UNCALIBRATED, Model
from mien.stats.profiles.never_seen import never_seen, with_a_choice
from mien.stats.profiles.non_choices import NonChoices
from mien.stats.profiles.provenance import UNKNOWN, Provenance
from mien.stats.profiles.soft import soft as soft_told
from mien.stats.profiles.trait_row import TraitRow, trait_rows
from mien.stats.profiles.verdicts import Verdicts, count_verdicts, endings

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from mien.stats.choice import ChoiceFit, Trials
    from mien.stats.choice.legibility import Misreading
    from mien.stats.choice.pooled import Foretold
    from mien.stats.comparisons import Comparisons
    from mien.stats.profiles.accuracy import Accuracy
    from mien.stats.profiles.first_place import Position
    from mien.stats.profiles.never_seen import NeverSeen
    from mien.types import Floats, Ints, Ties


class Reliability(TypedDict):
    """See `mien.stats.profiles.reliability`; None where it cannot be told."""

    model_based: float | None
    split_half: float | None


class Flat(TypedDict):
    """Score test that all scores are equal; None where there are too few prompts for it."""

    statistic: float | None
    df: int
    p: float | None


@dataclass(frozen=True, kw_only=True, eq=False)  # without slots, for what is kept
class Profile:
    """All of a run's ratings. Arrays follow ``traits``; rows and tables go by rank.

    Attributes:
        provenance: where the verdicts come from.
        traits: the n trait names, sorted.
        fit: the fitted choice model, its clusters labelled by prompt.
        elo: (n,) sequential Elo ratings.
        shown: (n,) trials with a choice, or with a tie that counts, in which the trait was shown.
        chosen: (n,) trials in which it was chosen.
        tied: (n,) trials in which it was tied, where ties count.
        non_choices: trials that ended without a choice, by trait.
        n_trials: trials of the design, with a verdict or not.
        reliability: of the scores; without the split half where the profile is not in full.
        flat: the test that all are equal; None where the profile is not in full.
        endings: shares of the trials with a verdict that chose no option, by prompt; None for one prompt, and
            where the profile is not in full.
        accuracy: for the instrument ``instructed`` only.
        ties: what ties count as.
        flat_fit: the fit without the prior, where ``fit`` has one.
        foretold: what was held likely of each score, where the prior was pooled.
        judge_correction: the judge's errors, where ``fit`` takes them out.
        uncorrected_fit: the fit with the judge's errors left in, where ``fit`` takes them out.
        soft: how the judge's probabilities were read, where they stand for its verdicts.
        pulls: (m, n) of what is not known of their calibration, on the scores.
        bounds: (n,) lower and upper scores had the trials without a choice gone against the trait, or for
            it (`mien.stats.profiles.non_choices`), where they were asked for.
        never_seen: traits that no response showed, which are not ranked; for the instrument ``exhibited``
            only. Those of which nothing is known at all are no part of ``traits``.
        simultaneous: whether the intervals of all ratings, and those of all ranks, hold at once; by
            `dataclasses.replace`.
    """

    provenance: Provenance
    confidence_level: float
    traits: tuple[str, ...]
    fit: ChoiceFit
    elo: Floats
    shown: Ints
    chosen: Ints
    tied: Ints
    non_choices: NonChoices
    n_trials: int
    verdicts: Verdicts
    position: Position
    reliability: Reliability
    flat: Flat | None
    accuracy: Accuracy | None
    endings: Estimates | None
    ties: Ties = "half"
    flat_fit: ChoiceFit | None = None
    foretold: Foretold | None = None
    judge_correction: Misreading | None = None
    uncorrected_fit: ChoiceFit | None = None
    soft: Calibration | Literal["uncalibrated"] | None = None
    pulls: Floats | None = None
    bounds: tuple[Floats, Floats] | None = None
    never_seen: Sequence[NeverSeen] = ()
    simultaneous: bool = False

    @property
    def run(self) -> str:
        """The run's name."""
        return self.provenance.run

    @property
    def model(self) -> str:
        """The model under test."""
        return self.provenance.model

    @property
    def instrument(self) -> str:
        """By what the model was measured."""
        return self.provenance.instrument

    @property
    def protocol(self) -> str:
        """The protocol's name."""
        return self.provenance.protocol

    @property
    def condition(self) -> str:
        """By what the model was to choose."""
        return self.provenance.condition

    @property
    def judge(self) -> str:
        """Who read the responses."""
        return self.provenance.judge

    @property
    def made(self) -> Circumstances:
        """Under what circumstances the verdicts came about."""
        return Circumstances(
            designed=self.n_trials,
            missing=self.verdicts["missing"],
            ways=self.provenance.ways | ({"treatments of ties": self.ties} if self.verdicts["tie"] else {}),
            settings=self.provenance.settings,
        )

    @property
    def rating(self) -> Floats:
        """(n,) scores on the Elo scale."""
        return ELO_CENTRE + ELO_SCALE * self.fit.scores

    @property
    def stderr(self) -> Floats:
        """(n,) standard errors of the ratings."""
        return ELO_SCALE * self.fit.stderr

    @property
    def estimates(self) -> Estimates:
        """The ratings with their joint noise, which diffs, gates, plans and figures take."""
        n, fit = len(self.traits), self.fit
        shown = fit.gradients
        told = sp.csr_array((np.ones(len(shown.data), dtype=bool), shown.indices, shown.indptr), shown.shape)
        return Estimates(
            label=self.run or self.model,
            quantities=tuple(Quantity(trait, Rating()) for trait in self.traits),
            values=ELO_SCALE * fit.scores,
            covariance=ELO_SCALE**2 * fit.covariance[:n, :n],
            jackknife=Jackknife(
                clusters=tuple(fit.clusters.tolist()),
                gradients=fit.gradients,
                bread=ELO_SCALE * fit.bread[:, :n],
                correction=np.full(len(fit.bread), np.sqrt(fit.correction)),
                unseen=np.zeros((0, n)),
                crossing=fit.crossing,
            ),
            told=sp.csr_array(told[:, :n]),
            df=np.full(n, float(fit.df)),
            working=ELO_SCALE**2 * fit.bread[:n, :n],
            expected=ELO_SCALE**2 * fit.expected,
            ridge=fit.alpha / ELO_SCALE**2,
            sample=Sample(
                n=self.fit.n_trials,
                each="choice",
                length=self.n_trials * len(fit.positions) / n,
                by="round",
                method=self.instrument,
            ),
            noun="trait",
            reliability=self.reliability["model_based"],
            made=self.made,
            endings=self.endings,
            unrated=tuple(row["trait"] for row in self.never_seen if row["trait"] not in self.traits),
            incomparable=self._incomparable,
            common={f"calibration {self.soft.run}": ELO_SCALE * self.pulls}
            if isinstance(self.soft, Calibration) and self.pulls is not None
            else {},
        )

    @property
    def _incomparable(self) -> str:
        if self.fit.prior is not None:
            return (
                "was made with a prior, which pulls it towards other models, so that a difference would not "
                "be its own; profile it with the flat prior"
            )
        if self.judge_correction is not None:
            return (
                "is corrected for its judge's errors; two profiles may share them, so that a difference "
                "would not know how sure it is; profile it without the correction"
            )
        if self.soft == UNCALIBRATED:
            return (
                "takes its judge's probabilities as the judge told them, and judges are surer of some "
                "models' answers than of others'; calibrate them on an instructed run, --soft RUN"
            )
        return ""

    @property
    def intervals(self) -> tuple[Floats, Floats]:
        """(n,) lower and upper ends, by Student's t with one degree of freedom less than there are prompts.

        Under a pooled prior they rest on the run's own verdicts and lean to what was foretold
        (`mien.stats.choice.assisted_intervals`), so that they hold for traits that stand out, too.
        """
        rating, df, own = self.rating, self.fit.df, self._told_alone
        if self.simultaneous or self.foretold is None:
            n = len(self.traits)
            quantile = (
                reach(own.covariance[:n, :n], df, confidence_level=self.confidence_level)
                if self.simultaneous
                else float(t_half_width(self.confidence_level, df))
            )
            low, high = own.scores - quantile * own.stderr, own.scores + quantile * own.stderr
        else:
            low, high = assisted_interval(
                own.scores, own.stderr, self.foretold, df=df, confidence_level=self.confidence_level
            )
        low, high = (ELO_CENTRE + ELO_SCALE * end for end in (low, high))
        return np.minimum(low, rating), np.maximum(high, rating)

    @property
    def _told_alone(self) -> ChoiceFit:
        """The fit on which intervals rest: under a pooled prior, that of the run's own verdicts."""
        return self.fit if self.foretold is None or self.flat_fit is None else self.flat_fit

    @property
    def ranked(self) -> Ints:
        """Indices of the traits that have a rank: all that were ever seen."""
        unseen = {row["trait"] for row in self.never_seen}
        return np.array([i for i, trait in enumerate(self.traits) if trait not in unseen], dtype=np.int64)

    @property
    def rows(self) -> list[TraitRow]:
        """One row a trait that has a rank, by rank."""
        return trait_rows(self)

    @cached_property
    def _rank_intervals(self) -> tuple[Ints, Ints]:
        ranked, own = self.ranked, self._told_alone
        return rank_intervals(
            own.scores[ranked],
            own.covariance[np.ix_(ranked, ranked)],
            own.df,
            confidence_level=self.confidence_level,
            at_once=self.simultaneous,
        )

    @property
    def ranked_rows(self) -> list[TraitRow]:
        """`rows`, with the interval of each rank (`mien.stats.estimates.simultaneous`)."""
        low, high = self._rank_intervals
        ranked: list[int] = self.ranked.tolist()
        place = {self.traits[i]: place for place, i in enumerate(ranked)}
        rows: list[TraitRow] = []
        for row in self.rows:
            i, rank = place[row["trait"]], row["rank"]
            first = {"trait": row["trait"], "rank": rank}
            ends = {"rank_low": min(int(low[i]), rank), "rank_high": max(int(high[i]), rank)}
            rows.append(cast("TraitRow", {**first, **ends, **row}))
        return rows

    @property
    def table(self) -> pd.DataFrame:
        """`ranked_rows` as a table."""
        import pandas as pd

        return pd.DataFrame(self.ranked_rows)

    def to_dict(self) -> dict[str, Any]:
        """What ``mien profile --json`` prints: plain Python values, None where a value is not known."""
        prior, judge = self.fit.prior, self.judge_correction
        return {
            **{key: value for key, value in asdict(self.provenance).items() if key != "settings"},
            "n_trials": self.n_trials,
            "verdicts": dict(self.verdicts),
            "traits": [dict(row) for row in self.ranked_rows],
            "never_seen": [dict(row) for row in self.never_seen],
            "clusters": {
                "prompts": self.fit.n_clusters,
                "raters": None if self.fit.crossing is None else len(self.fit.crossing.raters.labels),
                "df": self.fit.df,
            },
            "position": dict(self.position),
            "reliability": dict(self.reliability),
            "flat": None if self.flat is None else dict(self.flat),
            "accuracy": None if self.accuracy is None else dict(self.accuracy),
            "alpha": self.fit.alpha,
            "ties": self.ties,
            "nu": self.fit.nu,
            "prior": None if prior is None else "pooled" if prior.runs else "given",
            "pool": [] if prior is None else list(prior.runs),
            "judge_correction": None if judge is None else dict(correction(judge, self.traits)),
            "soft": None if self.soft is None else dict(soft_told(self.soft, self.traits)),
            "confidence_level": self.confidence_level,
            "simultaneous": self.simultaneous,
        }

    def _repr_html_(self) -> str:
        from html import escape

        name = escape(self.run or self.model or "profile")
        decided = f"{self.verdicts['chosen']:,} of {self.n_trials:,} trials decided"
        table = filled(self.table.set_index("rank")).to_html(
            na_rep="", float_format="{:.2f}".format, max_rows=20
        )
        return f"<p><b>{name}</b> · {escape(self.instrument)} · {decided}</p>{table}"


def rate(
    comparisons: Comparisons,
    provenance: Provenance = UNKNOWN,
    *,
    confidence_level: float = 0.95,
    elo: Elo = USUAL,
    bounds: bool = False,
    in_full: bool = True,
    **model: Any,
) -> Profile:
    """Rate the traits of one run.

    Under a prior, `Profile.flat` is still the test on the run's own verdicts, and there is no split-half
    reliability: both halves would lean on the prior.

    Args:
        comparisons: the run's verdicts, in the order of its trials (sequential Elo depends on it).
        provenance: where they come from; its seed also draws the halves of the split-half reliability.
        confidence_level: of all intervals.
        elo: how sequential Elo is reckoned.
        bounds: whether to reckon `Profile.bounds`, two fits for each trait.
        in_full: whether to reckon the split-half reliability, `Profile.flat` and `Profile.endings`, too,
            which take longer than all else, and which a panel does without.
        model: members of `mien.stats.profiles.Model`: ``alpha``, ``prior``, ``judge_correction``, ``ties``,
            ``soft``.

    Raises:
        NotIdentified: too few choices to rate all traits; the message names those left out or apart.
        UsageError: the judge's errors cannot be taken out, or members of the model don't go together.
    """
    by, given, unasked = Model(**model), comparisons, provenance.instrument == "exhibited"
    comparisons, rated = with_a_choice(given) if unasked else (given, np.ones(len(given.traits), np.bool_))
    trials, n = by.trials(comparisons), len(comparisons.traits)
    fits = Fits.of(trials, by)
    fit, seed = fits.told, provenance.seed or 0
    kept, counts, ended = counting(comparisons, by.ties), Counts.of(trials), NonChoices.of(given)
    return Profile(
        provenance=provenance,
        confidence_level=confidence_level,
        traits=comparisons.traits,
        **_fitted(fits, by, np.array(comparisons.clusters, dtype=object)[fit.clusters], n),
        elo=sequential_elo(comparisons.options, comparisons.chosen, n, elo, counts=kept),
        shown=counts.shown,
        chosen=counts.chosen,
        tied=counts.tied,
        non_choices=ended.only(rated),
        bounds=non_choices.bounds(comparisons, fit, by) if bounds else None,
        n_trials=len(given.chosen) + given.missing,
        verdicts=count_verdicts(given),
        position=_position(fit, confidence_level),
        reliability=_reliability(trials, fits, by.judge_correction, halves=in_full, seed=seed),
        flat=_flat(trials, by, seed=seed) if in_full else None,
        accuracy=accuracy(comparisons, confidence_level) if provenance.instrument == "instructed" else None,
        endings=endings(given) if in_full else None,
        ties=by.ties,
        never_seen=never_seen(given, ended) if unasked else (),
    )


def _fitted(fits: Fits, by: Model, labels: NDArray[np.object_], n: int) -> dict[str, Any]:
    """The members of a profile of n traits that hold fits, their clusters labelled by prompt."""
    return {
        "fit": replace(fits.told, clusters=labels),
        "flat_fit": None if by.prior is None else replace(fits.flat, clusters=labels),
        "foretold": fits.foretold,
        "judge_correction": by.judge_correction,
        "uncorrected_fit": None if by.judge_correction is None else replace(fits.own, clusters=labels),
        "soft": by.soft,
        "pulls": fits.pulls[:, :n] if len(fits.pulls) else None,
    }


def _position(fit: ChoiceFit, confidence_level: float) -> Position:
    places = slice(len(fit.scores), len(fit.scores) + len(fit.positions))
    return first_place(
        fit.positions,
        fit.position_bias,
        fit.covariance[places, places],
        confidence_level=confidence_level,
        df=fit.df,
    )


def _reliability(
    trials: Trials, fits: Fits, judge: Misreading | None, *, halves: bool, seed: int
) -> Reliability:
    fit, read = fits.told, trials if judge is None else read_by(trials, judge)
    shrunk = fit.prior is not None
    split = reliability.split_half(read, alpha=fit.alpha, seed=seed) if halves and not shrunk else None
    return Reliability(
        model_based=reliability.model_based(fit.scores, fit.noise, shrunk=shrunk), split_half=split
    )


def _flat(trials: Trials, by: Model, *, seed: int) -> Flat:
    judge = by.soft if isinstance(by.soft, Calibration) else by.judge_correction
    test = flat_test(trials, alpha=by.alpha, judge=judge, seed=seed)
    return Flat(statistic=test.statistic, df=test.df, p=test.p)
