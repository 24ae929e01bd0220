from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from mien.errors import NotIdentified, UnknownName
from mien.stats import choice
from mien.stats.choice import Trials
from mien.stats.choice.empirical_bayes import PooledPrior, Prior
from mien.stats.comparisons import NEITHER_CODE, REFUSED_CODE, TIE_CODE, UNREADABLE_CODE
from mien.stats.diffs import diff
from mien.stats.distributions import t_half_width
from mien.stats.panels import compare
from mien.stats.profiles import Model, Provenance, rate
from tests.stats.profiles.tables import games, table


def test_ratings_are_scores_on_the_elo_scale():
    comparisons = table()
    profile = rate(comparisons, Provenance(run="r", model="m"))
    fit = choice.fit(Trials.of(comparisons.options, comparisons.chosen, 8, clusters=comparisons.cluster))
    np.testing.assert_allclose(profile.rating, 1000 + 400 / math.log(10) * fit.scores)
    np.testing.assert_allclose(profile.stderr, 400 / math.log(10) * fit.stderr)
    assert profile.rating.mean() == pytest.approx(1000)
    assert set(profile.fit.clusters) <= set(comparisons.clusters)


def test_rows_go_by_rank_and_say_what_was_shown():
    comparisons = table()
    profile = rate(comparisons)
    assert [row["rank"] for row in profile.rows] == list(range(1, 9))
    assert profile.rows[0]["trait"] == "airy"
    assert list(profile.table["rating"]) == sorted(profile.rating, reverse=True)
    assert profile.shown.sum() == 2 * 400
    assert profile.chosen.sum() == 400
    row = profile.rows[0]
    assert row["shown"] == np.sum(comparisons.options == 0)
    width = t_half_width(0.95, profile.fit.n_clusters - 1) * row["stderr"]
    assert (row["low"], row["high"]) == pytest.approx((row["rating"] - width, row["rating"] + width))


def test_a_calibration_is_one_or_none_is_asked_for():
    with pytest.raises(UnknownName, match="control"):
        Model(soft="control")


def test_json_keys_are_the_documented_ones():
    record = rate(table(), Provenance(run="r", protocol="default", seed=3)).to_dict()
    assert list(record) == [
        *("run", "model", "instrument", "protocol", "condition", "judge", "reads", "reads_itself"),
        *("design", "seed", "answers"),
        *("n_trials", "verdicts"),
        *(
            "traits",
            "never_seen",
            "clusters",
            "position",
            "reliability",
            "flat",
            "accuracy",
            "alpha",
            "ties",
            "nu",
        ),
        *("prior", "pool"),
        *("judge_correction", "soft", "confidence_level", "simultaneous"),
    ]
    assert list(record["traits"][0]) == [
        *("trait", "rank", "rank_low", "rank_high", "rating", "low", "high", "stderr"),
        *("score", "score_stderr", "elo", "shown", "chosen", "tied"),
        *("presented", "neither", "refused", "unreadable"),
    ]
    assert list(record["position"]) == ["first", "low", "high"]
    assert list(record["reliability"]) == ["model_based", "split_half"]
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_simultaneous_intervals_are_wider_and_of_the_same_ratings():
    profile = rate(table())
    joint = replace(profile, simultaneous=True)
    for one, wide in zip(profile.ranked_rows, joint.ranked_rows, strict=True):
        assert (one["trait"], one["rating"], one["stderr"]) == (wide["trait"], wide["rating"], wide["stderr"])
        assert wide["low"] < one["low"] < one["high"] < wide["high"]
        assert wide["rank_low"] <= one["rank_low"] <= one["rank"] <= one["rank_high"] <= wide["rank_high"]
    assert joint.to_dict()["simultaneous"]
    assert profile.ranked_rows[0]["rank_high"] < len(profile.traits)


def test_verdicts_that_choose_nothing_are_counted_and_left_out():
    clean = table()
    noise = np.array([NEITHER_CODE, REFUSED_CODE, TIE_CODE, UNREADABLE_CODE], dtype=np.int32)
    noisy = table(
        options=np.concatenate([clean.options[:4], clean.options]),
        chosen=np.concatenate([noise, clean.chosen]),
        cluster=np.concatenate([clean.cluster[:4], clean.cluster]),
        missing=5,
    )
    profile = rate(noisy, ties="drop")
    assert profile.verdicts == {
        "chosen": 400, "neither": 1, "tie": 1, "refused": 1, "unreadable": 1, "missing": 5,
    }  # fmt: skip
    assert profile.n_trials == sum(profile.verdicts.values()) == 409
    np.testing.assert_array_equal(profile.rating, rate(clean).rating)
    np.testing.assert_array_equal(profile.elo, rate(clean).elo)


