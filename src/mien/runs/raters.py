"""Who has read a run, judges and people, and how far they agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.errors import UsageError
from mien.stats.agreement.inter_rater import Agreement, Rater, Responses, agreement
from mien.stats.agreement.kappa import cohen_kappa

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.store.records import RunRecord
    from mien.store.store import Store

#: Judges and people of a run whose agreement is told at most: it takes a comparison of every two.
MOST_RATERS = 200


def agreement_of_two(store: Store, run: RunRecord, a: str, b: str) -> dict[str, float]:
    """See `mien.Run.agreement`.

    Raises:
        UsageError: the two judges have read no trial in common.
    """
    first, second = (
        {trial: _place(options, chosen) for options, chosen, _, trial in store.verdicts(run.id, judge)}
        for judge in (a, b)
    )
    common = sorted(first.keys() & second.keys())
    if not common:
        raise UsageError(f"{a} and {b} have read no trial of run {run.name!r} in common")
    pairs = [(first[trial], second[trial]) for trial in common]
    found = cohen_kappa(*zip(*pairs, strict=True))
    return {
        "kappa": found.kappa,
        "low": found.low,
        "high": found.high,
        "agreement": sum(one == other for one, other in pairs) / len(pairs),
        "n": len(pairs),
    }


def raters(store: Store, run: RunRecord, *, confidence_level: float = 0.95, seed: int = 0) -> Agreement:
    """See `mien.Run.raters`.

    Raises:
        UsageError: nobody has read any of the run, or more did than can be compared.
    """
    identities: dict[str, object] = {judge.name: judge.identity for judge in store.judges(run.id)}
    given = {name: {trial: c for _, c, _, trial in store.verdicts(run.id, name)} for name in identities}
    for trial, person, chosen in store.labels(run.id):
        given.setdefault(f"{person} (person)", {})[trial] = chosen
    given = {name: labels for name, labels in given.items() if labels}
    if len(given) > MOST_RATERS:
        raise UsageError(
            f"{len(given):,} judges and people have read run {run.name!r}, and every two are compared; "
            f"import the verdicts of the {MOST_RATERS} who read most"
        )
    if not given:
        raise UsageError(f"run {run.name!r} has no verdicts and no labels yet")
    read = set[str]().union(*given.values())
    rows = [row for row in store.rows(run.id, "") if row.trial.id in read]
    trials = [row.trial for row in rows]
    responses = Responses(
        clusters=[f"{trial.prompt.id}\n{trial.prompt.text}" for trial in trials],
        categories=[trial.prompt.category for trial in trials],
        lengths=[len(row.response) for row in rows],
    )
    by_rater = [
        Rater(
            name,
            [_place(trial.options, labels.get(trial.id, "")) for trial in trials],
            identities.get(name),
        )
        for name, labels in given.items()
    ]
    return agreement(by_rater, responses, confidence_level=confidence_level, seed=seed)


def _place(options: Sequence[str], chosen: str) -> str:
    """The place of the chosen option among those shown; of a non-choice, its kind."""
    return str(options.index(chosen)) if chosen in options else chosen
