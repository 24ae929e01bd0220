"""Draws against the distributions that they are from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.models.organism.sampling import draw, likeliest, log_probabilities

N = 20_000


def warped(log_p: np.ndarray, temperature: float, top_p: float) -> np.ndarray:
    """The distribution as transformers defines it, in float64."""
    p = np.exp(log_p.astype(np.float64) / temperature)
    p /= p.sum()
    order = np.argsort(-p)
    before = np.cumsum(p[order]) - p[order]
    p[order[before >= top_p]] = 0
    return p / p.sum()


@pytest.mark.parametrize(("temperature", "top_p"), [(1, 1), (0.7, 1), (1, 0.8), (0.7, 0.8), (1.5, 1e-9)])
def test_equally_spaced_numbers_give_each_token_its_share(temperature: float, top_p: float) -> None:
    logits = np.random.default_rng(0).normal(0, 2, (1, 150)).astype(np.float32)
    log_p = log_probabilities(logits)
    uniform = (np.arange(N) + 0.5) / N
    rows = np.full(N, temperature, np.float32), np.full(N, top_p)
    tokens = draw(np.repeat(log_p, N, 0), *rows, uniform)
    counts = np.bincount(tokens, minlength=150) / N
    # Inverting the distribution function leaves an error of one number at most, and rounding.
    np.testing.assert_allclose(counts, warped(log_p[0], temperature, top_p), atol=1.5 / N)


def test_the_nucleus_is_that_of_transformers() -> None:
    torch = pytest.importorskip("torch", reason="the oracle is transformers")
    from transformers import TopPLogitsWarper

    logits = np.random.default_rng(1).normal(0, 2, (1, 150)).astype(np.float32)
    theirs = torch.softmax(TopPLogitsWarper(0.8)(None, torch.tensor(logits)), -1).numpy()[0]
    np.testing.assert_allclose(warped(log_probabilities(logits)[0], 1, 0.8), theirs, atol=1e-6)


def test_each_row_goes_by_its_own_settings() -> None:
    log_p = log_probabilities(np.random.default_rng(2).normal(0, 1, (4, 70)).astype(np.float32))
    settings_of = np.array([0, 1, 0.5, 0], np.float32), np.array([1, 0.01, 1, 0.5]), np.full(4, 0.4)
    together = draw(log_p, *settings_of)
    alone = [draw(log_p[i : i + 1], *(s[i : i + 1] for s in settings_of))[0] for i in range(4)]
    assert together.tolist() == alone
    assert together[[0, 1, 3]].tolist() == log_p.argmax(1)[[0, 1, 3]].tolist()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([-np.inf, -90.0, -3.0, 0.0, 5.0]), min_size=1, max_size=140), st.data())
def test_no_impossible_token_is_drawn(logits: list[float], data: st.DataObject) -> None:
    logits[data.draw(st.integers(0, len(logits) - 1))] = 1.0
    uniform = data.draw(st.sampled_from([0.0, 0.5, np.nextafter(1, 0)]))
    top_p = data.draw(st.sampled_from([1.0, 0.9]))
    log_p = log_probabilities(np.array([logits], np.float32))
    token = draw(log_p, np.ones(1, np.float32), np.array([top_p]), np.array([uniform]))[0]
    assert np.exp(log_p[0, token]) > 0


def test_the_likeliest_come_first() -> None:
    log_p = np.log(np.array([0.1, 0.5, 0.05, 0.35], np.float32))
    assert [token for token, _ in likeliest(log_p, 3)] == [1, 3, 0]
    assert len(likeliest(log_p, 9)) == 4
