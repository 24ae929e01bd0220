"""What an answer chose: read in every form in which judges give it, and never guessed."""

from __future__ import annotations

import pytest

from mien.instruments.judges.choices import read_choice
from mien.materials.wording import OptionList
from mien.types import NEITHER, REFUSED, Trait

FREE = ("direct", "indirect", NEITHER, REFUSED)
FORCED = ("direct", "indirect", REFUSED)


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ('{"choice": "direct"}', "direct"),
        ('{"choice": "indirect"}', "indirect"),
        (' \n{"choice":"indirect"}\n', "indirect"),
        ('{"choice": "  Direct "}', "direct"),
        ('{"choice": "INDIRECT"}', "indirect"),
        ('{"choice": "\\"direct\\""}', "direct"),
        ('```json\n{"choice": "direct"}\n```', "direct"),
        ('```\n{"choice": "indirect"}\n```', "indirect"),
        ('{"choice": "neither"}', NEITHER),
        ('{"choice": "refused"}', REFUSED),
        ("<choice>direct</choice>", "direct"),
        ("<choice>indirect</choice>", "indirect"),
        ("<CHOICE>\n In Direct </CHOICE>", None),
        ("<Choice>\n Indirect\t</Choice>", "indirect"),
        ('<choice>"direct"</choice>', "direct"),
        ("<choice> “ direct ” </choice>", "direct"),
        ("<choice>**indirect**</choice>", "indirect"),
        ("<choice>neither</choice>", NEITHER),
        ("Let me see. It is short. <choice>direct</choice>", "direct"),
        ("<choice>direct</choice><choice>Direct</choice>", "direct"),
        # As the options are listed, or as a sentence.
        ("direct", "direct"),
        ('"direct"', "direct"),
        ("- direct", "direct"),
        ("**Indirect**.", "indirect"),
        ("Direct.\n", "direct"),
        ('{"choice": "- direct"}', "direct"),
        ("<choice>- **Indirect**.</choice>", "indirect"),
        # An object among other words, or one that says more.
        ('{"choice": "direct", "why": "it is short"}', "direct"),
        ('Here you are: {"choice": "direct"}', "direct"),
        ('Sure! It is short.\n\n```json\n{"choice": "direct"}\n```\nAnything else?', "direct"),
        ('It is {short}. {"choice": "direct"}', "direct"),
        ('{"choice": "direct"} {"choice": "Direct"}', "direct"),
        # Two, or one that is none, or a part of one.
        ('Not {"choice": "indirect"} but {"choice": "direct"}', None),
        ('{"choice": "direct", "choice": "indirect"}', None),
        ('<choice>direct</choice> {"choice": "indirect"}', None),
        ('{"result": {"choice": "direct"}}', None),
        ("- direct\n- indirect", None),
        ("direct or indirect", None),
        ("<choice>direct</choice><choice>indirect</choice>", None),
        ("<choice>direct</choice><choice>warm</choice>", None),
        ("<choice>direct and indirect</choice>", None),
        ("<choice>direct<choice>indirect</choice>", None),
        ("<choice>warm</choice>", None),
        ("<choice>direc</choice>", None),
        ("<choice></choice>", None),
        ("<choice>direct", None),
        ('{"choice": "warm"}', None),
        ('{"choice": "direct and indirect"}', None),
        ('{"choice": ["direct", "indirect"]}', None),
        ('{"choice": null}', None),
        ('{"answer": "direct"}', None),
        ("{}", None),
        ('{"choice": "dir', None),
        ("On balance I would call the response direct.", None),
        ("Die Antwort klingt eher nach der ersten der beiden Möglichkeiten.", None),
        ("Antwort: 直接的", None),
        ("", None),
        (" \n", None),
        ("<choice>unreadable</choice>", None),
    ],
)
def test_answers_are_read_strictly(text: str, chosen: str | None) -> None:
    assert read_choice(text, FREE) == chosen


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("The first. <choice>direct</choice>? Then again, it", None),
        ('Perhaps {"choice": "direct"}, unless', None),
        ("<choice>direct</choice>\n\nUser: And what", "direct"),
        ('```json\n{"choice": "direct"}\n```\nSince', "direct"),
        ("<choice>direct</choice> or <choice>indirect</choice>, as", None),
        ("direct", "direct"),
        ("<choice>direct", None),
    ],
)
def test_half_of_a_reasoning_is_not_read(text: str, chosen: str | None) -> None:
    assert read_choice(text, FREE, cut=True) == chosen


@pytest.mark.parametrize("text", ['{"choice": "neither"}', "<choice>neither</choice>"])
def test_neither_counts_only_where_it_is_allowed(text: str) -> None:
    assert read_choice(text, FREE) == NEITHER
    assert read_choice(text, FORCED) is None
    assert read_choice(text.replace("neither", "refused"), FORCED) == REFUSED


def test_names_that_differ_by_a_mark_alone_are_told_apart() -> None:
    assert read_choice("<choice>C*</choice>", ("C", "C*")) == "C*"
    assert read_choice("<choice>c</choice>", ("C", "C*")) == "C"
    assert read_choice("<choice>'C'</choice>", ("C", "C*")) is None
    assert read_choice("<choice>goin'</choice>", ("goin'", "gone")) == "goin'"
    assert read_choice('<choice>"goin\'"</choice>', ("goin'", "gone")) == "goin'"


def test_what_is_chosen_is_named_as_the_trait_is() -> None:
    assert read_choice('{"choice": "laid back"}', ("Laid  Back", "warm")) == "Laid  Back"
    assert read_choice("<choice>Straße</choice>", ("STRASSE", "warm")) == "STRASSE"


def test_a_line_may_be_copied_as_it_is_listed() -> None:
    listed = OptionList(
        [Trait("direct", "says it at once"), Trait("blunt", "spares nobody")], descriptions=True
    )
    allowed = ("direct", "blunt", NEITHER)
    for text in ("- direct: says it at once", '{"choice": "Direct: says it at once."}'):
        assert read_choice(text, allowed, listed) == "direct"
    assert read_choice("- direct: spares nobody", allowed, listed) is None
    assert read_choice("neither", allowed, listed) == NEITHER
