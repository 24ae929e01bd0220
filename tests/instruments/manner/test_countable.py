"""What checks may name is what is counted and told."""

from __future__ import annotations

from mien.instruments.manner.countable import countable
from mien.instruments.manner.features import Answer, measured


def test_names_are_those_that_are_counted() -> None:
    names = countable()
    assert set(names.features) == set(measured(Answer("Yes.", language="en")))
    assert {"de", "en", "no", "zh"} <= set(names.languages)
    assert not {"und", "zxx"} & set(names.languages)
