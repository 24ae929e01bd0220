"""Specs whose clauses a scripted model keeps to at planted rates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mien.evals.spec.evaluate import Asked, carry_out, plan
from mien.materials.specs import Spec
from mien.measurement.session import Session
from mien.testing.keeper import BROKEN, KEPT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mien.evals.evaluation import Evaluation
    from mien.testing import ScriptedServer


def clause(id: str, n_items: int, *, examples: int = 0, **members: Any) -> dict[str, Any]:
    """A clause with items that say its name, and as many good and bad examples."""
    said = {"good": KEPT, "bad": BROKEN}
    return {
        "id": id,
        "text": f"Keep to {id}.",
        "items": [{"id": f"i{n}", "messages": f"About {id}, number {n}?"} for n in range(n_items)],
        **{
            side: [{"messages": f"On {id}, {n}?", "answer": f"{text} ({n})"} for n in range(examples)]
            for side, text in said.items()
        },
        **members,
    }


def spec(clauses: Sequence[Mapping[str, Any]], version: str = "1") -> Spec:
    return Spec.model_validate({"name": "planted", "version": version, "clauses": clauses})


def run(
    server: ScriptedServer, path: Path, asked: Spec, *models: str, judge: str | None = "", **settings: Any
) -> list[Evaluation]:
    """The spec run on models of a scripted server, by their names there."""
    reader = server.judge if judge == "" else judge
    how = Asked(spec=asked, **settings)
    plans = [plan(f"{server.url}#{model}", reader, how) for model in models or ("model",)]
    return carry_out(plans, Session(path))
