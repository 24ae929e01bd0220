"""`mien judges jury`: several judges read as one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.end_to_end.workplace import Workplace

KEYS = {"run", "model", "judges", "calibration", "n_trials", "undecided", "accuracy", "effective", "shared"}
KEYS |= {"agreement", "best", "stderr", "traits", "reads_itself", "confidence_level"}


def test_a_jury_reads_a_run(place: Workplace) -> None:
    server = place.server
    server.configure(judge_accuracy=0.8, models=("model", "judge", "judge-b", "judge-c"))
    place.mien(*place.study(rounds=40))
    place.mien(*place.study("--instrument", "instructed", rounds=40, name="told"))
    server.reset_log()
    jury = [server.judge, f"{server.url}#judge-b", f"{server.url}#judge-c"]
    command = ["judges", "jury", "run", "--calibration", "told"]
    # What can be known to be wrong is refused before anybody reads.
    assert "a jury has two judges" in place.refused(*command, "--judge", jury[0])
    wrong = ["judges", "jury", "told", "--calibration", "run", "--judge", jury[0], "--judge", jury[1]]
    assert "only an instructed run tells" in place.refused(*wrong)
    assert server.counts().requests == 0
    command += [part for judge in jury for part in ("--judge", judge)]
    place.mien(*command, "--max-calls", 30, status=3)
    out = place.mien(*command).out
    asked = server.counts().by_role
    assert asked.keys() == {"judge"}
    for told in ("read by a jury of 3", "the majority", "sure on average", "who err by themselves"):
        assert told in out
    found = json.loads(place.mien(*command, "--json").out)
    assert server.counts().by_role == asked
    assert found.keys() == KEYS
    assert found["accuracy"]["jury"] > max(judge["accuracy"] for judge in found["judges"])
    assert found["stderr"]["jury"] < found["stderr"]["best"]
    assert [row["rank"] for row in found["traits"]] == list(range(1, 11))
    assert found["effective"] > 2
    assert len(found["shared"]) == len(found["agreement"]) == 3


def test_a_jury_of_probabilities_reads_a_run(place: Workplace) -> None:
    """Two judges who tell the same of every answer are worth one, and are no surer than one."""
    server = place.server
    server.configure(judge_accuracy=0.8, models=("model", "judge", "judge-b"))
    judges = [f"logprobs:{server.judge}", f"logprobs:{server.url}#judge-b"]

    def measure(name: str, *arguments: object) -> None:
        study = place.study(*arguments, name=name, rounds=40)
        place.mien(*[judges[0] if part == server.judge else part for part in study], "--check-judge", 0)

    measure("run")
    measure("told", "--instrument", "instructed")
    command = ["judges", "jury", "run", "--calibration", "told", "--soft"]
    out = place.mien(*command, "--judge", judges[0], "--judge", judges[1]).out
    assert "the jury" in out
    assert "are read as one, by their probabilities" in " ".join(out.split())
    found = json.loads(place.mien(*command, "--judge", judges[0], "--judge", judges[1], "--json").out)
    assert sum(judge["weight"] for judge in found["judges"]) == pytest.approx(1, abs=0.15)
    assert found["jury"]["accuracy"] == pytest.approx(found["judges"][0]["accuracy"], abs=0.02)
    alone = json.loads(place.mien("profile", "run", "--soft", "told", "--json").out)
    ratings = [{row["trait"]: row["rating"] for row in one["traits"]} for one in (found["profile"], alone)]
    assert ratings[0] == pytest.approx(ratings[1], abs=30)
    refused = place.mien(*command, "--judge", judges[0], "--judge", server.judge, status=2).err
    assert f"{server.judge} tells no probabilities in run 'run'" in refused
