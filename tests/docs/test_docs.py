"""The documentation says what the software does: it is regenerated, and its examples are run."""

import re
import sys
from pathlib import Path

import pytest

from tests import ROOT
from tests.processes import ended


@pytest.mark.slow
def test_generated_pages_are_up_to_date():
    done = ended([sys.executable, "docs/generate.py", "--check"], cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_example_of_the_test_server_runs(tmp_path: Path):
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    done = ended([sys.executable, "-W", "error", "-c", example], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "warm" in done.stdout
    assert (tmp_path / "test.db").is_file()


def test_relative_links_lead_somewhere():
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    for page in pages:
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
