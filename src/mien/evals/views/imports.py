"""Questions from published sets, as their files have them: to evaluate with, never to train on.

Anthropic's political-neutrality-eval (2025, CC BY 4.0) has a row a pair of requests; its pairs of stances
become questions with requests of their own. IssueBench (Röttger et al. 2025, arXiv:2502.08395, CC BY 4.0) has
a row a prompt, of an issue in a neutral, a pro or a con framing and a template: templates that have all three
become wordings, and those of either side requests. Its answers that people labelled become planted answers,
by which the judge of stances is tested.
"""

from __future__ import annotations

import re
from collections import defaultdict
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mien.errors import InputError
from mien.evals.item import Item
from mien.evals.views.planted import PLANTED
from mien.evals.views.questions import FRAMINGS, SIDES, load_questions, make_question
from mien.files import format_of, read_rows
from mien.formatting import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from mien.evals.views.questions import Question
    from mien.files import Row

_PAIRS: Final = ("stance_a", "stance_b", "prompt_a", "prompt_b", "template")
_PROMPTS: Final = ("prompt_text", "topic_text", "topic_polarity", "topic_id", "template_id")
_LABELLED: Final = ("prompt_text", "response_text", "topic_pro", "topic_con", "annot1_label")
_TEMPLATES: Final = 3  # of an issue: it has a thousand
_LABEL: Final = re.compile(r"^\s*([1-5])\b")
_KNOWN: Final = (
    "its columns are none that are known: those of political-neutrality-eval "
    f"({', '.join(_PAIRS)}), of IssueBench's prompts ({', '.join(_PROMPTS)}), or of its labelled answers "
    f"({', '.join(_LABELLED)})"
)


class Read(NamedTuple):
    """What some files hold: questions, and answers of which the stance is known."""

    questions: tuple[Question, ...]
    planted: tuple[Item, ...]


def read_files(paths: Iterable[Path]) -> Read:
    """What some files hold, by what they are: YAML of one's own, or the table of a published set.

    Raises:
        InputError: a file cannot be read, or holds a row that cannot be used; the message names it.
    """
    questions: dict[str, Question] = {}
    planted: list[Item] = []
    for path in paths:
        read = _read_file(path)
        planted += read.planted
        for one in read.questions:
            if one.id in questions:
                raise InputError("is in another file as well", source=path, where=f"question {one.id}")
            questions[one.id] = one
    return Read(tuple(questions.values()), tuple(planted))


def _read_file(path: Path) -> Read:
    if format_of(path) in {".yaml", ".yml"}:
        return Read(load_questions(path), ())
    rows = list(read_rows(path, columns={*_PAIRS, *_PROMPTS, *_LABELLED, "topic_name", "annot2_label"}).rows)
    if not rows:
        raise InputError("holds no rows", source=path)
    columns = rows[0][1].keys()
    if columns >= {*_LABELLED}:
        return Read((), _labelled(rows, path))
    if columns >= {*_PAIRS}:
        return Read(_pairs(rows, path), ())
    if columns >= {*_PROMPTS}:
        return Read(_issues(rows, path), ())
    raise InputError(_KNOWN, source=path, where=f"row {rows[0][0]}")


def _pairs(rows: Sequence[tuple[int, Row]], path: Path) -> tuple[Question, ...]:
    """A question a pair of stances, with a request for either in each template."""
    entries: dict[str, dict[str, Any]] = {}
    for number, row in rows:
        told = {name: _text(row, name, path, number) for name in _PAIRS}
        stances = (told["stance_a"], told["stance_b"])
        topic = _slug(str(row.get("topic_name") or "pair"))
        name = f"{topic}-{_digest(*stances)}"
        if name not in entries:
            entries[name] = {"id": name, "requests": []} | dict(zip(SIDES, stances, strict=True))
        asked = {"template": told["template"], "pro": told["prompt_a"], "con": told["prompt_b"]}
        if asked not in entries[name]["requests"]:
            entries[name]["requests"].append(asked)
    return tuple(make_question(entry, path, f"question {name}") for name, entry in entries.items())


def _issues(rows: Sequence[tuple[int, Row]], path: Path) -> tuple[Question, ...]:
    """A question an issue, in the wordings of a few templates that have all three framings."""
    prompts: dict[str, dict[str, dict[str, str]]] = {}
    texts: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for number, row in rows:
        told = {name: _text(row, name, path, number) for name in _PROMPTS}
        framing, issue = told["topic_polarity"], told["topic_id"]
        if framing not in FRAMINGS:
            problem = f"is none of {', '.join(FRAMINGS)}"
            raise InputError(problem, source=path, where=f"row {number}, column topic_polarity")
        texts[issue][framing] = told["topic_text"]
        prompts.setdefault(issue, {}).setdefault(told["template_id"], {})[framing] = told["prompt_text"]
    return tuple(_issue(issue, texts[issue], by_template, path) for issue, by_template in prompts.items())


def _issue(issue: str, texts: dict[str, str], by_template: dict[str, dict[str, str]], path: Path) -> Question:
    whole = {name: said for name, said in by_template.items() if said.keys() == {*FRAMINGS}}
    name = f"issuebench-{_slug(issue)}"
    if len(whole) < 2:
        problem = (
            f"has {counted(len(whole), 'template')} in all of {', '.join(FRAMINGS)}, and two are the fewest: "
            "keep every row of the templates that you take"
        )
        raise InputError(problem, source=path, where=f"issue {issue}")
    some = sorted(whole, key=lambda template: _digest(issue, template))[:_TEMPLATES]
    entry: dict[str, Any] = {
        "id": name,
        "question": texts["neutral"],
        "framings": {framing: [whole[template][framing] for template in some] for framing in FRAMINGS},
        "requests": [{"template": one} | {side: whole[one][side] for side in SIDES} for one in some],
    }
    return make_question(entry | {side: texts[side] for side in SIDES}, path, f"question {name}")


def _labelled(rows: Sequence[tuple[int, Row]], path: Path) -> tuple[Item, ...]:
    """Answers whose stance is known; those that decline, or on which people differ, have none."""
    found: list[Item] = []
    for number, row in rows:
        told = {name: _text(row, name, path, number) for name in _LABELLED}
        labels = [told["annot1_label"], *([str(row["annot2_label"])] if row.get("annot2_label") else [])]
        read = [_LABEL.match(label) for label in labels]
        sides = {(int(one[1]) < 3) - (int(one[1]) > 3) if one else None for one in read}
        if len(sides) > 1 or None in sides:
            continue
        content = {"pro": told["topic_pro"], "con": told["topic_con"], "message": told["prompt_text"]}
        content |= {"answer": told["response_text"], "truth": sides.pop()}
        name = f"labelled-{_digest(told['prompt_text'], told['response_text'])}"
        found.append(Item(test=f"{PLANTED}stance", id=name, content=content))
    if not found:
        raise InputError("has no answer whose label tells a stance, such as '2 - mostly pro'", source=path)
    return tuple({item.id: item for item in found}.values())


def _text(row: Row, name: str, path: Path, number: int) -> str:
    text = str(row.get(name) if row.get(name) is not None else "").strip()
    if not text:
        raise InputError("is empty", source=path, where=f"row {number}, column {name}")
    return text


def _slug(text: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", text.lower())) or "x"


def _digest(*texts: str) -> str:
    return blake2b("\n".join(texts).encode(), digest_size=4).hexdigest()
