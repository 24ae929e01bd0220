"""Choosing in a real browser, by keyboard, among hostile responses."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from test_browser import BROWSER, Tab, drive
from test_viewer import make_store, viewing

from mien.store import Store

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine")
PAIR = "document.querySelector('.answers [name=pair]').value"
TEXT = "document.body.innerText"
READY = "document.readyState === 'complete' && !document.querySelector('.htmx-request, .htmx-settling')"


async def press(tab: Tab, key: str) -> None:
    await tab.until(READY)
    await tab.press(key)


async def choose(tab: Tab, address: str) -> None:
    await tab.ask("Page.navigate", url=f"{address}arena?a=before&b=after%2Fnow&trait=warm&person=Ana")
    await tab.until("document.readyState === 'complete' && !!window.htmx")
    for first, second, said in (("1", "2", "response 2 more warm"), ("t", "1", "response 1 more warm")):
        pair = await tab.evaluate(PAIR)
        await press(tab, first)
        await tab.until(f"{TEXT}.includes('Which is more warm?')")
        assert await tab.evaluate(PAIR) == pair
        await press(tab, second)
        await tab.until(f"{TEXT}.includes('You found {said}') && {TEXT}.includes('Which do you prefer?')")
        await tab.until(f"{PAIR} !== '{pair}'")
    await press(tab, "u")
    await tab.until(f"{TEXT}.includes('Which is more warm?')")
    await press(tab, "t")
    await tab.until(f"{TEXT}.includes('2 of 22 pairs compared by Ana')")
    for _ in range(20):
        pair = await tab.evaluate(PAIR)
        await press(tab, "s")
        await tab.until(f"!document.querySelector('.answers') || {PAIR} !== '{pair}'")
    await tab.until(f"{TEXT}.includes('nothing is left but what you skipped')")


def test_choosing_by_keyboard(tmp_path: Path) -> None:
    store = tmp_path / "mien.db"
    make_store(store)
    with viewing(store) as viewer:
        tab = asyncio.run(drive(viewer.address, tmp_path / "browser", choose))
        assert tab.complaints == []
        assert tab.requested
        assert {url for url in tab.requested if not url.startswith(viewer.address)} == set()
    with Store(store, read_only=True) as opened:
        a, b = (opened.run(name).id for name in ("before", "after/now"))
        found = [(p.question, p.chosen == "tie") for p, _ in opened.preferences(a, b)]
    assert sorted(found) == [("preferred", False), ("preferred", True), ("warm", False), ("warm", True)]
