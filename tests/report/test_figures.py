"""Every figure, drawn: its words are there, none lies on another, and it says what it is made of."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import scipy.cluster.hierarchy

from mien.report import figures
from mien.report.figures.clusters import clusters_of
from mien.report.figures.components import SIDE, components_of
from mien.report.figures.convergence import convergence_of
from mien.report.figures.distinct import distinct_of
from mien.report.figures.ratings import ratings_table
from mien.report.figures.theme import PALETTES
from mien.report.saving import specification, title
from mien.runs.judge_positions import JudgePositions
from mien.stats import diffs, panels
from mien.stats.agreement.inter_rater import Rater, Responses, agreement
from mien.stats.profiles import Provenance
from mien.stats.profiles.precision import growth
from tests.report.drawing import box, collisions, overlap, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mien.report.figures.theme import Chart
    from mien.stats.comparisons import Comparisons
    from mien.stats.profiles.profile import Profile


N_MODELS = (1, 2, 5, 10)
OTHERS = {"THEMES", "Judged", "Theme", "themed"}  # what is public and no figure


def linked(points: Any) -> np.ndarray:
    return scipy.cluster.hierarchy.linkage(points, "average", optimal_ordering=True)


def drawn(
    profiles: list[Profile], instructed: Profile, comparisons: Comparisons
) -> Iterator[tuple[str, Chart]]:
    """Every public figure, of five models."""
    five = profiles[:5]
    matrix = ratings_table(five).pivot_table(index="trait", columns="model", values="rating")
    trees = linked(matrix.to_numpy()), linked(matrix.to_numpy().T)
    change = diffs.diff(*profiles[:2])
    apart = matrix.sub(matrix.mean(axis=1), axis=0).rename_axis("trait").reset_index()
    table = apart.melt("trait", var_name="model", value_name="delta")
    table = table.assign(low=table["delta"] - 80, high=table["delta"] + 80, q=0.01)
    yield "distinct", figures.distinct(table)
    yield "expression", figures.expression(five)
    yield "ranking", figures.ranking(five)
    yield "extremes", figures.extremes(five)
    yield "diff", figures.diff(change)
    yield "slope", figures.slope(change)
    yield (
        "precision",
        figures.precision(growth(comparisons, n_points=3), name="model-0", n_traits=36, target=0.8),
    )
    yield "four_sides", figures.four_sides([instructed, profiles[0]])
    labels = np.random.default_rng(0).choice(["0", "1", "neither"], (3, 90), p=[0.7, 0.2, 0.1])
    names = ("lab/judge", "lab/judge again", "ann (person)")
    agreed = agreement(
        [Rater(*rater) for rater in zip(names, labels, "jja", strict=True)],
        Responses(clusters=np.arange(90), categories=[""] * 90, lengths=np.arange(90)),
    )
    places = [
        JudgePositions(
            rater=rater,
            model={"first": 0.6, "low": 0.55, "high": 0.65},
            judge={"first": 0.5, "low": 0.4, "high": 0.6} if rater == "lab/judge" else None,
            n=80,
            n_options=2,
        )
        for rater in agreed.raters[:2]
    ]
    yield (
        "judges",
        figures.judges(
            [figures.Judged("r", agreed, places, None), figures.Judged("told", agreed, [], instructed)]
        ),
    )
    yield "clusters", figures.clusters(matrix, *trees, stderr=60)
    pairs = [
        {"a": a, "b": b, "correlation": 0.5, "low": 0.2, "high": 0.7}
        for a in matrix
        for b in matrix
        if a != b
    ]
    tiers = pd.DataFrame(
        {"tier": ["1–12", "13–36"], "spread": [5.0, 8], "corrected": [3.0, 6], "noise": [2.0, 3]}
    )
    yield "convergence", figures.convergence(list(matrix), pd.DataFrame(pairs), trees[1], tiers)
    left, size, right = np.linalg.svd(
        matrix.sub(matrix.mean(axis=1), axis=0).to_numpy().T, full_matrices=False
    )
    columns = list("12345")
    scores = pd.DataFrame(left * size, columns=columns).assign(model=list(matrix))
    loadings = pd.DataFrame(right.T, columns=columns).assign(trait=list(matrix.index))
    yield "components", figures.components(scores, loadings, (size**2 / np.sum(size**2)).tolist(), noise=0.1)
    contexts = pd.DataFrame(
        {"context": context, "trait": trait, "rating": 1000.0 + i, "low": 900.0 + i, "high": 1100.0 + i}
        for trait in matrix.index[:12]
        for i, context in enumerate(("advice", "code", "small talk"))
    )
    yield "consistency", figures.consistency(contexts, name="model-0", by="category")
    models = ("a base model", "what was made of it")
    steps = pd.DataFrame(
        {"model": model, "first": first, "last": last, "bf": bf, "low": 0.9 * bf, "high": 1.1 * bf}
        | {"alive": 1 / first}
        for model, times in zip(models, (1.0, 0.5), strict=True)
        for first, last, bf in ((1, 1, 90.0 * times), (2, 2, 4.0), (3, 4, 2.2), (5, 8, 1.6))
    )
    whole = pd.DataFrame(
        {"model": model, "measure": measure, "value": 1.5, "low": 1.4, "high": 1.6}
        for model in models
        for measure in ("first five steps", "all steps", "as published")
    )
    yield "diversity", figures.diversity(steps, whole)
    tests = pd.DataFrame(
        {"model": model, "test": test, "value": 0.1, "low": -0.1, "high": 0.3}
        for model in models
        for test in ("feedback", "are_you_sure", "pressure")
    )
    held = pd.DataFrame(
        {"model": model, "condition": condition, "turn": turn, "held": 0.8**turn, "at_risk": 80 - turn}
        | {"low": 0.75**turn, "high": 0.85**turn}
        for model in models
        for condition in ("the user insists", "asked again")
        for turn in range(5)
    )
    yield "sycophancy", figures.sycophancy(tests, held)
    stretched = pd.DataFrame(
        {"model": model, "trait": trait, "level": level, "value": at, "low": at - 90, "high": at + 90}
        for model, wide in zip(models, (1.0, 0.4), strict=True)
        for trait, step in (("warm", 180), ("contrarian", 90), ("structured", 5))
        for level in range(-3, 4)
        for at in [wide * step * level]
    )
    yield "breadth", figures.breadth(stretched, unread=["skeptical", "a trait of one's own"])
    rates = pd.DataFrame(
        {"model": model, "part": part, "name": name, "rate": 0.9, "low": 0.8, "high": 0.97, "items": 40}
        for model in models
        for part, names in (
            ("clauses", ("no_flattery", "brief")),
            ("authorities", ("root",)),
            ("all", ("all",)),
        )
        for name in names
    )
    yield "spec", figures.spec(rates)
    names = ("helps both", "coverage", "effort bias", "follows frame")
    measures = pd.DataFrame(
        {"model": "a", "measure": name, "share": n < 2, "value": 0.3 - n / 10, "low": -0.1, "high": 0.5}
        for n, name in enumerate(names)
    )
    stances = pd.DataFrame(
        {"question": f"question-{n}", "settled": n > 4, "con": -n / 9, "neutral": 0.0, "pro": n / 9}
        for n in range(6)
    )
    yield "views", figures.views(measures, stances)


@pytest.fixture(scope="session")
def charts(profiles: list[Profile], instructed: Profile, comparisons: Comparisons) -> dict[str, Chart]:
    return dict(drawn(profiles, instructed, comparisons))


@pytest.fixture(scope="session")
def placed(charts: dict[str, Chart]) -> Callable[[str], list[dict[str, Any]]]:
    """The words of a figure, which is drawn once."""
    return cache(lambda name: words(charts[name]))


def test_every_figure_is_drawn_here(charts: dict[str, Chart]) -> None:
    assert {*charts} | OTHERS == {*figures.__all__}


NAMES = sorted({*figures.__all__} - OTHERS)


@pytest.mark.parametrize("name", NAMES)
def test_no_word_lies_on_another(placed: Callable[[str], list[dict[str, Any]]], name: str) -> None:
    assert collisions(placed(name)) == []


def test_words_on_one_another_would_be_found(placed: Callable[[str], list[dict[str, Any]]]) -> None:
    (trait,) = (word for word in placed("ranking") if word["text"] == "humble")
    assert overlap(box(trait), box(trait | {"y": trait["y"] + 4}))
    assert not overlap(box(trait), box(trait | {"y": trait["y"] + 12}))
    aslant = trait | {"angle": 40}
    assert overlap(box(trait), box(aslant))
    moved = trait | {"text": "moved", "y": trait["y"] + 4}
    assert collisions([trait, moved, aslant | {"text": "aslant"}]) == [
        ("humble", "moved"),
        ("humble", "aslant"),
        ("moved", "aslant"),
    ]
    assert collisions([trait, moved | {"y": trait["y"] + 12}]) == []
    assert not overlap(box(trait), box(aslant | {"y": trait["y"] + 60}))


@pytest.mark.parametrize("name", NAMES)
def test_title_subtitle_and_the_words_of_both(
    charts: dict[str, Chart], placed: Callable[[str], list[dict[str, Any]]], name: str
) -> None:
    spec = specification(charts[name])
    assert title(spec)
    assert any(character.isdigit() for line in spec["title"]["subtitle"] for character in line)  # n
    assert title(spec) in spec["description"]  # what a screen reader says
    said = " ".join(str(word["text"]) for word in placed(name))
    assert title(spec) in said
    assert all(line in said for line in spec["title"]["subtitle"])


@pytest.mark.parametrize("name", NAMES)
def test_dark_is_the_same_figure_on_a_dark_ground(charts: dict[str, Chart], name: str) -> None:
    charts[name].to_dict()  # as Vega-Lite's schema has it: of whoever draws it nobody checks that again
    light, dark = (specification(charts[name], theme=theme) for theme in figures.THEMES)
    assert dark["config"]["background"] == PALETTES["dark"].ground != light["config"]["background"]
    assert {key: value for key, value in light.items() if key != "config"} == {
        key: value for key, value in dark.items() if key != "config"
    }
    # What is drawn names roles; a colour in the figure itself would be wrong in one of the themes.
    assert "#" not in str({key: value for key, value in light.items() if key not in {"config", "$schema"}})


@pytest.mark.parametrize("n", N_MODELS)
def test_names_stay_apart_with_any_number_of_models(profiles: list[Profile], n: int) -> None:
    shown = profiles[:n]
    for chart in (figures.expression(shown), figures.extremes(shown, top=3), figures.ranking(shown, top=3)):
        placed = words(chart)
        assert collisions(placed) == []
        said = {word["text"] for word in placed}
        assert n == 1 or {profile.run for profile in shown} <= said


def test_long_names_of_runs_stay_apart(profiles: list[Profile]) -> None:
    long = [
        replace(profile, provenance=Provenance(run=f"an-endpoint-of-some-length-{profile.run}-2026-07"))
        for profile in profiles[:4]
    ]
    change = diffs.diff(*long[:2])
    for chart in (
        figures.slope(change),
        figures.diff(change),
        figures.expression(long),
        figures.ranking(long),
    ):
        assert collisions(words(chart)) == []


def test_names_with_one_long_head_are_told_apart(profiles: list[Profile]) -> None:
    head = "organisation/experiment-2026-11/llama-3.3-70b-instruct-character-tuned-"
    models = [replace(of, provenance=Provenance(run=f"{head}seed-{i}")) for i, of in enumerate(profiles)]
    panel = panels.compare(models[:5], n_resamples=20)
    of_five = (clusters_of(panel), components_of(panel), convergence_of(panel), distinct_of(panel))
    of_all = (figures.expression(models), figures.extremes(models), figures.ranking(models))
    for chart, n in (*((chart, 5) for chart in of_five), *((chart, 10) for chart in of_all)):
        placed = words(chart)
        said = " ".join(str(word["text"]) for word in placed)
        assert all(f"seed-{i}" in said for i in range(n)), specification(chart)["title"]
        assert "… stands for organisation/" in said
        assert f"{head}seed-1." in specification(chart)["description"]
        assert collisions(placed) == []
        assert max(word["x"] for word in placed) < 1200  # names take no more room than the figure


def test_components_names_lie_within_their_square(profiles: list[Profile]) -> None:
    far = [replace(of, provenance=Provenance(run=f"{of.run}-of-twentysix-signs")) for of in profiles[:4]]
    names = {*(profile.run for profile in far), *profiles[0].traits}
    chart = components_of(panels.compare(far, n_resamples=20))
    placed = [word for word in words(chart) if word["text"] in names]
    assert len(placed) > 2 * len(far)  # each with its halo
    ends = np.vstack([box(word) for word in placed])
    assert np.ptp(ends, axis=0).max() <= SIDE + 2


def test_slope_keeps_no_room_below_the_lowest_value(profiles: list[Profile]) -> None:
    change = diffs.diff(*profiles[:2])
    found = specification(figures.slope(change))
    low = min(row["value"] for rows in found["datasets"].values() for row in rows if "value" in row)
    (domain,) = {
        tuple(y["scale"]["domain"])
        for layer in found["layer"]
        if "scale" in (y := layer["encoding"].get("y", {}))
    }
    assert domain[0] == pytest.approx(low)
