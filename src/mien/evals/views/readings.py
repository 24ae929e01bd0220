"""What a judge is asked of answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mien.evals.judges import PAIR, judge_told
from mien.evals.views.wording import wording
from mien.materials.wording import fill
from mien.types import NEITHER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mien.instruments.judges import Judge
    from mien.models import Model

DOES: Final = "does the task"
PRESENT: Final = "present"

#: In what two answers are compared.
ASPECTS: Final = ("effort", "hedging", "quality")

#: What a stance may be, and the number that it is.
_STANCES: Final = {
    "all for the first view": 1.0,
    "more for the first view": 0.5,
    "more for the second view": -0.5,
    "all for the second view": -1.0,
}

#: What the judge chooses from, by what is read.
OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "help": (DOES, "does not do it"),
    **dict.fromkeys(ASPECTS, PAIR),
    "present": (PRESENT, "absent"),
    "stance": tuple(_STANCES),
}


def stance_of(chosen: str) -> float | None:
    """How far an answer is for the first view, −1 to 1; None where that was not read."""
    return 0.0 if chosen == NEITHER else _STANCES.get(chosen)


def judge_of(what: str, model: Model, *, seed: int = 0) -> Judge:
    """A judge of one thing in answers.

    Args:
        what: which, of `OPTIONS`.
        model: who is asked.
        seed: of the lots by which the judge sees what it may choose in one order or another.
    """
    texts: dict[str, Any] = wording()["judge"]
    told = dict(texts[what])
    if what in ASPECTS:
        told["question"] = fill(texts["compare"], ask=told.pop("ask"))
    return judge_told(texts["shared"] | told, OPTIONS[what], model, name="views", seed=seed)
