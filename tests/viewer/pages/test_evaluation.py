"""What evaluations found, as a real `mien view` shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.evals.diversity.test_drawing import carried_out

if TYPE_CHECKING:
    from pathlib import Path

    from tests.viewer.viewing import Viewer


def test_one_evaluation_and_what_sets_another_apart(viewer: Viewer, path: Path) -> None:
    for model in ("base", "v1"):
        carried_out(f"organism/{model}", path, name=f"{model} drawn", samples=4, max_tokens=20)
    assert "/evaluation?name=v1+drawn" in viewer.ask("/").text
    one = viewer.ask("/evaluation?name=v1+drawn")
    assert one.status == 200
    assert "Diversity of v1 drawn" in one.text
    assert '<th scope="row">bf_start</th>' in one.text
    assert "Branching factor of v1 drawn by step" in one.text
    assert "/evaluation?a=v1+drawn&amp;b=base+drawn" in one.text
    assert "/evaluation/figure.svg?name=v1+drawn" in one.text
    drawn = viewer.ask("/evaluation/figure.svg?a=v1+drawn&b=base+drawn")
    assert drawn.status == 200
    assert drawn.headers["Content-Type"].startswith("image/svg+xml")
    assert "How narrow answers of v1 drawn and base drawn are" in drawn.text
    both = viewer.ask("/evaluation?a=v1+drawn&b=base+drawn")
    assert "Diversity of base drawn against v1 drawn" in both.text
    assert "95% interval" in both.text
    for query in ("?name=nobody", "", "?a=v1+drawn", "?name=before"):
        assert viewer.ask(f"/evaluation{query}").status == 404
