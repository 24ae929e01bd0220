"""Designs: what every one of them promises, whatever the traits, prompts, options, rounds and seed."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import UsageError
from mien.stats.design.trials import DEFAULT_TRIALS, MAX_OPTIONS, Design, lay_out, rounds_for
from mien.types import Prompt

if TYPE_CHECKING:
    from numpy.typing import NDArray

ONE_PROMPT = (Prompt("p0", "hello"),)


class Case(NamedTuple):
    n: int
    n_options: int
    rounds: int
    seed: int

    @property
    def traits(self) -> list[str]:
        return [f"trait-{i}" for i in range(self.n)]

    def design(self, prompts: tuple[Prompt, ...] = ONE_PROMPT, **changes: object) -> Design:
        given = {"rounds": self.rounds, "n_options": self.n_options, "seed": self.seed} | changes
        return lay_out(self.traits, prompts, **given)  # type: ignore[arg-type]


@st.composite
def cases(draw: st.DrawFn, max_options: int = MAX_OPTIONS) -> Case:
    n_options = draw(st.integers(2, max_options))
    n = draw(st.integers(n_options, 40))
    return Case(n, n_options, draw(st.integers(1, 12)), draw(st.integers(0, 2**32 - 1)))


@st.composite
def prompt_sets(draw: st.DrawFn) -> tuple[Prompt, ...]:
    """Prompts in up to ten categories of very different sizes, mixed."""
    sizes = draw(st.lists(st.integers(1, 30), min_size=1, max_size=10))
    prompts = [
        Prompt(f"{c}-{i}", f"text {c} {i}", f"c{c}") for c, size in enumerate(sizes) for i in range(size)
    ]
    draw(st.randoms(use_true_random=False)).shuffle(prompts)
    return tuple(prompts)


def whole_designs(function):  # type: ignore[no-untyped-def]
    return settings(max_examples=60, deadline=None)(given(cases())(function))


@whole_designs
def test_a_trial_shows_k_different_traits(case: Case) -> None:
    trials = list(case.design())
    assert all(len(set(t.options)) == len(t.options) == case.n_options for t in trials)
    assert {name for t in trials for name in t.options} <= set(case.traits)


@whole_designs
def test_every_trait_appears_once_a_round(case: Case) -> None:
    made = case.design()
    shown: Counter[str] = Counter()
    for r in range(case.rounds):
        for trial in made:
            if trial.round == r:
                shown.update(trial.options)
        # Where K does not divide n, the last block has borrowed from the round that follows.
        borrowed = -(r + 1) * case.n % case.n_options
        expected = [r + 1] * (case.n - borrowed) + [r + 2] * borrowed
        assert sorted(shown[name] for name in case.traits) == expected


@whole_designs
def test_on_every_prefix_of_the_trials_appearances_differ_by_at_most_one(case: Case) -> None:
    appearances = np.zeros(case.n, dtype=int)
    for block in case.design().options:
        appearances[block] += 1
        assert np.ptp(appearances) <= 1


@whole_designs
def test_blocks_fill_the_rounds_one_after_another(case: Case) -> None:
    made = case.design()
    assert len(made) == len(made.options) == -(-case.rounds * case.n // case.n_options)
    assert made.round.tolist() == [t * case.n_options // case.n for t in range(len(made))]


@whole_designs
def test_first_positions_are_shared_to_within_one(case: Case) -> None:
    first = np.bincount(case.design().options[:, 0], minlength=case.n)
    assert np.ptp(first) <= 1


@settings(max_examples=60, deadline=None)
@given(cases(max_options=2))
def test_of_a_pair_each_trait_is_first_as_often_as_second_to_within_one(case: Case) -> None:
    first, second = (np.bincount(column, minlength=case.n) for column in case.design().options.T)
    assert np.abs(first - second).max() <= 1


@settings(max_examples=60, deadline=None)
@given(cases(max_options=2))
def test_no_pair_repeats_before_all_pairs_have_been_used(case: Case) -> None:
    met = dict.fromkeys(combinations(range(case.n), 2), 0)
    fewest = 0
    for n_trials, block in enumerate(case.design().options.tolist(), 1):
        met[tuple(sorted(block))] += 1
        assert met[tuple(sorted(block))] == fewest + 1
        fewest = n_trials // len(met)


@pytest.mark.parametrize("n", [2, 3, 10, 11, 144])
def test_a_full_design_shows_every_pair_exactly_once(n: int) -> None:
    made = lay_out([f"t{i}" for i in range(n)], ONE_PROMPT, rounds=rounds_for(n, full=True))
    pairs = {tuple(sorted(block)) for block in made.options.tolist()}
    assert len(made) == len(pairs) == n * (n - 1) // 2


@pytest.mark.parametrize("n_options", [3, 4, 6, 8])
def test_pairs_meet_in_larger_blocks_far_more_evenly_than_in_random_ones(n_options: int) -> None:
    n, rounds = 24, 69
    made = lay_out([f"t{i}" for i in range(n)], ONE_PROMPT, rounds=rounds, n_options=n_options)
    rng = np.random.default_rng(0)
    at_random = np.concatenate([rng.permutation(n).reshape(-1, n_options) for _ in range(rounds)])

    def spread(blocks: NDArray[np.integer]) -> float:
        met = np.zeros((n, n))
        for block in blocks:
            met[np.ix_(block, block)] += 1
        return float(met[np.triu_indices(n, 1)].std())

    assert spread(made.options) < 0.4 * spread(at_random)


def test_one_at_a_time_each_trait_meets_each_kind_of_prompt_equally_often() -> None:
    kinds = [Prompt(name, f"{name}?", category=name) for name in "abcd"]
    design = lay_out([f"t{i}" for i in range(7)], kinds, rounds=8, n_options=1, seed=3)
    met = Counter((trial.options, trial.prompt.id) for trial in design)
    assert set(met.values()) == {2}
    assert len(met) == 28
    assert [len({trial.options for trial in design if trial.round == r}) for r in range(8)] == [7] * 8
    assert sorted(design.replicate.tolist()) == [0] * 28 + [1] * 28


@pytest.mark.parametrize("n_options", range(2, MAX_OPTIONS + 1))
def test_every_trait_stands_about_equally_often_in_every_position(n_options: int) -> None:
    n = 24
    made = lay_out([f"t{i}" for i in range(n)], ONE_PROMPT, rounds=12 * n_options, n_options=n_options)
    stood = np.array([np.bincount(column, minlength=n) for column in made.options.T])
    assert np.abs(stood - 12).max() <= 2


@settings(max_examples=40, deadline=None)
@given(cases(), prompt_sets(), st.sampled_from(["counterbalanced", "listed"]), st.integers(1, 6))
def test_a_longer_design_begins_with_the_trials_of_a_shorter_one(
    case: Case, prompts: tuple[Prompt, ...], order: str, more: int
) -> None:
    short = case.design(prompts, order=order)
    long = case.design(prompts, order=order, rounds=case.rounds + more)
    assert list(long)[: len(short)] == list(short)
    assert long.replicate[: len(short)].tolist() == short.replicate.tolist()
    assert long.content == short.content
    assert long.name != short.name
    part = long.first(case.rounds)
    assert (part.name, list(part), part.rounds) == (short.name, list(short), case.rounds)
    assert part.replicate.tolist() == short.replicate.tolist()
    assert short.first(case.rounds + more).name == short.name


@settings(max_examples=20, deadline=None)
@given(cases(), prompt_sets())
def test_the_same_inputs_give_the_same_design(case: Case, prompts: tuple[Prompt, ...]) -> None:
    one, two = case.design(prompts), case.design(prompts)
    assert list(one) == list(two)
    assert one.name == two.name


def test_another_seed_gives_other_trials() -> None:
    case = Case(12, 2, 4, seed=0)
    assert list(case.design()) != list(case.design(seed=1))


def test_the_name_tells_apart_whatever_a_design_depends_on() -> None:
    case = Case(6, 2, 4, seed=0)
    two = (Prompt("p0", "hello"), Prompt("p1", "bye"))
    designs = [
        case.design(two),
        case.design(two, rounds=5),
        case.design(two, seed=1),
        case.design(two, n_options=3),
        case.design(two, order="listed"),
        case.design(two[::-1]),
        case.design((two[0], Prompt("p1", "good bye"))),
        case.design((two[0], Prompt("p1", "bye", category="small talk"))),
        lay_out(case.traits[::-1], two, rounds=4),
    ]
    assert len({d.name for d in designs}) == len(designs)


def test_trials_that_are_known_stay_as_they_are_on_every_platform_and_numpy() -> None:
    names = ["warm", "blunt", "direct", "indirect", "poetic", "terse", "wry"]
    prompts = [Prompt(f"p{i}", f"text {i}", category="abc"[i % 3]) for i in range(9)]

    def first(made: Design, n: int) -> list[tuple[int, str, str]]:
        return [(t.round, " ".join(t.options), t.prompt.id) for t in list(made)[:n]]

    odd = lay_out(names, prompts, rounds=4, seed=2026)
    assert odd.name == "f0fd4a382c-4"
    assert first(odd, 5) == [
        (0, "direct indirect", "p0"),
        (0, "warm wry", "p1"),
        (0, "poetic terse", "p2"),
        (0, "blunt direct", "p4"),
        (1, "indirect warm", "p8"),
    ]
    even = lay_out(names[:6], prompts, rounds=4, seed=2026)
    assert even.name == "c6b295ba57-4"
    assert first(even, 5) == [
        (0, "direct indirect", "p0"),
        (0, "blunt warm", "p1"),
        (0, "poetic terse", "p2"),
        (1, "terse direct", "p4"),
        (1, "warm poetic", "p6"),
    ]
    triples = lay_out(names, prompts, rounds=4, n_options=3, seed=2026)
    assert triples.name == "ce28cf17e1-4"
    assert first(triples, 5) == [
        (0, "warm poetic terse", "p0"),
        (0, "indirect direct wry", "p1"),
        (0, "blunt indirect poetic", "p2"),
        (1, "direct warm blunt", "p6"),
        (1, "terse wry blunt", "p4"),
    ]


@settings(max_examples=40, deadline=None)
@given(cases(), prompt_sets())
def test_each_trait_meets_each_category_in_its_share(case: Case, prompts: tuple[Prompt, ...]) -> None:
    made = case.design(prompts)
    categories = sorted({p.category for p in prompts})
    seen = np.zeros((case.n, len(categories)))
    for trial in made:
        for name in trial.options:
            seen[case.traits.index(name), categories.index(trial.prompt.category)] += 1
    share = np.array([sum(p.category == c for p in prompts) for c in categories]) / len(prompts)
    off = np.abs(seen - seen.sum(axis=1, keepdims=True) * share)
    # Trials too many or too few of any category; the traits of one block must agree on one, hence the K.
    assert off.max() <= (case.n_options + 3) / 2


@settings(max_examples=40, deadline=None)
@given(cases(), prompt_sets())
def test_no_prompt_comes_again_before_all_of_its_category_have_come(
    case: Case, prompts: tuple[Prompt, ...]
) -> None:
    made = case.design(prompts)
    for category in {p.category for p in prompts}:
        size = sum(p.category == category for p in prompts)
        dealt = [t.prompt.id for t in made if t.prompt.category == category]
        for start in range(0, len(dealt), size):
            deck = dealt[start : start + size]
            assert len(set(deck)) == len(deck)


@settings(max_examples=60, deadline=None)
@given(cases(), prompt_sets())
def test_replicates_count_the_earlier_trials_that_are_the_same(
    case: Case, prompts: tuple[Prompt, ...]
) -> None:
    made = case.design(prompts[:2])  # few prompts, so that trials do repeat
    trials = [(t.options, t.prompt.id) for t in made]
    assert made.replicate.tolist() == [trials[:i].count(trial) for i, trial in enumerate(trials)]


def test_repeated_trials_are_told_apart() -> None:
    made = lay_out(["a", "b"], ONE_PROMPT, rounds=6)
    assert Counter(t.options for t in made) == {("a", "b"): 3, ("b", "a"): 3}
    assert len({(t.options, r) for t, r in zip(made, made.replicate.tolist(), strict=True)}) == 6
    assert made.replicate.tolist() == [0, 0, 1, 1, 2, 2]


@settings(max_examples=30, deadline=None)
@given(cases())
def test_listed_options_stand_in_the_order_of_the_traits(case: Case) -> None:
    listed, balanced = case.design(order="listed"), case.design()
    assert all(a < b for block in listed.options.tolist() for a, b in pairwise(block))
    assert [set(t.options) for t in listed] == [set(t.options) for t in balanced]


def test_trials_are_read_by_index_and_by_iteration() -> None:
    made = Case(6, 2, 2, seed=3).design()
    trials = list(made)
    assert [t.id for t in trials] == ["t0", "t1", "t2", "t3", "t4", "t5"]
    assert made[4] == trials[4]
    assert made[-1] == trials[-1]
    with pytest.raises(IndexError):
        made[6]


# How many rounds


def test_by_default_a_design_has_about_two_thousand_trials() -> None:
    rounds = rounds_for(144)
    assert rounds == 28
    assert 0 <= rounds * 144 // 2 - DEFAULT_TRIALS < 72


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 5_000), st.integers(2, 200), st.integers(2, MAX_OPTIONS))
def test_trials_are_rounded_up_to_the_fewest_whole_rounds(trials: int, n: int, n_options: int) -> None:
    def length(rounds: int) -> int:
        return -(-rounds * n // n_options)

    rounds = rounds_for(n, n_options=n_options, trials=trials)
    assert length(rounds) >= trials > length(rounds - 1)


@settings(max_examples=30, deadline=None)
@given(cases())
def test_asking_for_as_many_trials_as_a_design_has_gives_its_rounds(case: Case) -> None:
    made = case.design()
    rounds = rounds_for(case.n, n_options=case.n_options, trials=len(made))
    assert len(case.design(rounds=rounds)) == len(made)


def test_every_pair_once_is_refused_for_larger_blocks_with_the_rounds_that_show_as_many() -> None:
    with pytest.raises(UsageError, match=r"only for pairs .* with 3 options 72 rounds"):
        rounds_for(144, n_options=3, full=True)


@pytest.mark.parametrize("trials", [0, -5])
def test_no_trials_are_refused(trials: int) -> None:
    with pytest.raises(UsageError, match=f"at least one trial, not {trials}"):
        rounds_for(144, trials=trials)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_options": 0}, r"1 to 8 options, not 0"),
        ({"n_options": 9}, r"1 to 8 options, not 9"),
        ({"n_options": 5}, r"5 options a trial need at least 5 traits; there are 4"),
        ({"prompts": ()}, r"at least one prompt; the filters"),
        ({"rounds": 0}, r"at least one round, not 0"),
        ({"seed": -1}, r"from 0 to 4294967295, not -1"),
        ({"seed": 2**32}, r"from 0 to 4294967295, not 4294967296"),
    ],
)
def test_what_cannot_be_laid_out_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Case(4, 2, 1, seed=0).design(**changes)  # type: ignore[arg-type]


# -- several trials on one response --------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(cases(), prompt_sets(), st.integers(2, 8))
def test_a_response_serves_its_trials_and_no_others(
    case: Case, prompts: tuple[Prompt, ...], served: int
) -> None:
    design = case.design(prompts, per_response=served)
    alone = case.design(prompts)
    assert np.array_equal(design.options, alone.options)
    assert design.name != alone.name
    groups = [(int(p), int(r)) for p, r in zip(design.prompt, design.replicate, strict=True)]
    first = [design.first_on_response(trial) for trial in design]
    assert first == [f"t{t // served * served}" for t in range(len(design))]
    assert len(set(zip(groups, first, strict=True))) == len(set(groups)) == -(-len(design) // served)
    longer = case.design(prompts, per_response=served, rounds=case.rounds + 1)
    for name in ("options", "prompt", "replicate"):
        assert np.array_equal(getattr(longer, name)[: len(design)], getattr(design, name))


def test_a_round_alone_leaves_traits_that_never_meet() -> None:
    made = Case(n=12, n_options=2, rounds=12, seed=0).design()
    assert made.connected
    assert not made.first(1).connected
    assert Case(n=2, n_options=2, rounds=1, seed=0).design().connected
