"""What models are told as they are stretched, and what their judge is."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import msgspec
import yaml

from mien.materials.wording import OptionList, fill
from mien.types import Trait

if TYPE_CHECKING:
    from collections.abc import Mapping

SHIPPED: Final = resources.files("mien") / "data" / "breadth"


@cache
def wording() -> dict[str, Any]:
    """All texts, by what they are for."""
    return yaml.safe_load((SHIPPED / "wording.yaml").read_text(encoding="utf-8"))


@cache
def wording_digest() -> str:
    """What tells these texts from others."""
    return blake2b(msgspec.json.encode(wording(), order="sorted"), digest_size=6).hexdigest()


def described(trait: Mapping[str, str]) -> str:
    """A trait as it is shown, with its description where it has one."""
    named = Trait(trait["name"], trait.get("description", ""))
    return OptionList([named], descriptions=True)([named.name])


def instruction(trait: Mapping[str, str], level: int) -> str:
    """What a model is told.

    Args:
        trait: its ``name`` and ``description``.
        level: −3 … 3, but not 0, which is told nothing.
    """
    texts = wording()["told"]["up" if level > 0 else "down"]
    return fill(texts[abs(level) - 1], trait=described(trait))
