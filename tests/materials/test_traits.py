"""Trait sets: the one that ships, and those that users write."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import pytest

from mien.errors import InputError, UnknownName
from mien.materials.traits import fold, load_traits, shipped_trait_sets
from mien.types import NON_CHOICES, Trait
from tests import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[str, str], Path]

PUBLISHED = ROOT.parent / "shared" / "data" / "traits.txt"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


# The set that ships


def test_two_sets_ship() -> None:
    assert shipped_trait_sets() == ["classic-144", "classic-36"]


def test_the_classic_set_holds_144_single_words() -> None:
    names = load_traits("classic-144").names
    assert len(set(names)) == len(names) == 144
    assert [name for name in names if not (name.isalpha() and name.islower())] == []
    digest = blake2b("\n".join(sorted(names)).encode(), digest_size=8).hexdigest()
    assert digest == "717ce7c7e3778ada"


@pytest.mark.skipif(not PUBLISHED.is_file(), reason="the published list is not at hand")
def test_the_classic_set_is_the_published_one() -> None:
    assert set(load_traits("classic-144").names) == set(PUBLISHED.read_text(encoding="utf-8").split())


def test_every_classic_trait_has_a_one_line_description_in_other_words() -> None:
    traits = load_traits("classic-144").traits
    assert [t.name for t in traits if not 15 <= len(t.description) <= 120 or "\n" in t.description] == []
    assert [t.name for t in traits if t.name in t.description.casefold()] == []
    assert len({t.description for t in traits}) == len(traits)


# Sets that users bring


def test_text_holds_a_trait_a_line(write: Write) -> None:
    path = write("mine.txt", "# manners\nwarm\n  quietly confident \n#blunt\ndirect")
    loaded = load_traits(path)
    assert loaded.name == "mine"
    assert loaded.traits == (Trait("warm"), Trait("quietly confident"), Trait("direct"))


def test_yaml_holds_a_list_of_names_and_descriptions(write: Write) -> None:
    path = write(
        "mine.yml", "- warm\n- name: dry  wit\n  description: Jokes with a\n    straight face.\n- yes\n"
    )
    assert load_traits(path).traits == (
        Trait("warm"),
        Trait("dry wit", "Jokes with a straight face."),
        Trait("yes"),
    )


def test_yaml_may_name_and_describe_the_set(write: Write) -> None:
    path = write("mine.yaml", "name: ours\ndescription: Of the house.\nsource: us\ntraits: [warm, blunt]\n")
    loaded = load_traits(str(path))
    assert (loaded.name, loaded.description) == ("ours", "Of the house.")
    assert loaded.names == ("warm", "blunt")


def test_a_set_without_a_name_bears_the_files(write: Write) -> None:
    assert load_traits(write("mine.yaml", "traits: [warm, blunt]\n")).name == "mine"


def test_names_may_contain_one_another(write: Write) -> None:
    assert load_traits(write("a.txt", "direct\nindirect\n")).names == ("direct", "indirect")


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_a_name(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfwarm\r\nblunt\r\n")
    assert load_traits(path).names == ("warm", "blunt")


def test_a_form_feed_does_not_begin_a_line(write: Write) -> None:
    with pytest.raises(InputError, match=r"line 3: 'warm' stands on line 1"):
        load_traits(write("a.txt", "warm\n# very\x0cblunt\nwarm\n"))


@pytest.mark.parametrize("twin", ["warm", "Warm", "WARM  ", " wArm\t", "ｗａｒｍ"])
@pytest.mark.parametrize(
    ("name", "text"), [("a.txt", "warm\nblunt\n{}\n"), ("a.yaml", "- warm\n- blunt\n- '{}'\n")]
)
def test_duplicates_are_refused_with_both_lines(write: Write, name: str, text: str, twin: str) -> None:
    with pytest.raises(InputError, match=rf"{name}, line 3: '{twin.strip()}' stands on line 1 already"):
        load_traits(write(name, text.format(twin)))


def test_spaces_within_a_name_are_folded_too(write: Write) -> None:
    with pytest.raises(InputError, match=r"line 2: .* stands on line 1 already"):
        load_traits(write("a.txt", "quietly confident\nQuietly   Confident\n"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "warm\n\nblunt\n"),
        ("a.txt", "warm\n \t \nblunt\n"),
        ("a.yaml", "- warm\n- ''\n- blunt\n"),
        ("a.yaml", "- warm\n-\n- blunt\n"),
        ("a.yaml", "- warm\n- name: '  '\n- blunt\n"),
    ],
)
def test_blanks_are_refused_with_the_line(write: Write, name: str, text: str) -> None:
    with pytest.raises(InputError, match=rf"{name}, line 2: a blank trait"):
        load_traits(write(name, text))


@pytest.mark.parametrize("word", [*NON_CHOICES, "Neither", " REFUSED "])
@pytest.mark.parametrize(
    ("name", "text"), [("a.txt", "warm\n{}\n"), ("a.yaml", "- warm\n- name: '{}'\n  description: x\n")]
)
def test_the_words_that_judges_use_are_refused_with_the_line(
    write: Write, name: str, text: str, word: str
) -> None:
    with pytest.raises(InputError, match=rf"{name}, line 2: '{word.strip()}' cannot be a trait"):
        load_traits(write(name, text.format(word)))


@pytest.mark.parametrize(
    "item",
    [
        "{nam: blunt}",
        "{name: blunt, weight: 2}",
        "{description: no name}",
        "{name: [a, b]}",
        "{name: blunt, description: {a: b}}",
        "{? [name] : blunt}",
        "[blunt]",
    ],
)
def test_a_trait_that_is_neither_name_nor_mapping_is_refused_with_the_line(write: Write, item: str) -> None:
    with pytest.raises(InputError, match=r"a\.yaml, line 3: a trait is a name, or a mapping"):
        load_traits(write("a.yaml", f"traits:\n- warm\n- {item}\n"))


@pytest.mark.parametrize("text", ["", "42\n", "trait: [warm, blunt]\n", "traits: warm\n", "? [a]\n: b\n"])
def test_yaml_without_a_list_of_traits_is_refused(write: Write, text: str) -> None:
    with pytest.raises(InputError, match=r"key traits: holds no list of traits"):
        load_traits(write("a.yaml", text))


def test_broken_yaml_is_refused_with_the_line(write: Write) -> None:
    with pytest.raises(InputError, match=r"a\.yaml, line 2: quote the text: it holds a colon"):
        load_traits(write("a.yaml", "- warm\n- blunt: wry: dry\n"))


@pytest.mark.parametrize(
    ("name", "text"), [("a.txt", "warm\n"), ("a.txt", ""), ("a.yaml", "[]"), ("a.yaml", "[x]")]
)
def test_fewer_than_two_traits_are_refused(write: Write, name: str, text: str) -> None:
    with pytest.raises(InputError, match=r"holds [01] traits; a comparison needs two"):
        load_traits(write(name, text))


def test_an_unknown_set_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"no trait set named 'clasic-144'; did you mean classic-144"):
        load_traits("clasic-144")


@pytest.mark.parametrize("name", ["none.yaml", "none.txt", "folder/none"])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="no such file") as caught:
        load_traits(tmp_path / name)
    assert caught.value.source == str(tmp_path / name)


@pytest.mark.parametrize(
    ("a", "b"), [("Warm", "warm"), (" quietly\tconfident ", "quietly confident"), ("STRASSE", "straße")]
)
def test_names_that_differ_in_case_and_spaces_fold_alike(a: str, b: str) -> None:
    assert fold(a) == fold(b)


def test_names_that_contain_one_another_do_not_fold_alike() -> None:
    assert fold("direct") != fold("indirect")
