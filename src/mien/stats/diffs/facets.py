"""Where the noise of a rating comes from, and what more of each source would buy: a generalizability study.

A rating is one of many that might have been: on other prompts, in other words, as another judge reads, from
other samples of the same requests. Measurements of one character that differ in one of these, a *facet*, show
how much of a rating's variance is that facet's (Cronbach, Gleser, Nanda and Rajaratnam 1972, The
dependability of behavioral measurements; Brennan 2001, Generalizability theory). What was never varied is
not known.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mien.stats.diffs.joint import kept
from mien.stats.diffs.size import size
from mien.stats.distributions import norm_ppf
from mien.stats.estimates.jackknife import cross_covariance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.stats.estimates import Estimates
    from mien.types import Floats


class Form(NamedTuple):
    """One measurement of a character: a run as one judge read it.

    Attributes:
        estimates: its ratings.
        run: its name.
        design: of its trials; runs of one design have the same trials.
        wording: what the model was asked with, alike for runs asked alike.
        judge: who read it, alike for a judge and its repeats.
    """

    estimates: Estimates
    run: str
    design: str
    wording: str
    judge: str


class Component(NamedTuple):
    """Standard deviation of a rating over the levels of a facet, points, with its interval.

    ``levels`` are the wordings, judges or readings that were compared at most; of what one run tells, 1.
    """

    points: float
    low: float
    high: float
    levels: int


class Sources(NamedTuple):
    """What makes one run's rating, by one judge, another one each time; None where a facet was not varied.

    Attributes:
        prompts: which prompts and pairs there were: what runs of the same trials have in common.
        samples: what a model happened to answer: the rest of ``trials``.
        trials: both together, as the standard errors tell them.
        wording: how the model was asked.
        judge: who read.
        reading: the same judge, reading again; a part of ``trials``.
        traits: variance of the true ratings, squared points.
    """

    prompts: Component | None
    samples: Component | None
    trials: Component
    wording: Component | None
    judge: Component | None
    reading: Component | None
    traits: float

    def stderr(self, *, rounds: float = 1, wordings: int = 1, judges: int = 1) -> float:
        """Of the mean rating over so many wordings and judges, with so many times the rounds each; points.

        Runs in other words are on the same trials. What is not known counts as 0.
        """
        trials = self.trials.points**2
        prompts = 0.0 if self.prompts is None else self.prompts.points**2
        own = (prompts + (trials - prompts) / wordings) / rounds
        asked, read = (0.0 if one is None else one.points**2 for one in (self.wording, self.judge))
        return float(np.sqrt(own + asked / wordings + read / judges))

    def reliability(self, stderr: float) -> float:
        """Share of the variance between traits that is not error: the coefficient of generalizability."""
        return self.traits / (self.traits + stderr**2) if self.traits else 0.0


def sources(forms: Sequence[Form], *, confidence_level: float = 0.95) -> Sources:
    """Take the noise of ratings apart.

    A facet's levels are compared where nothing else differs: judges on one run, wordings as one judge read
    them. Its variance is the mean square of orthonormal contrasts between the levels' ratings, less their
    joint noise: the size of a diff, and with its interval (`mien.stats.diffs.size`), over several diffs at
    once. It is the variance over these levels.
    """
    variances = np.array([np.mean(np.diag(form.estimates.covariance)) for form in forms])
    own = [_own(form, confidence_level) for form in forms]
    trials = Component(*(float(np.sqrt(np.mean(part))) for part in zip(*own, strict=True)), levels=1)
    runs, judges = dict.fromkeys(f.run for f in forms), dict.fromkeys(f.judge for f in forms)
    wording = [_first(forms, "wording", "judge", judge) for judge in judges]
    judge = [_first(forms, "judge", "run", run) for run in runs]
    reading = [[f for f in forms if f.run == r and f.judge == j] for r in runs for j in judges]
    asked, read, again = (_component(groups, confidence_level) for groups in (wording, judge, reading))
    prompts, samples = _shared(wording, trials, confidence_level) or (None, None)
    spread = float(np.mean([np.var(f.estimates.values, ddof=1) for f in forms]))
    errors = float(np.mean(variances)) + sum(one.points**2 for one in (asked, read) if one is not None)
    return Sources(prompts, samples, trials, asked, read, again, max(spread - errors, 0.0))


def _first(forms: Sequence[Form], level: str, within: str, value: str) -> list[Form]:
    """The first form of each level, of those alike in another facet."""
    found: dict[str, Form] = {}
    for form in forms:
        if getattr(form, within) == value:
            found.setdefault(getattr(form, level), form)
    return list(found.values())


def _own(form: Form, confidence_level: float) -> tuple[float, float, float]:
    """Mean variance of a run's ratings with its interval, on the logarithm, from what each cluster adds."""
    estimates, jackknife = form.estimates, form.estimates.jackknife
    n, variance = len(estimates.names), float(np.mean(np.diag(estimates.covariance)))
    shares = np.sum([jackknife.share(i) for i in range(n)], axis=0)
    error = float(np.std(shares) * np.sqrt(len(shares)) / max(np.sum(shares), np.finfo(float).tiny))
    factor = float(np.exp(norm_ppf((1 + confidence_level) / 2) * error))
    return variance, variance / factor, variance * factor


