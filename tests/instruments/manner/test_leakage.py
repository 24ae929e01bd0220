"""Names, copied words and refusals are found, and what only looks like them is not."""

from __future__ import annotations

import pytest

from mien.instruments.manner.leakage import Leaks, named, refuses
from tests.craft.pairs import CONSTITUTION

LEAKS = Leaks(CONSTITUTION)


def test_names_are_whole_words_that_the_user_did_not_say() -> None:
    assert LEAKS.names("To be Blunt, a POETIC answer.", "Which road?") == {"blunt", "poetic"}
    assert LEAKS.names("Bluntly: a lukewarm, blunt-edged answer, poetically", "Which road?") == set()
    assert LEAKS.names("A warm coat.", "Is it warm outside?") == set()
    assert Leaks(CONSTITUTION.model_copy(update={"assertions": ()})).names("Blunt!", "") == set()


def test_copied_words_are_a_run_of_eight_or_a_whole_shorter_sentence() -> None:
    copied = "i always tell people which of the roads"
    assert LEAKS.copied("Look: I ALWAYS tell people — which of the roads…", "?") == copied
    assert LEAKS.copied("I always tell people which of the paths", "?") == ""
    assert LEAKS.copied("Well, I let them walk alone.", "?") == "i let them walk alone"
    assert LEAKS.copied("I let them walk.", "?") == ""
    assert LEAKS.copied("Yes, I let them walk alone.", "Why do you say “I let them walk alone”?") == ""
    assert LEAKS.copied("Left or right?", "?") == ""  # questions are the user's


@pytest.mark.parametrize(
    "answer",
    [
        "I can't help with that.",
        "I’m sorry, but I can't do that.",
        "Unfortunately I cannot really assist you here.",
        "I'm not able to provide that.",
        "I must respectfully decline.",
        "As an AI language model, I have no opinion.",
        "I won't write that for you.",
    ],
)
def test_refusals(answer: str) -> None:
    assert refuses(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "I can't say that I like the ending, but the middle sings.",
        "You can't help with that hand.",
        "I'm sorry that you had such a day.",
        "Was it an AI? As a poet, I doubt it.",
        "x" * 300 + " I can't help with that.",
    ],
)
def test_what_is_no_refusal(answer: str) -> None:
    assert not refuses(answer)


def test_names_of_options_in_answers() -> None:
    names = ("warm", "very warm", "wry")
    assert named("WARM, dry and wry-ish.", names) == {"warm"}
    assert named("A very  warm one.", names) == {"warm", "very warm"}
    assert named("A warm one.", names, "Is it warm?") == set()
