"""What runs err in together, and what is made of it, against matrices written out."""

from __future__ import annotations

import numpy as np
import pytest

from mien.stats import choice
from mien.stats.panels import noise
from mien.stats.panels.distinct import distinct
from mien.stats.panels.noise import Member, draws, members, n_shared
from tests.stats.profiles.tables import table


@pytest.fixture(scope="module")
def panel() -> list[Member]:
    """Three runs of eight traits, the third without the first and on prompts of which half are its own."""
    fits = []
    for seed in range(3):
        trials = choice.Trials.decided(table(300, seed=seed, n_prompts=40))
        fits.append(choice.fit(trials._replace(clusters=trials.clusters + 20 * (seed == 2))))
    return members(fits, [range(1, 8)] * 3)


def pulls(panel: list[Member]) -> list[np.ndarray]:
    """(S, n) what the clusters that several runs have add to each run's errors."""
    found = []
    for member in panel:
        rows, gradients = member.shared
        dense = np.zeros((n_shared(panel), 7))
        dense[rows] = gradients.toarray() @ member.pulls
        found.append(dense)
    return found


def test_the_noise_of_a_member_is_what_it_shares_and_the_rest(panel: list[Member]) -> None:
    for member, shared in zip(panel, pulls(panel), strict=True):
        np.testing.assert_allclose(shared.T @ shared + member.rest, member.covariance, atol=1e-12)
        centred = np.eye(7) - 1 / 7
        own = member.fit.covariance[1:8, 1:8]
        np.testing.assert_allclose(member.covariance, centred @ own @ centred, atol=1e-12)


def test_what_sets_a_member_apart_counts_each_shared_cluster_once(panel: list[Member]) -> None:
    shared, found = pulls(panel), distinct(panel)
    for r, member in enumerate(panel):
        others = [s for s in range(3) if s != r]
        together = shared[r] - np.mean([shared[s] for s in others], axis=0)
        own = np.diag(member.rest) + sum(np.diag(panel[s].rest) for s in others) / 4
        np.testing.assert_allclose(found.stderr[r] ** 2, (together**2).sum(axis=0) + own, rtol=1e-10)


def test_errors_in_single_precision_are_those_in_double(
    panel: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = draws(panel, 300, seed=1)
    covariance = np.cov(exact[:, 0], exact[:, 1], rowvar=False)[:7, 7:]
    np.testing.assert_allclose(covariance, pulls(panel)[0].T @ pulls(panel)[1], atol=0.02)
    monkeypatch.setattr(noise, "MOST_EXACT", 10)
    rough = draws(panel, 300, seed=1)
    assert (exact.dtype, rough.dtype) == (np.float64, np.float32)
    np.testing.assert_allclose(rough, exact, rtol=1e-6, atol=1e-6)