def _component(groups: Sequence[Sequence[Form]], confidence_level: float) -> Component | None:
    """The variance between the levels of each group; None where no group has two."""
    groups = [group for group in groups if len(group) > 1]
    if not groups:
        return None
    forms = [form.estimates for group in groups for form in group]
    blocks = [_contrasts(len(group)) for group in groups]
    weights = np.zeros((sum(map(len, blocks)), len(forms)))
    row = column = 0
    for block in blocks:
        weights[row : row + len(block), column : column + len(block) + 1] = block
        row, column = row + len(block), column + len(block) + 1
    delta = weights @ np.array([one.values for one in forms])
    expected = np.array([np.sum(_expected(one)) for one in forms])
    covariance = np.zeros((delta.size, delta.size))
    least = float(np.sum(weights**2 @ expected))
    for i, one in enumerate(forms):
        covariance += np.kron(np.outer(weights[:, i], weights[:, i]), one.covariance)
        for j in range(i):
            both = np.outer(weights[:, i], weights[:, j])
            if not both.any():
                continue
            crossed = np.kron(both, cross_covariance(one.jackknife, forms[j].jackknife))
            covariance += crossed + crossed.T
            least += 2 * float(np.trace(crossed))
    found = size(
        delta.ravel(),
        covariance,
        expected=least,
        kept=float(np.mean([kept(one, each) for one in forms for each in delta])),
        confidence_level=confidence_level,
    )
    levels = max(map(len, groups))
    return Component(found["rms"], found["low"], found["high"], levels)


def _expected(one: Estimates) -> Floats:
    return np.diag(one.covariance) if one.expected is None else one.expected


def _contrasts(levels: int) -> Floats:
    """(levels − 1, levels) orthonormal contrasts, after Helmert."""
    rows = np.tril(np.ones((levels - 1, levels)))
    steps = np.arange(1, levels)
    rows[steps - 1, steps] = -steps
    return np.asarray(rows / np.sqrt(steps * (steps + 1))[:, None], dtype=np.float64)


def _shared(
    groups: Sequence[Sequence[Form]], trials: Component, confidence_level: float
) -> tuple[Component, Component] | None:
    """What runs of the same trials in other words have in common of their noise, and what not."""
    parts: list[tuple[float, float]] = []
    for group in groups:
        for a, b in combinations(group, 2):
            if a.design and a.design == b.design:
                parts.append(_in_common(a.estimates, b.estimates))
    if not parts:
        return None
    share, error = np.mean(parts, axis=0)
    half = norm_ppf((1 + confidence_level) / 2) * error
    low, middle, high = np.clip([share - half, share, share + half], 0.0, 1.0)
    points = trials.points
    return (
        Component(*(points * float(np.sqrt(part)) for part in (middle, low, high)), levels=1),
        Component(*(points * float(np.sqrt(1 - part)) for part in (middle, high, low)), levels=1),
    )


def _in_common(a: Estimates, b: Estimates) -> tuple[float, float]:
    """The part of the variance by cluster that two estimates have in common, and its standard error."""
    rows = {label: i for i, label in enumerate(b.jackknife.clusters)}
    pairs = [(i, rows[label]) for i, label in enumerate(a.jackknife.clusters) if label in rows]
    own = [
        np.asarray(one.jackknife.gradients @ (one.jackknife.correction[:, None] * one.jackknife.bread))
        for one in (a, b)
    ]
    total = float(np.sqrt(np.sum(own[0] ** 2) * np.sum(own[1] ** 2)))
    products = np.array([own[0][i] @ own[1][j] for i, j in pairs])
    if not total or len(products) < 2:
        return 0.0, 0.0
    return float(products.sum()) / total, float(np.std(products) * np.sqrt(len(products))) / total
