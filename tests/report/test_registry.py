"""Figures by name, from runs in a store."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mien.errors import UnknownName, UsageError
from mien.report import figures
from mien.report.figure import Settings
from mien.report.measured import Measured
from mien.report.registry import FIGURES, draw
from mien.report.saving import specification
from mien.report.saving import title as called
from mien.runs.interop.imports import import_run
from mien.runs.run import Run

if TYPE_CHECKING:
    from pathlib import Path

TRAITS = ("warm", "blunt", "direct", "indirect", "curious", "calm", "bold", "shy", "wry", "kind")
MODELS = ("alpha", "beta", "gamma")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of three models, one of them instructed, too, and one of other traits."""
    folder = tmp_path_factory.mktemp("gallery")
    rng = np.random.default_rng(0)

    def imported(name: str, traits: tuple[str, ...], *, model: str, instrument: str = "revealed") -> None:
        scores = dict(zip(traits, rng.normal(size=len(traits)), strict=True))
        rows = [("option_1", "option_2", "chosen", "prompt_id", "model", "judge", "instrument")]
        for i in range(240):
            a, b = rng.choice(traits, 2, replace=False).tolist()
            won = a if scores[a] - scores[b] + rng.logistic() > 0 else b
            rows.append((a, b, won, f"p{i % 30}", model, "reader", instrument))
        table = folder / f"{name}.csv"
        table.write_text("".join(",".join(row) + "\n" for row in rows))
        import_run(table, name, store=folder / "mien.db")

    for name in MODELS:
        imported(name, TRAITS, model=name)
    imported("told", TRAITS, model="alpha", instrument="instructed")
    imported("other", (*TRAITS[:-1], "loud"), model="delta")
    return folder / "mien.db"


def test_names_are_those_of_the_figures() -> None:
    assert all(hasattr(figures, name.replace("-", "_")) for name in FIGURES)
    assert all(callable(resolve_name(f"mien.report.figures.{figure.by}")) for figure in FIGURES.values())


@pytest.mark.parametrize(
    ("name", "runs", "title"),
    [
        ("expression", MODELS, "The character of 3 models: 10 traits"),
        ("ranking", MODELS[:1], "What alpha expresses: ratings of 10 traits"),
        ("extremes", MODELS, "The 8 most and least expressed traits of 3 models"),
        ("diff", MODELS[:2], "From alpha to beta: changes of 10 traits"),
        ("slope", MODELS[:2], "From alpha to beta: ratings of 10 traits"),
        ("components", MODELS, "3 models on two components of their character"),
        ("clusters", MODELS, "10 traits by 3 models, in the order of their likeness"),
        ("convergence", MODELS, "How alike 3 models are"),
        ("four-sides", ("alpha", "told"), "alpha from 2 sides: 10 traits"),
        ("precision", MODELS[:1], "Precision of alpha against trials"),
        ("judges", ("told",), "The judges of told"),
    ],
)
def test_each_figure(store: Path, name: str, runs: tuple[str, ...], title: str) -> None:
    spec = specification(draw(name, Measured([Run(run, store) for run in runs])))
    assert called(spec) == title
    assert "NaN" not in str(spec["datasets"])


def test_components_are_those_of_the_singular_value_decomposition(store: Path) -> None:
    runs = [Run(name, store) for name in MODELS]
    spec = specification(draw("components", Measured(runs), Settings(components=(2, 1))))
    ratings = np.array([run.profile().rating for run in runs])
    values = np.linalg.eigvalsh(np.cov(ratings, rowvar=False))[::-1]
    assert f"component 2 ({values[1] / values.sum():.0%} of the variance)" in str(spec)
    assert f"component 1 ({values[0] / values.sum():.0%} of the variance)" in str(spec)
    placed = next(
        rows for rows in spec["datasets"].values() if {row.get("name") for row in rows} == {*MODELS}
    )
    lengths = sum(row["x"] ** 2 + row["y"] ** 2 for row in placed)
    assert lengths == pytest.approx(2 * values.sum())  # three models have two components


@pytest.mark.parametrize(
    ("name", "runs", "settings", "problem"),
    [
        ("diff", ("alpha",), {}, "diff takes 2 runs, not 1"),
        ("components", ("alpha", "beta"), {}, "components takes 3 or more runs, not 2"),
        ("four-sides", ("alpha",), {}, "four-sides takes 2 to 5 runs, not 1"),
        ("diff", ("alpha", "alpha"), {}, "run 'alpha' is named twice; name each run once"),
        ("expression", ("alpha",), {"top": 3}, "expression takes no --top; these do: ranking, extremes"),
        ("components", MODELS, {"components": (1, 3)}, "3 models have components 1 to 2"),
        ("components", MODELS, {"components": (1, 1)}, "name two different ones of them"),
        ("judges", ("alpha",), {}, "alpha: a judge that read alone, in an order that is not recorded"),
        ("ranking", ("alpha",), {"by": "length"}, "ranking takes no --by; these do: consistency"),
        ("consistency", ("alpha",), {}, "the prompts of run 'alpha' name no category; it comes with the"),
        (
            "consistency",
            ("alpha",),
            {"by": "length"},
            "the length of the prompts of run 'alpha' is not known",
        ),
        ("four-sides", ("alpha", "beta"), {}, "four-sides shows one model; these runs are of alpha, beta"),
        ("ranking", ("alpha", "other"), {}, "alpha and other rate different traits: 'kind' is in one"),
    ],
)
def test_mistakes(
    store: Path, name: str, runs: tuple[str, ...], settings: dict[str, object], problem: str
) -> None:
    with pytest.raises(UsageError, match=problem):
        draw(name, Measured([Run(run, store) for run in runs]), Settings(**settings))  # type: ignore[arg-type]


def test_an_unknown_figure(store: Path) -> None:
    with pytest.raises(UnknownName, match="no figure named 'expresion'; did you mean expression"):
        draw("expresion", Measured([Run("alpha", store)]))
