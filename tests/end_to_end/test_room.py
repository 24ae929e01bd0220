"""The room that a page keeps, in a real browser, for a figure that is on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.test_browser import CHROMIUM, opened, sync_api
from tests.viewer.viewing import make_store, viewing

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Route

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")


def test_a_figure_finds_the_room_that_it_takes(tmp_path: Path) -> None:
    make_store(tmp_path / "mien.db")
    with viewing(tmp_path / "mien.db") as viewer, sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        with opened(browser, viewer) as page:
            asked: list[Route] = []

            def hold(route: Route) -> None:
                asked.append(route)

            page.route("**/figure?*", hold)
            for address in (
                "/profile?run=before",
                "/diff?a=before&b=after%2Fnow",
                "/profile?run=before&figure=expression",
            ):
                page.goto(address)
                while not asked:
                    page.wait_for_timeout(20)
                box = page.locator("[data-figure]")
                height = box.evaluate("figure => figure.offsetHeight")
                asked.pop().continue_()
                box.locator("svg text").first.wait_for()
                assert (address, box.evaluate("figure => figure.offsetHeight")) == (address, height)
        browser.close()
