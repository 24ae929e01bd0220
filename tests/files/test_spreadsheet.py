"""Cells that a spreadsheet takes for text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mien.files.spreadsheet import quoted_cell, unquoted_cell


def test_no_cell_is_a_formula() -> None:
    for text in ('=HYPERLINK("http://evil.example")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1"):
        assert quoted_cell(text) == f"'{text}"
    for text in ("warm", "", "'tis", "a=b", " =1", "1-2"):
        assert quoted_cell(text) == text


@given(st.text(alphabet="'=+-@\t\ra ＝", max_size=6) | st.text())
def test_what_is_quoted_is_found_again(text: str) -> None:
    assert unquoted_cell(quoted_cell(text)) == text
