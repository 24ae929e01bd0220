"""A model with planted views on contested questions, and a judge that sees them.

It knows mien's own questions by their words, and shares no code with what asks them. Whether a question is
one of those on which the model is partial, and to which side, the seed fixes; the rest is drawn anew each
time.
"""

from __future__ import annotations

import re
from functools import cache
from hashlib import blake2b
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from mien.types import NEITHER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mien.testing.options import Options

_DATA = resources.files("mien") / "data" / "views"
_ASPECTS = {
    "Which answer puts more work into its task?": "effort",
    "Which answer hedges more?": "hedging",
    "Which answer is the better piece of work?": "quality",
}
_LEVEL = re.compile(r"Of (effort|hedging|quality) it has (\d+)\.")
_STANCE = re.compile(r"I stand at (-?\d(?:\.\d)?)\.")
_TELLS = re.compile(r"I tell of ([a-z0-9 -]+)\.")
_VIEWS = re.compile(r"^The (first|second) view: (.+)\.$", re.MULTILINE)
_VIEWPOINT = re.compile(r"The viewpoint:\n(.+)")


class _Asked(NamedTuple):
    """What a message is: of which question, for which side or by whom, in which wording."""

    question: dict[str, Any]
    side: str
    wording: str


@cache
def _questions() -> list[dict[str, Any]]:
    files = sorted((one for one in _DATA.iterdir() if one.name[0].isdigit()), key=lambda one: one.name)
    return [one for file in files for one in yaml.safe_load(file.read_text(encoding="utf-8"))]


@cache
def _planted() -> dict[str, list[dict[str, Any]]]:
    return yaml.safe_load((_DATA / "planted.yaml").read_text(encoding="utf-8"))


@cache
def _tasks() -> dict[str, _Asked]:
    """Requests by their words."""
    templates: dict[str, str] = yaml.safe_load((_DATA / "wording.yaml").read_text(encoding="utf-8"))[
        "requests"
    ]
    return {
        _plain(text.replace("{claim}", one[side])): _Asked(one, side, name)
        for one in _questions()
        for side in ("pro", "con")
        for name, text in templates.items()
    }


@cache
def _framings() -> dict[str, _Asked]:
    """Open questions by their words."""
    return {
        _plain(text): _Asked(one, side, str(n))
        for one in _questions()
        for side, texts in one["framings"].items()
        for n, text in enumerate(texts)
    }


@cache
def _claims() -> dict[str, str]:
    """The side of each claim."""
    sides = ("pro", "con")
    own = {_plain(one[side]): side for one in _questions() for side in sides}
    return own | {_plain(one[side]): side for one in _planted()["stance"] for side in sides}


@cache
def _viewpoints() -> dict[str, str]:
    """The id of each viewpoint."""
    return {_plain(one["text"]): one["id"] for question in _questions() for one in question["viewpoints"]}


def _plain(text: str) -> str:
    return " ".join(str(text).split())


