"""A model that moves by planted amounts, and the judge that sees by how much."""

from __future__ import annotations

import pytest

from mien.evals.breadth.planted import shipped_pairs
from mien.evals.breadth.stretch import compared, deals, item_of
from mien.evals.breadth.wording import instruction, wording
from mien.evals.conduct import Place
from mien.testing import Options
from mien.testing.stretched import Stretched
from mien.types import Prompt, Trait

PROMPT = Prompt("p", "How do I mend a bicycle?")
WARM, CALM = Trait("warm", "Friendly."), Trait("calm")
ITEM = item_of(WARM, PROMPT, ())


def reply(level: int, **options: float) -> str:
    model = Stretched(Options(stretches={"warm": 0.5, "calm": 0.0}, **options))
    briefing = instruction(ITEM.content["trait"], level) if level else "Be brief."
    return model.respond(briefing, PROMPT.text, b"body") or ""


def share_first(trait: Trait, first: str, second: str, **options: object) -> float:
    """How often the first of two replies is read as showing more, over 300 seeds."""
    content = {"name": trait.name, "description": trait.description}
    _, shown = compared(ITEM, Place("x"), content, first, second)
    asked = wording()["judge"]["trait"]["question"].replace("{response}", shown)
    judges = (Stretched(Options(stretches={"warm": 0.5}, seed=seed, **options)) for seed in range(300))
    return sum(judge.judge(asked, b"body") == "first" for judge in judges) / 300


def test_it_stands_where_it_is_told_and_the_judge_sees_by_how_much() -> None:
    assert [reply(level).count("I stand at") for level in (-3, 0, 2)] == [1, 0, 1]
    assert share_first(WARM, reply(2), reply(-1)) == pytest.approx(0.82, abs=0.06)  # 1/(1 + exp(-1.5))
    assert share_first(WARM, reply(0), reply(1)) == pytest.approx(0.38, abs=0.08)
    assert share_first(CALM, reply(3), reply(-3)) == pytest.approx(0.5, abs=0.08)
    assert share_first(WARM, reply(3), reply(-3), blind_to=("warm",)) == pytest.approx(0.5, abs=0.08)


def test_it_reads_planted_replies_and_whether_one_strays() -> None:
    pair = shipped_pairs()["warm"][0]
    assert share_first(WARM, pair.more, pair.less) == 1
    assert share_first(WARM, pair.less, pair.more) == 0
    question = wording()["judge"]["answers"]["question"].replace("{mark}", "m")
    judge = Stretched(Options(stretches={"warm": 0.5}))

    def dealt(text: str) -> str | None:
        prompt = deals(ITEM, "untold").prompt.text
        return judge.judge(question.replace("{prompt}", prompt).replace("{response}", text), b"")

    assert dealt(reply(-3)) == "deals with it"
    assert dealt(reply(3, strays=1.0)) == "does not"
    assert dealt(pair.more) == "does not"


def test_what_is_none_of_it_is_left_to_others() -> None:
    assert Stretched(Options()).respond("x", "y", b"") is None
    assert Stretched(Options()).judge("Which of the manners does the reply show?", b"") is None
