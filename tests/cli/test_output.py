from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mien.cli.output import print_json

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
