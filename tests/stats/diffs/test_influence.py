from __future__ import annotations

import numpy as np
import pytest

from mien.stats.comparisons import Comparisons
from mien.stats.diffs import diff
from mien.stats.diffs.influence import influence, leave_out
from mien.stats.profiles import rate

N, PROMPTS = 10, 40


def comparisons(seed, *, n_trials=600, prefix="p", bonus=0.0):
    """Choices at random, but for a bonus in log odds to trait 3."""
    rng = np.random.default_rng(seed)
    options = np.argsort(np.random.default_rng(0).random((n_trials, N)), axis=1)[:, :2].astype(np.int32)
    cluster = np.random.default_rng(1).integers(PROMPTS, size=n_trials).astype(np.int32)
    utilities = bonus * (options == 3) + rng.gumbel(size=options.shape)
    return Comparisons(
        traits=tuple(f"t{i}" for i in range(N)),
        options=options,
        chosen=utilities.argmax(axis=1).astype(np.int32),
        cluster=cluster,
        clusters=tuple(f"{prefix}{i:02d}" for i in range(PROMPTS)),
    )


def without(table, prompt):
    """The same table with one prompt's trials gone, to be fitted anew."""
    kept = table.cluster != table.clusters.index(prompt)
    return Comparisons(
        traits=table.traits,
        options=table.options[kept],
        chosen=table.chosen[kept],
        cluster=table.cluster[kept],
        clusters=table.clusters,
    )


@pytest.mark.parametrize("prefix", ["p", "q"])
def test_one_step_is_near_the_refit_without_each_prompt(prefix):
    a, b = comparisons(1), comparisons(2, prefix=prefix)
    found = diff(rate(a), rate(b))
    jackknife = found.joint.jackknife
    assert len(jackknife.clusters) == (PROMPTS if prefix == "p" else 2 * PROMPTS)
    steps, refits, stderrs = [], [], []
    for prompt in jackknife.clusters[::5]:
        tables = [without(t, prompt) if prompt in t.clusters else t for t in (a, b)]
        refit = diff(*map(rate, tables))
        left = leave_out(found, prompt)
        steps.append(left.delta - found.delta)
        refits.append(refit.delta - found.delta)
        stderrs.append(np.log(left.stderr / refit.stderr))
        assert left.prompts == refit.prompts
    steps, refits = np.array(steps), np.array(refits)
    assert np.corrcoef(steps.ravel(), refits.ravel())[0, 1] > 0.99
    assert np.abs(steps - refits).max() < 0.2 * np.abs(refits).max()
    assert np.abs(stderrs).max() < 0.1


def test_pull_share_and_rows_are_what_leaving_out_takes_away():
    found = diff(rate(comparisons(1)), rate(comparisons(2)))
    jackknife = found.joint.jackknife
    rows = [0, 3, 17]
    pulls, shares = jackknife.rows(rows)
    for k, row in enumerate(rows):
        left = leave_out(found, jackknife.clusters[row])
        moved, lost = found.delta - left.delta, found.stderr**2 - left.stderr**2
        np.testing.assert_allclose(pulls[k], moved, rtol=1e-7, atol=1e-7)
        np.testing.assert_allclose(shares[k], lost, rtol=1e-7, atol=1e-7)
        for trait in (0, 4):
            assert jackknife.pull(trait)[row] == pytest.approx(pulls[k, trait])
            assert jackknife.share(trait)[row] == pytest.approx(shares[k, trait])


def test_the_prompt_that_carries_a_finding_is_named():
    tables = comparisons(1), comparisons(2, bonus=0.9)
    before, after = map(rate, tables)
    q = diff(before, after).q[3]
    found = diff(before, after, fdr=1.05 * q)  # just found, and with one prompt less no more
    (row,) = [row for row in influence(found) if row["trait"] == "t3"]
    refits = {prompt: diff(*(rate(without(t, prompt)) for t in tables)) for prompt in tables[0].clusters}
    by_p = sorted(refits, key=lambda prompt: refits[prompt].p[3])
    assert row["prompt"] in by_p[-3:]
    refit = refits[row["prompt"]]
    assert row["delta"] == pytest.approx(refit.delta[3], rel=0.05)
    assert not row["changed"]
    assert row["q"] > found.fdr
    assert refit.q[3] > found.fdr


def test_a_finding_that_many_prompts_carry_stands():
    found = diff(rate(comparisons(1)), rate(comparisons(2, bonus=3.0)))
    (row,) = [row for row in influence(found) if row["trait"] == "t3"]
    assert row["changed"]
    assert [row["trait"] for row in influence(found)] == [
        row["trait"] for row in found.rows if row["changed"]
    ]
    assert influence(diff(found.before, found.before)) == []
    # Within a margin nothing counts as changed, and nothing leans on anything.
    assert influence(diff(found.before, found.after, margin=5000)) == []


def test_a_cluster_that_is_not_there():
    estimates = rate(comparisons(1)).estimates
    assert estimates.leave_out("elsewhere") is estimates
    assert estimates.leave_out("p03").n_clusters == estimates.n_clusters - 1
