"""Verdicts out of the store as arrays, against the same verdicts by name."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mien.errors import InputError
from mien.runs import verdicts
from mien.runs.run import Run
from mien.stats.comparisons import comparisons_from
from mien.store import store as stores
from mien.store.records import JudgeRecord, RunInfo
from mien.store.store import Store
from mien.types import ALL_JUDGES, NON_CHOICES, Prompt, Trait, Trial, Verdict

if TYPE_CHECKING:
    from pathlib import Path

TRAITS = ("warm", "blunt", "öde", 'in"direct', "direct")


@pytest.fixture
def run(store: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Eleven and more trials, so that the order of ids is not that of the trials, read by two judges."""
    monkeypatch.setattr(stores, "VERDICTS_AT_A_TIME", 5)
    monkeypatch.setattr(verdicts, "MOST_KNOWN", 4)
    rng = np.random.default_rng(0)
    trials = [
        Trial(f"t{i}", 0, tuple(rng.permutation(TRAITS)[:3].tolist()), Prompt(f"p{i % 4}", "Hello"))
        for i in range(25)
    ]
    with Store(store) as opened:
        info = RunInfo(
            name="r",
            model="m",
            instrument="revealed",
            protocol="{}",
            design="",
            seed=0,
            traits=tuple(map(Trait, TRAITS)),
        )
        kept = opened.add_run(info, trials)
        for judge in ("b", "a"):
            opened.add_judge(kept.id, JudgeRecord(name=judge, model=judge, settings="{}"))
            for trial in trials[:-2]:
                chosen = str(rng.choice([*trial.options, *NON_CHOICES]))
                opened.put_verdict(kept.id, Verdict(trial=trial.id, judge=judge, chosen=chosen))
    return Run("r", store)


@pytest.mark.parametrize("judge", ["a", ALL_JUDGES])
def test_they_are_those_that_the_names_give(run: Run, judge: str) -> None:
    with Store(run.path) as opened:
        rows = [*opened.verdicts(run.record.id, judge)]
    options, chosen, prompts, trials, judges = zip(*rows, strict=True)
    assert [int(trial[1:]) for trial in trials] == sorted(int(trial[1:]) for trial in trials)
    twin = comparisons_from(options, chosen, prompts, traits=TRAITS, raters=judges)
    found = run.comparisons(judge)
    assert (found.traits, found.clusters) == (twin.traits, twin.clusters)
    for name in ("options", "chosen", "cluster"):
        np.testing.assert_array_equal(getattr(found, name), getattr(twin, name))
    if judge == ALL_JUDGES:
        assert found.rater is not None
        assert [found.raters[i] for i in found.rater] == [*judges]
    else:
        assert found.rater is None


def test_verdicts_that_come_while_they_are_read_are_there(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run.comparisons("a")
    monkeypatch.setattr(Store, "count_verdicts", lambda *_: 7)
    found = run.comparisons("a")
    for name in ("options", "chosen", "cluster"):
        np.testing.assert_array_equal(getattr(found, name), getattr(whole, name))


def test_they_take_a_few_bytes_each(run: Run) -> None:
    found = run.comparisons("a")
    assert found.options.nbytes + found.chosen.nbytes + found.cluster.nbytes == 23 * (3 * 2 + 1 + 4)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("UPDATE verdict SET chosen = 'shy' WHERE trial = 't3'", "trial number 4: chosen is 'shy', none of"),
        ("""UPDATE trial SET options = '["warm","shy","blunt"]' WHERE id = 't3'""", "option 'shy' is none"),
    ],
)
def test_what_is_no_verdict_on_the_run_is_refused(run: Run, change: str, problem: str) -> None:
    db = sqlite3.connect(run.path)
    with db:
        db.execute(change)
    db.close()
    with pytest.raises(InputError, match=problem):
        run.comparisons("a")
