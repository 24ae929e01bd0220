"""Judges that err, and judges that prefer a place, where the truth is known.

Errors: scores recovered with and without `mien.stats.choice.misclassification`.

A model of 144 traits (scores normal with standard deviation 1) is read by a judge that names the wrong one
of two options at a rate of its own for each trait: the same for all, or Beta with a standard deviation of
0.07. Its errors are estimated on a calibration run of 2,000 trials, in which the model always shows what it
was told. What is given of a fit is the mean over tournaments.

Then the judge has twenty favourites: it leans to them, reading them where they are and where they are not
(1.5 log odds); or they pull as foils alone (wrong in 35 % of trials beside them, 8 % elsewhere); or it does
not see them (wrong in 60 % of trials, as against 10 %). Or it has none, and errs by trait, or by pair (normal
with a standard deviation of 1.2 log odds, a pair's own).

Two judges: `mien.stats.agreement.functioning` on pairs of 36 or 144 traits that two read, each wrong in some
share of trials. They differ in no trait; or the second leans to three by 1.5 log odds, or does not see three
(reads them no better than chance).

Places: `mien.stats.profiles.position_effects` on pairs whose first option the model favours, and the judge
the first that it is shown, each by so many log odds; or the judge errs, oftener in favour of the first. Where
prompts are tied, the luck of two trials of a prompt has a correlation of 0.3 on the normal scale, half of the
prompts in favour of the first in the trial, half of the first before the judge.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded: the matrices are too small to share

import numpy as np
import scipy.special
import scipy.stats

from benchmarks.machine import describe_machine
from benchmarks.options import Options
from mien.stats import choice
from mien.stats.agreement.functioning import functioning
from mien.stats.choice import Trials
from mien.stats.choice.legibility import Misreading, misreading
from mien.stats.choice.misclassification import corrected_fit
from mien.stats.distributions import t_half_width
from mien.stats.profiles.elo import ELO_SCALE
from mien.stats.profiles.position_effects import position_effects

if TYPE_CHECKING:
    from collections.abc import Sequence

ACCURACIES = (0.7, 0.8, 0.9, 1.0)
BUDGETS = (2_000, 5_000)
CALIBRATION = 2_000
N_TRAITS, N_PROMPTS = 144, 720
FIRST = 0.4  # log odds in favour of the first option
RIDGES = (0.3, 0.15, 0.08)  # under a quarter of the default some fits do not converge
SPREAD = 0.07  # standard deviation of the errors by trait, where they vary
TIED = 0.3
#: Traits, trials, errors of both judges, and in what the second differs.
PAIRS_OF_JUDGES = (
    (36, 2_000, 0.1, 0.1, "nothing"),
    (36, 2_000, 0.05, 0.1, "nothing"),
    (36, 2_000, 0.05, 0.2, "nothing"),
    (144, 2_016, 0.1, 0.1, "nothing"),
    (36, 2_000, 0.1, 0.1, "leans"),
    (36, 5_000, 0.1, 0.1, "leans"),
    (36, 2_000, 0.05, 0.2, "leans"),
    (36, 2_000, 0.1, 0.1, "blind"),
    (36, 5_000, 0.1, 0.1, "blind"),
)
N_DIFFERENT = 3
LENGTHS = ((2_000, 2_000), (10_296, 2_000), (10_296, 10_296))  # trials of the run, and of the calibration
N_FAVOURITES = 20
NO_FAVOURITES = ("by trait", "by pair")
PREFERENCES = ((0.0, 0.0), (0.4, 0.2), (0.4, -0.4), (1.5, 0.4))  # log odds: model, judge
ERRORS = (0.15, 0.05)  # how often a judge reads the first for the second, and the second for the first


class Recovery(NamedTuple):
    """One tournament, of each fit: slope on the truth, share of traits covered, mean standard error, RMSE."""

    slope: tuple[float, float]
    coverage: tuple[float, float]
    stderr: tuple[float, float]
    error: tuple[float, float]


class Favourites(NamedTuple):
    """One tournament, of each fit: bias of the judge's favourites, their coverage, that of all, and RMSE."""

    bias: tuple[float, float]
    favourites: tuple[float, float]
    coverage: tuple[float, float]
    error: tuple[float, float]


def rates(accuracy: float, varying: bool, rng: np.random.Generator) -> np.ndarray:
    error = 1 - accuracy
    if not varying or not error:
        return np.full(N_TRAITS, error)
    strength = error * accuracy / SPREAD**2 - 1
    return np.minimum(rng.beta(strength * error, strength * accuracy, N_TRAITS), 0.48)


