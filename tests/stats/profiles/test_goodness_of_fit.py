"""What is said of how well scores explain a run's choices."""

from __future__ import annotations

import json

import numpy as np

from mien.stats.comparisons import Comparisons
from mien.stats.profiles.goodness_of_fit import WORST, goodness_of_fit

N = 8


def table(turned: float) -> Comparisons:
    """Two traits that take turns with what their scores say."""
    rng = np.random.default_rng(6)
    options = np.array([(i, j) for i in range(N) for j in range(N) if i != j] * 25)
    utilities = np.linspace(1, -1, N)[options] + rng.gumbel(size=options.shape)
    utilities += np.where(np.isin(options, [2, 3]).all(axis=1)[:, None] & (options == 3), turned, 0.0)
    return Comparisons(
        traits=tuple(f"t{i}" for i in range(N)),
        options=options.astype(np.int32),
        chosen=utilities.argmax(axis=1).astype(np.int32),
        cluster=(np.arange(len(options)) % 200).astype(np.int32),
        clusters=tuple(f"p{i}" for i in range(200)),
    )


def test_a_pair_that_departs_comes_first():
    found = goodness_of_fit(table(3.0))
    assert [(row["a"], row["b"]) for row in found.departing] == [("t2", "t3")]
    assert found.rows[0]["chosen"] < found.rows[0]["expected"]
    assert found.rows[0]["n"] == 50
    assert [row["p"] for row in found.rows] == sorted(row["p"] for row in found.rows)
    assert (len(found.rows), found.n_pairs) == (28, 28)
    assert list(found.table.columns) == list(found.rows[0])


def test_json_is_plain_and_holds_the_worst():
    told = goodness_of_fit(table(0.0)).to_dict()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert len(told["pairs"]) == WORST
    assert (told["n_met"], told["n_departing"]) == (28, 0)
    assert [test["kind"] for test in told["tests"]] == ["pairs", "second dimension"]
    assert {test["finding"] for test in told["tests"]} == {"no sign"}
