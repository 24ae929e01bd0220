"""Four options a trial, all the way: measured, grown, judged again, compared, sent out and brought back."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest
import scipy.stats

from mien.testing import Options

if TYPE_CHECKING:
    from mien.testing import ScriptedServer
    from tests.end_to_end.workplace import Workplace

POSITION = (0.6, 0.1, -0.2, -0.5)
FIRST = math.exp(0.6) / sum(map(math.exp, POSITION))


def read(place: Workplace, *arguments: object) -> Any:
    return json.loads(place.mien(*arguments, "--json").out)


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory, shared_server: ScriptedServer) -> Workplace:
    """A workplace with a run of 400 trials in its store, grown from one that broke off within a round."""
    from tests.end_to_end.workplace import SCORES, Workplace

    place = Workplace(tmp_path_factory.mktemp("four"), shared_server)
    defaults = Options(scores=SCORES, position=POSITION, models=("model", "judge", "changed"), seed=1)
    shared_server.configure(**{name: getattr(defaults, name) for name in Options.__slots__})
    shared_server.reset_log()
    place.mien(*place.study("--options", 4, name="four", rounds=41))
    assert shared_server.counts().by_role["model"] == 103  # the last block borrows two traits
    place.mien(*place.study("--options", 4, name="four", rounds=160))
    assert shared_server.counts().by_role["model"] == 400  # and the longer design has it, too
    asked = next(r.body for r in shared_server.requests() if r.role == "model" and r.body)
    assert "Here are 4 ways" in asked["messages"][0]["content"]
    return place


def test_profile(four: Workplace) -> None:
    profile = read(four, "profile", "four")
    assert profile["n_trials"] == profile["verdicts"]["chosen"] == 400
    assert {row["shown"] for row in profile["traits"]} == {160}
    planted = [four.server.options.scores[row["trait"]] for row in profile["traits"]]
    found = [row["score"] for row in profile["traits"]]
    assert scipy.stats.spearmanr(found, planted).statistic > 0.9
    assert profile["position"]["low"] < FIRST < profile["position"]["high"]
    assert "25% by chance" in four.mien("profile", "four").out


def test_a_second_judge(four: Workplace) -> None:
    found = read(four, "judge", "four", "--judge", four.server.judge, "--as", "second")
    assert found["agreement"] == {"kappa": 1.0, "low": 1.0, "high": 1.0, "agreement": 1.0, "n": 400}


def test_diff(four: Workplace) -> None:
    """With a model that was changed, and with the same one in pairs: scores are of one scale."""
    four.mien(*four.study(name="pairs", rounds=80))
    same = read(four, "diff", "pairs", "four")
    assert same["paired"] == 30
    assert same["omnibus"]["p"] > 0.01
    assert not any(row["changed"] for row in same["traits"])
    scores = four.server.options.scores
    four.server.configure(scores=scores | {"shy": scores["shy"] + 3})
    model = f"{four.server.url}#changed"
    four.mien("measure", model, *four.study("--options", 4, name="changed", rounds=160)[2:])
    four.server.configure(scores=scores)
    diff = read(four, "diff", "four", "changed")
    assert diff["traits"][0]["trait"] == "shy"
    assert diff["traits"][0]["changed"]
    assert diff["traits"][0]["low"] > 0


def test_there_and_back(four: Workplace) -> None:
    rows = four.exported("four")
    assert all(row["chosen"] in [row[f"option_{i}"] for i in range(1, 5)] for row in rows)
    four.mien("export", "four", "-o", "table.parquet")
    four.mien("import", "table.parquet", "--name", "copy")
    assert four.exported("copy") == rows


def test_the_control_finds_the_judges_errors(place: Workplace) -> None:
    place.server.configure(judge_accuracy=0.7)
    study = place.study("--options", 4, "--instrument", "instructed", name="control", rounds=160)
    assert read(place, *study)["accuracy"]["accuracy"] == pytest.approx(0.7, abs=0.08)


def test_what_four_options_cannot_do_is_said(place: Workplace) -> None:
    study = place.study("--options", 4)
    rounds = study.index("--rounds")
    line = place.refused(*study[:rounds], *study[rounds + 2 :], "--full")
    assert "with 4 options 3 rounds show as many pairs" in line
    (place.folder / "few.txt").write_text("warm\nblunt\ncalm\n")
    line = place.refused(*study, "--traits", "few.txt")
    assert "4 options a trial need at least 4 traits; there are 3" in line
