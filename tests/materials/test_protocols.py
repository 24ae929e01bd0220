"""Protocols: those that ship, those that users write, and what is laid over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from pydantic import ValidationError

from mien.errors import InputError, UnknownName
from mien.materials.protocols import Protocol, load_protocol, shipped_protocols
from mien.types import Sampling

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "mine.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


# Those that ship


def test_three_protocols_ship() -> None:
    assert shipped_protocols() == ["default", "krishna2026", "maiya2025"]


@pytest.mark.parametrize("name", shipped_protocols())
def test_each_bears_its_files_name_and_says_what_it_is(name: str) -> None:
    protocol = load_protocol(name)
    assert protocol.name == name
    assert protocol.description
    assert protocol.source


@pytest.mark.parametrize("name", shipped_protocols())
def test_each_survives_being_recorded_and_read_again(name: str) -> None:
    protocol = load_protocol(name)
    assert Protocol.model_validate_json(protocol.model_dump_json()) == protocol


def test_the_default_is_counterbalanced_and_lets_the_judge_answer_neither() -> None:
    default = load_protocol()
    assert default == load_protocol("default")
    assert (default.options, default.order, default.condition) == (2, "counterbalanced", "feel")
    assert (default.judge.order, default.judge.forced, default.judge.attempts) == ("shuffled", False, 3)
    assert default.judge.sampling.sampling() == Sampling(temperature=0.1, top_p=0.95)
    assert default.descriptions is False


def test_the_published_study_lists_the_options_and_forces_the_choice() -> None:
    study = load_protocol("krishna2026")
    assert (study.options, study.order, study.judge.order, study.judge.forced) == (
        2,
        "listed",
        "listed",
        True,
    )
    assert study.judge.sampling.sampling() == Sampling(temperature=0.1, top_p=0.95)
    assert (study.elo.k, study.elo.start) == (32, 1000)


def test_the_wording_holds_the_placeholders_that_it_is_filled_by() -> None:
    wording = load_protocol().wording
    assert all(part in wording.revealed for part in ("{options}", "{preference}"))
    assert "{options}" in wording.instructed
    assert all(part in wording.question for part in ("{prompt}", "{response}", "{options}"))
    assert set(wording.preference) == {"feel", "like", "random"}


# Those that users write


def test_what_a_file_leaves_out_is_as_in_the_default(write: Write) -> None:
    protocol = load_protocol(write("options: 3\nsampling:\n  temperature: 0\n"))
    assert protocol.name == "mine"
    assert protocol.options == 3
    assert protocol.sampling.sampling() == Sampling(temperature=0)
    assert protocol.judge == load_protocol().judge
    assert protocol.wording == load_protocol().wording


def test_a_file_may_name_itself_and_pass_members_through(write: Write) -> None:
    protocol = load_protocol(write("name: ours\nsampling:\n  extra: {provider: {only: [a]}}\n"))
    assert protocol.name == "ours"
    assert protocol.sampling.sampling() == Sampling(extra={"provider": {"only": ["a"]}})


def test_own_wording_is_laid_over_the_default_member_by_member(write: Write) -> None:
    text = {"wording": {"judge": "Read.", "preference": {"feel": "Take what you like."}}}
    own, default = load_protocol(write(yaml.safe_dump(text))).wording, load_protocol().wording
    assert own.judge == "Read."
    assert own.preference == default.preference | {"feel": "Take what you like."}
    assert own.model_copy(update={"judge": default.judge, "preference": default.preference}) == default


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("option: 3\n", "key option: no such key"),
        ("sampling: {temprature: 1}\n", "key sampling.temprature: no such key"),
        ("judge: {sampling: {top_p: 2}}\n", "key judge.sampling.top_p: .* less than or equal to 1"),
        ("sampling: {temperature: -1}\n", "key sampling.temperature: .* greater than or equal to 0"),
        ("sampling: {temperature: .nan}\n", "key sampling.temperature: "),
        ("sampling: {max_tokens: 0}\n", "key sampling.max_tokens: .* greater than or equal to 1"),
        ("sampling: hot\n", "key sampling: "),
        ("options: 1\n", "key options: .* greater than or equal to 2"),
        ("options: 9\n", "key options: .* less than or equal to 8"),
        ("options: many\n", "key options: .* integer"),
        ("order: random\n", "key order: .* 'counterbalanced' or 'listed'"),
        ("condition: love\n", "key condition: .* 'feel', 'like' or 'random'"),
        ("judge: {attempts: 0}\n", "key judge.attempts: "),
        ("elo: {k: 0}\n", "key elo.k: "),
        ("wording: {revaeled: x}\n", "key wording.revaeled: no such key"),
        ("wording: {preference: {love: x}}\n", "key wording.preference.love"),
        ("wording: {preference: x}\n", "key wording.preference: "),
        ("wording: [default]\n", "key wording: is the name of a wording, or a mapping"),
        ("wording:\n", "key wording: is the name of a wording, or a mapping"),
        ("- options\n", "a protocol is a mapping of keys to values"),
        ("", "a protocol is a mapping of keys to values"),
        ("options: [2\n", "is not valid YAML"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_key(write: Write, text: str, message: str) -> None:
    path = write(text)
    with pytest.raises(InputError, match=message) as caught:
        load_protocol(path)
    assert caught.value.source == str(path)


def test_an_unknown_protocol_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"no protocol named 'krishna2025'; did you mean krishna2026"):
        load_protocol("krishna2025")


def test_an_unknown_wording_is_refused_with_those_there_are(write: Write) -> None:
    with pytest.raises(UnknownName, match=r"no wording named 'baroque'; known: default"):
        load_protocol(write("wording: baroque\n"))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.yaml: no such file"):
        load_protocol(tmp_path / "none.yaml")


# What is laid over them


def test_overriding_merges_the_sampling_and_leaves_the_rest() -> None:
    protocol = load_protocol("maiya2025")
    changed = protocol.override(condition="random", sampling={"temperature": 0.0, "top_p": None})
    assert changed.condition == "random"
    assert changed.sampling.sampling() == Sampling(temperature=0.0, top_p=0.95)
    assert changed.model_copy(update={"condition": "like", "sampling": protocol.sampling}) == protocol


def test_none_overrides_nothing() -> None:
    protocol = load_protocol()
    assert protocol.override(options=None, sampling=None) == protocol


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"options": 9}, r"^default, key options: "),
        ({"sampling": {"top_p": 0}}, r"^default, key sampling\.top_p: "),
        ({"optins": 3}, r"^default, key optins: no such key"),
    ],
)
def test_an_override_out_of_range_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_protocol().override(**changes)


def test_a_protocol_does_not_change_once_loaded() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_protocol().options = 3  # type: ignore[misc]


def test_a_protocol_without_a_preamble_is_written_as_before_there_were_any() -> None:
    plain = load_protocol()
    prompted = plain.override(preamble="Be a lighthouse.")
    assert "preamble" not in plain.model_dump_json()
    assert prompted.override(preamble="") == plain
    for protocol in (plain, prompted):
        assert Protocol.model_validate_json(protocol.model_dump_json()) == protocol