def test_a_tie_counts_as_asked():
    chosen = np.where(np.arange(400) % 4 == 0, TIE_CODE, table().chosen).astype(np.int32)
    half, drop, apart = (rate(table(chosen=chosen), ties=ties) for ties in ("half", "drop", "davidson"))
    assert (half.shown.sum(), half.chosen.sum(), half.tied.sum()) == (800, 300, 200)
    assert (drop.shown.sum(), drop.tied.sum(), apart.tied.sum()) == (600, 0, 200)
    assert half.estimates.sample.n == 400
    # An equal share of a quarter of the trials draws scores together; an outcome of its own does not.
    assert np.ptp(half.rating) < 0.9 * np.ptp(apart.rating)
    assert apart.to_dict()["nu"] == pytest.approx(apart.fit.nu)
    assert half.flat["p"] == apart.flat["p"] == 1 / 2000
    assert apart.position["first"] == pytest.approx(drop.position["first"], abs=0.03)
    assert apart.reliability["split_half"] == pytest.approx(drop.reliability["split_half"], abs=0.1)
    [warning] = [said for said in diff(half, drop).warnings if "ties" in said]
    assert warning.startswith("the runs have different treatments of ties (drop, half)")


def test_flat_tells_preferences_from_none():
    assert rate(table()).flat["p"] == 1 / 2000
    null = [rate(table(scores=np.zeros(8), seed=seed)).flat["p"] for seed in range(40)]
    assert np.mean(np.array(null) < 0.05) <= 0.15
    assert np.mean(null) > 0.35


def test_flat_is_unknown_with_next_to_no_prompts():
    assert rate(table(n_prompts=5)).flat == {"statistic": None, "df": 7, "p": None}
    assert rate(table(n_prompts=6)).flat["p"] is not None


def test_a_profile_not_in_full_lacks_what_a_panel_does_without_and_nothing_else():
    full, part = rate(table(seed=1)), rate(table(seed=1), in_full=False)
    assert (part.flat, part.endings, part.reliability["split_half"]) == (None, None, None)
    assert {
        **part.to_dict(),
        "flat": dict(full.flat),
        "reliability": dict(full.reliability),
    } == full.to_dict()
    assert part.reliability["model_based"] == full.reliability["model_based"]
    others = [rate(table(seed=2), Provenance(run="b"), in_full=whole) for whole in (True, False)]
    one, other = (
        compare([replace(own, provenance=Provenance(run="a")), b], n_resamples=20).to_dict()
        for own, b in zip((full, part), others, strict=True)
    )
    assert one == other


def test_under_a_prior_the_flat_rating_stands_beside():
    prior = Prior(mean=np.linspace(0.7, -0.7, 8), covariance=0.3 * (np.eye(8) - 1 / 8), runs=("a", "b"))
    flat, pooled = rate(table()), rate(table(), prior=prior)
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
    variance, error = np.var(pooled.fit.scores, ddof=1), np.mean(pooled.fit.noise)
    assert pooled.reliability["model_based"] == pytest.approx(variance / (variance + error))
    given = rate(table(), prior=replace(prior, runs=())).to_dict()
    assert (given["prior"], given["pool"]) == ("given", [])
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_under_a_pooled_prior_traits_that_stand_out_are_named():
    mean = rate(table()).fit.scores.copy()
    mean[[0, 1]] = mean[[1, 0]] + [3.0, -3.0]  # the pool has it otherwise
    mean -= mean.mean()
    law = 0.1 * (np.eye(8) - 1 / 8)
    prior = PooledPrior(mean=mean, covariance=law, runs=("a", "b"), own=0.1, jump=3.0)
    profile = rate(table(), prior=prior)
    assert list(profile.table.columns[-3:]) == ["flat_stderr", "departure", "stands_out"]
    assert {row["trait"] for row in profile.rows if row["stands_out"]} >= set(profile.traits[:2])
    for row in profile.rows:
        assert row["stands_out"] == (abs(row["departure"]) > 2)
        assert row["low"] <= row["rating"] <= row["high"]
        if row["stands_out"]:
            margin = t_half_width(0.95, profile.fit.n_clusters - 1) * row["flat_stderr"]
            assert row["low"] <= row["flat_rating"] - margin + 1e-6
            assert row["high"] >= row["flat_rating"] + margin - 1e-6
    record = profile.to_dict()
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert "stands_out" not in rate(table(), prior=Prior(mean=mean, covariance=law)).rows[0]


def test_a_notebook_shows_the_table():
    html = rate(table(), Provenance(run="<run>"))._repr_html_()
    assert "&lt;run&gt;" in html
    assert "airy" in html
    assert "<th>chosen</th>" in html
    assert "<th>refused</th>" not in html  # in none of the rows


def test_no_choice_at_all_is_said_in_words():
    refused = table(n_trials=20, chosen=np.full(20, REFUSED_CODE, dtype=np.int32), missing=3)
    with pytest.raises(NotIdentified, match=r"no verdict chose an option.*: 20 refused, 3 missing"):
        rate(refused)


def test_traits_without_a_choice_are_named():
    with pytest.raises(NotIdentified, match=r"6 of 8 never appear .*: calm, drab"):
        rate(games([0, 1, 0], [1, 0, 0]))


def test_fragments_are_named():
    rows = [[i, j, 0] for i in range(4) for j in range(4) if i != j]
    rows += [[i, j, 0] for i in range(4, 8) for j in range(4, 8) if i != j]
    with pytest.raises(NotIdentified, match=r"\[airy, bold, calm, drab\]; \[eager, frank, glum, hasty\]"):
        rate(games(*rows))


def test_one_prompt_cannot_carry_a_profile():
    with pytest.raises(NotIdentified, match="one prompt"):
        rate(table(n_prompts=1))
