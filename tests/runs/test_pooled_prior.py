"""Which runs of a store are pooled, and which are not, and why."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import mien
from mien.errors import UnknownName, UsageError
from mien.runs.interop.imports import import_run
from mien.runs.run import Run
from mien.store.records import JudgeRecord, RunInfo
from mien.store.store import Store
from mien.types import Trait, Verdict

if TYPE_CHECKING:
    from pathlib import Path

TRAITS = ["airy", "bold", "calm", "drab", "eager", "frank"]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mien.db"
    monkeypatch.setenv("MIEN_STORE", str(path))
    return path


def imported(
    folder: Path,
    name: str,
    *,
    n_trials: int = 120,
    n_prompts: int = 30,
    traits: list[str] = TRAITS,
    **columns: Any,
) -> Run:
    """A run named after its model, unless the columns name another; a blank model is none."""
    rng = np.random.default_rng([*name.encode()])
    columns = {"model": name} | columns
    path = folder / f"{name}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow([*columns, "option_1", "option_2", "chosen", "prompt_id"])
        for t in range(n_trials):
            first, second = rng.choice(len(traits), 2, replace=False)
            pick = first if rng.random() < 1 / (1 + np.exp((first - second) / 2)) else second
            table.writerow(
                [*columns.values(), traits[first], traits[second], traits[pick], f"p{t % n_prompts}"]
            )
    return import_run(path, name)


def under(condition: str, name: str, like: Run) -> Run:
    """A run that was measured under a condition, with the trials and verdicts of another."""
    with Store(like.path) as opened:
        source = opened.run(like.name)
        rows = list(opened.rows(source.id, "imported"))
        run = opened.add_run(
            RunInfo(
                name=name,
                model=name,
                instrument="revealed",
                protocol=f'{{"name": "default", "condition": "{condition}"}}',
                design="d-1",
                seed=0,
                traits=tuple(map(Trait, TRAITS)),
            ),
            [row.trial for row in rows],
        )
        opened.add_judge(run.id, JudgeRecord(name="j", model="j", settings="{}"))
        for row in rows:
            opened.put_verdict(run.id, Verdict(trial=row.trial.id, judge="j", chosen=row.chosen))
    return Run(name, like.path)


def pooled(run: Run) -> tuple[str, ...]:
    prior = run.profile(prior="pooled").fit.prior
    assert prior is not None
    return prior.runs


def test_other_models_are_pooled_and_the_rest_left_out(tmp_path: Path) -> None:
    own = imported(tmp_path, "own")
    for name in ("a", "b", "c"):
        imported(tmp_path, name)
    imported(tmp_path, "own-2", model="own")
    imported(tmp_path, "other", traits=[*TRAITS[:-1], "glum"])
    imported(tmp_path, "told", instrument="instructed")
    imported(tmp_path, "narrow", n_prompts=1)
    imported(tmp_path, "a-2", model="a", n_trials=60)
    under("random", "null", own)
    with pytest.raises(UsageError) as raised:
        own.profile(prior="pooled")
    message = str(raised.value)
    assert "at least 4 other models" in message
    assert "the store has 3 (a, b, c)" in message
    for reason in (
        "own-2: the same model",
        "other: other traits",
        "told: instrument instructed",
        "narrow: too few verdicts",
        "a-2: a shorter run of its model",
        "null: condition random",
    ):
        assert reason in message
    imported(tmp_path, "no name", model="")
    assert pooled(own) == ("a", "b", "c", "no name")
    imported(tmp_path, "a-3", model="a", n_trials=200)
    assert pooled(own) == ("a-3", "b", "c", "no name")


def test_conditions_are_not_mixed(tmp_path: Path) -> None:
    for name in ("a", "b", "c", "d"):
        imported(tmp_path, name)
    felt, liked = (
        under("feel", "felt", Run("a", tmp_path / "mien.db")),
        under("like", "liked", imported(tmp_path, "x")),
    )
    assert pooled(felt) == ("a", "b", "c", "d", "x")  # imports don't say how their models were asked
    assert "felt" not in pooled(liked)
    null = under("random", "null", Run("a", tmp_path / "mien.db"))
    with pytest.raises(UsageError, match=r"the store has none\. Left out: a: condition not known"):
        null.profile(prior="pooled")


def test_the_run_itself_and_the_order_of_the_store_have_no_part(tmp_path: Path) -> None:
    for name in ("a", "b", "c", "d"):
        imported(tmp_path, name)
    own = imported(tmp_path, "own", n_trials=40)
    before = own.profile(prior="pooled")
    mean = np.mean([Run(name, own.path).profile().fit.scores for name in "abcd"], axis=0)
    assert before.fit.prior is not None
    assert np.corrcoef(before.fit.prior.mean, mean)[0, 1] > 0.999
    again = mien.profile(own, prior="pooled")
    np.testing.assert_array_equal(again.rating, before.rating)
    weaker = own.profile(prior="pooled", alpha=1.0)
    assert weaker.fit.alpha == 1.0


def test_what_cannot_be_asked_for(tmp_path: Path) -> None:
    own = imported(tmp_path, "own")
    with pytest.raises(UnknownName, match="did you mean pooled"):
        own.profile(prior="poled")  # pyright: ignore[reportArgumentType]
    with pytest.raises(UsageError, match=r"the store has none\. Measure other models"):
        own.profile(prior="pooled")
