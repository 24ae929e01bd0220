from __future__ import annotations

from mien.report import model_card
from mien.stats.profiles import rate
from tests.stats.profiles.tables import table


def test_what_goes_on_keeps_its_label(monkeypatch):
    lines = [("correction", "for a judge that errs; an upper bound,"), ("", "for some may be the model's")]
    monkeypatch.setattr(model_card, "diagnostics", lambda _: lines)
    card = model_card.model_card(rate(table()))
    assert "- correction: for some may be the model's" in card
