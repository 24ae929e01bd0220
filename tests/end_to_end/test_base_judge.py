"""A base model behind an endpoint reads a run: its form is chosen, and what it lacks is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.end_to_end.workplace import Workplace


def test_a_base_model_is_chosen_a_form_for_and_rates(place: Workplace) -> None:
    place.server.configure(base_accuracy={"label": 0.5, "word": 0.6, "told": 0.9})
    judge = f"base:{place.server.judge}"

    def measure(name: str, *arguments: object, rounds: int = 40) -> list[object]:
        study = place.study(*arguments, name=name, rounds=rounds)
        return [judge if part == place.server.judge else part for part in study]

    planned = json.loads(place.mien(*measure("run"), "--dry-run", "--json").out)
    assert planned["calls"] == 200 + 4 * 200  # at most, for its form is still to be chosen
    first = place.mien(*measure("control", "--instrument", "instructed"))
    assert "read by told, the best of its forms (label " in first.err
    again = place.mien(*measure("run"))
    assert "the best of its forms" not in again.err  # one form for all runs
    soft = json.loads(place.mien("profile", "run", "--soft", "control", "--json").out)
    assert soft["judge"] == judge
    assert soft["reads"] == "compares, as a base model, the likelihoods of the response under the options"
    assert soft["soft"]["n"] == 200
    shown = " ".join(place.mien("profile", "run").out.split())
    assert "which compares, as a base model, the likelihoods" in shown
    label = f"base:label:{place.server.judge}"
    said = place.mien("judge", "control", "--judge", label, "--check-judge", 0).out
    assert f"{label}: 200 responses of control read" in said  # as it is written, and no emoji
    (told,) = json.loads(place.mien("reliability", "control", "--json").out)["runs"]
    assert [row["judge"] for row in told["told"]] == [judge, label]
    place.server.configure(completions="none")
    said = place.refused(*measure("run", rounds=4), "--store", "other.db")
    assert "Behind a chat alone no base model can be read" in said
