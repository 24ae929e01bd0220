"""Shards: each trial of a design lies in one of them, and their parts of a budget sum to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import UsageError
from mien.stats.design.shards import Shard
from mien.stats.design.trials import lay_out
from mien.types import Prompt

TRAITS = ("warm", "blunt", "dry", "shy", "bold")
PROMPTS = [Prompt(f"p{i}", f"Hello {i}", category="ab"[i % 2]) for i in range(7)]


@given(n_shards=st.integers(1, 12), rounds=st.integers(5, 9), n_options=st.integers(2, 3))
def test_every_trial_is_in_one_shard_as_it_is_in_the_design(
    n_shards: int, rounds: int, n_options: int
) -> None:
    design = lay_out(TRAITS, PROMPTS, rounds=rounds, n_options=n_options, seed=3)
    if n_shards > len(design):
        return
    parts = [design.part(Shard(number, n_shards)) for number in range(1, n_shards + 1)]
    trials = {trial.id: trial for part in parts for trial in part}
    assert sum(map(len, parts)) == len(design) == len(trials)
    assert [trials[trial.id] for trial in design] == list(design)
    assert {part.in_all for part in parts} == {len(design)}
    assert {part.name for part in parts} == {design.name}
    replicates = {
        trial.id: replicate for part in parts for trial, replicate in zip(part, part.replicate, strict=True)
    }
    assert [replicates[trial.id] for trial in design] == design.replicate.tolist()


@given(amount=st.integers(0, 1000), n_shards=st.integers(1, 40))
def test_shares_sum_to_the_whole_and_differ_by_one_at_most(amount: int, n_shards: int) -> None:
    shares = [Shard(number, n_shards).share(amount) for number in range(1, n_shards + 1)]
    assert sum(shares) == amount
    assert max(shares) - min(shares) <= 1


def test_a_longer_design_gives_a_shard_its_trials_and_more() -> None:
    short, long = (lay_out(TRAITS, PROMPTS, rounds=rounds).part(Shard(2, 3)) for rounds in (4, 9))
    assert list(long)[: len(short)] == list(short)


@pytest.mark.parametrize(
    "text", ["0/4", "5/4", "1/0", "1/100001", "1", "1/", "/4", "-1/4", "1/4 ", "a/b", "²/4"]
)
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        Shard.read(text)


def test_there_are_no_more_shards_than_trials() -> None:
    with pytest.raises(UsageError, match="10 trials make no 11 shards"):
        lay_out(TRAITS, PROMPTS, rounds=4).part(Shard(1, 11))
