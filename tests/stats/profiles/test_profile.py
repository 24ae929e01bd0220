from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import NotIdentified
from mien.stats.choice import plackett_luce as choice
from mien.stats.choice.empirical_bayes import Prior
from mien.stats.comparisons import NEITHER_CODE, REFUSED_CODE, UNREADABLE_CODE, Comparisons
from mien.stats.profiles import profile as ratings

NAMES = ("airy", "bold", "calm", "drab", "eager", "frank", "glum", "hasty")
SCORES = np.linspace(1.4, -1.4, 8)


def table(n_trials=400, *, k=2, scores=SCORES, first=0.4, seed=0, n_prompts=60, **changes):
    rng = np.random.default_rng(seed)
    options = np.argsort(rng.random((n_trials, len(scores))), axis=1)[:, :k]
    utilities = scores[options] + rng.gumbel(size=(n_trials, k))
    utilities[:, 0] += first
    fields = {
        "traits": NAMES[: len(scores)],
        "options": options.astype(np.int32),
        "chosen": utilities.argmax(axis=1).astype(np.int32),
        "cluster": rng.integers(n_prompts, size=n_trials).astype(np.int32),
        "clusters": tuple(f"p{i:02d}" for i in range(n_prompts)),
    }
    return Comparisons(**(fields | changes))


def games(*rows):
    """A table of [first, second, position chosen] with a prompt a row."""
    rows = np.array(rows, dtype=np.int32)
    return table(
        n_trials=len(rows),
        options=rows[:, :-1],
        chosen=rows[:, -1],
        cluster=np.arange(len(rows), dtype=np.int32),
        clusters=tuple(f"p{i}" for i in range(len(rows))),
    )


def test_ratings_are_scores_on_the_elo_scale():
    comparisons = table()
    profile = ratings.profile(comparisons, run="r", model="m")
    fit = choice.fit(comparisons.options, comparisons.chosen, 8, clusters=comparisons.cluster)
    np.testing.assert_allclose(profile.rating, 1000 + 400 / math.log(10) * fit.scores)
    np.testing.assert_allclose(profile.stderr, 400 / math.log(10) * fit.stderr)
    assert profile.rating.mean() == pytest.approx(1000)
    assert set(profile.fit.clusters) <= set(comparisons.clusters)


def test_rows_go_by_rank_and_say_what_was_shown():
    comparisons = table()
    profile = ratings.profile(comparisons)
    assert [row["rank"] for row in profile.rows] == list(range(1, 9))
    assert profile.rows[0]["trait"] == "airy"
    assert list(profile.table["rating"]) == sorted(profile.rating, reverse=True)
    assert profile.shown.sum() == 2 * 400
    assert profile.chosen.sum() == 400
    row = profile.rows[0]
    assert row["shown"] == np.sum(comparisons.options == 0)
    width = ratings.quantile(0.95, profile.fit.n_clusters) * row["stderr"]
    assert (row["low"], row["high"]) == pytest.approx((row["rating"] - width, row["rating"] + width))


def test_json_keys_are_the_documented_ones():
    record = ratings.profile(table(), run="r", protocol="default", seed=3).to_dict()
    assert list(record) == [
        *("run", "model", "instrument", "protocol", "condition", "judge", "design", "seed"),
        *("n_trials", "verdicts"),
        *("traits", "position", "reliability", "flat", "accuracy", "alpha", "prior", "pool"),
        *("judge_correction", "confidence_level"),
    ]
    assert list(record["traits"][0]) == [
        *("trait", "rank", "rating", "low", "high", "stderr"),
        *("score", "score_stderr", "elo", "shown", "chosen"),
    ]
    assert list(record["position"]) == ["first", "low", "high"]
    assert list(record["reliability"]) == ["model_based", "split_half"]
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_verdicts_that_choose_nothing_are_counted_and_left_out():
    clean = table()
    noise = np.array([NEITHER_CODE, REFUSED_CODE, REFUSED_CODE, UNREADABLE_CODE], dtype=np.int32)
    noisy = table(
        options=np.concatenate([clean.options[:4], clean.options]),
        chosen=np.concatenate([noise, clean.chosen]),
        cluster=np.concatenate([clean.cluster[:4], clean.cluster]),
        missing=5,
    )
    profile = ratings.profile(noisy)
    assert profile.verdicts == {"chosen": 400, "neither": 1, "refused": 2, "unreadable": 1, "missing": 5}
    assert profile.n_trials == sum(profile.verdicts.values()) == 409
    np.testing.assert_array_equal(profile.rating, ratings.profile(clean).rating)
    np.testing.assert_array_equal(profile.elo, ratings.profile(clean).elo)


def plain_elo(options, chosen, n, k, start):
    rating = [start] * n
    for shown, pick in zip(options, chosen, strict=True):
        for place, loser in enumerate(shown):
            if place != pick:
                winner = shown[pick]
                gain = k * (1 - 1 / (1 + 10 ** ((rating[loser] - rating[winner]) / 400)))
                rating[winner] += gain
                rating[loser] -= gain
    return rating


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), k=st.integers(2, 4))
def test_elo_updates_game_by_game(seed, k):
    comparisons = table(n_trials=50, k=k, seed=seed)
    found = ratings.sequential_elo(comparisons.options, comparisons.chosen, 8, k=20, start=1200)
    np.testing.assert_allclose(found, plain_elo(comparisons.options, comparisons.chosen, 8, 20, 1200))


def test_position_is_the_chance_of_the_first_among_equals():
    position = ratings.profile(table(n_trials=4000, first=0.4)).position
    assert position["first"] == pytest.approx(1 / (1 + math.exp(-0.4)), abs=0.03)
    assert position["low"] < 1 / (1 + math.exp(-0.4)) < position["high"]
    three = ratings.profile(table(n_trials=4000, k=3, first=0.4)).position
    assert three["first"] == pytest.approx(math.exp(0.4) / (math.exp(0.4) + 2), abs=0.03)
    assert three["low"] < math.exp(0.4) / (math.exp(0.4) + 2) < three["high"]


