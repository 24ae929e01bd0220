"""What a spec says of how a model is asked."""

from __future__ import annotations

import pytest

from mien.models.prefixes import FORMS, bare, base_form, with_form


@pytest.mark.parametrize(
    "itself", ["hf/./gemma", "http://127.0.0.1:8000/v1#word:odd", "openai/m:free", "word"]
)
def test_a_spec_is_found_again_behind_what_stands_before_it(itself: str) -> None:
    before = ("", "logprobs:", "base:", *(f"base:{form}:" for form in FORMS))
    assert {bare(f"{what}{itself}") for what in before} == {itself}
    assert [base_form(f"{what}{itself}") for what in before] == ["", "", "", *FORMS]
    for some in ("base:", "base:word:"):
        assert with_form(some + itself, "told") == f"base:told:{itself}"


def test_what_only_looks_like_a_form_is_a_part_of_the_spec() -> None:
    assert (bare("base:spell:x"), base_form("base:spell:x")) == ("spell:x", "")
