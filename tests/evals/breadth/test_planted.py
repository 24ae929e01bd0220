"""Pairs by which a judge is checked: sound as they ship, refused where they are of no use, read both ways."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest

from mien.errors import InputError
from mien.evals.answers import Answers
from mien.evals.asker import Asker
from mien.evals.breadth import stretch
from mien.evals.breadth.planted import (
    ANSWERS,
    PLANTED,
    ask,
    hits,
    is_planted,
    items,
    load_pairs,
    read_pairs,
    shipped_pairs,
)
from mien.materials.traits import load_traits
from mien.types import Sampling, Trait
from tests.evals.sycophancy.spoken import Heard
from tests.measurement.scripted import Scripted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mien.evals.breadth.planted import Pair

PAIR = "{prompt: How?, more: So., less: Not so.}"


def test_those_that_ship_are_sound() -> None:
    """Four of each trait, alike in length and layout, of prompts of their own, and the trait is not named."""
    pairs = shipped_pairs()
    assert [*pairs] == [*load_traits("classic-36").names]
    prompts = [pair.prompt for some in pairs.values() for pair in some]
    assert len(set(prompts)) == len(prompts) == 36 * 4
    for trait, some in pairs.items():
        for pair in some:
            lengths = [len(re.findall(r"\w+(?:['’.,:-]\w+)*", text)) for text in (pair.more, pair.less)]
            assert max(lengths) <= 1.25 * min(lengths), (trait, pair.prompt)
            assert all(30 <= length <= 70 for length in lengths), (trait, pair.prompt)
            assert trait[:6] not in f"{pair.more} {pair.less}".casefold(), (trait, pair.prompt)


def test_length_does_not_tell_more_from_less() -> None:
    longer = [
        len(pair.more.split()) - len(pair.less.split()) for some in shipped_pairs().values() for pair in some
    ]
    assert abs(sum(n > 0 for n in longer) - sum(n < 0 for n in longer)) < 0.35 * len(longer)


def entry(trait: str = "warm", pairs: int = 4, pair: str = PAIR, more: str = "") -> str:
    return f"- {{trait: {trait}, {more} pairs: [{', '.join([pair] * pairs)}]}}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{trait: warm}", "holds no pairs"),
        ("- {trait: warm}", "trait warm, key pairs: is missing"),
        (entry(pairs=3), "trait warm, key pairs: fewer than 4"),
        (entry(pair=PAIR.replace("Not so.", "5")), "key pairs.1.less: is no text"),
        (entry(pair=PAIR.replace("Not so", "So")), "key pairs.1: .*the same reply"),
        (entry(more="sort: x,"), "key sort: no such key"),
        ("- warm", "entry 1"),
        (f"{entry()}\n{entry('Warm')}", "trait Warm: is there twice"),
    ],
)
def test_what_cannot_be_used_is_refused_by_trait_and_key(text: str, problem: str) -> None:
    with pytest.raises(InputError, match=rf"mine.yaml.*{problem}"):
        read_pairs(text, "mine.yaml")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load_pairs(tmp_path / "none.yaml")
    (tmp_path / "own.yaml").write_text(entry("Wry"))
    assert [*load_pairs(tmp_path / "own.yaml")] == ["wry"]


def right(judge: Callable[[str, Pair | None], str]) -> dict[str, tuple[int, int]]:
    """Hits and readings by test of a judge that is told what it sees, and the pair that it is of."""
    traits = [Trait("Warm"), Trait("calm"), Trait("of mine")]
    planted = items(traits, shipped_pairs())
    known = [pair for name in ("warm", "calm") for pair in shipped_pairs()[name]]

    def answer(request: object) -> str:
        shown = request.messages[-1]["content"]  # type: ignore[attr-defined]
        pair = next((pair for pair in known if pair.more in shown and pair.less in shown), None)
        return f"<choice>{judge(shown, pair)}</choice>"

    reader = Scripted("judge", answer)
    reader.supports_schema = False
    found: dict[str, tuple[int, int]] = {}
    for item in planted:
        heard = Heard(lambda _: "")
        assert is_planted(item)
        assert asyncio.run(ask(item, Asker(asking=heard, sampling=Sampling(), judges=stretch.judges(reader))))
        read = hits(item, Answers(heard.answers))
        before = found.get(item.test, (0, 0))
        found[item.test] = before[0] + sum(read), before[1] + len(read)
    assert sum(n for _, n in found.values()) == sum(1 + ("more" in item.content) for item in planted)
    return found


def test_a_judge_is_right_as_often_as_it_reads_and_one_that_takes_the_first_half_the_time() -> None:
    def reads(shown: str, pair: Pair | None) -> str:
        if pair is None:
            asked = shown.partition("The reply:")[0]
            own = [one for some in shipped_pairs().values() for one in some if one.prompt in asked]
            return "deals with it" if own[0].more in shown else "does not"
        return "first" if shown.index(pair.more) < shown.index(pair.less) else "second"

    assert right(reads) == {f"{PLANTED}Warm": (8, 8), f"{PLANTED}calm": (8, 8), ANSWERS: (6, 6)}
    first = right(lambda _, pair: "first" if pair else "deals with it")
    assert first == {f"{PLANTED}Warm": (4, 8), f"{PLANTED}calm": (4, 8), ANSWERS: (3, 6)}
    assert right(lambda *_: "neither")[f"{PLANTED}calm"] == (0, 8)
