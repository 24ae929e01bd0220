"""Rules that stop a run: what they find, when they look again, and what stopping does to the intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import UsageError
from mien.stats import choice
from mien.stats.choice import Trials
from mien.stats.comparisons import NEITHER_CODE, Comparisons
from mien.stats.design.stopping import FLOOR, Check, Rule, ceiling
from mien.stats.design.trials import lay_out
from mien.stats.distributions import t_half_width
from mien.stats.profiles import rate
from mien.types import Prompt

PROMPTS = tuple(Prompt(f"p{i}", f"prompt {i}") for i in range(60))
TRAITS = tuple(f"trait {i}" for i in range(10))
DESIGN = lay_out(TRAITS, PROMPTS, rounds=120)


def choose(scores: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    utilities = scores[DESIGN.options] + rng.gumbel(size=DESIGN.options.shape)
    return utilities.argmax(axis=1).astype(np.int32)


def first(chosen: np.ndarray, rounds: int) -> Comparisons:
    """The verdicts of the first so many rounds."""
    part = DESIGN.first(rounds)
    return Comparisons(
        traits=TRAITS,
        options=part.options,
        chosen=chosen[: len(part)],
        cluster=part.prompt,
        clusters=tuple(prompt.id for prompt in PROMPTS),
    )


def stop(rule: Rule, chosen: np.ndarray) -> Check:
    """Check as a run does."""
    rounds = FLOOR
    while not (check := rule.check(first(chosen, rounds), rounds)).met and rounds < DESIGN.rounds:
        rounds = check.next(DESIGN.rounds)
    return check


@pytest.fixture(scope="module")
def chosen() -> np.ndarray:
    return choose(np.linspace(-1, 1, 10), np.random.default_rng(3))


# -- what is found -------------------------------------------------------------------------------------------


def test_a_check_finds_what_the_profile_says(chosen: np.ndarray) -> None:
    chosen = chosen.copy()
    chosen[::9] = NEITHER_CODE
    profile = rate(first(chosen, 30))
    check = Rule(reliability=0.9).check(first(chosen, 30), 30)
    assert check.reliability == pytest.approx(profile.reliability["model_based"])
    assert check.stderr == pytest.approx(math.sqrt(np.mean([row["stderr"] ** 2 for row in profile.rows])))
    assert check.decided == profile.verdicts["chosen"]


def test_a_target_is_reached_when_what_is_found_is_as_good(chosen: np.ndarray) -> None:
    table = first(chosen, 30)
    found = Rule(reliability=0.9).check(table, 30)
    assert found.reliability is not None
    assert found.stderr is not None
    for step, met in ((-0.01, True), (0.01, False)):
        reliability, stderr = found.reliability + step, found.stderr * (1 - step)
        assert Rule(reliability=reliability).check(table, 30).met is met
        assert Rule(stderr=stderr).check(table, 30).met is met
        assert Rule(reliability=reliability, stderr=1.1 * found.stderr).check(table, 30).met is met
        assert not Rule(reliability=reliability, stderr=0.9 * found.stderr).check(table, 30).met


def test_what_cannot_be_rated_reaches_nothing(chosen: np.ndarray) -> None:
    rule = Rule(reliability=0.01, stderr=1e9)
    undecided = np.full_like(chosen, NEITHER_CODE)
    apart = np.where((DESIGN.options == 0).any(axis=1), NEITHER_CODE, chosen)  # trait 0 is never rated
    one_prompt = np.where(DESIGN.prompt == DESIGN.prompt[0], chosen, NEITHER_CODE)
    for verdicts in (undecided, apart, one_prompt):
        check = rule.check(first(verdicts, 20), 20)
        assert (check.met, check.reliability, check.stderr) == (False, None, None)
        assert check.next(1000) == 40
        assert str(check) == "reliability not known yet (≥ 0.01), standard error not known yet (≤ 1e+09)"
    assert not rule.check(first(undecided, 20), 20).decided


# -- when it looks again -------------------------------------------------------------------------------------


@given(
    st.integers(1, 500), st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.floats(1, 500), st.floats(1, 500)
)
def test_rounds_needed_would_give_the_targets(
    rounds: int, reliability: float, wanted: float, stderr: float, least: float
) -> None:
    found = {"rounds": rounds, "reliability": reliability, "stderr": stderr}
    longer = Check(rule=Rule(reliability=wanted), **found).needed / rounds
    assert longer * reliability / (1 + (longer - 1) * reliability) == pytest.approx(wanted)
    longer = Check(rule=Rule(stderr=least), **found).needed / rounds
    assert stderr / math.sqrt(longer) == pytest.approx(least)
    both = Check(rule=Rule(reliability=wanted, stderr=least), **found)
    assert both.met is (reliability >= wanted and stderr <= least)


@given(st.integers(1, 500), st.floats(-0.5, 0.98), st.integers(0, 500))
def test_the_next_check_is_on_the_way_and_not_beyond_it(rounds: int, reliability: float, more: int) -> None:
    check = Check(rule=Rule(reliability=0.99), rounds=rounds, reliability=reliability)
    after = check.next(rounds + more)
    assert min(rounds + 1, rounds + more) <= after <= min(2 * rounds, rounds + more)
    assert after <= max(rounds + 1, (rounds + check.needed) / 2)


def test_checks_close_in_on_the_end_and_stop_where_checking_each_round_would(chosen: np.ndarray) -> None:
    for rule in (Rule(reliability=0.9), Rule(stderr=75)):
        each = next(r for r in range(FLOOR, 121) if rule.check(first(chosen, r), r).met)
        assert FLOOR < each <= stop(rule, chosen).rounds <= each + 3


def test_a_stricter_rule_goes_on_where_the_other_stopped(chosen: np.ndarray) -> None:
    checks = [stop(Rule(reliability=r), chosen) for r in (0.1, 0.8, 0.88, 0.92)]
    rounds = [check.rounds for check in checks]
    assert rounds[0] == FLOOR
    assert rounds == sorted(rounds)
    assert all(check.met for check in checks)


# -- how long it may get -------------------------------------------------------------------------------------


def test_the_ceiling() -> None:
    assert ceiling(144, 2) == 143  # every pair once
    assert ceiling(301, 4) == 100
    assert ceiling(36, 2) == 112  # where that is short: as many rounds as without a rule
    assert ceiling(5000, 2) == 4999
    assert ceiling(9000, 8) == 1286


@given(st.integers(2, 200), st.integers(2, 8), st.integers(0, 20_000))
def test_the_ceiling_is_never_more_than_was_allowed(n: int, n_options: int, max_trials: int) -> None:
    if max_trials >= math.ceil(FLOOR * n / n_options):
        rounds = ceiling(n, n_options, max_trials)
        assert rounds >= FLOOR
        assert math.ceil(rounds * n / n_options) <= max_trials < math.ceil((rounds + 1) * n / n_options)
    else:
        with pytest.raises(UsageError, match=r"--max-trials is at least [\d,]+ here, not"):
            ceiling(n, n_options, max_trials)


@pytest.mark.parametrize(
    ("targets", "problem"),
    [
        ({}, "a stop rule needs a target"),
        ({"reliability": 0.0}, "--until-reliability is a number between 0 and 1, not 0"),
        ({"reliability": 1.0}, "--until-reliability is a number between 0 and 1, not 1"),
        ({"reliability": math.nan}, "between 0 and 1, not nan"),
        ({"stderr": 0.0}, "--until-stderr is a positive number of points, not 0"),
        ({"stderr": -3.0}, "--until-stderr is a positive number of points, not -3"),
        ({"stderr": math.inf}, "a positive number of points, not inf"),
    ],
)
def test_targets_that_are_none(targets: dict[str, float], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        Rule(**targets)


# -- what stopping does to the intervals ---------------------------------------------------------------------


@pytest.mark.parametrize("rule", [Rule(reliability=0.7), Rule(stderr=100)], ids=str)
def test_intervals_hold_the_truth_after_stopping(rule: Rule) -> None:
    rng = np.random.default_rng(5)
    covered, rounds = [], []
    for _ in range(200):
        scores = 0.8 * rng.normal(size=10)
        scores -= scores.mean()
        chosen = choose(scores, rng)
        check = stop(rule, chosen)
        table = first(chosen, check.rounds)
        fit = choice.fit(Trials.of(table.options, table.chosen, 10, clusters=table.cluster))
        margin = t_half_width(0.95, fit.n_clusters - 1) * fit.stderr
        covered.append(np.abs(fit.scores - scores) < margin)
        rounds.append(check.rounds)
    assert len(set(rounds)) > 5  # the verdicts decided
    assert 0.93 <= np.mean(covered) <= 0.985


@pytest.mark.parametrize("n", [4, 6])
def test_runs_of_few_traits_that_stop_at_the_floor_hold_the_truth(n: int) -> None:
    """Where all choices of a trait come out alike, its interval was the narrowest: 65 % of four traits."""
    traits = tuple(f"trait {i}" for i in range(n))
    part = lay_out(traits, PROMPTS, rounds=FLOOR)
    held: list[float] = []
    for seed in range(120):
        rng = np.random.default_rng([seed, n])
        scores = 0.8 * rng.normal(size=n)
        scores -= scores.mean()
        chosen = (scores[part.options] + rng.gumbel(size=part.options.shape)).argmax(axis=1)
        table = Comparisons(
            traits=traits,
            options=part.options,
            chosen=chosen.astype(np.int32),
            cluster=part.prompt,
            clusters=tuple(prompt.id for prompt in PROMPTS),
        )
        if Rule(reliability=0.5).check(table, FLOOR).met:
            fit = choice.fit(Trials.decided(table))
            width = t_half_width(0.95, fit.n_clusters - 1) * fit.stderr
            held.append(float(np.mean(np.abs(fit.scores - scores) < width)))
    assert len(held) > 40
    assert np.mean(held) > 0.93
