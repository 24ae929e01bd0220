"""Which form a file has, and what is said of files that have none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mien.errors import InputError, MienError, UnknownName
from mien.materials.specs import import_spec, template

if TYPE_CHECKING:
    from pathlib import Path

WORDS = ["tests", "prompts", "vars", "assert", "type", "value", "defaultTest", "prompt", "messages", "should"]
LEAVES = st.sampled_from(
    ["contains", "is-json", "assert-set", "(", "{{x}}", "file://x", 0, -1.5, None, True, ""]
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
)


def test_a_spec_is_no_import(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(template("spec"), encoding="utf-8")
    with pytest.raises(InputError, match="is a spec already"):
        import_spec(tmp_path / "spec.yaml")


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        import_spec(tmp_path / "absent.yaml")
    with pytest.raises(UnknownName, match="did you mean candid-friend"):
        import_spec("candid-freind")
    (tmp_path / "a.txt").write_text("a,b", encoding="utf-8")
    with pytest.raises(InputError, match=r"unknown format \.txt"):
        import_spec(tmp_path / "a.txt")


@given(st.dictionaries(st.sampled_from(WORDS), ANYTHING, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_file_holds_is_read_or_refused(tmp_path: Path, value: dict[str, Any]) -> None:
    (tmp_path / "any.json").write_text(json.dumps(value), encoding="utf-8")
    try:
        assert import_spec(tmp_path / "any.json").spec.clauses
    except MienError as error:
        assert "any.json" in str(error)
