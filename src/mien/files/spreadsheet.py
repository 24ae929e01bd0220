"""Cells of CSV that a spreadsheet takes for text, never for a formula."""

from __future__ import annotations

import re
from typing import Final

# What a spreadsheet reckons with, in wide forms, too; and the apostrophes of cells that were quoted before.
_FORMULA: Final = re.compile("'*[=+\\-@\t\r＝＋－＠]")


def quoted_cell(text: str) -> str:
    """A text with an apostrophe in front where a spreadsheet would reckon with it, or has one already."""
    return f"'{text}" if _FORMULA.match(text) else text


def unquoted_cell(text: str) -> str:
    """The text that `quoted_cell` was given; other texts stay as they are."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
