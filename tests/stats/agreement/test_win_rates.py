"""Win rates against an outside oracle, a slow twin, and simulated people of known taste."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from mien.stats.agreement.win_rates import pleases, win_rates
from mien.types import PREFERRED, TIE, Preference

OTHER = {"a": "b", "b": "a", TIE: TIE}


def choice(chosen, trial=0, *, person="Ana", question=PREFERRED, left="a") -> Preference:
    return Preference(
        person=person,
        question=question,
        trial_a=f"t{trial}",
        trial_b=f"t{trial}",
        shown_left=left,
        chosen=chosen,
    )


def prompts(preferences) -> list[str]:
    return [p.trial_a for p in preferences]


def test_without_ties_and_repeated_prompts_the_interval_is_wilsons():
    found = [choice("b" if i % 10 < 6 else "a", i) for i in range(20_000)]
    everybody = win_rates(found, prompts(found))[0]
    low, high = proportion_confint(12_000, 20_000, method="wilson")
    assert (everybody.share.low, everybody.share.high) == pytest.approx((low, high), rel=1e-3)
    assert (everybody.won, everybody.tied, everybody.lost, everybody.share.n) == (12_000, 0, 8_000, 20_000)


@st.composite
def choices(draw) -> list[Preference]:
    return [
        choice(
            draw(st.sampled_from(["a", "b", TIE])),
            draw(st.integers(0, 5)),
            person=draw(st.sampled_from(["Ana", "Bo"])),
            question=draw(st.sampled_from([PREFERRED, "warm", "blunt"])),
            left=draw(st.sampled_from(["a", "b"])),
        )
        for _ in range(draw(st.integers(0, 25)))
    ]


@given(choices())
def test_every_rate_is_its_slow_twins(preferences):
    found = win_rates(preferences, prompts(preferences))
    keys = {(p.question, person) for p in preferences for person in ("", p.person)}
    assert [(rate.question, rate.person) for rate in found] == sorted(
        keys, key=lambda key: (key[0] != PREFERRED, *key)
    )
    for rate in found:
        own = [p for p in preferences if p.question == rate.question and rate.person in ("", p.person)]
        won, tied = (sum(p.chosen == side for p in own) for side in ("b", TIE))
        assert (rate.won, rate.tied, rate.lost) == (won, tied, len(own) - won - tied)
        assert rate.share.share == pytest.approx((won + tied / 2) / len(own))
        assert rate.share.n == rate.left.n == len(own)
        left = sum(p.chosen == p.shown_left for p in own)
        assert rate.left.share == pytest.approx((left + tied / 2) / len(own))
        for share in (rate.share, rate.left):
            assert 0 <= share.low <= share.share + 1e-12
            assert share.share - 1e-12 <= share.high <= 1


@given(choices())
def test_runs_named_the_other_way_round_mirror_the_rate(preferences):
    turned = [replace(p, chosen=OTHER[p.chosen], shown_left=OTHER[p.shown_left]) for p in preferences]
    for one, other in zip(
        win_rates(preferences, prompts(preferences)), win_rates(turned, prompts(turned)), strict=True
    ):
        assert (one.won, one.tied, one.lost) == (other.lost, other.tied, other.won)
        assert (one.share.low, one.share.high) == pytest.approx((1 - other.share.high, 1 - other.share.low))
        assert one.left == other.left


def test_choices_that_are_all_alike_count_each_prompt_once():
    people = ("Ana", "Bo", "Cy", "Di")
    found = [choice("b", trial, person=person) for trial in range(5) for person in people]
    everybody, ana = win_rates(found, prompts(found))[:2]
    assert everybody.share[:3] == ana.share[:3]
    assert (everybody.share.n, ana.share.n) == (20, 5)
    assert 0.3 < everybody.share.low < 0.5
    assert everybody.share.high == 1
    tied = [choice(TIE, trial, person=person) for trial in range(5) for person in people]
    found = win_rates(tied, prompts(tied))[0].share
    assert (found.share, found.n) == (0.5, 20)
    assert found.low < 0.2


def test_who_always_takes_the_left_is_found_out():
    rng = np.random.default_rng(0)
    found = [choice(side, i, left=side) for i, side in enumerate(rng.choice(["a", "b"], 200))]
    rate = win_rates(found, prompts(found))[0]
    assert rate.left.share == 1
    assert rate.left.low > 0.95
    assert rate.share.low < 0.5 < rate.share.high


def tournament(rng, n_prompts, people, ties):
    """People who agree on prompts: the truth is a win rate of .6 over prompts."""
    taste = rng.beta(1.2, 0.8, n_prompts)  # how often the second run wins, prompt by prompt: mean .6
    return [
        choice(TIE if rng.random() < ties else "b" if rng.random() < taste[i] else "a", i, person=str(person))
        for i in range(n_prompts)
        for person in range(people)
    ]


@pytest.mark.parametrize("ties", [0.0, 0.4])
def test_intervals_cover_the_win_rate_over_prompts(ties):
    rng = np.random.default_rng(1)
    truth = 0.6 * (1 - ties) + 0.5 * ties
    inside = []
    for _ in range(400):
        found = tournament(rng, 40, 3, ties)
        share = win_rates(found, prompts(found))[0].share
        inside.append(share.low <= truth <= share.high)
    assert 0.925 <= np.mean(inside) <= 0.99


def test_whether_more_of_a_trait_pleases():
    found = [
        *(choice("b", i) for i in range(6)),
        *(choice("b", i, question="warm") for i in range(3)),  # the warmer one preferred
        choice("a", 3, question="warm"),  # the other one
        choice(TIE, 4, question="warm"),  # neither is warmer: says nothing
        choice("b", 9, question="warm"),  # whose preference nobody gave
        choice("b", 5, question="warm", person="Bo"),
    ]
    pleased = pleases(found, prompts(found), "warm")
    assert pleased is not None
    assert (pleased.share, pleased.n) == (0.75, 4)
    undecided = [choice(TIE), choice("b", question="warm")]
    half = pleases(undecided, prompts(undecided), "warm")
    assert half is not None
    assert (half.share, half.low, half.high) == (0.5, 0, 1)
    assert pleases(found, prompts(found), "blunt") is None
