"""Transcripts that show a finding: what the model was told and asked, and what it answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mien.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.runs.run import Run
    from mien.store.records import TrialRecord

LONGEST = 1500  # characters of a response that are shown
LIKELY = range(80, 900)  # characters of a response that is read with ease


class Example(NamedTuple):
    """One trial of a run; ``response`` is as the model gave it, or its beginning."""

    run: str
    trait: str
    trial: str
    options: tuple[str, ...]
    prompt: str
    response: str
    cut: bool
    chosen: str


def of_traits(run: Run, judge: str, traits: Sequence[str]) -> list[Example]:
    """A trial for each trait in which it was chosen, where there is one with a response."""
    rows = _answered(run, judge)
    picked = [_best([row for row in rows if row.chosen == trait]) for trait in traits]
    return [_example(run, trait, row) for trait, row in zip(traits, picked, strict=True) if row]


def of_changes(
    before: Run, after: Run, judges: tuple[str, str], changes: Sequence[tuple[str, float]]
) -> list[tuple[Example, Example]]:
    """For each change of a trait, one trial as both runs answered it, that goes the way of the change.

    Args:
        before: the first run; after: the second.
        judges: whose verdicts to take of each.
        changes: traits, and by how much they changed.
    """
    first, second = (
        {row.trial.id: row for row in _answered(*of)} for of in zip((before, after), judges, strict=True)
    )
    both = [(first[trial], row) for trial, row in second.items() if trial in first]
    same = [(a, b) for a, b in both if (a.trial.options, a.trial.prompt) == (b.trial.options, b.trial.prompt)]
    found: list[tuple[Example, Example]] = []
    for trait, delta in changes:
        shown = [
            pair
            for pair in same
            if pair[delta > 0].chosen == trait and pair[delta <= 0].chosen not in {trait, ""}
        ]
        if best := _best([b for _, b in shown]):
            found.append((_example(before, trait, first[best.trial.id]), _example(after, trait, best)))
    return found


def _answered(run: Run, judge: str) -> list[TrialRecord]:
    with Store(run.path, read_only=True) as store:
        return [row for row in store.rows(run.record.id, judge) if row.response]


def _best(rows: Sequence[TrialRecord]) -> TrialRecord | None:
    """The first of middling length, in English where that is known; else the shortest."""
    easy = [row for row in rows if len(row.response) in LIKELY and row.trial.prompt.language in {"", "en"}]
    return easy[0] if easy else min(rows, key=lambda row: len(row.response), default=None)


def _example(run: Run, trait: str, row: TrialRecord) -> Example:
    response = row.response[:LONGEST]
    return Example(
        run=run.name,
        trait=trait,
        trial=row.trial.id,
        options=row.trial.options,
        prompt=row.trial.prompt.text or row.trial.prompt.id,
        response=response,
        cut=len(row.response) > LONGEST,
        chosen=row.chosen,
    )
