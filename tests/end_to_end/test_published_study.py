"""Models that behave as the published study counted them: what it found comes out within its intervals."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr

import mien
from benchmarks.truth import WIN_COUNTS, read_win_counts, scores_from_wins
from mien.testing import ScriptedServer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
@pytest.mark.skipif(not WIN_COUNTS.is_file(), reason="the published win counts are not there")
def test_published_correlations_and_ranks_lie_within_their_intervals(tmp_path: Path) -> None:
    traits, wins = read_win_counts(WIN_COUNTS)
    with ExitStack() as stack:
        models = ""
        for seed, (name, counts) in enumerate(wins.items()):  # alike, they would make the same errors
            scores = dict(zip(traits, scores_from_wins(counts).tolist(), strict=True))
            server = stack.enter_context(ScriptedServer(scores=scores, position=0.2, seed=seed))
            models += f"  - {{model: '{server.model}', name: {name}}}\n"
        (tmp_path / "five.yaml").write_text(
            f"models:\n{models}judge: '{server.judge}'\noptions: 4\ntrials: 500\nfigures: convergence\n"
        )
        results = mien.study(tmp_path / "five.yaml", store=tmp_path / "m.db")
    assert results.complete

    published = {name: rankdata(-counts) for name, counts in wins.items()}
    found = {frozenset((row["a"], row["b"])): row for row in results.panel.correlations}
    within = 0
    for a, b in combinations(wins, 2):
        row = found[frozenset((a, b))]
        low, high = row["disattenuated_low"], row["disattenuated_high"]
        assert low is not None
        assert high is not None
        within += low <= float(spearmanr(published[a], published[b]).statistic) <= high
    assert within >= 9  # of 10

    ranks: list[bool] = []
    for profile in results.shown.profiles:
        by_trait = dict(zip(traits, published[profile.run], strict=True))
        ranks += [
            row["rank_low"] <= by_trait[row["trait"]] <= row["rank_high"]  # pyright: ignore[reportTypedDictNotRequiredAccess]
            for row in profile.ranked_rows
        ]
    assert np.mean(ranks) > 0.95
