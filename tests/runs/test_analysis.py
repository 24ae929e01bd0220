"""What is made of runs, of tables, and of profiles made before: alike in each case."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

import mien
from mien.errors import UnknownName, UsageError
from mien.runs.interop.imports import import_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mien.runs.run import Run

TRAITS = ("warm", "blunt", "dry", "shy")


@pytest.fixture
def imported(tmp_path: Path) -> Callable[[str], Run]:
    """Makes an imported run by name, whose verdicts favour the earlier traits."""

    def run(name: str) -> Run:
        rng = random.Random(name)
        rows = ["model,prompt_id,option_1,option_2,chosen"]
        for i in range(200):
            first, second = rng.sample(TRAITS, 2)
            better = min(first, second, key=TRAITS.index)
            rows.append(f"{name},p{i % 20},{first},{second},{better if rng.random() < 0.7 else first}")
        table = tmp_path / f"{name}.csv"
        table.write_text("\n".join(rows) + "\n", encoding="utf-8")
        return import_run(table, name, store=tmp_path / "mien.db")

    return run


def test_a_run_and_its_table_have_one_profile(imported: Callable[[str], Run]) -> None:
    run = imported("a")
    of_run, of_table = mien.profile(run), mien.profile(run.comparisons())
    np.testing.assert_array_equal(of_run.rating, of_table.rating)
    assert (of_run.run, of_table.run) == ("a", "")


def test_what_only_a_run_can_tell(imported: Callable[[str], Run]) -> None:
    table = imported("a").comparisons()
    with pytest.raises(UsageError, match=r"no other runs to pool.*import_run"):
        mien.profile(table, prior="pooled")
    with pytest.raises(UsageError, match=r"does not tell how its judge was asked; .* judge_correction"):
        mien.profile(table, correct_judge="control")


def test_a_diff_and_a_panel_take_whatever_can_be_profiled(imported: Callable[[str], Run]) -> None:
    a, b, c = imported("a"), imported("b"), imported("c")
    wanted = mien.diff(a, b).to_dict()["rms"]
    assert wanted > 0
    assert mien.diff(a.profile(), b).to_dict()["rms"] == wanted
    assert mien.diff(a.comparisons(), b.comparisons()).to_dict()["rms"] == wanted
    panel, again = mien.compare([a, b, c]), mien.compare([a.profile(), b, mien.profile(c)])
    assert panel.to_dict() == again.to_dict()


def test_settings_are_those_of_what_is_called(imported: Callable[[str], Run]) -> None:
    a, b = imported("a"), imported("b")
    with pytest.raises(UnknownName, match="no judge"):
        mien.profile(a, judge="nobody")
    assert mien.diff(a, b, margin=100).margin == 100
    with pytest.raises(UnknownName, match="no kind of context named 'categry'; did you mean category"):
        mien.consistency(a, by="categry")


def test_runs_go_by_their_names(imported: Callable[[str], Run], monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = imported("a"), imported("b")
    monkeypatch.setenv("MIEN_STORE", str(before.path))
    assert mien.diff("a", "b").to_dict() == mien.diff(before, after).to_dict()
    assert mien.profile("a").run == "a"
    with pytest.raises(UnknownName, match="no run named 'c'"):
        mien.diff("a", "c")
