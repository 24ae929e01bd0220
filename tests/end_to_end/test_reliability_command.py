"""`mien reliability` and `mien judge --repeat`: a judge with itself, protocols side by side."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from tests.end_to_end.workplace import Workplace

PAIR = {"a", "b", "kappa", "kappa_low", "kappa_high", "agreement", "agreement_low", "agreement_high", "n"}
PAIR |= {"itself"}
FORMS = {"run_a", "judge_a", "run_b", "judge_b", "shared", "spearman", "low", "high"}
FORMS |= {"disattenuated", "disattenuated_low", "disattenuated_high"}


def test_a_judge_with_itself(place: Workplace) -> None:
    judge = place.server.judge
    place.server.configure(judge_accuracy=0.85, position=0.6)
    place.mien(*place.study(rounds=80))
    place.server.configure(seed=1)  # other luck for the same questions
    again = json.loads(place.mien("judge", "run", "--judge", judge, "--repeat", 1, "--json").out)
    assert (again["judge"], again["with"]) == (f"{judge}#1", judge)
    whole = json.loads(place.mien("reliability", "run", "--json").out)
    (found,) = whole["runs"]
    (pair,) = found["pairs"]
    assert set(pair) == PAIR
    assert pair["itself"]
    assert pair["kappa"] == pytest.approx(again["agreement"]["kappa"])
    assert 0 < pair["kappa_low"] < pair["kappa"] < pair["kappa_high"] < 0.8
    assert (found["alpha"], found["repeats"]) == (None, [f"{judge}#1"])
    for row in found["positions"]:
        # Read rightly, a first option has odds of exp(1.2), 77 %; three verdicts of ten are luck.
        assert 0.5 < row["model"]["low"] < row["model"]["first"] < 0.77
        assert row["judge"]["low"] < 0.55
        assert row["judge"]["high"] > 0.45
        assert (row["n"], row["reasons"]) == (400, [])
    for row in found["fit"]:
        assert [test["kind"] for test in row["tests"]] == ["pairs", "second dimension"]
        assert 0 < row["n_met"] <= row["n_pairs"]
        assert row["pairs"][0]["q"] <= row["pairs"][-1]["q"]
    assert len(found["fit"]) == 2
    (forms,) = whole["correlations"]
    assert set(forms) == FORMS
    assert forms["shared"] > 0
    shown = place.mien("reliability", "run").out
    assert "itself:" in shown
    assert "first to the judge" in shown
    assert "Does one strength a trait explain the choices?" in shown
    assert ": a second dimension: " in shown
    assert "Krippendorff" not in shown  # a repeat is no other rater
    other = judge.replace("#judge", "#other")
    line = place.refused("judge", "run", "--judge", other, "--repeat", 1)
    assert (
        f"#other has not read run 'run' with these settings: there is nothing to repeat (read by {judge}"
        in line
    )
    assert "'--repeat'" in place.refused("judge", "run", "--judge", judge, "--repeat", 0)


def test_two_judges_that_do_not_mean_the_same_trait(place: Workplace) -> None:
    """The second takes for airy what the first takes for something else, two times in three."""
    rng = np.random.default_rng(0)
    traits = ["airy", "bold", "calm", "dry", "eager", "frank"]
    rows = ["prompt_id,trial_id,option_1,option_2,chosen,judge"]
    for trial in range(600):
        pair = [traits[i] for i in rng.permutation(6)[:2]]
        shown = pair[rng.integers(2)]
        for judge in ("first", "second"):
            missed = 2 / 3 if judge == "second" and "airy" in pair and shown != "airy" else 0.1
            read = shown if rng.random() > missed else pair[1 - pair.index(shown)]
            rows.append(f"p{trial % 60},t{trial},{pair[0]},{pair[1]},{read},{judge}")
    (place.folder / "table.csv").write_text("\n".join(rows), encoding="utf-8")
    place.mien("import", "table.csv", "--name", "table")
    (found,) = json.loads(place.mien("reliability", "table", "--json").out)["runs"]
    (pair,) = found["functioning"]
    assert (pair["a"], pair["b"], pair["n"], pair["n_tested"]) == ("first", "second", 600, 6)
    row = pair["traits"][0]
    assert (row["trait"], row["differs"]) == ("airy", True)
    assert row["low"] < row["leaning"] < row["high"]
    assert row["leaning"] > 200
    assert row["a_alone"] < row["b_alone"]
    assert not any(other["differs"] for other in pair["traits"][1:])
    shown = place.mien("reliability", "table").out
    assert f"first and second: 1 of 6 traits tested differ; different ones in {pair['n_apart']} of" in shown
    assert "airy" in shown[shown.index("mean the same traits") : shown.index("1 of 6")]


def test_protocols_of_one_model(place: Workplace) -> None:
    place.mien(*place.study(rounds=40))
    place.mien(*place.study("--protocol", "krishna2026", name="listed", rounds=40))
    whole = json.loads(place.mien("reliability", "run", "listed", "--json").out)
    assert [found["run"] for found in whole["runs"]] == ["run", "listed"]
    (listed,) = whole["runs"][1]["positions"]
    assert listed["model"] is listed["judge"] is None
    assert listed["reasons"][0].startswith("the judge saw the options in the order of the trial")
    (forms,) = whole["correlations"]
    assert (forms["run_a"], forms["run_b"]) == ("run", "listed")
    assert forms["low"] < forms["spearman"] < forms["high"]
    shown = place.mien("reliability", "run", "listed").out
    assert "Spearman's ρ below the diagonal" in shown
    assert "Position effects: none can be told" in shown
    assert "run 'run' is named twice" in place.refused("reliability", "run", "run")
