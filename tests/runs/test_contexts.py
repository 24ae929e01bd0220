"""What tells the prompts of a run apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import mien
from mien.errors import UnknownName, UsageError
from mien.runs.interop.imports import import_run
from mien.runs.run import Run
from mien.store.records import JudgeRecord, RunInfo
from mien.store.store import Store
from mien.types import Prompt, Trait, Trial, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NAMES = ["warm", "blunt", "dry", "direct", "indirect"]


def varied(store: Path, *, categories: Sequence[str], n: int = 240, lengths: int = 30) -> Run:
    """A run whose prompts are of some categories, in one of which the order of the traits is turned round."""
    rng = np.random.default_rng(1)
    prompts = [
        Prompt(f"p{i}", "x" * (1 + i % lengths), category=categories[i % len(categories)])
        for i in rng.permutation(60).tolist()
    ]
    trials: list[Trial] = []
    chosen: list[str] = []
    for i in range(n):
        first, second = rng.choice(len(NAMES), 2, replace=False).tolist()
        prompt = prompts[i % 60]
        sign = -1 if prompt.category == categories[-1] else 1
        wins = rng.random() < 1 / (1 + np.exp(sign * (second - first)))
        trials.append(Trial(f"t{i}", 0, (NAMES[first], NAMES[second]), prompt))
        chosen.append(NAMES[first if wins else second])
    with Store(store) as opened:
        run = opened.add_run(
            RunInfo(
                name="varied",
                model="m",
                instrument="revealed",
                protocol="{}",
                design="d-1",
                seed=1,
                traits=tuple(map(Trait, NAMES)),
            ),
            trials,
        )
        opened.add_judge(run.id, JudgeRecord(name="j", model="j", settings="{}"))
        for trial, name in zip(trials, chosen, strict=True):
            opened.put_verdict(run.id, Verdict(trial=trial.id, judge="j", chosen=name))
    return Run("varied", store)


def test_contexts_go_by_the_key_of_the_prompt(store: Path) -> None:
    run = varied(store, categories=("work", "", "play"))
    contexts, ids = run.contexts("category"), run.prompt_ids()
    assert contexts.keys() == ids.keys() == {*run.comparisons().clusters}
    assert all(contexts[key] == ("work", "", "play")[int(ids[key][1:]) % 3] for key in ids)
    lengths = run.contexts("length")
    assert [*dict.fromkeys(lengths.values())] == [
        "up to 10 characters",
        "11 to 20 characters",
        "over 20 characters",
    ]
    assert all((int(ids[key][1:]) % 30 < 10) == (lengths[key] == "up to 10 characters") for key in ids)


def test_a_character_that_turns_round_in_one_category(store: Path) -> None:
    run = varied(store, categories=("work", "", "play"))
    found = mien.consistency(run, n_resamples=199)
    assert found.contexts == ("play", "work")
    assert found.left_out == {"": 20}
    assert found.p < 0.05
    rating = {(row["trait"], row["context"]): row["rating"] for row in found.rating_rows}
    assert rating["indirect", "work"] > rating["warm", "work"]
    assert rating["indirect", "play"] < rating["warm", "play"]
    assert not any(row["moves"] for row in mien.consistency(run, by="length", n_resamples=199).rows)


def test_contexts_that_are_not_known(store: Path, tmp_path: Path) -> None:
    run = varied(store, categories=("work",), lengths=1)
    with pytest.raises(UsageError, match=r"by category needs two contexts .* of run 'varied' are work: 60"):
        run.consistency()
    with pytest.raises(UsageError, match="the prompts of run 'varied' name no language; it comes with the"):
        run.consistency("language")
    with pytest.raises(UsageError, match="too much of one length"):
        run.consistency("length")
    with pytest.raises(UnknownName, match="no kind of context named 'categry'; did you mean category"):
        run.consistency("categry")
    table = tmp_path / "t.csv"
    table.write_text("option_1,option_2,chosen\nwarm,blunt,warm\n")
    imported = import_run(table, "imported")
    with pytest.raises(UsageError, match="an imported run has none"):
        imported.consistency()
    with pytest.raises(UsageError, match="the length of the prompts of run 'imported' is not known"):
        imported.consistency("length")