def pairs(n_trials: int, rng: np.random.Generator) -> np.ndarray:
    """Rounds in which every trait is shown once."""
    rounds = -(-2 * n_trials // N_TRAITS)
    order = [rng.permutation(N_TRAITS).reshape(-1, 2) for _ in range(rounds)]
    return np.concatenate(order)[:n_trials]


def reading(
    options: np.ndarray, taken: np.ndarray, errors: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """(T,) position read of the position taken; (n, n) errors are those of what is taken beside each foil."""
    rows = np.arange(len(taken))
    wrong = rng.random(len(taken)) < errors[options[rows, taken], options[rows, 1 - taken]]
    return np.where(wrong, 1 - taken, taken)


def manners(rng: np.random.Generator) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """By how the judge errs: (n, n) errors, and (n,) which traits are its favourites."""
    favourite = np.zeros(N_TRAITS, dtype=bool)
    favourite[rng.choice(N_TRAITS, N_FAVOURITES, replace=False)] = True
    none, leans = np.zeros(N_TRAITS, dtype=bool), 1.5 * favourite
    own = 1.2 * rng.normal(size=(N_TRAITS, N_TRAITS))
    beside = np.ones(N_TRAITS)
    return {
        "by trait": (np.outer(rates(0.9, True, rng), beside), none),
        "leans": (scipy.special.expit(leans - leans[:, None] - 2.0), favourite),
        "by foil": (np.outer(beside, np.where(favourite, 0.35, 0.08)), favourite),
        "blind": (np.outer(np.where(favourite, 0.6, 0.1), beside), favourite),
        "by pair": (scipy.special.expit(-2.2 - (own + own.T) / np.sqrt(2)), none),
    }


class Tournament(NamedTuple):
    """What a judge read, what it made of a calibration run, and how both came about."""

    scores: np.ndarray
    errors: np.ndarray
    judge: Misreading
    shown: np.ndarray
    read: np.ndarray

    def trials(self) -> Trials:
        prompt = np.arange(len(self.shown)) % N_PROMPTS
        return Trials.of(self.shown, self.read, N_TRAITS, clusters=prompt)


def tournament(
    errors: np.ndarray, n_trials: int, rng: np.random.Generator, calibration: int = CALIBRATION
) -> Tournament:
    scores = rng.normal(size=N_TRAITS)
    scores -= scores.mean()
    told = pairs(calibration, rng)
    judge = misreading(told, reading(told, np.zeros(len(told), dtype=int), errors, rng), N_TRAITS)
    shown = pairs(n_trials, rng)
    utilities = scores[shown] + np.array([FIRST, 0]) + rng.gumbel(size=shown.shape)
    return Tournament(scores, errors, judge, shown, reading(shown, utilities.argmax(axis=1), errors, rng))


def by_trait(accuracy: float, varying: bool, n_trials: int, seed: int) -> Tournament:
    rng = np.random.default_rng(seed)
    return tournament(np.outer(rates(accuracy, varying, rng), np.ones(N_TRAITS)), n_trials, rng)


def slope_on(scores: np.ndarray, fit: choice.ChoiceFit) -> float:
    return float(fit.scores @ scores / (scores @ scores))


def covered(scores: np.ndarray, fit: choice.ChoiceFit) -> float:
    width = t_half_width(0.95, fit.n_clusters - 1)
    return float(np.mean(np.abs(fit.scores - scores) < width * fit.stderr))


def off(scores: np.ndarray, fit: choice.ChoiceFit) -> float:
    return float(ELO_SCALE * np.sqrt(np.mean((fit.scores - scores) ** 2)))


def replicate(accuracy: float, varying: bool, n_trials: int, seed: int) -> Recovery:
    played = by_trait(accuracy, varying, n_trials, seed)
    fits = choice.fit(played.trials()), corrected_fit(played.trials(), played.judge)
    return Recovery(
        slope=tuple(slope_on(played.scores, fit) for fit in fits),
        coverage=tuple(covered(played.scores, fit) for fit in fits),
        stderr=tuple(float(ELO_SCALE * fit.stderr.mean()) for fit in fits),
        error=tuple(off(played.scores, fit) for fit in fits),
    )


def favour(manner: str, lengths: tuple[int, int], seed: int) -> Favourites:
    rng = np.random.default_rng(seed)
    errors, favourite = manners(rng)[manner]
    played = tournament(errors, lengths[0], rng, lengths[1])
    fits = choice.fit(played.trials()), corrected_fit(played.trials(), played.judge)
    some = favourite if favourite.any() else np.ones(N_TRAITS, dtype=bool)
    width = t_half_width(0.95, fits[0].n_clusters - 1)
    apart = [fit.scores - played.scores for fit in fits]
    held = [np.abs(a) < width * fit.stderr for a, fit in zip(apart, fits, strict=True)]
    return Favourites(
        bias=tuple(float(ELO_SCALE * a[some].mean()) for a in apart),
        favourites=tuple(float(h[some].mean()) for h in held),
        coverage=tuple(float(h.mean()) for h in held),
        error=tuple(off(played.scores, fit) for fit in fits),
    )


class Differing(NamedTuple):
    """Two judges: trials in which they differ, share of p < .05, false discoveries, shares found."""

    apart: float
    null: float
    anything: float
    false: float
    found: float


def two_judges(n: int, n_trials: int, first: float, second: float, by: str, seed: int) -> Differing:
    rng = np.random.default_rng(seed)
    scores, rows = rng.normal(size=n), np.arange(n_trials)
    shown = np.concatenate([rng.permutation(n).reshape(-1, 2) for _ in range(-(-2 * n_trials // n))])[
        :n_trials
    ]
    taken = (scores[shown] + rng.gumbel(size=shown.shape)).argmax(axis=1)
    told, beside = shown[rows, taken], shown[rows, 1 - taken]
    different = np.zeros(n, dtype=bool)
    different[rng.choice(n, N_DIFFERENT, replace=False)] = by != "nothing"
    odds = np.full(n_trials, scipy.special.logit(1 - second))
    if by == "leans":
        odds += 1.5 * different[told] - 1.5 * different[beside]
    if by == "blind":
        odds[different[told]] = 0.0
    right = np.array([rng.random(n_trials) < 1 - first, rng.random(n_trials) < scipy.special.expit(odds)])
    found = functioning(
        ("a", "b"),
        shown,
        np.where(right, taken, 1 - taken),
        traits=[str(item) for item in range(n)],
        clusters=rows % N_PROMPTS,
    )
    same = [row for row in found.traits if row["p"] is not None and not different[int(row["trait"])]]
    false = sum(row["differs"] for row in same)
    hits = len(found.differing) - false
    return Differing(
        apart=found.n_apart,
        null=float(np.mean([row["p"] < 0.05 for row in same])) if same else 0.0,
        anything=float(false > 0),
        false=false / max(len(found.differing), 1),
        found=hits / N_DIFFERENT if by != "nothing" else np.nan,
    )


def print_two_judges(replications: int) -> None:
    print(f"\nTwo judges of one run; {replications} a row:\n")
    heads = "p < .05 | any false discovery | false among discoveries | found"
    print(f"| traits | trials | errors | differ in | trials apart | {heads} |")
    print("| ---: | ---: | --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for n, n_trials, first, second, by in PAIRS_OF_JUDGES:
        seen = [two_judges(n, n_trials, first, second, by, seed) for seed in range(replications)]
        apart, null, anything, false, found = np.mean(seen, axis=0)
        print(
            f"| {n} | {n_trials:,} | {first:.0%}, {second:.0%} | {by} | {apart:.0f} | {null:.1%} | "
            f"{anything:.1%} | {false:.1%} | {'–' if np.isnan(found) else f'{found:.0%}'} |",
            flush=True,
        )


class Places(NamedTuple):
    """One tournament: estimate and whether its interval holds the truth, of the model and of the judge."""

    model: float
    model_held: float
    judge: float
    judge_held: float


def truths(first: float, seen_first: float | None) -> tuple[float, float]:
    """Shares of the first between equals; a judge that errs adds half of what its errors differ."""
    share = float(scipy.special.expit(first))
    if seen_first is None:
        return share, 0.5 + (ERRORS[0] - ERRORS[1]) / 2
    return share, float(scipy.special.expit(seen_first))


def place(first: float, seen_first: float | None, tied: float, n_trials: int, seed: int) -> Places:
    """A tournament whose judge prefers a place by so many log odds, or errs where that is None."""
    rng = np.random.default_rng(seed)
    scores, shown = rng.normal(size=N_TRAITS), pairs(n_trials, rng)
    turned, prompt = rng.random(n_trials) < 0.5, np.arange(n_trials) % N_PROMPTS
    normal = np.sqrt(tied) * rng.normal(size=N_PROMPTS)[prompt] + np.sqrt(1 - tied) * rng.normal(
        size=n_trials
    )
    luck = scipy.special.logit(scipy.stats.norm.cdf(normal)) * np.where(turned & (prompt % 2 == 0), -1, 1)
    utility = scores[shown[:, 0]] - scores[shown[:, 1]] + first + luck
    utility += np.where(turned, -1, 1) * (seen_first or 0.0)
    read = (utility < 0).astype(np.int64)
    if seen_first is None:
        second_before_judge = read != turned
        read = np.where(rng.random(n_trials) < np.where(second_before_judge, *ERRORS), 1 - read, read)
    seen = np.where(turned[:, None], [1, 0], [0, 1])
    found = position_effects(Trials.of(shown, read, N_TRAITS, clusters=prompt), seen)
    model, judge = (
        (effect["first"], float(effect["low"] <= truth <= effect["high"]))
        for effect, truth in zip(found[:2], truths(first, seen_first), strict=True)
    )
    return Places(*model, *judge)


def print_errors(replications: int) -> None:
    print("Uncorrected → corrected; coverage is that of 95 % intervals:\n")
    print("| accuracy | by trait | trials | slope on the truth | coverage | mean stderr, Elo | RMSE, Elo |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: |")
    for accuracy in ACCURACIES:
        for varying in (False, True) if accuracy < 1 else (False,):
            for budget in BUDGETS:
                found = [replicate(accuracy, varying, budget, seed) for seed in range(replications)]
                slope, coverage, stderr, error = (np.mean([r[i] for r in found], axis=0) for i in range(4))
                print(
                    f"| {accuracy:.0%} | {'varies' if varying else 'same'} | {budget:,} | "
                    f"{slope[0]:.3f} → {slope[1]:.3f} | {coverage[0]:.1%} → {coverage[1]:.1%} | "
                    f"{stderr[0]:.0f} → {stderr[1]:.0f} | {error[0]:.0f} → {error[1]:.0f} |",
                    flush=True,
                )


def print_favourites(replications: int) -> None:
    print(f"\nA judge with {N_FAVOURITES} favourites, or without; {replications} tournaments a row.")
    print("Uncorrected → corrected; bias and the first coverage are those of the favourites:\n")
    print("| the judge | trials | calibration | bias, Elo | coverage | of all | RMSE, Elo |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for manner in manners(np.random.default_rng(0)):
        for lengths in LENGTHS:
            found = [favour(manner, lengths, seed) for seed in range(replications)]
            bias, some, every, error = (np.mean([r[i] for r in found], axis=0) for i in range(4))
            favourites = f"{bias[0]:+.0f} → {bias[1]:+.0f} | {some[0]:.1%} → {some[1]:.1%}"
            print(
                f"| {manner} | {lengths[0]:,} | {lengths[1]:,} | "
                f"{favourites if manner not in NO_FAVOURITES else '– | –'} | "
                f"{every[0]:.1%} → {every[1]:.1%} | {error[0]:.0f} → {error[1]:.0f} |",
                flush=True,
            )


def print_places(replications: int) -> None:
    print("\nPosition effects; shares of the first between equals, and coverage of 95 % intervals:\n")
    columns = ("truth", "estimated", "coverage")
    heads = [f"{who}: {column}" for who in ("model", "judge") for column in columns]
    print(f"| the judge | prompts | trials | {' | '.join(heads)} |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    worlds = [(*both, tied) for tied in (0.0, TIED) for both in PREFERENCES] + [(0.4, None, 0.0)]
    for first, seen_first, tied in worlds:
        for budget in BUDGETS:
            found = [place(first, seen_first, tied, budget, seed) for seed in range(replications)]
            model, model_held, judge, judge_held = np.mean(found, axis=0)
            of_model, of_judge = truths(first, seen_first)
            manner = "errs" if seen_first is None else "prefers" if seen_first else "is fair"
            print(
                f"| {manner} | {'tied' if tied else 'free'} | {budget:,} | "
                f"{of_model:.1%} | {model:.1%} | {model_held:.1%} | "
                f"{of_judge:.1%} | {judge:.1%} | {judge_held:.1%} |",
                flush=True,
            )


def print_ridges(replications: int) -> None:
    """Where the slope at 70 % and 2,000 trials comes from: the ridge, or what is not known of the errors."""
    print(
        "\nThe corrected fit at an accuracy of 70 %, 2,000 trials, with errors estimated on the calibration"
    )
    print("run or known, under other ridges:\n")
    print("| by trait | errors | alpha | slope on the truth | RMSE, Elo | coverage |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    for varying in (False, True):
        played = [by_trait(ACCURACIES[0], varying, BUDGETS[0], seed) for seed in range(replications)]
        for known in (False, True):
            for alpha in RIDGES:
                found = []
                for one in played:
                    judge = Misreading.known(one.errors[:, 0]) if known else one.judge
                    found.append((one.scores, corrected_fit(one.trials(), judge, alpha=alpha)))
                slope = np.mean([slope_on(*pair) for pair in found])
                error = np.sqrt(np.mean([(fit.scores - scores) ** 2 for scores, fit in found]))
                coverage = np.mean([covered(*pair) for pair in found])
                print(
                    f"| {'varies' if varying else 'same'} | {'known' if known else 'estimated'} | {alpha:g} "
                    f"| {slope:.3f} | {ELO_SCALE * error:.0f} | {coverage:.1%} |",
                    flush=True,
                )


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_size("--replications", 50, quick=1, help="tournaments for each row")
    replications = options.parse_args(arguments).replications
    print(f"{describe_machine()}; {replications} tournaments a row.\n")
    print_errors(replications)
    print_favourites(max(replications // 2, 1))
    print_ridges(replications)
    print_two_judges(10 * replications)
    print_places(6 * replications)
