"""A user who is a model: it reads the conversation so far, and writes the user's next message."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, get_args

import yaml

from mien.errors import UnknownName
from mien.materials.multiturn import SOURCE, Pressure, continued
from mien.materials.wording import fill
from mien.types import Request, Sampling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.types import Message, Trial

_SHIPPED = resources.files("mien") / "data" / "user.yaml"
_LONGEST: Final = 1024  # tokens, the thoughts of a model that reasons among them
_SAMPLING: Final = Sampling(temperature=1.0)


class UserModel:
    """The later turns of a run's trials where a model writes what the user says.

    What it will say is not known before the conversation is: a trial is kept with a note in its place, and
    the call that wrote it beside that. The model is shown what user and assistant said, and not what the
    assistant was told about its manner.

    Args:
        user: the model, as its specification names it.
        pressure: what it is told to want.

    Raises:
        UnknownName: there is no such pressure.
    """

    def __init__(self, user: str, pressure: Pressure) -> None:
        if pressure not in get_args(Pressure):
            raise UnknownName("pressure", pressure, get_args(Pressure))
        self.user = user
        self._wording: dict[str, Any] = yaml.safe_load(_SHIPPED.read_text(encoding="utf-8"))
        self._want: str = self._wording["want"][pressure]

    def asked(self, trial: Trial, turn: int) -> Trial:
        """The trial before the user has said anything; see `mien.materials.multiturn.Followups.asked`."""
        del turn
        note = f"(what {self.user} says here, who has not been asked yet)"
        return replace(trial, prompt=replace(trial.prompt, text=note, source=f"{SOURCE}by {self.user}"))

    def said(self, asked: Trial, text: str) -> Trial:
        """The trial with what the user said."""
        return replace(asked, prompt=replace(asked.prompt, text=text))

    def request(self, messages: Sequence[Message], response: str, *, replicate: int = 0) -> Request:
        """What the model that plays the user is asked.

        Args:
            messages: that were answered; what the system says is left out.
            response: the answer.
            replicate: tells conversations apart that went the same way.
        """
        told = [message for message in messages if message["role"] != "system"]
        spoken = [*told, {"role": "assistant", "content": response}]
        who = {"user": "Person", "assistant": "Assistant"}
        conversation = "\n\n".join(f"{who[one['role']]}: {one['content'].strip()}" for one in spoken)
        # An answer may hold what looks like the end of the conversation: it cannot guess the mark.
        mark = blake2b(conversation.encode(), digest_size=4).hexdigest()
        ask = fill(self._wording["ask"], mark=mark, conversation=conversation, want=self._want)
        return Request(
            (
                {"role": "system", "content": self._wording["persona"].strip()},
                {"role": "user", "content": ask},
            ),
            _SAMPLING,
            replicate=replicate,
            longest=_LONGEST,
        )

    def extend(self, messages: Sequence[Message], response: str, asked: Trial) -> tuple[Message, ...]:
        """The conversation after an answer, with what the user said; see `Followups.extend`."""
        return continued(messages, response, asked)
