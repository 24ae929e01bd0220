"""Gates as JUnit XML, which continuous integration reads."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from mien.report.changes import headline, summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.stats.diffs import Diff
    from mien.stats.diffs.gates import Outcome

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML 1.0


def junit(diff: Diff, outcomes: Sequence[Outcome]) -> str:
    """Write one test case a gate: failed with the reason, skipped where the gate is undecided.

    A gate that is undecided since trials are missing is an error: what reads the file then stops a release,
    as it would for a test that could not be run. What changed as a whole is the suite's output. The form is
    that of Ant's JUnit task, which has no published standard; no time of day is in it.
    """
    failed, undecided = (
        sum(outcome["status"] == status for outcome in outcomes) for status in ("failed", "undecided")
    )
    errors = sum(outcome["incomplete"] for outcome in outcomes)
    counts = {"tests": len(outcomes), "failures": failed, "errors": errors, "skipped": undecided - errors}
    totals = {name: str(count) for name, count in counts.items()}
    name = _legal(f"mien diff {diff.a} {diff.b}")
    root = ET.Element("testsuites", {"name": "mien"} | totals)
    suite = ET.SubElement(root, "testsuite", {"name": name} | totals)
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
    lines = [headline(diff), *(f"{label}: {said}" for label, said in summary(diff))]
    lines += [f"Warning: {warning}" for warning in diff.warnings]
    ET.SubElement(suite, "system-out").text = _legal("\n".join(lines))
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _legal(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
