"""Later turns: what the user says, and what the model is told by then."""

from __future__ import annotations

from collections import Counter
from importlib import resources
from typing import get_args

import pytest
import yaml

from mien.errors import UnknownName, UsageError
from mien.materials.multiturn import Conversation, Followups, Pressure, kind_of, options_of, turn_name
from mien.types import Message, Prompt, Trial

PROMPTS = [Prompt(f"p{n}", f"Question {n}?", category="odd" if n % 2 else "even") for n in range(6)]
TRIALS = [Trial(f"t{n}", 0, ("warm", "blunt"), PROMPTS[n % 6]) for n in range(300)]
OPENING: tuple[Message, ...] = (
    {"role": "system", "content": "Be warm."},
    {"role": "user", "content": "Question 0?"},
)


def test_no_message_stands_twice() -> None:
    # The store keeps a message once for each prompt, with the kind that it had first.
    text = (resources.files("mien") / "data" / "followups.yaml").read_text(encoding="utf-8")
    scripts = [script for scripts in yaml.safe_load(text).values() for script in scripts]
    messages = [message for script in scripts for message in script["messages"]]
    assert len(set(messages)) == len(messages)
    assert len({script["kind"] for script in scripts}) == len(scripts)


@pytest.mark.parametrize("pressure", get_args(Pressure))
def test_a_trial_is_asked_the_same_whenever_it_is(pressure: Pressure) -> None:
    first, second = (Followups(pressure, PROMPTS, seed=3) for _ in range(2))
    for trial in TRIALS[:20]:
        asked = [first.asked(trial, turn) for turn in (2, 3, 4, 5)]
        assert asked == [second.asked(trial, turn) for turn in (2, 3, 4, 5)]
        assert {(one.id, one.options, one.prompt.id) for one in asked} == {
            (trial.id, trial.options, trial.prompt.id)
        }
        assert {one.prompt.category for one in asked} == {trial.prompt.category}
        assert trial.prompt.text not in {one.prompt.text for one in asked}
        if pressure != "none":
            assert len({one.prompt.text for one in asked[:3]}) == 3
            assert asked[3].prompt.text == asked[0].prompt.text  # the script begins anew


def test_the_kinds_of_dropping_are_dealt_evenly() -> None:
    drop = Followups("drop", PROMPTS, seed=0)
    kinds = Counter(kind_of(drop.asked(trial, 2).prompt) for trial in TRIALS)
    assert set(kinds) == {
        "plain",
        "role",
        "drop",
        "suffix",
        "system",
    }
    assert min(kinds.values()) > 40


def test_a_conversation_grows_and_the_system_message_is_contradicted_once() -> None:
    drop = Followups("drop", PROMPTS, seed=0)
    trial = next(t for t in TRIALS if kind_of(drop.asked(t, 2).prompt) == "system")
    second, third = drop.asked(trial, 2), drop.asked(trial, 3)
    messages = drop.extend(OPENING, "One.", second)
    messages = drop.extend(messages, "Two.", third)
    assert [message["role"] for message in messages] == ["system", *("user", "assistant") * 2, "user"]
    assert messages[0]["content"].startswith("Be warm.\n\n")
    assert messages[0]["content"].count("no personality of any kind") == 1
    assert [message["content"] for message in messages[2:]] == [
        "One.", second.prompt.text, "Two.", third.prompt.text,
    ]  # fmt: skip
    plain = Followups("neutral", PROMPTS, seed=0)
    assert plain.extend(OPENING, "One.", plain.asked(trial, 2))[:2] == OPENING


def test_later_turns_are_named_after_what_the_user_wants_and_who_it_is() -> None:
    assert turn_name("r", "drop", 1) == "r"
    assert turn_name("r", "drop", 3) == "r@drop-3"
    wish = Conversation(turns=2, pressure="drop", user="http://host/v1#lab/small").wish
    assert wish == "drop by http://host/v1#lab/small"
    assert turn_name("r", wish, 2) == "r@drop-by-small-2"
    assert options_of(wish) == "--pressure drop --user http://host/v1#lab/small"
    assert options_of("stay") == "--pressure stay"
    with pytest.raises(UsageError, match="comes with the second turn"):
        Conversation(user="lab/u")


def test_what_cannot_be_asked() -> None:
    with pytest.raises(UnknownName, match="did you mean neutral"):
        Followups("neutrl", PROMPTS, seed=0)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="give more prompts"):
        Followups("none", PROMPTS[:1], seed=0)


def test_a_later_turn_is_named_after_the_run() -> None:
    assert turn_name("run", "drop", 1) == "run"
    assert turn_name("run", "drop", 3) == "run@drop-3"
    assert kind_of(PROMPTS[0]) == ""


def test_trials_on_one_response_go_on_alike() -> None:
    drop = Followups("drop", PROMPTS, seed=0, of=lambda trial: f"t{int(trial.id[1:]) // 5 * 5}")
    for first in range(0, 50, 5):
        asked = {drop.asked(trial, 2).prompt.text for trial in TRIALS[first : first + 5]}
        assert len(asked) == 1


def test_a_conversation_without_a_system_message_gets_one_only_where_the_script_has_one() -> None:
    user, reply = OPENING[1:], "Hello."
    drop = Followups("drop", PROMPTS, seed=0)
    for trial in TRIALS[:30]:
        asked = drop.asked(trial, 2)
        extended = drop.extend(user, reply, asked)
        with_system = drop.extend(OPENING, reply, asked)
        added = with_system[0]["content"].removeprefix("Be warm.").strip()
        system = ({"role": "system", "content": added},) if added else ()
        assert extended == (*system, *with_system[1:])
        assert drop.extend(extended, reply, asked)[: len(system)] == system
