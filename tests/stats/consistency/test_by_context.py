"""A run's profiles by context: alignment, and what is told."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from mien.errors import NotIdentified
from mien.stats.consistency import Contexts, consistency


@pytest.fixture(scope="module")
def case(play):
    comparisons, context, _ = play(0.8, 5)
    return comparisons, {f"p{i:02}": "xyz"[c] for i, c in enumerate(context.tolist())}


@pytest.fixture(scope="module")
def found(case):
    return consistency(case[0], Contexts(case[1], by="category", run="run"), n_resamples=199)


def test_rows(found):
    assert found.contexts == ("x", "y", "z")
    assert found.prompts.tolist() == [20, 20, 20]
    assert found.verdicts.sum() == 600
    ranges = [row["range"] for row in found.rows]
    assert ranges == sorted(ranges, reverse=True)
    ratings = {(row["trait"], row["context"]): row for row in found.rating_rows}
    for row in found.rows:
        apart = (
            ratings[row["trait"], row["highest"]]["rating"] - ratings[row["trait"], row["lowest"]]["rating"]
        )
        assert apart == pytest.approx(row["range"])
        assert row["moves"] == (row["q"] < 0.05)
    assert any(row["moves"] for row in found.rows)
    assert all(row["low"] < row["rating"] < row["high"] for row in found.rating_rows)
    assert all(-1 <= row["low"] <= row["correlation"] <= row["high"] <= 1 for row in found.context_rows)
    np.testing.assert_allclose(found.rating.mean(axis=1), 1000)
    assert [*found.rating_table["trait"].unique()] == [*found.table["trait"]]
    assert len(found.context_table) == 3


def test_it_goes_to_json_and_into_a_notebook(found):
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert told["run"] == "run" and len(told["ratings"]) == 24
    assert "run</b> by category" in found._repr_html_()


def test_prompts_are_matched_by_label_and_not_by_position(case, found):
    comparisons, labels = case
    order = np.random.default_rng(0).permutation(len(comparisons.clusters))
    shuffled = replace(
        comparisons,
        clusters=tuple(comparisons.clusters[i] for i in order),
        cluster=np.argsort(order)[comparisons.cluster].astype(np.int32),
    )
    mixed = dict(sorted(labels.items(), key=lambda item: (item[1], hash(item[0]))))
    again = consistency(shuffled, Contexts(mixed, by="category"), n_resamples=199)
    np.testing.assert_allclose(again.rating, found.rating, atol=20)  # signs are drawn by the prompts' order
    np.testing.assert_allclose(again.whole, found.whole, atol=1e-6)
    assert again.verdicts.tolist() == found.verdicts.tolist()


def test_too_few_verdicts_are_refused(case):
    comparisons, labels = case
    chosen = np.where(comparisons.options == 0, -1, comparisons.chosen[:, None]).min(axis=1)
    with pytest.raises(NotIdentified, match="never appear in a trial with a choice: t0"):
        consistency(replace(comparisons, chosen=chosen.astype(np.int32)), Contexts(labels))
