"""Which responses stand side by side, and on which side."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mien.viewer.pairing import Answered, left, paired

RUNS = ("before", "after")


def trials(*rows: tuple[str, str], options: str = "[]") -> list[Answered]:
    return [Answered(trial, options, prompt) for trial, prompt in rows]


def of(a: list[Answered], b: list[Answered]) -> set[tuple[str, str]]:
    return {pair.trials for pair in paired(RUNS, a, b)}


def test_shared_trials_are_paired() -> None:
    a = trials(("t0", "p"), ("t1", "p"), ("t2", "q"), ("t3", "only"))
    b = trials(("t1", "p"), ("t2", "q"), ("t0", "p"), ("t4", "p"))
    assert of(a, b) == {("t0", "t0"), ("t1", "t1"), ("t2", "t2")}


def test_without_shared_trials_a_prompts_trials_are_paired_as_they_come() -> None:
    a = trials(("t0", "p"), ("t1", "p"), ("t2", "q"))
    b = trials(("u0", "q"), ("u1", "p"), ("u2", "p"), ("u3", "p"))
    assert of(a, b) == {("t0", "u1"), ("t1", "u2"), ("t2", "u0")}


def test_trials_of_one_id_with_other_options_are_not_the_same_trial() -> None:
    a = trials(("t0", "p"), ("t1", "p"), options='["warm", "blunt"]')
    b = trials(("t1", "p"), ("t0", "p"), options='["dry", "blunt"]')
    assert of(a, b) == {("t0", "t1"), ("t1", "t0")}


def test_runs_without_a_common_prompt_have_no_pairs() -> None:
    assert paired(RUNS, trials(("t0", "p")), trials(("t0", "q"))) == []


@given(st.lists(st.integers(0, 5), max_size=40))
def test_every_prompt_comes_up_before_any_comes_up_again(asked: list[int]) -> None:
    both = trials(*((f"t{i}", f"p{prompt}") for i, prompt in enumerate(asked)))
    order = [pair.prompt for pair in paired(RUNS, both, both)]
    assert sorted(order) == sorted(f"p{prompt}" for prompt in asked)
    turns = [order[:i].count(prompt) for i, prompt in enumerate(order)]
    assert turns == sorted(turns)


def test_the_order_and_the_sides_do_not_depend_on_which_run_is_named_first() -> None:
    a, b = trials(("t0", "p"), ("t1", "q")), trials(("u0", "p"), ("u1", "q"))
    one, other = paired(RUNS, a, b), paired(RUNS[::-1], b, a)
    assert [pair.trials for pair in one] == [pair.trials[::-1] for pair in other]
    for x, y in zip(one, other, strict=True):
        assert x.key == y.key
        for person in ("Ana", "Bo"):
            assert {left(x, RUNS, person), left(y, RUNS[::-1], person)} == {"a", "b"}


def test_sides_are_even_and_drawn_for_every_person() -> None:
    both = trials(*((f"t{i}", f"p{i}") for i in range(2000)))
    ana, bo = (
        [left(pair, RUNS, person) == "a" for pair in paired(RUNS, both, both)] for person in ("Ana", "Bo")
    )
    assert 900 < sum(ana) < 1100
    assert 900 < sum(bo) < 1100
    assert 900 < sum(x == y for x, y in zip(ana, bo, strict=True)) < 1100
