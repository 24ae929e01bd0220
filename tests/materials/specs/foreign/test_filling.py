"""Templates of others are filled, and act nowhere."""

from __future__ import annotations

import pytest

from mien.materials.specs.foreign.filling import fill


def test_values_are_filled_in() -> None:
    assert fill("{{a | upper}}{% if b %}!{% endif %}", {"a": "hi", "b": True}) == "HI!"
    assert fill("as it is", {}) == "as it is"


@pytest.mark.parametrize(
    "template",
    ["{{ a", "{{ absent }}", "{{ ''.__class__.__mro__ }}", "{{ 1 / 0 }}", "{% for i in 5 %}{% endfor %}"],
)
def test_what_cannot_be_filled_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="cannot be filled"):
        fill(template, {})
