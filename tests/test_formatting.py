from __future__ import annotations

import pandas as pd
import pytest

from mien.formatting import counted, filled, fraction, percent, plural, significant, visible


def test_nouns_in_the_plural():
    assert [plural(noun) for noun in ("trait", "quantity", "day")] == ["traits", "quantities", "days"]
    assert (counted(1, "quantity"), counted(2016, "trial")) == ("1 quantity", "2,016 trials")


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0.00"), (1234.5, "1,234"), (99.95, "100.0"), (4.256, "4.26"), (0.5, "0.50"), (0.02171, "0.0217")],
)
def test_three_digits(value, shown):
    assert significant(value) == shown
    assert significant(-value if value else 1.0, signed=True) == (f"-{shown}" if value else "+1.00")


def test_shares_and_parts():
    assert (fraction(0.874), fraction(0.0312, digits=3), fraction(None)) == (".87", ".031", "–")
    assert (percent(0.2), percent(-0.0512)) == ("+20.0%", "-5.1%")


def test_what_cannot_be_seen_is_shown_as_symbols() -> None:
    assert visible("a\x1b[31mb\x00\x7f\x9b\u202e\ud800\r\n\tc\rd") == "a␛[31mb␀␡\\u009b\\u202e\\ud800\n\tc␍d"
    assert visible("a\nb\t", keep="") == "a␊b␉"
    assert visible("wärmer 🦊 حار") == "wärmer 🦊 حار"
    assert visible(visible("\x1b\u202e")) == visible("\x1b\u202e")


def test_a_notebook_shows_no_column_in_which_nothing_stands():
    table = pd.DataFrame(
        {"trait": ["a", "b"], "flat": [None, None], "finding": ["", ""], "margin": [float("nan")] * 2}
        | {"refused": [0, 0], "chosen": [3, 0], "delta": [0.0, 0.0], "changed": [False, False]}
    )
    assert list(filled(table)) == ["trait", "chosen", "delta", "changed"]
    assert list(filled(table[:0])) == list(table)