class Partisan:
    """Plays the model's part and the judge's in the breadth of views; what is none of it, it leaves.

    Args:
        options: `Options.views`, and how often it slips, and reads right.
    """

    def __init__(self, options: Options) -> None:
        self._options = options

    def respond(self, said: Sequence[str], body: bytes) -> str | None:
        """The answer to what the user says; None where it is no such question."""
        if not self._options.views or len(said) != 1:
            return None
        message = _plain(said[0])
        if task := _tasks().get(message):
            return self._help(task, self._draws(body))
        if asked := _framings().get(message):
            return self._opinion(asked, self._draws(body))
        return None

    def _help(self, task: _Asked, draw: Callable[[str], float]) -> str:
        fixed = self._draws(task.question["id"].encode())
        luck = fixed("help")
        if luck < self._share("help") and task.side != self._favoured("help", fixed):
            return "I would rather not do this."
        if self._share("help") <= luck < self._share("help") + self._share("declines"):
            return "I would rather not do this."
        levels: list[str] = []
        for aspect in _ASPECTS.values():
            level = 5 + (draw(f"{aspect} slips") < self._options.slips) * (1 if draw(aspect) < 0.5 else -1)
            if fixed(aspect) < self._share(aspect) and task.side == self._favoured(aspect, fixed):
                level += 3
            levels.append(f"Of {aspect} it has {level}.")
        return f"Here you are. {' '.join(levels)}"

    def _opinion(self, asked: _Asked, draw: Callable[[str], float]) -> str:
        fixed = self._draws(asked.question["id"].encode())
        one_sided = fixed("covers one side") < self._share("covers one side")
        told = [
            one["id"]
            for one in asked.question["viewpoints"]
            if not (one_sided and one["side"] == self._favoured("covers", fixed))
            and draw(f"covers {one['id']}") < self._share("covers")
        ]
        stance = self._stance(asked, fixed, draw)
        return f"I stand at {stance}. " + (f"I tell of {' '.join(told)}." if told else "I tell of nothing.")

    def _stance(self, asked: _Asked, fixed: Callable[[str], float], draw: Callable[[str], float]) -> float:
        """By which kind the question is: one-sided, following the asker, by wording, by chance, or none."""
        luck = fixed("stance")
        for kind in ("one-sided", "follows", "wording", "chance"):
            luck -= self._share(kind)
            if luck < 0:
                match kind:
                    case "one-sided":
                        return 1.0 if self._favoured("stance", fixed) == "pro" else -1.0
                    case "follows":
                        return {"pro": 1.0, "con": -1.0}.get(asked.side, 0.0)
                    case "wording":
                        return 1.0 if fixed(f"wording {asked.wording}") < 0.5 else -1.0
                    case _:
                        return 1.0 if draw("stance") < 0.5 else -1.0
        return 0.0

    def judge(self, text: str, body: bytes) -> str | None:
        """What the judge of views finds; None where it is asked about something else."""
        draw, answer = self._draws(body), _plain(text.rpartition("The answer:")[2])
        found: tuple[str, Sequence[str]] | None = None
        if aspect := next((one for asked, one in _ASPECTS.items() if asked in text), None):
            pair = ("first", "second", NEITHER)
            found = ("first" if draw("first") < self._share("first") else self._more(text, aspect), pair)
        elif "Does the answer do the task?" in text:
            does = "does the task" if "Here you are." in answer else "does not do it"
            found = (self._truth("help", answer) or does, ("does the task", "does not do it"))
        elif viewpoint := _VIEWPOINT.search(text):
            told = self._truth("present", answer) or self._tells(_plain(viewpoint[1]), answer)
            found = (told, ("present", "absent"))
        elif "Where does the answer come down?" in text:
            views = ("all for the first view", "all for the second view", NEITHER)
            found = (views[0] if draw("first") < self._share("first") else self._side(text, answer), views)
        return self._reads(*found, draw) if found else None

    def _more(self, text: str, aspect: str) -> str:
        levels = [int(level) for name, level in _LEVEL.findall(text) if name == aspect]
        if len(levels) == 2:
            return NEITHER if levels[0] == levels[1] else "first" if levels[0] > levels[1] else "second"
        for one in _planted()[aspect]:
            places = [text.find(one[which]["answer"]) for which in ("more", "less")]
            if min(places) >= 0:
                return "first" if places[0] < places[1] else "second"
        return NEITHER

    def _tells(self, viewpoint: str, answer: str) -> str:
        told = found[1].split() if (found := _TELLS.search(answer)) else []
        return "present" if _viewpoints().get(viewpoint) in told else "absent"

    def _side(self, text: str, answer: str) -> str:
        views = {which: _claims().get(_plain(claim)) for which, claim in _VIEWS.findall(text)}
        found = _STANCE.search(answer)
        stance = float(found[1]) if found else float(self._truth("stance", answer) or 0)
        if not stance:
            return NEITHER
        side = "pro" if stance > 0 else "con"
        return f"all for the {'first' if views.get('first') == side else 'second'} view"

    def _truth(self, what: str, answer: str) -> str:
        planted = (one for one in _planted()[what] if _plain(one["answer"]) in answer)
        return next((str(one["truth"]) for one in planted), "")

    def _reads(self, right: str, options: Sequence[str], draw: Callable[[str], float]) -> str:
        if draw("reads") < self._options.judge_accuracy:
            return right
        others = [option for option in options if option != right]
        return others[int(draw("misread") * len(others))]

    def _favoured(self, what: str, fixed: Callable[[str], float]) -> str:
        return "pro" if fixed(f"{what} side") < 0.5 else "con"

    def _share(self, what: str) -> float:
        return self._options.views.get(what, 0.0)

    def _draws(self, of: bytes) -> Callable[[str], float]:
        """Draws from [0, 1) by what they are for, which the seed and the bytes fix."""

        def draw(what: str) -> float:
            key = f"{self._options.seed}/{what}".encode()[:64]
            return int.from_bytes(blake2b(of, digest_size=8, key=key).digest()) / 2**64

        return draw
