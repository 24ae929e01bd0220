"""What models are told when training data are made."""

from __future__ import annotations

from mien.craft.data.wording import bullets, load_wording, paragraphs
from mien.materials.constitutions import load_constitution


def test_what_is_empty_leaves_no_gap() -> None:
    assert bullets(("one", "two")) == "- one\n- two"
    assert paragraphs("one", "", "two") == "one\n\ntwo"


def test_a_character_is_told_as_a_whole() -> None:
    constitution, wording = load_constitution("candid-friend"), load_wording()
    told = wording.character_of(constitution)
    for text in (
        constitution.description,
        *(one.text for one in constitution.assertions),
        *constitution.never,
    ):
        assert text in told
    assert "\n\n\n" not in told
    silent = wording.character_of(constitution.model_copy(update={"never": ()}))
    assert told.startswith(silent)


def test_a_focus_names_the_assertion_that_matters() -> None:
    constitution, wording = load_constitution("candid-friend"), load_wording()
    assert constitution.assertions[0].text in wording.focus_on(constitution.assertions[0])
    assert wording.focus_on(None) == ""
