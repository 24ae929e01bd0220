"""A character written down, as assertions in the first person."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mien.errors import InputError
from mien.files import yaml_text
from mien.materials.constitutions.document import KEYED, read
from mien.materials.structure import structure

if TYPE_CHECKING:
    from pathlib import Path


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Assertion(_Strict):
    """What a character says of itself, and what belongs to it.

    Attributes:
        text: the assertion, in the first person.
        raises: traits that it should raise; the key ``raise`` of the file.
        lowers: traits that it should lower; the key ``lower``.
        questions: messages that people might send where the assertion matters.
        in_character: answers that show it.
        out_of_character: answers that fail it.
    """

    text: str
    raises: tuple[str, ...] = Field(default=(), alias="raise")
    lowers: tuple[str, ...] = Field(default=(), alias="lower")
    questions: tuple[str, ...] = ()
    in_character: tuple[str, ...] = ()
    out_of_character: tuple[str, ...] = ()


class Constitution(_Strict):
    """A written character.

    Attributes:
        traits: the trait set that `raise` and `lower` name traits of: a built-in one, or a file.
        never: what the character must never do.
    """

    name: str
    description: str
    traits: str = "classic-144"
    assertions: tuple[Assertion, ...] = Field(min_length=1)
    never: tuple[str, ...] = ()

    @property
    def identity(self) -> dict[str, str]:
        """Its name and a hash of all that it holds: what is kept with what is made by it."""
        content = self.model_dump_json(by_alias=True).encode()
        return {"name": self.name, "hash": blake2b(content, digest_size=8).hexdigest()}

    def yaml(self) -> str:
        """What a file of it holds; lists that are empty are left out."""
        return yaml_text(self.model_dump(mode="json", by_alias=True, exclude_defaults=True))


def load_constitution(source: str | Path) -> Constitution:
    """Load a built-in constitution by name, or a user's from a YAML file.

    Raises:
        UnknownName: neither a built-in constitution nor a file.
        InputError: not YAML, or a key that is unknown, missing or of another kind; with its line.
    """
    node, members = read(source)
    try:
        return Constitution.model_validate(members)
    except ValidationError as error:
        first = structure(node, error, keyed=KEYED)[0]
        raise InputError(first.problem, source=source, where=f"line {first.line}") from error
