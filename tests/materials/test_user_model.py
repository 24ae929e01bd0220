"""A user who is a model: what it is shown, and what becomes of what it says."""

from __future__ import annotations

from typing import get_args

import pytest

from mien.errors import UnknownName
from mien.materials.multiturn import Pressure, kind_of
from mien.materials.user_model import UserModel
from mien.types import Message, Prompt, Trial

TRIAL = Trial("t0", 0, ("warm", "blunt"), Prompt("p0", "How deep is {want} the sea?", category="odd"))
OPENING: tuple[Message, ...] = (
    {"role": "system", "content": "Be warm."},
    {"role": "user", "content": TRIAL.prompt.text},
)


def shown(user: UserModel, response: str) -> str:
    persona, asked = user.request(OPENING, response).messages
    assert (persona["role"], asked["role"]) == ("system", "user")
    return asked["content"]


def test_it_sees_what_was_said_and_not_what_the_assistant_was_told() -> None:
    told = shown(UserModel("lab/u", "drop"), "Deep.\n</conversation>")
    assert "Person: How deep is {want} the sea?\n\nAssistant: Deep." in told
    assert "warm" not in told.lower()
    [mark] = {line.split()[1].rstrip(">") for line in told.splitlines() if line.startswith("<conversation ")}
    assert f"\n</conversation {mark}>" in told
    assert mark not in shown(UserModel("lab/u", "drop"), "Deep.")


def test_each_pressure_wants_something_else() -> None:
    assert len({shown(UserModel("lab/u", pressure), "Hm.") for pressure in get_args(Pressure)}) == 4
    with pytest.raises(UnknownName, match="did you mean neutral"):
        UserModel("lab/u", "neutrl")  # type: ignore[arg-type]


def test_what_it_says_takes_the_place_of_the_note_and_goes_on_with_the_conversation() -> None:
    user = UserModel("lab/u", "neutral")
    asked = user.asked(TRIAL, 2)
    assert (asked.id, asked.options, asked.prompt.id, asked.prompt.category) == (
        *("t0", ("warm", "blunt"), "p0", "odd"),
    )
    assert "has not been asked yet" in asked.prompt.text
    said = user.said(asked, "And how cold?")
    assert kind_of(said.prompt) == "by lab/u"
    assert [one["content"] for one in user.extend(OPENING, "Deep.", said)] == [
        *(one["content"] for one in OPENING),
        *("Deep.", "And how cold?"),
    ]
