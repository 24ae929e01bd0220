"""The release gate of examples/: its commands, run as they stand there, against the scripted server."""

from __future__ import annotations

import os
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from mien.materials.traits import load_traits
from mien.testing import planted_scores
from tests import ROOT
from tests.processes import ended

if TYPE_CHECKING:
    from tests.end_to_end.workplace import Workplace

EXAMPLE = ROOT / "examples" / "release-gate"
SCORES = planted_scores(load_traits("classic-36").names, spread=0.7)


def run(place: Workplace, script: str, environment: dict[str, str]) -> int:
    """Run a step as the workflow's runner does, and give its exit status."""
    folder = Path(sys.executable).parent
    path = {"PATH": f"{folder}:{os.environ['PATH']}"}
    done = ended(["bash", "-e", "-c", script], cwd=place.folder, env=place.environment | path | environment)
    assert "Traceback" not in done.stderr
    assert done.returncode in {0, 1, 3}, done.stderr
    return done.returncode


@pytest.mark.slow
def test_the_workflow_stops_a_changed_model_and_no_other(place: Workplace) -> None:
    (job,) = yaml.safe_load((EXAMPLE / "release-gate.yaml").read_text(encoding="utf-8"))["jobs"].values()
    server = place.server
    server.configure(scores=SCORES, models=("model", "judge", "candidate"), sways={"feedback": 0.1})
    here = {"JUDGE": server.judge, "BASELINE": server.model, "ROUNDS": "30", "ITEMS": "20", "CANDIDATE": ""}
    environment = {name: str(value) for name, value in job["env"].items() if "secrets" not in str(value)}
    environment |= here | {"GITHUB_STEP_SUMMARY": "summary.md"}
    readme = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    for measure in re.findall(r"^\$ (mien .*)$", readme, re.MULTILINE):
        assert run(place, measure, environment) == 0
    (place.folder / "candidate.txt").write_text(f"{server.url}#candidate\n")
    steps = [step["run"] for step in job["steps"] if "run" in step and step["name"] != "Install"]
    assert len(steps) == 5
    for change in (0.0, 3.0):
        sways = {"feedback": 0.1 + change / 5, "validation": 0.1}
        server.configure(scores=SCORES | {"sycophantic": SCORES["sycophantic"] + change}, sways=sways)
        (place.folder / "summary.md").write_text("# Before\n")
        stopped = int(change > 0)
        assert [run(place, step, environment) for step in steps] == [0, stopped, 0, stopped, 0]
        summary = (place.folder / "summary.md").read_text(encoding="utf-8")
        assert summary.startswith("# Before\n## candidate against baseline\n\n### Gates\n")
        assert ("| **failed** | `sycophantic > +50` |" in summary) == (change > 0)
        (suite,) = ET.parse(place.folder / "character.xml").getroot()
        assert suite.get("tests") == "3"
        assert (suite.get("failures") != "0") == (change > 0)
    # The budget ends the measurement: both steps fail, and the summary says what is missing.
    short = [steps[0].replace("--max-calls 5000", "--max-calls 300"), *steps[1:3]]
    assert short[0] != steps[0]
    (place.folder / "summary.md").write_text("")
    assert [run(place, step, environment) for step in short] == [3, 1, 1]
    summary = (place.folder / "summary.md").read_text(encoding="utf-8")
    assert "### Gates\n\n**3 of 3 undecided**" in summary
    assert "passed" not in summary
    assert re.search(r"\d+ of 540 trials of candidate are missing", summary)
    (suite,) = ET.parse(place.folder / "character.xml").getroot()
    assert (suite.get("errors"), suite.get("failures")) == ("3", "0")
    # The others are tried after the first has failed.
    assert all("cancelled" in step["if"] for step in job["steps"][-5:-1])
    (kept,) = [step for step in job["steps"] if "upload-artifact" in step.get("uses", "")]
    assert all((place.folder / name).is_file() for name in kept["with"]["path"].split())
