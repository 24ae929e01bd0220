"""What models are told when training data are made."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import yaml
from pydantic import BaseModel, ConfigDict

from mien.materials.wording import fill

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mien.materials.constitutions import Assertion, Constitution

_SHIPPED = resources.files("mien") / "data" / "crafting" / "default.yaml"


class Wording(BaseModel):
    """What models are told when training data are made; `data/crafting/default.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    character: str
    never: str
    focus: str
    in_examples: str
    out_examples: str
    in_character: str
    opposite: str
    queries: str
    situations: tuple[str, ...]
    judge: str
    tie: str
    question: str
    pair: str

    def fill(self, name: str, **members: str) -> str:
        """One of the texts, filled in; a paragraph that is left empty leaves no gap."""
        filled = fill(getattr(self, name), **members)
        return "\n\n".join(part.strip("\n") for part in filled.split("\n\n") if part.strip())

    def character_of(self, constitution: Constitution) -> str:
        """The character as a whole: description, assertions and what it never does."""
        assertions = bullets(assertion.text for assertion in constitution.assertions)
        whole = self.fill("character", description=constitution.description, assertions=assertions)
        never = self.fill("never", never=bullets(constitution.never)) if constitution.never else ""
        return paragraphs(whole, never)

    def focus_on(self, assertion: Assertion | None) -> str:
        """The one assertion that matters; nothing for None."""
        return self.fill("focus", assertion=assertion.text) if assertion else ""


def load_wording() -> Wording:
    """The wording that ships."""
    return Wording.model_validate(yaml.safe_load(_SHIPPED.read_text(encoding="utf-8")))


def bullets(texts: Iterable[str]) -> str:
    """Texts as a list."""
    return "\n".join(f"- {text}" for text in texts)


def paragraphs(*texts: str) -> str:
    """Texts below each other; one that is empty leaves no gap."""
    return "\n\n".join(text for text in texts if text)
