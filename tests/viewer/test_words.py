"""What words mean, beside the words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from mien.viewer.words import WORDS

if TYPE_CHECKING:
    from tests.viewer.viewing import Viewer

METHOD = Path(__file__).parents[2] / "docs" / "method.md"


def test_every_word_leads_to_a_heading_of_the_method() -> None:
    headings = set(re.findall(r"^## (.+)$", METHOD.read_text(), re.MULTILINE))
    assert {word.heading for word in WORDS.values()} <= headings


def test_words_are_told_where_they_stand(viewer: Viewer) -> None:
    for address, words in (
        ("/profile?run=before", {"flat?", "first option", "reliability"}),
        ("/diff?a=before&b=after%2Fnow", {"q"}),
        ("/manner?a=before&b=after%2Fnow", {"q"}),
    ):
        page = viewer.ask(address).text
        told = {word for word in WORDS if f'aria-label="What {word} means"' in page}
        assert told >= words
        shown = set(re.findall(r'popovertarget="([^"]+)"', page))
        assert shown == set(re.findall(r'id="([^"]+)" popover', page))
