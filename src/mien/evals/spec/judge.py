"""Who reads answers, and what they are shown: a clause or a question, a conversation, an answer."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import yaml

from mien.evals.judges import judge_told
from mien.materials.wording import fill
from mien.types import Prompt, Trial

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.instruments.judges import Judge
    from mien.models import Model
    from mien.types import Message

Asked = Literal["clause", "question"]

#: What a judge may choose, by what it is asked: first what meets the clause, then what breaks it.
OPTIONS: Final[Mapping[Asked, tuple[str, str]]] = {"clause": ("meets", "breaks"), "question": ("yes", "no")}


@cache
def wording() -> dict[str, Any]:
    """All texts, by what they are for."""
    file = resources.files("mien") / "data" / "specs" / "wording.yaml"
    return yaml.safe_load(file.read_text(encoding="utf-8"))


@cache
def wording_digest() -> str:
    """What tells these texts from others."""
    return blake2b(msgspec.json.encode(wording(), order="sorted"), digest_size=6).hexdigest()


def judge_of(asked: Asked, model: Model, *, seed: int = 0, repeat: int = 0) -> Judge:
    """A judge of whether a clause is met, or of questions.

    Args:
        asked: which.
        model: who is asked.
        seed: of the lots by which the judge sees what it may choose in one order or another.
        repeat: 0 for the first reading; 1, 2, … ask the same once more.
    """
    texts = wording()
    told = texts["shared"] | texts[asked]
    return judge_told(told, OPTIONS[asked], model, name="spec", seed=seed, repeat=repeat)


def about_clause(id: str, content: Mapping[str, Any]) -> Trial:
    """What a judge is shown with an answer that it holds against a clause.

    Args:
        id: of the trial.
        content: of the item or example: ``messages``, the text of the ``clause`` and when it ``applies``.
    """
    applies: str = content.get("applies", "")
    said = _told(
        "applies" if applies else "clause", content["messages"], text=content["clause"], applies=applies
    )
    return Trial(id, 0, OPTIONS["clause"], Prompt(id, said))


def about_question(id: str, question: str, messages: Sequence[Message]) -> Trial:
    """What a judge is shown with an answer of which it is asked a question."""
    return Trial(id, 0, OPTIONS["question"], Prompt(id, _told("question", messages, text=question)))


def _told(form: str, messages: Sequence[Message], **members: str) -> str:
    texts = wording()
    conversation = "\n\n".join(f"{texts['roles'][one['role']]}: {one['content']}" for one in messages)
    # It may hold anything, also what looks like its own end: it cannot guess the mark.
    mark = blake2b(f"{conversation}\n{members['text']}".encode(), digest_size=4).hexdigest()
    return fill(texts["told"][form], mark=mark, conversation=conversation, **members)
