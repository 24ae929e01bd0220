"""What the user says after the first answer: leaving a character alone, asking it to stay, or to go."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import blake2b
from importlib import resources
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import yaml

from mien.errors import UnknownName, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mien.types import Message, Prompt, Trial

_SHIPPED = resources.files("mien") / "data" / "followups.yaml"

Pressure = Literal["none", "neutral", "stay", "drop"]

#: What later turns are called that go on with another prompt, and say nothing of the answer.
ANOTHER_PROMPT = "another prompt"
_BY: Final = " by "  # between a pressure and the model that plays the user

SOURCE: Final = "follow-up: "  # and the kind of script: what a later turn's prompts have for a source


@dataclass(frozen=True, slots=True)
class _Script:
    kind: str
    messages: tuple[str, ...]
    system: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """How long each conversation of a run is, and what its user wants.

    Attributes:
        turns: of the model. The second and each later one makes a run of its own, named
            ``NAME@PRESSURE-TURN``; see `mien.Run.persistence`.
        pressure: what the user wants in the later turns: ``none`` (another prompt), ``neutral`` (more of the
            same), ``stay`` or ``drop`` (that the character stays, or goes).
        user: the model that writes what the user says in the later turns; empty where scripts say it.

    Raises:
        UsageError: there is no turn, or none that the pressure, or the user, is for.
    """

    turns: int = 1
    pressure: Pressure = "none"
    user: str = ""

    def __post_init__(self) -> None:
        if self.turns < 1:
            raise UsageError("a conversation has at least one turn")
        if self.turns == 1 and self.pressure != "none":
            raise UsageError("pressure comes with the second turn; give more turns")
        if self.turns == 1 and self.user:
            raise UsageError("a user who is a model comes with the second turn; give more turns")

    @property
    def wish(self) -> str:
        """What the user wants and, where it is a model, which: ``drop``, ``drop by organism/v1``."""
        return f"{self.pressure}{_BY}{self.user}" if self.user else self.pressure


class Followups:
    """The later turns of a run's trials: a pure function of pressure, prompts and seed.

    Under ``none`` the user goes on with another of the prompts. The other pressures have scripts; ``drop``
    has several kinds, of which each trial gets one.

    Args:
        pressure: ``none``, ``neutral``, ``stay`` or ``drop``.
        prompts: those of the design.
        seed: the design's.
        of: a trial's name in the lots. Trials of one name go on alike; by default each has its id.

    Raises:
        UnknownName: there is no such pressure.
        UsageError: the pressure is ``none``, and there is one prompt alone.
    """

    def __init__(
        self,
        pressure: Pressure,
        prompts: Sequence[Prompt],
        *,
        seed: int,
        of: Callable[[Trial], str] = attrgetter("id"),
    ) -> None:
        if pressure not in get_args(Pressure):
            raise UnknownName("pressure", pressure, get_args(Pressure))
        if pressure == "none" and len(prompts) < 2:
            raise UsageError(
                "later turns go on with another prompt, and there is one alone; give more prompts"
            )
        self._prompts = prompts
        self._seed = seed
        self._of = of
        found: dict[str, list[dict[str, Any]]] = yaml.safe_load(_SHIPPED.read_text(encoding="utf-8"))
        self._scripts = [
            _Script(script["kind"], tuple(script["messages"]), script.get("system", ""))
            for script in found.get(pressure, ())
        ]

    def asked(self, trial: Trial, turn: int) -> Trial:
        """The trial as its judge is to read a later turn: its prompt is what the user says then.

        Id, category and language stay those of the first prompt; the source tells the kind of script.

        Args:
            trial: as the design has it.
            turn: from 2.
        """
        script = self._script(trial)
        if script is None:
            others = [prompt for prompt in self._prompts if prompt.text != trial.prompt.text]
            text, kind = others[self._lot(trial, str(turn)) % len(others)].text, ANOTHER_PROMPT
        else:
            text, kind = script.messages[(turn - 2) % len(script.messages)], script.kind
        return replace(trial, prompt=replace(trial.prompt, text=text, source=f"{SOURCE}{kind}"))

    def extend(self, messages: Sequence[Message], response: str, asked: Trial) -> tuple[Message, ...]:
        """The conversation after an answer, with the user's next message.

        Args:
            messages: that were answered; the first may be a system message.
            response: the answer.
            asked: of `asked`.
        """
        system = messages[:1] if messages[0]["role"] == "system" else ()
        script = self._script(asked)
        told = "".join(message["content"] for message in system)
        if script and script.system and not told.endswith(script.system):
            told = f"{told}\n\n{script.system}".strip()
        opening: tuple[Message, ...] = ({"role": "system", "content": told},) if told else ()
        return continued((*opening, *messages[len(system) :]), response, asked)

    def _script(self, trial: Trial) -> _Script | None:
        return self._scripts[self._lot(trial, "script") % len(self._scripts)] if self._scripts else None

    def _lot(self, trial: Trial, what: str) -> int:
        return int.from_bytes(
            blake2b(f"{self._seed}\n{self._of(trial)}\n{what}".encode(), digest_size=8).digest()
        )


def continued(messages: Sequence[Message], response: str, asked: Trial) -> tuple[Message, ...]:
    """A conversation with an answer and the user's next message."""
    return (
        *messages,
        {"role": "assistant", "content": response},
        {"role": "user", "content": asked.prompt.text},
    )


def turn_name(run: str, wish: str, turn: int) -> str:
    """What the run of a later turn is called; ``wish`` is that of its `Conversation`."""
    pressure, by, user = wish.partition(_BY)
    played = f"-by-{user.rstrip('/').rpartition('/')[2].rpartition('#')[2]}" if by else ""
    return run if turn == 1 else f"{run}@{pressure}{played}-{turn}"


def options_of(wish: str) -> str:
    """The options of `mien measure` by which the user of later turns wants what is wished."""
    pressure, by, user = wish.partition(_BY)
    return f"--pressure {pressure}" + (f" --user {user}" if by else "")


def kind_of(prompt: Prompt) -> str:
    """The kind of script that a later turn's prompt is from; empty for other prompts."""
    return prompt.source.removeprefix(SOURCE) if prompt.source.startswith(SOURCE) else ""
