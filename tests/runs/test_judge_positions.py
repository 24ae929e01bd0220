"""What a judge's verdicts tell of position effects, and where they cannot."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from mien.errors import NotIdentified
from mien.runs.judge_positions import judge_positions
from mien.stats import choice
from mien.stats.choice import Trials
from mien.stats.comparisons import comparisons_from
from mien.stats.profiles import rate
from mien.store.records import JudgeRecord, RunRecord, VerdictRecord
from mien.types import Trait

NAMES = ("airy", "bold", "calm", "dry", "even")
ASKING = JudgeRecord(name="j", model="j", settings='{"order": "shuffled"}')
COMPARING = JudgeRecord(name="o", model="organism/judge", settings='{"likelihood": "…", "margin": 2.0}')


def run(instrument: str = "revealed") -> RunRecord:
    traits = tuple(map(Trait, NAMES))
    about: dict[str, Any] = {"model": "m", "protocol": "{}", "design": "d-1", "seed": 0, "created": 0.0}
    return RunRecord(id=1, name="r", instrument=instrument, traits=traits, **about)


def rows(n: int = 400, *, prompts: int = 40) -> list[VerdictRecord]:
    """The first of two options is chosen in three of four trials, and one trial in ten is undecided."""
    rng = np.random.default_rng(0)
    found = []
    for i in range(n):
        options = tuple(rng.permutation(NAMES)[:2].tolist())
        chosen = "neither" if i % 10 == 9 else options[int(rng.random() < 0.25)]
        found.append(VerdictRecord(options, chosen, f"p{i % prompts}", f"t{i}", "j"))
    return found


def orders(of: list[VerdictRecord]) -> dict[str, tuple[str, ...]]:
    rng = np.random.default_rng(2)
    return {row.trial: tuple(rng.permutation(row.options).tolist()) for row in of}


def test_a_judge_with_an_order_of_its_own_tells_both() -> None:
    verdicts = rows()
    found = judge_positions(run(), ASKING, verdicts, orders(verdicts))
    assert (found.rater, found.n, found.reasons) == ("j", 360, ())
    assert found.model is not None
    assert found.judge is not None
    assert found.model["low"] < 0.75 < found.model["high"]
    assert found.judge["low"] < 0.5 < found.judge["high"]
    wide = judge_positions(run(), ASKING, verdicts, orders(verdicts), confidence_level=0.99)
    assert wide.model is not None
    assert wide.model["low"] < found.model["low"]
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_told_option_shows_no_preference() -> None:
    verdicts = rows()
    found = judge_positions(run("instructed"), ASKING, verdicts, orders(verdicts))
    assert found.model is None
    assert found.judge is not None
    assert "told to take" in found.reasons[0]


def test_a_judge_that_compares_likelihoods_has_no_order() -> None:
    verdicts = rows()
    as_shown = {row.trial: row.options for row in verdicts}
    found = judge_positions(run(), COMPARING, verdicts, as_shown)
    assert found.judge is None
    assert "compares likelihoods" in found.reasons[0]
    options, chosen, prompts, *_ = zip(*verdicts, strict=True)
    assert found.model == pytest.approx(rate(comparisons_from(options, chosen, prompts)).position)


def test_a_judge_whose_order_is_not_known_tells_nothing() -> None:
    found = judge_positions(run(), ASKING, rows(), {})
    assert (found.model, found.judge, found.n) == (None, None, 0)
    assert "not known in which order" in found.reasons[0]


def test_a_listed_order_tells_nothing() -> None:
    verdicts = rows()
    found = judge_positions(run(), ASKING, verdicts, {row.trial: row.options for row in verdicts})
    assert (found.model, found.judge, found.n) == (None, None, 360)
    assert "in the order of the trial" in found.reasons[0]


@pytest.mark.parametrize("judge", [ASKING, COMPARING])
def test_one_prompt_gives_no_intervals(judge: JudgeRecord) -> None:
    verdicts = rows(prompts=1)
    found = judge_positions(run(), judge, verdicts, orders(verdicts))
    assert found.model is found.judge is None
    assert "on one prompt" in found.reasons[-1]


def test_no_choice_at_all() -> None:
    verdicts = [verdict._replace(chosen="neither") for verdict in rows(20)]
    found = judge_positions(run(), ASKING, verdicts, orders(verdicts))
    assert found.reasons == ("no option was chosen",)


def test_what_is_not_identified_says_why() -> None:
    verdicts = [VerdictRecord(("airy", "bold"), "airy", f"p{i}", f"t{i}", "j") for i in range(3)]
    found = judge_positions(run(), COMPARING, verdicts, {})
    with pytest.raises(NotIdentified) as told:
        choice.fit(Trials.of([[0, 1]] * 3, [0] * 3, 2))
    assert found.reasons[-1] == str(told.value)
