"""Judges that tell probabilities, from the endpoint to the diff."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.end_to_end.workplace import SCORES

if TYPE_CHECKING:
    from tests.end_to_end.workplace import Workplace


def spread(profile: dict[str, Any]) -> float:
    """How far apart the ratings are of what was planted."""
    truth = np.array([SCORES[row["trait"]] for row in profile["traits"]])
    scores = np.array([row["score"] for row in profile["traits"]])
    return float(scores @ truth / (truth @ truth))


def test_probabilities_of_an_endpoint_are_calibrated_and_rate(place: Workplace) -> None:
    place.server.configure(judge_accuracy=0.8)
    judge = f"logprobs:{place.server.judge}"

    def measure(name: str, *arguments: object, rounds: int = 60) -> list[object]:
        study = place.study(*arguments, name=name, rounds=rounds)
        return [judge if part == place.server.judge else part for part in study]

    planned = json.loads(place.mien(*measure("run"), "--dry-run", "--json").out)
    assert planned["calls"] == 300 + 2 * 300
    place.mien(*measure("run"), "--check-judge", 0)
    place.mien(*measure("control", "--instrument", "instructed"), "--check-judge", 0)
    hard = json.loads(place.mien("profile", "run", "--json").out)
    soft = json.loads(place.mien("profile", "run", "--soft", "control", "--json").out)
    assert hard["soft"] is None
    assert hard["reads"] == "tells how probable its answers are"
    assert soft["soft"]["run"] == "control"
    assert soft["soft"]["n"] == 300
    assert soft["soft"]["after"]["ece"] < 0.1
    assert spread(soft) > 1.25 * spread(hard)
    shown = place.mien("profile", "run", "--soft", "control").out
    assert "by the judge's probabilities, calibrated on 300 trials of control" in shown
    assert "0 traits changed" in place.mien("diff", "run", "run", "--soft", "control").out
    refused = place.refused("diff", "run", "run", "--soft", "uncalibrated")
    assert "calibrate them on an instructed run, --soft RUN" in refused
    assert "'run' is revealed" in place.refused("profile", "run", "--soft", "run")
    place.mien("judge", "run", "--judge", place.server.judge, "--as", "plain")
    assert "300 of 300 verdicts come without the judge's probabilities" in place.refused(
        "profile", "run", "--judge", "plain", "--soft", "uncalibrated"
    )
    place.mien("judge", "control", "--judge", place.server.judge, "--as", "plain")
    (both,) = json.loads(place.mien("reliability", "control", "--json").out)["runs"]
    rows = {row["judge"]: row for row in both["told"]}
    assert rows["plain"]["soft"] is None
    assert rows["plain"]["reason"] == "it tells no probabilities"
    assert (rows[judge]["reads"], rows[judge]["n"]) == ("tells how probable its answers are", 300)
    assert 0.7 < rows[judge]["accuracy"] < 0.9
    assert rows[judge]["soft"]["temperature"] == soft["soft"]["temperature"]
    assert "Judges beside what the model was told" in place.mien("reliability", "control").out
    (other,) = json.loads(place.mien("reliability", "run", "--json").out)["runs"]
    assert other["told"] == []
    place.server.configure(logprobs="same")
    said = place.refused(*measure("run", rounds=4), "--store", "other.db", "--check-judge", 0)
    assert "the same log-probabilities whatever it is asked" in said
