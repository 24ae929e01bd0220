from __future__ import annotations

import io
import json
import re
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from mien.cli.output import print_facts, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126) | st.sampled_from('\n\t"\\é漢'))
VALUES = st.recursive(
    SCALARS | TEXT,
    lambda held: (
        st.lists(held) | st.tuples(held, held) | st.dictionaries(TEXT | st.integers() | st.booleans(), held)
    ),
    max_leaves=30,
)


def printed(value: Any) -> str:
    with redirect_stdout(io.StringIO()) as out:
        print_json(value)
    return out.getvalue()


@given(VALUES)
def test_json_is_written_in_pieces_as_it_would_be_at_once(value: Any) -> None:
    assert printed(value) == json.dumps(value, indent=2, ensure_ascii=False) + "\n"


@given(st.lists(VALUES))
def test_an_iterator_is_written_as_the_list_of_its_members(values: list[Any]) -> None:
    assert printed({"rows": iter(values), "n": 1}) == printed({"rows": values, "n": 1})


def test_what_cannot_be_seen_is_written_as_an_escape() -> None:
    assert printed({"a\x9f": ["\u2028", {"b": "\x1b"}]}) == printed(
        {"a\x9f": iter(["\u2028", {"b": "\x1b"}])}
    )
    assert "\\u009f" in printed({"a\x9f": []}) and "\\u2028" in printed(["\u2028"])


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_terminal(columns: int, show: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    for name, value in {"COLUMNS": str(columns), "TERM": "xterm"}.items():
        monkeypatch.setenv(name, value)
    with redirect_stdout(Terminal()) as out:
        show()
    return [re.sub(r"\x1b\[[\d;]*m", "", line).rstrip() for line in out.getvalue().splitlines()]


def test_facts_go_on_below_themselves_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = [("model", "http://127.0.0.1:8123/v1#name"), ("trials", "2,016: 2,000 chosen, 16 neither")]
    assert on_terminal(30, lambda: print_facts(facts, indent=10), monkeypatch) == [
        "  model   http://127.0.0.1:8123/v1#name",  # a name is there to be copied
        "  trials  2,016: 2,000 chosen,",
        "          16 neither",
    ]
    with redirect_stdout(io.StringIO()) as out:
        print_facts(facts, indent=10)
    assert out.getvalue().splitlines()[1] == "  trials  2,016: 2,000 chosen, 16 neither"


def test_words_of_a_table_are_folded_and_stay_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [("openrouter/openai/gpt", 1, 2), ("b", 3, 4)]
    wide = on_terminal(80, lambda: print_table(("model", "n", "m"), rows, left=("model",)), monkeypatch)
    assert wide == [
        "model                  n  m",
        "openrouter/openai/gpt  1  2",
        "b                      3  4",
    ]
    narrow = on_terminal(12, lambda: print_table(("model", "n", "m"), rows, left=("model",)), monkeypatch)
    assert narrow == ["model         n  m", "openrouter/o  1  2", "penai/gpt", "b             3  4"]
