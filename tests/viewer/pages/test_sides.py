"""A model's sides, as a real `mien view` shows them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import mien
from mien.runs.interop.imports import import_run
from mien.testing import ScriptedServer
from tests.viewer.viewing import viewing

if TYPE_CHECKING:
    from pathlib import Path

TRAITS = ("warm", "blunt", "direct", "curious", "calm", "bold", "wry <b>")
SIDES = {"said/1": "stated", "chosen": "revealed", "done": "exhibited"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sides") / "mien.db"
    add_sides(path)
    return path


def add_sides(path: Path) -> None:
    """Three sides of one model: what it says is the other way round for two traits."""
    rng = np.random.default_rng(0)
    scores = dict(zip(TRAITS, (2, 1.3, 0.6, 0, -0.6, -1.3, -2), strict=True))
    for name, instrument in SIDES.items():
        own = scores | ({"warm": -2.0, "wry <b>": 2.0} if instrument == "stated" else {})
        rows = []
        for i in range(600):
            a, b = rng.choice(TRAITS, 2, replace=False).tolist()
            chosen = a if own[a] - own[b] + rng.logistic() > 0 else b
            rows.append((a, b, chosen, f"p{i % 60}", "lab/m", instrument, "reader"))
        columns = ["option_1", "option_2", "chosen", "prompt_id", "model", "instrument", "judge"]
        table = path.with_name("sides.csv")
        pd.DataFrame(rows, columns=columns).to_csv(table, index=False)
        import_run(table, name, store=path)


def test_sides_are_found_from_a_profile_and_tell_what_is_claimed(store: Path) -> None:
    with viewing(store) as viewer:
        profile = viewer.ask("/profile?run=chosen").text
        [link] = re.findall(r'href="(/sides[^"]*)"', profile)
        address = link.replace("&amp;", "&")
        assert address == "/sides?says=said%2F1&chooses=chosen&does=done"
        shown = viewer.ask(address)
        assert shown.status == 200
        assert "<h1>Sides of lab/m</h1>" in shown.text
        assert re.search(r"Claims more than it does: wry &lt;b&gt; \(\+", shown.text)
        assert re.search(r"Claims less than it does: warm \(-", shown.text)
        assert 'id="gaps">What it says less what it does' in shown.text
        assert shown.text.count("<td>apart</td>") == 2
        other = viewer.ask(f"{address}&pair=chooses-does").text
        assert 'id="gaps">What it chooses less what it does' in other
        assert "<td>apart</td>" not in other
        assert viewer.ask(f"{address.replace('/sides', '/sides/figure')}").text.startswith('{"title":')
        assert "<svg" in viewer.ask(f"{address.replace('/sides', '/sides/figure.svg')}&theme=dark").text
        assert viewer.ask(f"{address}&pair=says-can").status == 404
        alone = viewer.ask("/sides?says=said%2F1")
        assert alone.status == 400
        assert "measured by two instruments or more" in alone.text
        assert viewer.ask("/sides?says=chosen&chooses=chosen").status == 400


def test_what_a_model_rates_itself_has_a_page_and_is_a_side(tmp_path: Path) -> None:
    rates = dict(
        zip(("calm", "dry", "bold", "warm", "wry", "shy"), (4.6, 4.0, 3.2, 2.6, 2.0, 1.4), strict=True)
    )
    path = tmp_path / "mien.db"
    made = {"traits": list(rates), "rounds": 24, "store": path}
    chooses = {trait: rate - 3 for trait, rate in rates.items()}
    with ScriptedServer(scores=chooses, rates=rates) as server:
        for name in ("rated", "again"):
            mien.measure(server.model, instrument="inventory", name=name, **made)
        mien.measure(server.model, judge=server.judge, name="chosen", **made | {"rounds": 60})
    with viewing(path) as viewer:
        page = viewer.ask("/profile?run=rated")
        assert page.status == 200
        assert "Acquiescence: " in page.text
        assert re.search(r'<th scope="row">1</th><td[^>]*>calm</td><td[^>]*>4\.\d\d</td>', page.text)
        changed = viewer.ask("/diff?a=rated&b=again")
        assert changed.status == 200
        assert "0 traits changed of 6" in changed.text
        [link] = re.findall(r'href="(/sides[^"]*)"', viewer.ask("/profile?run=chosen").text)
        sides = viewer.ask(link.replace("&amp;", "&"))
        assert sides.status == 200
        assert "What it rates less what it chooses" in sides.text
        assert "<svg" in viewer.ask(link.replace("&amp;", "&").replace("/sides", "/sides/figure.svg")).text
        assert viewer.ask("/diff?a=rated&b=chosen").status == 400
