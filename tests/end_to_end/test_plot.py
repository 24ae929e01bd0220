"""`mien plot` as its users run it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mien.report.registry import EVALUATED, FIGURES
from tests.end_to_end.workplace import TRAITS

if TYPE_CHECKING:
    from tests.end_to_end.workplace import Workplace


@pytest.fixture
def drawing(place: Workplace) -> Workplace:
    """A workplace with two runs."""
    for name, won in (("alpha", 0), ("beta", 1)):
        rows = ["option_1,option_2,chosen,prompt_id"]
        for i in range(90):
            pair = TRAITS[i % 10], TRAITS[(i + 1 + i // 10) % 10]
            rows.append(",".join((*pair, pair[won if i % 4 else 1 - won], f"p{i % 15}")))
        (place.folder / f"{name}.csv").write_text("\n".join(rows) + "\n")
        place.mien("import", f"{name}.csv", "--name", name)
    return place


def test_plot(drawing: Workplace) -> None:
    listed = json.loads(drawing.mien("plot", "--json").out)
    assert [row["name"] for row in listed] == [*FIGURES, *EVALUATED]
    shown = drawing.mien("plot").out
    assert all(f"{row['name']} " in shown and row["about"] in shown for row in listed)
    told = json.loads(drawing.mien("plot", "diff", "alpha", "beta", "-o", "diff.svg", "--json").out)
    assert told == {"figure": "diff", "runs": ["alpha", "beta"], "file": "diff.svg"}
    assert "From alpha to beta: changes of 10 traits" in (drawing.folder / "diff.svg").read_text()
    said = drawing.mien("plot", "ranking", "alpha", "--top", 2, "-o", "top.json", "--theme", "dark").out
    assert said == "top.json: ranking of alpha\n"
    spec = json.loads((drawing.folder / "top.json").read_text())
    assert spec["title"]["subtitle"][-1].endswith("2 of them shown")
    assert spec["config"]["background"] == "#14171a"


def test_mistakes(drawing: Workplace) -> None:
    for arguments, problem in (
        ("ranking alpa -o a.svg", "no run named 'alpa'; did you mean alpha?"),
        ("ranking alpha -o a.pdf", "a.pdf: figures are saved as .html, .svg, .png, .json"),
        ("ranking alpha -o missing/a.svg", "missing/a.svg: No such file or directory"),
        ("ranking alpha", "say where the figure goes: -o ranking.svg"),
        ("components alpha --components one -o a.svg", "takes two numbers with a comma between"),
        ("diff alpha -o a.svg", "diff takes 2 runs, not 1"),
    ):
        assert problem in drawing.refused("plot", *arguments.split())
