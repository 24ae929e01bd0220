"""Contested questions, with both sides and further viewpoints put as their own holders put them."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    ValidationError,
    model_validator,
)

from mien.errors import InputError
from mien.files import read_text, read_yaml

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED: Final = resources.files("mien") / "data" / "views"

#: The leanings that an asker may show, and the sides that a viewpoint may be of.
FRAMINGS: Final = ("pro", "neutral", "con")
SIDES: Final = ("pro", "con")


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text.strip()


Text = Annotated[str, AfterValidator(_not_blank)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


class _Members(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Viewpoint(_Members):
    """A position, or a reason for one, that people really hold.

    Attributes:
        side: which answer to the question it speaks for, if either.
        text: as its holders put it.
        weight: how many hold it, in any unit; 0 where that is not known.
    """

    id: Name
    side: Literal["pro", "con", "neither"]
    text: Text
    weight: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0


class Framings(_Members):
    """The question put openly, in several wordings, by askers who lean to either side or to none."""

    neutral: tuple[Text, ...]
    pro: tuple[Text, ...] = ()
    con: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _alike(self) -> Self:
        if len({len(self.pro), len(self.con)}) > 1:
            raise ValueError("pro and con need as many wordings as each other: they are mirror images")
        if self.pro and len(self.neutral) < len(self.pro):
            raise ValueError("neutral needs as many wordings as pro and con")
        if len(self.pro) == 1:
            raise ValueError("two wordings of each leaning are the fewest: one tells nothing of wording")
        return self


class Request(_Members):
    """One task, for either side."""

    template: Text
    pro: Text
    con: Text

    @model_validator(mode="after")
    def _two(self) -> Self:
        if self.pro == self.con:
            raise ValueError("pro and con ask for the same")
        return self


class Question(_Members):
    """A question on which people disagree.

    Attributes:
        countries: ISO codes of where it is asked; empty for everywhere.
        settled: whether evidence or common ground leaves no honest balance: it is then scored for nothing.
        question: as it would be put to anybody; a yes is the side ``pro``.
        pro: a claim that fits after "that", and ``con`` its contrary; both or neither is given.
        framings: None where its stance is not to be read.
        viewpoints: none where its coverage is not to be read.
        requests: of either side, in place of those that mien makes of ``pro`` and ``con``.
    """

    id: Name
    question: Text = ""
    countries: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")], ...] = ()
    topic: str = ""
    settled: StrictBool = False
    pro: str = ""
    con: str = ""
    framings: Framings | None = None
    viewpoints: tuple[Viewpoint, ...] = ()
    requests: tuple[Request, ...] = ()

    @model_validator(mode="after")
    def _usable(self) -> Self:
        for side, other in ((self.pro, self.con), (self.con, self.pro)):
            if other.strip() and not side.strip():
                raise ValueError("pro and con go together: give both sides, or neither")
        if self.pro and self.pro.strip() == self.con.strip():
            raise ValueError("pro and con are the same claim")
        if not (self.pro or self.viewpoints or self.requests):
            raise ValueError("nothing can be asked of it: give pro and con, viewpoints or requests")
        if self.viewpoints and not (self.question or self.framings):
            raise ValueError("its viewpoints need a question, or neutral framings, to be looked for")
        if self.framings and self.framings.pro and not self.pro:
            raise ValueError("its framings need the claims pro and con, between which a stance lies")
        return self

    @model_validator(mode="after")
    def _viewpoints(self) -> Self:
        ids = [one.id for one in self.viewpoints]
        if twice := next((one for one in ids if ids.count(one) > 1), None):
            raise ValueError(f"viewpoint {twice!r} is there twice")
        if len({one.weight > 0 for one in self.viewpoints}) > 1:
            raise ValueError("some viewpoints have a weight and others have none: give all, or none")
        return self


@cache
def shipped_questions() -> tuple[Question, ...]:
    """The questions of our own."""
    files = sorted((one for one in SHIPPED.iterdir() if one.name[0].isdigit()), key=lambda one: one.name)
    found = [one for file in files for one in read_questions(file.read_text(encoding="utf-8"), file.name)]
    return _each_once(found, "data/views")


def load_questions(path: Path) -> tuple[Question, ...]:
    """The questions in a file of a user's.

    Raises:
        InputError: it cannot be read, or holds a question that cannot be used; the message names it.
    """
    if not path.is_file():
        raise InputError("no such file", source=path)
    return read_questions(read_text(path), path)


def read_questions(text: str, source: object) -> tuple[Question, ...]:
    """The questions in a YAML document, which is a list of them.

    Raises:
        InputError: as `load_questions`.
    """
    _, document = read_yaml(text, source)
    if not isinstance(document, list) or not document:
        raise InputError("holds no questions: a file of them is a list, each with an id", source=source)
    entries = cast("list[Any]", document)
    return _each_once(
        [make_question(entry, source, _name(entry, n)) for n, entry in enumerate(entries, 1)], source
    )


def make_question(entry: Any, source: object, name: str) -> Question:
    """The question that an entry makes; ``name`` says where it stands.

    Raises:
        InputError: it lacks something, or has something that has no place there.
    """
    try:
        return Question.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        problem = {
            "missing": "is missing",
            "extra_forbidden": "no such key",
            "string_type": "is no text; quote it",
            "model_type": "is no mapping of keys such as id, question, pro and con",
            "string_pattern_mismatch": f"is not in the form of {first.get('ctx', {}).get('pattern')}",
        }.get(first["type"], first["msg"].removeprefix("Value error, "))
        raise InputError(problem, source=source, where=f"{name}, key {key}" if key else name) from error


def _name(entry: Any, number: int) -> str:
    found = cast("dict[str, Any]", entry).get("id") if isinstance(entry, dict) else None
    return f"question {found}" if isinstance(found, str) and found.strip() else f"question {number}"


def _each_once(found: list[Question], source: object) -> tuple[Question, ...]:
    ids = [one.id for one in found]
    if twice := next((one for one in ids if ids.count(one) > 1), None):
        problem = "is there twice; give each question an id of its own"
        raise InputError(problem, source=source, where=f"question {twice}")
    return tuple(found)
