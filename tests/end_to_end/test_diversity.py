"""`mien diversity`, from samples to what changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.evals.diversity.endpoint import Endpoint

if TYPE_CHECKING:
    from tests.end_to_end.workplace import Workplace

DRAWN = ("--samples", 5, "--max-prompts", 6, "--max-tokens", 40)


def test_from_samples_to_what_changed(place: Workplace) -> None:
    both = ("diversity", "organism/base", "organism/v1", *DRAWN)
    shown = place.mien(*both).out
    assert "base-diversity: 30 samples of 6 prompts by organism/base, at temperature 1, top_p 1" in shown
    assert "Branching factor by step" in shown
    assert "v1-diversity begins most often" in shown
    base, v1 = json.loads(place.mien(*both, "--json").out)
    assert (base["samples"], base["known"], base["settings"]["max_tokens"]) == (30, "distribution", 40)
    names = [row["measure"] for row in base["measures"]]
    assert names == [row["measure"] for row in v1["measures"]]
    assert {"bf", "bf_published", "bf_start", "entropy", "same_opening", "distinct_2"} <= {*names}
    for row in base["measures"]:
        assert row["low"] <= row["value"] <= row["high"], row
    place.mien("plot", "diversity", "base-diversity", "v1-diversity", "-o", "ways.svg")
    assert "How narrow answers of base-diversity and v1-diversity are" in (
        place.folder / "ways.svg"
    ).read_text(encoding="utf-8")
    assert "no evaluation named 'v1'" in place.refused("plot", "diversity", "v1", "-o", "ways.svg")
    assert "takes no judge" in place.refused("plot", "diversity", "v1", "--top", 3, "-o", "ways.svg")
    changed = place.mien(
        "diff", "base-diversity", "v1-diversity", "--fail-on", "bf_start < -1%", status=1
    ).out
    assert "FAILED" in changed
    assert "paired: 6 prompts shared" in changed
    told = json.loads(place.mien("diff", "base-diversity", "v1-diversity", "--json").out)
    assert {row["measure"] for row in told["measures"]} == {*names}
    # What alignment narrows are the first words.
    assert base["positions"][0]["bf"] > v1["positions"][0]["bf"]


def test_an_endpoint_without_log_probabilities_and_a_limit(place: Workplace) -> None:
    with Endpoint(tells=None) as endpoint:
        asked = ("diversity", endpoint.model, *DRAWN, "--name", "e")
        stopped = place.mien(*asked, "--max-calls", 12, status=3)
        assert "the same command goes on" in stopped.err
        shown = place.mien(*asked).out
        assert (
            "Not told: bf, bf_published, bf_start, bf_per_byte, entropy: the endpoint tells no log-prob"
            in shown
        )
        assert "distinct_2" in shown
        refused = place.refused(*asked, "--temperature", 0.5)
        assert "named 'e' already, with other temperature" in refused
        (place.folder / "terse.txt").write_text("Answer in one word.\n")
        place.mien(*asked[:-1], "terse", "--system-file", "terse.txt")
        before, user = endpoint.asked[-1]["messages"]
        assert (before, user["role"]) == ({"role": "system", "content": "Answer in one word.\n"}, "user")
        assert "with other system" in place.refused(*asked, "--system", "Answer in one word.")
        both = place.refused(*asked, "--system", "Hm", "--system-file", "terse.txt")
        assert "are two system prompts" in both
        gated = ("diff", "e", "e2", "--fail-on", "bf > +20%")
        place.mien(*asked[:-1], "e2")
        assert "has no bf: the endpoint tells no log-probabilities" in place.refused(*gated)
        assert "leave out --judge, --soft and --manner" in place.refused(*gated, "--manner")


def test_bad_input_is_told_in_a_line(place: Workplace) -> None:
    assert "samples" in place.refused("diversity", "organism/v1", "--samples", 1)
    assert "give at least 2" in place.refused("diversity", "organism/v1", "--max-prompts", 1)
    assert "--name is for one model" in place.refused(
        "diversity", "organism/v1", "organism/v2", "--name", "x"
    )
    assert "would both be kept as" in place.refused("diversity", "organism/v1", "organism/v1")