def test_position_interval_of_pairs_is_that_of_the_contrast():
    profile = ratings.profile(table())
    fit = profile.fit
    contrast = np.zeros(10)
    contrast[8:] = 1, -1
    margin = ratings.quantile(0.95, fit.n_clusters) * math.sqrt(contrast @ fit.covariance @ contrast)
    positions = fit.positions - fit.position_bias
    effect = positions[0] - positions[1]
    expected = [1 / (1 + math.exp(-x)) for x in (effect, effect - margin, effect + margin)]
    assert list(profile.position.values()) == pytest.approx(expected)


def test_flat_tells_preferences_from_none():
    assert ratings.profile(table()).flat["p"] < 1e-6
    null = [ratings.profile(table(scores=np.zeros(8), seed=seed)).flat["p"] for seed in range(40)]
    assert np.mean(np.array(null) < 0.05) <= 0.15
    assert np.mean(null) > 0.35


def test_flat_is_unknown_with_fewer_prompts_than_traits():
    assert ratings.profile(table(n_prompts=6)).flat == {"statistic": None, "df": 7, "p": None}


def test_accuracy_is_that_of_the_trait_told():
    comparisons = table(n_trials=400, scores=np.zeros(8), first=3.0)
    profile = ratings.profile(comparisons, instrument="instructed")
    assert ratings.profile(comparisons).accuracy is None
    assert profile.accuracy is not None
    assert profile.accuracy["accuracy"] == np.mean(comparisons.chosen == 0)
    assert profile.accuracy["low"] < 1 / (1 + math.exp(-3)) < profile.accuracy["high"]
    per_trait = profile.accuracy["traits"]
    assert sum(row["n"] for row in per_trait) == 400
    assert [row["accuracy"] for row in per_trait] == sorted(row["accuracy"] for row in per_trait)
    bold = next(row for row in per_trait if row["trait"] == "bold")
    assert bold["accuracy"] == np.mean(comparisons.chosen[comparisons.options[:, 0] == 1] == 0)
    json.dumps(profile.to_dict(), allow_nan=False)


def test_neither_counts_against_accuracy_and_refusals_do_not():
    clean = table(n_trials=200, scores=np.zeros(8), first=50.0)
    chosen = clean.chosen.copy()
    chosen[:20], chosen[20:50] = NEITHER_CODE, REFUSED_CODE
    accuracy = ratings.profile(table(n_trials=200, chosen=chosen), instrument="instructed").accuracy
    assert accuracy is not None
    assert (accuracy["n"], accuracy["accuracy"]) == (170, 150 / 170)


def test_under_a_prior_the_flat_rating_stands_beside():
    prior = Prior(mean=np.linspace(0.7, -0.7, 8), covariance=0.3 * (np.eye(8) - 1 / 8), runs=("a", "b"))
    flat, pooled = ratings.profile(table()), ratings.profile(table(), prior=prior)
    assert flat.flat_fit is None
    assert not {"shrinkage", "flat_rating", "flat_stderr"} & set(flat.rows[0])
    record = pooled.to_dict()
    assert (record["prior"], record["pool"]) == ("pooled", ["a", "b"])
    alone = {row["trait"]: row for row in flat.rows}
    for row in pooled.rows:
        assert row["flat_rating"] == alone[row["trait"]]["rating"]
        assert row["flat_stderr"] == alone[row["trait"]]["stderr"]
        assert 0 < row["shrinkage"] < 1
    assert list(pooled.table.columns[-3:]) == ["shrinkage", "flat_rating", "flat_stderr"]
    assert set(pooled.fit.clusters) == set(pooled.flat_fit.clusters) == set(flat.fit.clusters)
    # What speaks of the run's own verdicts leaves the prior out.
    assert pooled.flat == flat.flat
    assert pooled.reliability["split_half"] is None
    np.testing.assert_array_equal(pooled.elo, flat.elo)
    variance, error = np.var(pooled.fit.scores, ddof=1), np.mean(pooled.fit.stderr**2)
    assert pooled.reliability["model_based"] == pytest.approx(variance / (variance + error))
    given = ratings.profile(table(), prior=replace(prior, runs=())).to_dict()
    assert (given["prior"], given["pool"]) == ("given", [])
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_a_notebook_shows_the_table():
    html = ratings.profile(table(), run="<run>")._repr_html_()
    assert "&lt;run&gt;" in html
    assert "airy" in html


def test_no_choice_at_all_is_said_in_words():
    refused = table(n_trials=20, chosen=np.full(20, REFUSED_CODE, dtype=np.int32), missing=3)
    with pytest.raises(NotIdentified, match=r"no verdict chose an option.*: 20 refused, 3 missing"):
        ratings.profile(refused)


def test_traits_without_a_choice_are_named():
    with pytest.raises(NotIdentified, match=r"6 of 8 never appear .*: calm, drab"):
        ratings.profile(games([0, 1, 0], [1, 0, 0]))


def test_fragments_are_named():
    rows = [[i, j, 0] for i in range(4) for j in range(4) if i != j]
    rows += [[i, j, 0] for i in range(4, 8) for j in range(4, 8) if i != j]
    with pytest.raises(NotIdentified, match=r"\[airy, bold, calm, drab\]; \[eager, frank, glum, hasty\]"):
        ratings.profile(games(*rows))


def test_one_prompt_cannot_carry_a_profile():
    with pytest.raises(NotIdentified, match="one prompt"):
        ratings.profile(table(n_prompts=1))
