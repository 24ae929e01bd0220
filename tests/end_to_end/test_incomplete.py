"""Runs that lack trials: what ends how, who names what is missing, and that no gate passes on them."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest

from mien.testing import Options
from tests.end_to_end.recorded import TEXT, Replies, Said, answer, needs_cases, recorded
from tests.end_to_end.workplace import SCORES, Workplace

if TYPE_CHECKING:
    from mien.testing import ScriptedServer

LACKING = "of 200 trials of stopped are missing"
GATE = ("--fail-on", "warm > 5000")


@pytest.fixture(scope="module")
def lacking(tmp_path_factory: pytest.TempPathFactory, shared_server: ScriptedServer) -> Workplace:
    """A workplace with a complete run, and one that reached its limit on calls."""
    place = Workplace(tmp_path_factory.mktemp("lacking"), shared_server)
    shared_server.configure(**{n: getattr(Options(scores=SCORES), n) for n in Options.__slots__})
    place.mien(*place.study(name="whole", rounds=40))
    stopped = place.mien(
        *place.study("--seed", 3, "--max-calls", 200, "--max-concurrency", 16, name="stopped", rounds=40),
        status=3,
    )
    assert LACKING in stopped.err
    assert stopped.err.endswith("; the same command goes on.\n")
    assert "stopped: " in stopped.out  # what there is is shown all the same
    return place


def test_the_missing_are_named_wherever_the_run_is_shown(lacking: Workplace) -> None:
    for command in (("profile", "stopped"), ("compare", "whole", "stopped"), ("diff", "whole", "stopped")):
        assert LACKING in " ".join(lacking.mien(*command).out.split())
    assert "missing" not in lacking.mien("profile", "whole").out
    lacking.mien("report", "whole", "stopped", "-o", "page")
    assert LACKING in (lacking.folder / "page/index.html").read_text(encoding="utf-8")
    one = json.loads(lacking.mien("runs", "stopped", "--json").out)
    (judge,) = one["judges"]
    assert judge["complete"] is False
    assert judge["missing"] == 200 - judge["verdicts"] > 0
    told = json.loads(lacking.mien("diff", "whole", "stopped", "--json").out)
    assert (told["complete"], told["missing"]) == (False, {"a": 0, "b": judge["missing"]})
    assert any(LACKING in warning for warning in told["warnings"])
    assert any(
        LACKING in said
        for said in json.loads(lacking.mien("compare", "whole", "stopped", "--json").out)["warnings"]
    )


def test_no_gate_passes_on_an_incomplete_run(lacking: Workplace) -> None:
    gated = ("diff", "whole", "stopped", *GATE)
    text = lacking.mien(*gated, status=1)
    assert "warm > 5000 UNDECIDED not decided, for " in " ".join(text.out.split())
    assert text.err.startswith("Undecided: ")
    assert LACKING in text.err
    assert "--allow-incomplete" in text.err
    page = lacking.mien(*gated, "--markdown", "--junit", "gates.xml", status=1).out
    assert "### Gates\n\n**1 of 1 undecided**\n" in page
    assert "passed" not in page.partition("### Changes")[0]
    assert LACKING in page
    (suite,) = ET.parse(lacking.folder / "gates.xml").getroot()
    assert (suite.get("errors"), suite.get("skipped"), suite.get("failures")) == ("1", "0", "0")
    (error,) = suite.iter("error")
    assert LACKING in error.get("message", "")
    (gate,) = json.loads(lacking.mien(*gated, "--json", status=1).out)["gates"]
    assert (gate["status"], gate["incomplete"]) == ("undecided", True)
    # On the other side, too; and judged by what is there where that is asked for.
    lacking.mien("diff", "stopped", "whole", *GATE, status=1)
    allowed = lacking.mien(*gated, "--allow-incomplete", "--markdown")
    assert "**All passed**" in allowed.out
    assert LACKING in allowed.out
    assert allowed.err == ""
    lacking.mien("diff", "whole", "stopped", "--fail-on", "warm < 5000", "--allow-incomplete", status=1)


def test_a_judge_that_stopped(lacking: Workplace) -> None:
    opinion = ("judge", "whole", "--judge", lacking.server.judge, "--as", "second", "--temperature", 1)
    stopped = lacking.mien(*opinion, "--max-calls", 50, "--max-concurrency", 16, status=3)
    assert "150 of 200 trials of whole are missing (150 not read); the same command goes on" in stopped.err
    assert lacking.mien("diff", "whole", "whole", "--judge", "second", *GATE, status=1).out
    nothing = ("judge", "whole", "--judge", lacking.server.judge, "--as", "third", "--temperature", 0.5)
    assert "third: 0 responses of whole read" in lacking.mien(*nothing, "--max-calls", 0, status=3).out
    lacking.mien(*opinion)
    lacking.mien("diff", "whole", "whole", "--judge", "second", *GATE)


def test_trials_that_failed_are_rows_with_their_reason(place: Workplace) -> None:
    place.server.configure(faults={"content_filter": 0.3}, faulty_models=("model",))
    ended = place.mien(*place.study(), status=3)
    kept, every = place.exported(), place.exported("run", "--all")
    failed = [row for row in every if row["failure"]]
    assert (len(every), len(kept)) == (40, 40 - len(failed))
    assert [
        {name: row[name] for name in row if name != "failure"} for row in every if not row["failure"]
    ] == kept
    assert all((row["chosen"], row["response"]) == ("", "") for row in failed)
    assert f"{len(failed)} of 40 trials of run are missing ({len(failed)} failed)" in ended.err
    listed = json.loads(place.mien("runs", "run", "--failures", "--json").out)
    assert sum(row["trials"] for row in listed) == len(failed)
    assert {(row["prompt_id"], row["reason"]) for row in listed} == {
        (row["prompt_id"], row["failure"]) for row in failed
    }
    shown = place.mien("runs", "run", "--failures").out
    assert all(row["prompt_id"] in shown for row in failed)
    place.mien("export", "run", "--all", "-o", "all.jsonl")
    assert (place.folder / "all.jsonl").read_text().count('"failure"') == 40
    # A run that is made of the table lacks them, too.
    place.mien("export", "run", "--all", "-o", "all.csv")
    place.mien("import", "all.csv", "--name", "copy")
    assert place.exported("copy", "--all") == every
    assert f"{len(failed)} of 40 trials of copy are missing" in place.mien("profile", "copy").out
    # They are tried again, and then nothing is missing.
    place.server.configure(faults={})
    place.mien(*place.study())
    assert place.mien("runs", "run", "--failures").out == "No trial failed.\n"
    assert len(place.exported()) == 40
    asked = place.mien(*place.study("--max-calls", 4, rounds=10), status=3)
    assert "10 of 50 trials of run are missing" in asked.err
    unasked = [
        row["failure"] for row in csv.DictReader(place.mien("export", "run", "--all").out.splitlines())
    ]
    assert unasked.count("not asked") + unasked.count("not read") == 10


def test_unlike_circumstances_and_endings_are_named(place: Workplace) -> None:
    place.mien(*place.study(name="plain", rounds=40))
    place.server.configure(faults={"refusal": 0.4}, faulty_models=("model",))
    place.mien(*place.study("--system", "Be terse.", "--condition", "like", name="told", rounds=40))
    out = " ".join(place.mien("diff", "plain", "told").out.split())
    assert "the runs have different conditions (feel, like): part of what sets them apart" in out
    assert "asked with different settings (system prompt)" in out
    told = json.loads(place.mien("diff", "plain", "told", "--json").out)
    refused = next(row for row in told["endings"] if row["quantity"] == "refused")
    assert refused["before"] == 0
    assert 0.2 < refused["after"] < 0.6
    assert any(
        "how often no option was chosen changed (refused 0.0% before and" in w for w in told["warnings"]
    )
    assert "no choice" in out
    assert "Warning" not in place.mien("diff", "plain", "plain").out


FILTERED = Said(400, {"error": {"message": "Filtered by the content policy.", "code": "content_filter"}})


@pytest.mark.parametrize("name", ["", pytest.param("azure_filter_400", marks=needs_cases)])
def test_prompts_that_a_filter_withholds_are_listed(place: Workplace, name: str) -> None:
    (place.folder / "two.txt").write_text("warm\nblunt\n")
    refusal = recorded(name) if name else FILTERED

    def said(asked: dict[str, Any]) -> Said:
        return refusal if len(asked["messages"][-1]["content"]) % 3 == 0 else answer(TEXT)

    with Replies(model=said) as server:
        ended = place.mien(*server.study(trials=45), status=3)
        assert "HTTP 400" in ended.err
        rows = place.exported("run", "--all")
        withheld = [row for row in rows if row["failure"]]
        assert len(rows) == 45
        assert 5 < len(withheld) < 25
        listed = place.mien("runs", "run", "--failures").out
        assert all(row["prompt_id"] in listed for row in withheld)
        assert place.mien("diff", "run", "run", "--fail-on", "warm > 5000", status=1).err


def test_why_a_judge_failed_is_listed_and_exported_until_it_has_read(place: Workplace) -> None:
    place.server.configure(faults={"content_filter": 0.3}, faulty_models=("judge",))
    place.mien(*place.study(), status=3)
    lacking = [row for row in place.exported("run", "--all") if row["failure"]]
    assert {row["failure"] for row in lacking} == {"the judge: content filter"}
    assert all(row["response"] and not row["chosen"] for row in lacking)
    listed = json.loads(place.mien("runs", "run", "--failures", "--json").out)
    assert {(row["judge"], row["reason"]) for row in listed} == {(place.server.judge, "content filter")}
    assert sum(row["trials"] for row in listed) == len(lacking) > 0
    shown = place.mien("runs", "run", "--failures").out
    assert shown.split("\n", maxsplit=1)[0].split() == ["trials", "prompt", "judge", "reason"]
    place.server.configure(faults={})
    place.mien(*place.study())
    assert place.mien("runs", "run", "--failures").out == "No trial failed.\n"
    assert all(row["failure"] == "" for row in place.exported("run", "--all"))


def test_an_endpoint_that_is_gone_midway(place: Workplace) -> None:
    (place.folder / "two.txt").write_text("warm\nblunt\n")
    replies = Replies(model=lambda _: answer(TEXT) if len(replies.of("model")) <= 20 else Said(404, "gone"))
    with replies as server:
        ended = place.mien(*server.study("--max-concurrency", 4, trials=60), status=3)
    assert "40 of 60 trials of run are missing (40 failed); the same command goes on" in ended.err
