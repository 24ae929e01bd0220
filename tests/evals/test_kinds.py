"""The kinds of evaluations."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, get_args

import pytest

from mien.errors import UsageError
from mien.evals.kinds import KINDS, kind_of
from mien.measurement.study.document import EvaluationEntry
from mien.report.evaluated import words_of
from mien.report.registry import EVALUATED


def of(*kinds: str) -> list[Any]:
    return [SimpleNamespace(record=SimpleNamespace(kind=kind)) for kind in kinds]


def test_what_there_is_of_one_kind_there_is_of_all() -> None:
    assert EVALUATED.keys() == KINDS.keys()
    assert {*get_args(EvaluationEntry.model_fields["evaluation"].annotation)} == KINDS.keys()
    for kind in KINDS:
        words = words_of(kind)
        assert all(callable(said) for said in (words.said, words.warnings, words.table))


def test_evaluations_of_several_kinds_are_not_told_of_together() -> None:
    assert kind_of(of("diversity", "diversity")) == "diversity"
    with pytest.raises(UsageError, match="evaluations of diversity and sycophancy are not told of together"):
        kind_of(of("sycophancy", "diversity"))
    with pytest.raises(UsageError, match="evaluations of later are not"):
        kind_of(of("later"))
