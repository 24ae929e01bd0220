"""What a report says of evaluations of its runs' models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.errors import UsageError
from mien.evals.evaluation import Evaluation
from mien.report.evaluated import beside, told
from mien.report.measured import Measured
from mien.runs.interop.imports import import_run
from mien.runs.run import Run
from tests.evals.diversity.endpoint import Endpoint
from tests.evals.diversity.test_drawing import carried_out

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluated")
    for model in ("base", "v1"):
        rows = [f"warm,cold,warm,p{i},organism/{model}" for i in range(4)]
        (folder / "table.csv").write_text(
            "\n".join(["option_1,option_2,chosen,prompt_id,model", *rows]), encoding="utf-8"
        )
        import_run(folder / "table.csv", model, store=folder / "mien.db")
        carried_out(f"organism/{model}", folder / "mien.db", name=f"{model}-ways", samples=4, max_tokens=20)
    with Endpoint(silent=True) as endpoint:
        carried_out(endpoint.model, folder / "mien.db", name="silent")
    return folder / "mien.db"


def test_of_one_model_its_evaluations_and_of_two_what_changed(path: Path) -> None:
    base, v1 = Run("base", path), Run("v1", path)
    (section,), ((name, _),) = beside(Measured([base]))
    assert (section.title, name) == ("Diversity: base-ways", "diversity")
    assert section.table is not None
    assert "bf" in [row[0] for row in section.table.rows]
    assert any(said.startswith("Branching factor of base-ways by step: ") for said in section.said)
    (section,), ((name, _),) = beside(Measured([base, v1]))
    assert section.title == "Diversity: base-ways to v1-ways"
    assert section.table is not None
    assert section.table.columns[0] == "measure"
    assert beside(Measured([v1, base])).sections[0].title == "Diversity: v1-ways to base-ways"


def test_what_is_not_of_a_kind_is_not_told_of_together(path: Path) -> None:
    found = [Evaluation(name, path) for name in ("base-ways", "silent")]
    assert "bf" not in [row[0] for row in told(found).rows]
    object.__setattr__(found[1].record, "kind", "another")
    with pytest.raises(UsageError, match="evaluations of another and diversity"):
        told(found)
