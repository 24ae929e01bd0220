"""`mien profile --prior pooled` on imported tournaments of models that share much of their character."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import mien
from mien.runs.run import Run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.workplace import Workplace

TRAITS = [f"trait {i:02d}" for i in range(30)]
MODELS = ("near", "far", "north", "south", "east")
PROMPTS = 90


def tournament(path: Path, model: str, scores: np.ndarray, n_trials: int, rng: np.random.Generator) -> None:
    options = np.argsort(rng.random((n_trials, len(scores))), axis=1)[:, :2]
    chosen = (scores[options] + rng.gumbel(size=options.shape)).argmax(axis=1)
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["model", "option_1", "option_2", "chosen", "prompt_id"])
        for t, (shown, pick) in enumerate(zip(options, chosen, strict=True)):
            first, second = (TRAITS[i] for i in shown)
            table.writerow([model, first, second, (first, second)[pick], f"p{t % PROMPTS}"])


def test_pooled(place: Workplace) -> None:
    rng, store = np.random.default_rng(0), place.folder / "mien.db"
    shared = rng.normal(size=len(TRAITS))
    scores = {model: shared + 0.4 * rng.normal(size=len(TRAITS)) for model in (*MODELS, "own")}
    scores["own"][TRAITS.index("trait 07")] = shared[7] - 4.5 * np.sign(shared[7])  # unlike all others
    for model in MODELS:
        tournament(place.folder / f"{model}.csv", model, scores[model], 2000, rng)
    tournament(place.folder / "own.csv", "own", scores["own"], 200, rng)
    for model in (*MODELS[:3], "own"):
        mien.import_run(place.folder / f"{model}.csv", model, store=store)
    line = place.refused("profile", "own", "--prior", "pooled")
    assert "at least 4 other models" in line
    assert "the store has 3 (near, far, north)" in line
    assert "mien import" in line
    for model in MODELS[3:]:
        mien.import_run(place.folder / f"{model}.csv", model, store=store)

    pooled = read(place, "profile", "own", "--prior", "pooled")
    flat = Run("own", store).profile().to_dict()
    assert (pooled["prior"], flat["prior"]) == ("pooled", None)
    assert (sorted(pooled["pool"]), flat["pool"]) == (sorted(MODELS), [])
    assert pooled["flat"] == flat["flat"]
    assert pooled["reliability"]["split_half"] is None
    alone = {row["trait"]: row for row in flat["traits"]}
    for row in pooled["traits"]:
        assert 0 < row["shrinkage"] < 1
        assert row["flat_rating"] == pytest.approx(alone[row["trait"]]["rating"])
        assert row["flat_stderr"] == pytest.approx(alone[row["trait"]]["stderr"])
        assert row["stderr"] < row["flat_stderr"] or row["stands_out"]
        assert row["low"] <= row["rating"] <= row["high"]
    departing = {row["trait"]: row["departure"] for row in pooled["traits"] if row["stands_out"]}
    assert max(departing, key=lambda trait: abs(departing[trait])) == "trait 07"
    own = dict(zip(TRAITS, scores["own"] - scores["own"].mean(), strict=True))
    error, error_alone = (
        np.mean(
            [(row["score"] - own[row["trait"]]) ** 2 for row in found["traits"] if row["trait"] != "trait 07"]
        )
        for found in (pooled, flat)
    )
    assert error < 0.6 * error_alone
    shown = place.mien("profile", "own", "--prior", "pooled").out
    assert "pooled from 5 runs: near, far, north, south, east" in shown
    assert "flat  prior  stands out" in shown
    assert f"{len(departing)} trait" in shown
    assert f"trait 07 {departing['trait 07']:+.1f}" in shown
    every = place.mien("profile", "own", "--prior", "pooled", "--all").out
    assert f"{departing['trait 07']:+.1f} s.e." in every


def read(place: Workplace, *arguments: object) -> Any:
    return json.loads(place.mien(*arguments, "--json").out)
