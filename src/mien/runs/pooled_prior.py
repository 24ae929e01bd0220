"""Which runs of a store may be pooled into the prior of another, and the prior that they give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.errors import NotIdentified, UsageError
from mien.stats import choice
from mien.stats.choice import Trials
from mien.stats.choice.empirical_bayes import MIN_RUNS, Estimate, pool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mien.stats.choice.empirical_bayes import PooledPrior
    from mien.stats.choice.plackett_luce import ChoiceFit
    from mien.stats.comparisons import Comparisons
    from mien.store.records import RunRecord
    from mien.types import Ties


def pooled_prior(
    run: RunRecord,
    own: Comparisons,
    others: Sequence[RunRecord],
    read: Callable[[RunRecord], Comparisons],
    *,
    alpha: float = choice.DEFAULT_ALPHA,
    ties: Ties = "half",
) -> PooledPrior:
    """The prior for a run from the other models' runs of the same traits, instrument and condition.

    A model counts once, with its run of most decided trials, and the run's own model not at all. An imported
    run that names no model counts as a model of its own.

    Args:
        run: the run that the prior is for.
        own: its verdicts.
        others: the runs of the store.
        read: gives another run's verdicts.
        alpha: ridge strength of the fits.
        ties: what a tie counts as in all of them.

    Raises:
        NotIdentified: the run's own verdicts are too few to rate all traits.
        UsageError: there are fewer than four other models; the message names them, and says why each other
            run was left out.
    """
    fit = _fit(own, alpha, ties)
    left_out: dict[str, str] = {}
    best: dict[str, tuple[RunRecord, ChoiceFit]] = {}
    for other in others:
        if other.name == run.name:
            continue
        if reason := _unfit(run, other):
            left_out[other.name] = reason
            continue
        try:
            rated = _fit(read(other), alpha, ties)
        except (NotIdentified, UsageError):
            left_out[other.name] = "too few verdicts"
            continue
        model = other.model or f"run {other.name}"
        shorter, known = other.name, best.get(model)
        if known is None or known[1].n_trials < rated.n_trials:
            best[model] = other, rated
            shorter = known[0].name if known else ""
        if shorter:
            left_out[shorter] = "a shorter run of its model"
    if len(best) < MIN_RUNS:
        raise UsageError(_too_few(run, [other.name for other, _ in best.values()], left_out))
    return pool(
        _estimate(fit),
        [_estimate(rated) for _, rated in best.values()],
        [other.name for other, _ in best.values()],
    )


def _unfit(run: RunRecord, other: RunRecord) -> str:
    """Why another run cannot be pooled; empty where it can."""
    if run.model and other.model == run.model:
        return "the same model"
    if {trait.name for trait in other.traits} != {trait.name for trait in run.traits}:
        return "other traits"
    if other.instrument != run.instrument:
        return f"instrument {other.instrument}"
    if _before(other) != _before(run):
        return "another turn of the conversation, or another system prompt"
    conditions = _condition(run), _condition(other)
    # Imported runs don't tell; but choices at random are no preferences, and are rarely what is imported.
    if conditions[0] != conditions[1] and (all(conditions) or "random" in conditions):
        return f"condition {conditions[1] or 'not known'}"
    return ""


def _condition(run: RunRecord) -> str:
    return run.protocol_settings.get("condition", "") if run.instrument == "revealed" else ""


def _before(run: RunRecord) -> tuple[int, str, str]:
    """What had been said to the model before it was asked."""
    return run.turn, run.pressure, run.protocol_settings.get("preamble", "")


def _fit(comparisons: Comparisons, alpha: float, ties: Ties) -> ChoiceFit:
    fit = choice.fit(Trials.decided(comparisons, ties=ties), alpha=alpha)
    if fit.n_clusters < 2:
        raise NotIdentified("all choices were made on one prompt")
    return fit


def _estimate(fit: ChoiceFit) -> Estimate:
    return Estimate.unshrunk(fit.scores, fit.bread, fit.alpha, fit.inflation)


def _too_few(run: RunRecord, pooled: list[str], left_out: dict[str, str]) -> str:
    found = f"{len(pooled)} ({', '.join(pooled)})" if pooled else "none"
    reasons = "; ".join(f"{name}: {reason}" for name, reason in list(left_out.items())[:8])
    more = f"; and {len(left_out) - 8} more" if len(left_out) > 8 else ""
    return (
        f"a pooled prior for {run.name} needs runs of at least {MIN_RUNS} other models, of the same traits, "
        f"instrument and condition; the store has {found}"
        + (f". Left out: {reasons}{more}" if left_out else "")
        + ". Measure other models with mien measure, or bring their comparisons in with mien import"
    )
