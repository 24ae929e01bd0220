"""A trial whose responses are hostile."""

from __future__ import annotations

import re

from tests.viewer.viewing import HOSTILE, PLAIN, Viewer


def test_every_hostile_response_is_harmless_on_its_page(viewer: Viewer) -> None:
    for i in range(1, len(HOSTILE) + 1):
        answer = viewer.ask(f"/trial?run=before&id=t{i}")
        assert answer.status == 200
        shown = re.findall(r'<div class="response" dir="auto">(.*?)</div>', answer.text, re.DOTALL)
        assert len(shown) == 2  # here, and in the other run
        assert all("<" not in PLAIN.sub("", text) for text in shown)
