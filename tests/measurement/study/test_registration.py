"""What is said of a study before its first call stays as it was said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.errors import InputError, UsageError
from mien.measurement.session import Session
from mien.measurement.study.registration import register, registered
from mien.measurement.study.study import load_study
from mien.measurement.study.work import carry_out

if TYPE_CHECKING:
    from pathlib import Path

    from mien.measurement.study.study import Study
    from mien.testing import ScriptedServer

TEXT = """\
models: [organism/v1, organism/v2]
judge: organism/judge
traits: [warm, curious, calm, poetic]
rounds: 10
hypotheses: [{before: v1, after: v2, expect: [poetic < 0]}]
traits_of_interest: [poetic]
"""


def laid_out(folder: Path, text: str = TEXT) -> Study:
    (folder / "s.yaml").write_text(text)
    return load_study(folder / "s.yaml")


def test_it_is_kept_once_and_what_is_no_part_of_it_may_change(tmp_path: Path) -> None:
    store = tmp_path / "m.db"
    assert registered(laid_out(tmp_path), store) is None
    first, new = register(laid_out(tmp_path), store)
    assert new
    assert first.content["hypotheses"] == [{"before": "v1", "after": "v2", "expect": ["poetic < 0"]}]
    again, new = register(laid_out(tmp_path, TEXT + "figures: diff\nmax_calls: 5\n# a comment\n"), store)
    assert (again, new) == (first, False)


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("poetic < 0", "poetic > 0", ("hypotheses",)),
        ("rounds: 10", "rounds: 12", ("sample_size",)),
        ("rounds: 10", "until_stderr: 50", ("sample_size", "stop_rule")),
        ("calm, poetic", "poetic", ("design", "sample_size")),
        ("rounds: 10", "rounds: 10\nprior: pooled", ("analysis",)),
        (
            "rounds: 10",
            "rounds: 10\ninstruments: [revealed, instructed]\nsoft: true",
            ("analysis", "design", "judges", "models", "protocol", "sample_size", "stop_rule"),
        ),
        ("organism/v1,", "{model: organism/v1, system: Be kind.},", ("protocol",)),
        ("judge: organism/judge", "judge: [organism/judge, openai/j]", ("judges",)),
    ],
)
def test_what_changed_is_named(tmp_path: Path, old: str, new: str, changed: tuple[str, ...]) -> None:
    store = tmp_path / "m.db"
    register(laid_out(tmp_path), store)
    study = laid_out(tmp_path, TEXT.replace(old, new))
    found = registered(study, store)
    assert found
    assert found.changed == changed
    told = (
        f"line 1: s has changed since it was registered on .*: {changed[0].replace('_', ' ')}.*another name:"
    )
    with pytest.raises(InputError, match=told):
        register(study, store)


def test_after_the_first_call_it_is_too_late(tmp_path: Path, server: ScriptedServer) -> None:
    names = {"before: v1, after: v2": "before: model, after: other", "organism/judge": f"'{server.judge}'"}
    text = TEXT
    for old, new in names.items():
        text = text.replace(old, new)
    text = text.replace("organism/v1, organism/v2", f"'{server.model}', '{server.url}#other'")
    carry_out(laid_out(tmp_path, text), Session(tmp_path / "m.db"))
    with pytest.raises(UsageError, match="s cannot be registered any more: 20 trials of s:model were asked"):
        register(laid_out(tmp_path, text), tmp_path / "m.db")


def test_what_is_asked_is_registered_where_nothing_is_expected(tmp_path: Path) -> None:
    """That models, design and analysis were not chosen by what came out is worth saying, too."""
    text = "\n".join(TEXT.splitlines()[:4]) + "\n"
    found, new = register(laid_out(tmp_path, text), tmp_path / "m.db")
    assert (new, found.exploratory) == (True, True)
    with pytest.raises(InputError, match=r"changed since it was registered on .*: .*hypotheses"):
        register(laid_out(tmp_path, TEXT), tmp_path / "m.db")
    expected, _ = register(laid_out(tmp_path, TEXT), tmp_path / "other.db")
    assert not expected.exploratory
