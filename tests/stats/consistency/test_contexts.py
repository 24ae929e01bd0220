"""Which trials belong to which context, and contexts that are too small."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mien.errors import UsageError
from mien.stats.consistency import Contexts, consistency


@pytest.fixture(scope="module")
def case(play):
    comparisons, context, _ = play(0.8, 5)
    return comparisons, {f"p{i:02}": "xyz"[c] for i, c in enumerate(context.tolist())}


def test_contexts_of_few_prompts_and_prompts_of_none_are_left_out(case):
    comparisons, labels = case
    few = [label for label in labels if labels[label] == "z"]
    moved = labels | dict.fromkeys(few[:16], "")
    found = consistency(comparisons, Contexts(moved), n_resamples=99)
    assert found.contexts == ("x", "y")
    assert found.left_out == {"z": 4, "": 16}
    del moved[few[0]]
    assert consistency(comparisons, Contexts(moved), n_resamples=99).left_out == {"z": 4, "": 16}


def test_verdicts_without_a_choice_are_left_out(case):
    comparisons, labels = case
    chosen = comparisons.chosen.copy()
    chosen[::3] = -1
    found = consistency(replace(comparisons, chosen=chosen), Contexts(labels), n_resamples=99)
    assert found.verdicts.sum() == 400


def test_one_context_alone_is_refused(case):
    comparisons, labels = case
    with pytest.raises(
        UsageError, match=r"by language needs two contexts with 5 or more .* 'run' are en: 60"
    ):
        consistency(comparisons, Contexts(dict.fromkeys(labels, "en"), by="language", run="run"))
    with pytest.raises(UsageError, match=r"the prompts are none"):
        consistency(comparisons, Contexts({}))
