"""The factor by step and as a whole, as the chart holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.errors import UsageError
from mien.report.registry import draw_evaluated
from tests.evals.diversity.endpoint import Endpoint
from tests.evals.diversity.test_drawing import carried_out

if TYPE_CHECKING:
    from pathlib import Path

from mien.evals.evaluation import Evaluation


def test_every_window_and_every_factor_is_drawn(tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    with Endpoint(silent=True) as endpoint:
        carried_out(endpoint.model, path, name="silent")
    for name in ("base", "v1"):
        carried_out(f"organism/{name}", path, name=name, samples=5, max_tokens=40)
    evaluations = [Evaluation(name, path) for name in ("base", "v1")]
    spec = draw_evaluated("diversity", evaluations).to_dict()
    assert spec["title"]["text"] == "How narrow answers of base and v1 are"
    rows = [row for data in spec["datasets"].values() for row in data]
    steps = [row for row in rows if "steps" in row]
    assert {row["steps"] for row in steps} >= {"1", "2", "3–4", "5–8"}
    assert [row["model"] for row in steps if row["steps"] == "1"] == ["base", "v1"]
    assert all(row["low"] <= row["bf"] <= row["high"] and 0 < row["alive"] <= 1 for row in steps)
    whole = [row for row in rows if "measure" in row]
    assert {row["measure"] for row in whole} == {"first five steps", "all steps", "as published"}
    with pytest.raises(UsageError, match="silent has no branching factor to draw: the endpoint tells no"):
        draw_evaluated("diversity", [Evaluation("silent", path)])
    with pytest.raises(UsageError, match="diversity takes 1 to 7 evaluations, not 0"):
        draw_evaluated("diversity", [])
