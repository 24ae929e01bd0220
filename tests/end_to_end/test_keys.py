"""Keys in a real browser: pressed before a page is there, while the app is gone, in several tabs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.store.store import Store
from tests.end_to_end.test_browser import CHROMIUM, axe, opened, sync_api
from tests.processes import LIMIT
from tests.viewer.viewing import make_store, viewing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.viewer.viewing import Viewer

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def viewer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewer]:
    path = tmp_path_factory.mktemp("keys") / "mien.db"
    make_store(path)
    with viewing(path) as viewer:
        yield viewer


def test_keys_pressed_while_pages_load_all_count(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    make_store(path)
    with viewing(path) as viewer, opened(browser, viewer) as page:
        page.set_viewport_size({"width": 1280, "height": 500})
        page.goto("/label?run=before&person=Ana")
        assert page.get_by_text("You read").count() == 0
        sync_api.expect(page.locator(".choices")).to_be_in_viewport(ratio=1)
        for key in ("1", "2", "N", "r") * 3:
            page.keyboard.press(key)
        page.get_by_text("12 of 22 labelled by Ana").wait_for()
        page.get_by_text("You read").wait_for()
        for key in "1uu":  # there is but one to take back
            page.keyboard.press(key)
        page.get_by_text("12 of 22 labelled by Ana").wait_for()
        shown = page.locator(".answers [name=trial]")
        before = shown.get_attribute("value")
        page.keyboard.press("s")
        sync_api.expect(shown).not_to_have_value(before)
        notice = page.get_by_text("in another tab, too")
        sync_api.expect(notice).to_be_hidden()
        other = page.context.new_page()
        other.goto("/label?run=before&person=Bo")
        sync_api.expect(other.locator("[data-place]")).to_be_hidden()
        other.goto("/label?run=before&person=Ana")
        sync_api.expect(other.locator("[data-place]")).to_be_visible()
        sync_api.expect(notice).to_be_visible()
    with Store(path, read_only=True) as opened_store:
        labels = [chosen for _, _, chosen in opened_store.people.labels(1)]
    assert (len(labels), labels.count("neither"), labels.count("refused")) == (12, 3, 3)


@pytest.mark.slow
def test_an_app_that_is_gone_is_told_and_nothing_pressed_is_lost(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    make_store(path)
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(1000 * LIMIT)
    with viewing(path) as viewer:
        page.goto(f"{viewer.address}label?run=before&person=Ana")
        page.keyboard.press("1")
        page.get_by_text("1 of 22 labelled by Ana").wait_for()
    for key in "nr":
        page.keyboard.press(key)
    page.get_by_text("The app does not answer").wait_for()
    page.get_by_text("once it is back: n r").wait_for()
    with viewing(path, "--port", str(viewer.port)):
        page.get_by_text("3 of 22 labelled by Ana").wait_for()
        assert page.get_by_text("The app does not answer").count() == 0
    with viewing(path, "--port", str(viewer.port)):  # of whose start the page knows nothing
        page.keyboard.press("n")
        page.get_by_text("4 of 22 labelled by Ana").wait_for()
    context.close()


def test_the_sheet_lists_the_keys_of_its_page(browser: Browser, viewer: Viewer) -> None:
    with opened(browser, viewer) as page:
        for address, keys in (
            ("/", ["?"]),
            ("/trial?run=before&id=t1", ["←", "→", "?"]),
            ("/label?run=before&person=Ana", ["1", "2", "n", "r", "s", "?"]),
            ("/arena?a=before&b=after%2Fnow&person=Ana", ["1", "2", "t", "s", "?"]),
        ):
            page.goto(address)
            page.keyboard.press("?")
            sheet = page.get_by_role("dialog", name="Keys of this page")
            sheet.wait_for()
            assert set(keys) <= set(sheet.locator("dt").all_inner_texts())
            page.keyboard.press("1")  # is for the page below
            page.keyboard.press("Escape")
            sync_api.expect(sheet).to_be_hidden()
        page.get_by_text("0 of 22 pairs compared").wait_for()
        page.get_by_role("button", name="Keys").click()
        found = axe.Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        assert [problem["id"] for problem in found if problem["impact"] in ("serious", "critical")] == []
        page.keyboard.press("?")
        sync_api.expect(sheet).to_be_hidden()


def test_many_open_tabs_leave_room_for_another(browser: Browser, viewer: Viewer) -> None:
    with opened(browser, viewer) as page:
        page.goto("/")
        for _ in range(7):  # a browser opens six connections to an app
            tab = page.context.new_page()
            tab.goto("/")
            tab.get_by_role("link", name="before").wait_for()
