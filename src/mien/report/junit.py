"""Gates as JUnit XML, which continuous integration reads."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from mien.report.changes import headline, summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.report.study.release import Kept
    from mien.stats.diffs import Diff
    from mien.stats.diffs.gates import Outcome

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML 1.0


def junit(diff: Diff, outcomes: Sequence[Outcome]) -> str:
    """Write one test case a gate: failed with the reason, skipped where the gate is undecided.

    A gate that is undecided since trials are missing is an error: what reads the file then stops a release,
    as it would for a test that could not be run. What changed as a whole is the suite's output. The form is
    that of Ant's JUnit task, which has no published standard; no time of day is in it.
    """
    lines = [headline(diff), *(f"{label}: {said}" for label, said in summary(diff))]
    lines += [f"Warning: {warning}" for warning in diff.warnings]
    return _document([_suite(f"mien diff {diff.a} {diff.b}", outcomes, lines)], outcomes)


def junit_of_release(found: Sequence[Kept]) -> str:
    """Write one suite for each model and what its gates are of."""
    outcomes = [outcome for one in found for outcome in one.outcomes]
    return _document([_suite(f"{one.model}, {one.of}", one.outcomes, []) for one in found], outcomes)


def _suite(name: str, outcomes: Sequence[Outcome], lines: Sequence[str]) -> ET.Element:
    name = _legal(name)
    suite = ET.Element("testsuite", {"name": name} | _totals(outcomes))
    for outcome in outcomes:
        case = ET.SubElement(suite, "testcase", classname=name, name=_legal(outcome["gate"]), time="0")
        reason = _legal(outcome["reason"])
        if outcome["status"] == "failed":
            ET.SubElement(case, "failure", type="gate", message=reason).text = reason
        elif outcome["incomplete"]:
            ET.SubElement(case, "error", type="incomplete", message=f"undecided: {reason}").text = reason
        elif outcome["status"] == "undecided":
            ET.SubElement(case, "skipped", message=f"undecided: {reason}")
        else:
            ET.SubElement(case, "system-out").text = reason
    if lines:
        ET.SubElement(suite, "system-out").text = _legal("\n".join(lines))
    return suite


def _totals(outcomes: Sequence[Outcome]) -> dict[str, str]:
    failed, undecided = (
        sum(outcome["status"] == status for outcome in outcomes) for status in ("failed", "undecided")
    )
    errors = sum(outcome["incomplete"] for outcome in outcomes)
    counts = {"tests": len(outcomes), "failures": failed, "errors": errors, "skipped": undecided - errors}
    return {name: str(count) for name, count in counts.items()}


def _document(suites: Sequence[ET.Element], outcomes: Sequence[Outcome]) -> str:
    root = ET.Element("testsuites", {"name": "mien"} | _totals(outcomes))
    root.extend(suites)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _legal(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
