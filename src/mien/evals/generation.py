"""How a model that is evaluated is made to answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from mien.types import Sampling

if TYPE_CHECKING:
    from collections.abc import Mapping

_SAMPLING: Final = ("temperature", "max_tokens", "reasoning_effort", "extra")


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """How the model under test answers, whatever it is asked.

    Attributes:
        temperature: at which it is sampled; None leaves it to the endpoint.
        max_tokens: after which its answers are cut off; None leaves it to the endpoint.
        reasoning_effort: how much a reasoning model is to think; None leaves it to the endpoint.
        extra: further members of the request body.
        system: the system prompt; empty for none.
    """

    temperature: float | None = 1.0
    max_tokens: int | None = 1024
    reasoning_effort: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])
    system: str = ""

    @property
    def settings(self) -> dict[str, Any]:
        """By name, as an evaluation keeps them; of what may be left out, what is given."""
        given = {
            "reasoning_effort": self.reasoning_effort,
            "extra": dict(self.extra) or None,
            "system": self.system or None,
        }
        return {"temperature": self.temperature, "max_tokens": self.max_tokens} | {
            name: value for name, value in given.items() if value is not None
        }


def sampling(settings: Mapping[str, Any]) -> Sampling:
    """How a model is asked, by the settings that an evaluation keeps."""
    return Sampling(**{name: settings[name] for name in _SAMPLING if name in settings})
