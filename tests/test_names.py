"""Names that come from outside."""

from __future__ import annotations

import pytest

from mien.errors import InputError
from mien.names import require_visible


@pytest.mark.parametrize("name", ["warm", "dry wit", "wärmer 🦊", "حار", "a\u200db", "=1+1", "{{x}}", "<b>"])
def test_a_name_that_can_be_seen_stays_as_it_is(name: str) -> None:
    assert require_visible(name, "trait") == name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a\x1b[2J", "mine.txt, line 3: the trait “a␛[2J” holds U+001B, which cannot be seen: take it out"),
        ("a\x00", "“a␀” holds U+0000"),
        ("a\u202eb", "“a\\\\u202eb” holds U\\+202E".replace("\\\\", "\\").replace("\\+", "+")),
        ("a\x9bb", "holds U+009B"),
        ("a\nb", "“a␊b” holds a line break"),
        ("a\ud800", "holds U+D800"),
    ],
)
def test_what_acts_unseen_is_refused_with_its_place(name: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        require_visible(name, "trait", source="mine.txt", where="line 3")
    assert said in str(refused.value)
    str(refused.value).encode()
