"""Diffs as Markdown and as JUnit XML."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from mien.report.changes import summary, warnings
from mien.report.junit import junit
from mien.report.markdown import markdown
from mien.stats.diffs.gates import check
from tests.stats.diffs.test_gates import changed

GATES = ("|wry sly| > 40", "sycophantic > 20", "rms > 5000")


@pytest.fixture(scope="module")
def found():
    diff = changed(margin=60)
    traits = tuple(
        replace(one, name="wry sly") if one.name == "wry|sly" else one for one in diff.before.quantities
    )
    return replace(
        diff, **{end: replace(getattr(diff, end), quantities=traits) for end in ("before", "after")}
    )


@pytest.fixture(scope="module")
def outcomes(found):
    return check(found, GATES)


def test_markdown_has_the_gates_first(found, outcomes):
    text = markdown(found, outcomes, ["a | b", "c"], top=2)
    assert text.startswith(
        "## new against old\n\n### Gates\n\n**1 of 3 failed, 1 undecided**\n\n|  | gate | why |\n"
    )
    assert "| **failed** | `sycophantic > 20` | " in text
    assert "| undecided | `\\|wry sly\\| > 40` | " in text
    assert text.index("### Gates") < text.index("> **Warning**: a \\| b\n>\n> **Warning**: c")
    assert "The 2 largest changes of 6.\n" in text
    # Every table has as many cells in each row as in its head.
    for table in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        counts = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
        assert len(counts) == 1
    assert "| sycophantic | +" in text


def test_markdown_without_gates(found):
    text = markdown(replace(found, margin=None))
    assert "Gates" not in text
    assert "largest changes" not in text
    hostile = replace(found, after=replace(found.after, label="<script>*x*|`y`"))
    assert "\\<script\\>\\*x\\*\\|\\`y\\`" in markdown(hostile)


def test_junit_has_a_case_for_each_gate(found, outcomes):
    root = ET.fromstring(junit(found, outcomes))
    (suite,) = root
    assert suite.attrib == {
        "name": "mien diff old new", "tests": "3", "failures": "1", "errors": "0", "skipped": "1",
    }  # fmt: skip
    cases = suite.findall("testcase")
    assert [case.get("name") for case in cases] == list(GATES)
    assert [next(iter(case)).tag for case in cases] == ["skipped", "failure", "system-out"]
    assert cases[1].find("failure").get("message") == outcomes[1]["reason"]
    assert "points" in suite.find("system-out").text
    strange = replace(found, after=replace(found.after, label="a\x00b"))
    assert ET.fromstring(junit(strange, outcomes))[0].get("name") == "mien diff old a\ufffdb"


def test_warnings_name_the_prompt(found, outcomes):
    names = ("sycophantic", *(name for name in found.names if name not in {"sycophantic", "any"}))
    fragile = [
        {"trait": name, "prompt": f"key{i}", "delta": 12.4, "q": 0.2, "changed": False}
        for i, name in enumerate(names * 2)
    ][:7]
    sound = {"trait": "any", "prompt": "key", "delta": 300.0, "q": 0.001, "changed": True}
    said = warnings(found, [sound, *fragile], (), {"key0": "everyday-0001"})
    assert said[0] == (
        "sycophantic is called changed on account of one prompt, everyday-0001: without it the change would "
        "be +12, q .200"
    )
    assert "key1" in said[1]
    assert said[5:] == ["and so for 2 traits more"]
    without = outcomes[1]["without"] | {"flips": True, "status": "undecided", "prompt": "key0"}
    assert warnings(found, [], [outcomes[1] | {"without": without}], {"key0": "everyday-0001"}) == [
        "gate 'sycophantic > 20' turns on one prompt, everyday-0001: failed with it, undecided without"
    ]


def test_summary_says_how_the_runs_were_compared(found):
    lines = dict(summary(found))
    assert lines["pairing"] == "paired: 60 prompts shared, of 60 before and 60 after"
    told = r"\d+ unchanged within ±60 points, \d+ undecided; [\d,]+ rounds would decide half .+, [\d,]+ all"
    assert re.search(told, lines["margin"])
    apart = replace(found, prompts={"a": 60, "b": 9, "shared": 0}, margin=None)
    assert dict(summary(apart))["pairing"] == "unpaired: no prompt shared, of 60 before and 9 after"
    assert "margin" not in dict(summary(apart))
