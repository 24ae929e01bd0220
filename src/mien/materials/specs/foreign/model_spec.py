"""Specs in the Markdown of OpenAI's model spec, with the examples that lie beside it.

A heading ``{#id authority=… tags=…}`` begins a clause; one without an authority holds clauses and is none.
``[^abcd]`` leads to prompts in ``examples/abcd.md``. What stands under ``**Example**:`` between ``~~~xml``
and ``~~~`` is a conversation, often with answers that are called good and bad.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Final

from mien.errors import InputError
from mien.files import read_text
from mien.formatting import counted, enumerated
from mien.materials.specs.foreign.imported import Imported, clause, example, item, made_spec
from mien.materials.specs.foreign.turns import Talk, read_turns
from mien.materials.specs.spec import AUTHORITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from mien.materials.specs.foreign.turns import Answer
    from mien.materials.specs.spec import Clause, Example, SpecItem

FILE: Final = "model_spec.md"

_HEADING: Final = re.compile(r"(#+)\s+(.*?)\s*\{#([\w-]+)((?:\s+\w+=[^\s}]+)*)\s*\}\s*")
_REFERENCE: Final = re.compile(r"\[\^(\w+)\]")
_NAMED: Final = re.compile(r"(.*?)\s+in\s+(.*?):\s*")
_CAPTION: Final = re.compile(r"\*\*Example\*\*:\s*(.*)")
_LINK: Final = re.compile(r"\[([^\]]*)\]\(#([\w-]+)\)")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(slots=True)
class Scene:
    """A conversation with its caption, and the line on which it begins."""

    caption: str
    block: str
    where: str

    def read(self, line: str) -> Scene | None:
        """The scene with a further line; None where the line closes it."""
        if line.startswith("~~~"):
            return None
        self.block += f"{line}\n"
        return self


@dataclass(slots=True)
class Section:
    """What stands under a heading.

    Attributes:
        above: titles of the headings that it stands under, the outermost first.
        references: what it refers to, each with its line.
    """

    id: str
    title: str
    level: int
    attributes: Mapping[str, str]
    above: tuple[str, ...] = ()
    text: list[str] = field(default_factory=list[str])
    scenes: list[Scene] = field(default_factory=list[Scene])
    references: dict[str, int] = field(default_factory=dict[str, int])


@dataclass(slots=True)
class Account:
    """What is found out on the way."""

    left: list[str] = field(default_factory=list[str])
    comparisons: int = 0
    prompts: int = 0
    commentary: int = 0
    stood_in: int = 0


def import_model_spec(path: Path) -> Imported:
    """The spec in a folder that holds ``model_spec.md`` and ``examples``, or in such a file.

    Answers called good and bad become the examples of their clause; one that is bad by another clause becomes
    that one's. Prompts become items, whose cluster is what refers to them. Of what the text says, commentary
    is passed over, and links to sections that are no clauses become their titles. Developers' messages
    become part of the system's.

    Raises:
        InputError: there is no clause in it, or a conversation is never closed.
    """
    file = path / FILE if path.is_dir() else path
    account = Account()
    sections = _sections(read_text(file), file, account)
    clauses = {one.id: one for one in sections if one.attributes.get("authority")}
    prompts = {one.stem: one for one in sorted((file.parent / "examples").glob("*.md"))}
    titles = {one.id: one.title for one in sections}
    items, told = _items(sections, prompts, account)
    good, bad = _examples(clauses, account)
    made = [
        clause(
            id=one.id,
            section=" / ".join(one.above),
            text=_text(one, titles, clauses),
            authority=_authority(one, account),
            tags=[tag for tag in one.attributes.get("tags", "").split(",") if tag],
            good=good[one.id],
            bad=bad[one.id],
            items=items[one.id],
        )
        for one in clauses.values()
    ]
    version = file.parent.name if _DATE.fullmatch(file.parent.name) else ""
    spec = made_spec(
        file, name="model_spec", version=version, source=f"imported from {file.name}", clauses=made
    )
    return Imported(
        spec, tuple(_notes(made, len(sections) - len(clauses), account, told)), tuple(account.left)
    )


def _sections(text: str, file: Path, account: Account) -> list[Section]:
    sections: list[Section] = []
    scene: Scene | None = None
    caption, commentary = "", False
    for number, line in enumerate(text.split("\n"), 1):
        if scene is not None:
            scene = scene.read(line)
            continue
        commentary = commentary and (not line.strip() or line.startswith("    "))
        if heading := _HEADING.fullmatch(line):
            sections.append(_section(heading, sections))
        elif not sections or commentary:
            continue
        elif line.startswith("!!!"):
            commentary = True
            account.commentary += 1
        elif found := _CAPTION.match(line):
            caption = found[1]
        elif line.startswith("~~~"):
            scene = Scene(caption, "", f"line {number}")
            sections[-1].scenes.append(scene)
        else:
            for reference in _REFERENCE.findall(line):
                sections[-1].references.setdefault(reference, number)
            sections[-1].text.append(_REFERENCE.sub("", line))
    if not any(one.attributes.get("authority") for one in sections):
        problem = "holds no clause: a heading with {#id authority=…}"
        raise InputError(problem, source=file)
    if scene is not None:
        raise InputError("a conversation is never closed by ~~~", source=file, where=scene.where)
    return sections


def _section(heading: re.Match[str], before: list[Section]) -> Section:
    level = len(heading[1])
    attributes = dict(part.split("=", 1) for part in heading[4].split())
    above: list[Section] = []
    for one in reversed(before):
        if one.level < (above[-1].level if above else level):
            above.append(one)
    return Section(heading[3], heading[2], level, attributes, tuple(one.title for one in reversed(above)))


def _authority(section: Section, account: Account) -> str:
    level = section.attributes["authority"]
    if level in AUTHORITIES:
        return level
    account.left.append(f"clause {section.id}: authority {level} is none of {', '.join(AUTHORITIES)}")
    return ""


def _text(section: Section, titles: Mapping[str, str], clauses: Mapping[str, Section]) -> str:
    def linked(found: re.Match[str]) -> str:
        words = titles.get(found[2], found[2]) if found[1] == "?" else found[1]
        return f"[{words}](#{found[2]})" if found[2] in clauses else words

    text = re.sub(r"\n{3,}", "\n\n", _LINK.sub(linked, "\n".join(section.text)))
    return f"{section.title}\n\n{text.strip()}".strip()


def _examples(
    clauses: Mapping[str, Section], account: Account
) -> tuple[dict[str, list[Example]], dict[str, list[Example]]]:
    """Good and bad answers by clause."""
    good: dict[str, list[Example]] = {name: [] for name in clauses}
    bad: dict[str, list[Example]] = {name: [] for name in clauses}
    for section in clauses.values():
        for scene in section.scenes:
            try:
                turns = read_turns(scene.block)
            except ValueError as error:
                account.left.append(f"{section.id}, {scene.where}: {error}")
                continue
            talk = Talk()
            for turn in turns:
                if turn.role != "comparison":
                    talk.add(turn)
                    continue
                account.comparisons += 1
                account.stood_in += not any(message["role"] == "user" for message in talk.said)
                for answer in turn.answers:
                    whose = answer.other or section.id
                    if problem := talk.problem or _unusable(answer, whose, clauses):
                        account.left.append(f"{section.id}, {scene.where}, an answer: {problem}")
                        continue
                    why = ": ".join(part for part in (scene.caption, answer.why) if part)
                    into = good if answer.verdict == "GOOD" else bad
                    into[whose].append(example(talk.messages, answer.text, why))
                _go_on(talk, turn.answers)
    return good, bad


def _unusable(answer: Answer, whose: str, clauses: Mapping[str, Section]) -> str:
    if not answer.spoken:
        return "calls a tool"
    if whose not in clauses:
        return f"breaks #{whose}, which is no clause"
    if answer.verdict not in {"GOOD", "BAD"}:
        return f"is called {answer.verdict or 'nothing'}, neither good nor bad"
    return "" if answer.text else "is blank"


def _go_on(talk: Talk, answers: Iterable[Answer]) -> None:
    """A conversation goes on from the first answer that is good."""
    chosen = next((answer for answer in answers if answer.verdict == "GOOD" and answer.spoken), None)
    if chosen:
        talk.said.append({"role": "assistant", "content": chosen.text})
    else:
        talk.problem = talk.problem or "goes on from an answer that is not good"


def _items(
    sections: list[Section], prompts: Mapping[str, Path], account: Account
) -> tuple[dict[str, list[SpecItem]], list[str]]:
    """Items by section, and what there is to tell of references and of what nothing refers to."""
    items: dict[str, list[SpecItem]] = {section.id: [] for section in sections}
    dangling: list[str] = []
    for section in sections:
        for reference, line in section.references.items():
            if reference in prompts:
                items[section.id] += _asked(reference, prompts[reference], section, account)
            else:
                dangling.append(f"{reference} (line {line})")
    referred = {reference for section in sections for reference in section.references}
    by_title = {section.title.casefold(): section for section in sections}
    placed: list[str] = []
    for name in (one for one in prompts if one not in referred):
        named = _NAMED.match(read_text(prompts[name]).split("\n", 1)[0])
        if section := by_title.get(named[2].casefold()) if named else None:
            items[section.id] += _asked(name, prompts[name], section, account)
            placed.append(name)
        else:
            account.left.append(f"examples/{name}.md: is referred to nowhere, and names no section")
    told: list[str] = []
    if dangling:
        told.append(f"references that lead nowhere: {enumerated(dangling, len(dangling))}")
    if placed:
        told.append(f"referred to nowhere, and put where they say they belong: {enumerated(placed)}")
    return items, told


def _asked(reference: str, path: Path, section: Section, account: Account) -> list[SpecItem]:
    """The prompts that a reference leads to; those of a section that is no clause are left."""
    found: list[SpecItem] = []
    numbers = count(1)
    text = read_text(path).replace("\r\n", "\n")
    for block in re.findall(r"^~~~xml\n(.*?)(?:^~~~|\Z)", text, re.DOTALL | re.MULTILINE):
        account.prompts += 1
        number, talk = next(numbers), Talk()
        try:
            for turn in read_turns(block):
                talk.add(turn)
        except ValueError as error:
            talk.problem = str(error)
        account.stood_in += not any(message["role"] == "user" for message in talk.said)
        messages = talk.messages
        if not section.attributes.get("authority"):
            talk.problem = "stands under a heading without authority"
        if not talk.problem and (not messages or messages[-1]["role"] != "user"):
            talk.problem = "does not end with a user's message"
        if talk.problem:
            account.left.append(f"{section.id}, examples/{path.name}, example {number}: {talk.problem}")
            continue
        found.append(item(f"{reference}-{number}", messages, cluster=reference))
    return found


def _notes(clauses: list[Clause], passed: int, account: Account, told: list[str]) -> list[str]:
    levels = {level: sum(one.authority == level for one in clauses) for level in AUTHORITIES}
    by_level = ", ".join(f"{level} {n}" for level, n in levels.items() if n)
    notes = [f"read as OpenAI's model spec: {counted(len(clauses), 'clause')} ({by_level})"]
    notes.append(
        f"{counted(account.comparisons, 'comparison')}, {counted(account.prompts, 'example')} of prompts"
    )
    if passed or account.commentary:
        skipped = f"{counted(passed, 'heading')} without authority, {account.commentary} of commentary"
        notes.append(f"passed over: {skipped}")
    if account.stood_in:
        notes.append(f"{account.stood_in} without a user: what the developer says last is asked by one")
    notes += told
    if bare := [one.id for one in clauses if not one.items]:
        notes.append(f"{counted(len(bare), 'clause')} without a prompt: {enumerated(bare, len(bare))}")
    return notes
