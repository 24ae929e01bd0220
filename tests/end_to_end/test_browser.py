"""Every page in a real browser: what it looks like to people and to machines that read it aloud; choosing by
keyboard, figures that lead somewhere, progress as it comes."""

from __future__ import annotations

import re
import shutil
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from mien.evals.sycophancy.evaluate import Asked, carry_out, plan
from mien.measurement.session import Session
from mien.store.store import Store
from mien.testing import ScriptedServer, planted_scores
from tests.evals.diversity.test_drawing import carried_out
from tests.processes import LIMIT, running
from tests.viewer.pages.test_sides import add_sides
from tests.viewer.viewing import HOSTILE, PAGES, TRAITS, make_store, viewing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.viewer.viewing import Viewer

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
LIGHT, DARK = "rgb(255, 255, 255)", "rgb(20, 23, 26)"  # of figures
# One after the other: a figure is drawn as wide as there is room when light and dark change places.
LOOKS = (("light", 1280, LIGHT), ("dark", 1280, DARK), ("light", 380, LIGHT))
LONG = "of-a-model-whose-name-says-all-that-was-done-to-it"
SHOWN = (
    *PAGES,
    "/profile?run=before&figure=expression",
    "/diff?a=before&b=after%2Fnow&figure=slope",
    "/transcripts?run=before&words=question&trait=warm",
    "/transcripts?run=before&verdict=refused",
    "/label?run=before",
    "/sides?says=said%2F1&chooses=chosen&does=done",
    f"/evaluation?name=base-{LONG}",
    f"/evaluation?a=base-{LONG}&b=v1-{LONG}",
    f"/evaluation?name=swayed-{LONG}",
    "/nowhere",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_api.sync_playwright() as playwright:
        sync_api.expect.set_options(timeout=1000 * LIMIT)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("browser") / "mien.db"
    make_store(path)
    add_sides(path)
    for model in ("base", "v1"):
        carried_out(f"organism/{model}", path, name=f"{model}-{LONG}", samples=4, max_tokens=20)
    with ScriptedServer(sways={"validation": 0.5}, models=("model", "judge")) as server:
        asked = Asked(tests=["validation", "pressure"], most=6, pushes=2)
        carry_out(plan(server.model, server.judge, asked, name=f"swayed-{LONG}"), Session(path))
    return path


@pytest.fixture(scope="module")
def viewer(store: Path) -> Iterator[Viewer]:
    with viewing(store) as viewer:
        yield viewer


def until(page: Page, condition: str, argument: Any = None) -> None:
    """Wait until a condition holds. `wait_for_function` polls by an eval, which the pages' policy forbids."""
    deadline = time.monotonic() + LIMIT
    while not page.evaluate(condition, argument):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(20)


@contextmanager
def opened(browser: Browser, viewer: Viewer, **options: Any) -> Iterator[Page]:
    """A page of the app; at the end it has complained of nothing and asked nobody else."""
    context = browser.new_context(
        base_url=viewer.address, color_scheme="light", viewport={"width": 1280, "height": 800}, **options
    )
    complaints: list[str] = []
    requested: list[str] = []
    page = context.new_page()
    page.set_default_timeout(1000 * LIMIT)
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requested.append(request.url))
    yield page
    context.close()
    missing = "error: Failed to load resource: the server responded with a status of 404 (Not Found)"
    assert [words for words in complaints if words != missing] == []
    assert complaints.count(missing) <= 1  # of /nowhere itself
    assert {urlsplit(url).netloc for url in requested} == {urlsplit(viewer.address).netloc}


@pytest.mark.slow
def test_every_page_is_accessible_fits_and_complains_of_nothing(browser: Browser, viewer: Viewer) -> None:
    checker = axe.Axe()
    with opened(browser, viewer) as page:
        for address in SHOWN:
            page.set_viewport_size({"width": LOOKS[0][1], "height": 800})
            page.goto(address)
            for scheme, width, ground in LOOKS:
                page.set_viewport_size({"width": width, "height": 800})
                page.emulate_media(color_scheme=scheme)
                if page.locator("[data-figure]").count():
                    sync_api.expect(page.locator("figure svg")).to_have_css("background-color", ground)
                    assert page.locator("figure").inner_text().strip()
                    if "expression" in address or "slope" in address:  # all of it is seen, however narrow
                        scaled = page.locator("figure .scaled")
                        assert scaled.evaluate("place => place.scrollWidth - place.clientWidth") <= 0
                found = checker.run(page, options={"resultTypes": ["violations"]}).response["violations"]
                assert [
                    (address, scheme, width, problem["id"], problem["nodes"][0]["html"])
                    for problem in found
                    if problem["impact"] in ("serious", "critical")
                ] == []
                shown = page.evaluate("document.documentElement.scrollWidth")
                assert (address, scheme, shown) == (address, scheme, width)


def test_a_click_on_a_figure_leads_to_the_trials(browser: Browser, viewer: Viewer) -> None:
    with opened(browser, viewer) as page:
        page.goto("/profile?run=before")
        page.locator("figure svg text", has_text=re.compile("^warm$")).click()
        page.wait_for_url("**/transcripts?run=before&judge=first&trait=warm")
        page.goto("/diff?a=before&b=after%2Fnow")
        page.locator("figure svg text", has_text=re.compile("^blunt$")).click()
        page.wait_for_url("**/diff?*trait=blunt*#trials")
        page.locator("h2#trials").wait_for()
        page.get_by_role("link", name="Before and after").click()  # swapped in, not loaded
        page.locator("figure svg text", has_text=re.compile("^after/now$")).wait_for()


def test_a_table_of_traits_is_sorted_by_mouse_and_keyboard(browser: Browser, viewer: Viewer) -> None:
    with opened(browser, viewer) as page:
        page.goto("/profile?run=before")
        head = page.get_by_role("columnheader", name="trait")
        names = page.locator("table[data-sorts] tbody th")
        head.get_by_role("button").click()
        sync_api.expect(head).to_have_attribute("aria-sort", "ascending")
        assert names.all_inner_texts() == sorted(TRAITS)
        page.keyboard.press("Enter")  # on the head that was pressed
        sync_api.expect(head).to_have_attribute("aria-sort", "descending")
        assert names.all_inner_texts() == sorted(TRAITS, reverse=True)
        page.get_by_role("button", name="rank").press("Enter")
        sync_api.expect(page.locator("[aria-sort=ascending]")).to_have_text("rank")
        assert page.locator("table[data-sorts] tbody td:first-child").all_inner_texts() == ["1", "2", "3"]


def test_a_figure_follows_the_reader_into_the_dark(browser: Browser, viewer: Viewer) -> None:
    with opened(browser, viewer) as page:
        page.goto("/profile?run=before")
        figure = page.locator("figure svg")
        figure.wait_for()
        page.emulate_media(color_scheme="dark")
        sync_api.expect(figure).to_have_css("background-color", DARK)


def test_the_pages_read_without_scripts(browser: Browser, viewer: Viewer) -> None:
    with opened(browser, viewer, java_script_enabled=False) as page:
        page.goto("/profile?run=before")
        picture = page.locator("figure img")
        picture.scroll_into_view_if_needed()
        assert picture.bounding_box()["width"] > 300
        page.locator("table").get_by_role("link", name="warm").click()
        page.get_by_role("link", name="Trial 1", exact=True).click()
        page.get_by_role("heading", name="What the model was told").wait_for()


def test_what_was_searched_for_is_counted_marked_and_gone_through(browser: Browser, viewer: Viewer) -> None:
    with opened(browser, viewer) as page:
        page.goto("/transcripts?run=before")
        page.get_by_label("Words").fill("dear friend")
        page.get_by_role("button", name="Show").click()
        page.get_by_text("1 trial found").wait_for()
        page.goto("/transcripts?run=before&words=alert+question&trait=warm")
        found = page.locator(".trials li")
        names = [link.split("\n")[0] for link in page.locator(".trials .head a").all_inner_texts()]
        page.get_by_text(f"{found.count()} trials found").wait_for()
        page.get_by_role("link", name=names[0], exact=True).click()
        for name, key in ((names[0], "ArrowRight"), (names[1], "ArrowLeft"), (names[0], "")):
            page.get_by_role("heading", name=f"{name} of before").wait_for()
            until(page, "() => CSS.highlights.get('found')?.size > 1")
            if key:
                page.keyboard.press(key)
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.keyboard.press("c")
        page.get_by_text("Copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == page.locator("#copy-response").text_content() != ""
        page.get_by_label("Mark the words that differ").check()
        page.get_by_role("button", name="Show").click()
        page.get_by_text("Beside the response above").wait_for()
        page.keyboard.press("l")
        page.get_by_text(f"{len(names)} trials found").wait_for()


def test_a_star_and_a_note_by_keyboard(browser: Browser, viewer: Viewer) -> None:
    with opened(browser, viewer) as page:
        page.goto("/trial?run=before&id=t3&trait=warm")
        page.get_by_label("Your name").fill("Ana")
        page.get_by_label("Your name").blur()
        page.keyboard.press("s")
        page.get_by_role("button", name="★ Starred").wait_for()
        page.keyboard.press("n")
        page.keyboard.type("s is written here, and presses nothing")
        page.get_by_role("button", name="Save").click()
        page.locator("p", has_text="s is written here").wait_for()
        page.goto("/trial?run=before&id=t5")
        sync_api.expect(page.get_by_label("Your name")).to_have_value("Ana")
        page.goto("/transcripts?run=before&marked=starred")
        page.get_by_text("1 trial", exact=True).wait_for()


def test_hostile_responses_do_nothing(browser: Browser, viewer: Viewer) -> None:
    with opened(browser, viewer) as page:
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        for number in range(1, len(HOSTILE) + 1):
            page.goto(f"/trial?run=before&id=t{number}")
            page.get_by_role("heading", name=f"Trial {number + 1} of before").wait_for()
        assert dialogs == []


@pytest.mark.slow
def test_choosing_by_keyboard_among_hostile_responses(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    make_store(path)
    with viewing(path) as viewer, opened(browser, viewer) as page:

        def press(key: str, said: str) -> None:
            page.keyboard.press(key)
            page.get_by_text(said).wait_for()

        page.goto("/arena?a=before&b=after%2Fnow&trait=warm&person=Ana")
        pair = page.locator(".answers [name=pair]")
        first = pair.get_attribute("value")
        press("1", "Which is more warm?")
        assert pair.get_attribute("value") == first
        press("2", "You found response 2 more warm")
        assert pair.get_attribute("value") != first
        press("t", "You called it a tie")
        press("1", "You found response 1 more warm")
        press("u", "Which is more warm?")
        press("t", "2 of 22 pairs compared by Ana")
        for _ in range(20):
            before = pair.get_attribute("value")
            page.keyboard.press("s")
            until(page, "before => document.querySelector('.answers [name=pair]')?.value !== before", before)
        page.get_by_text("nothing is left but what you skipped").wait_for()
    with Store(path, read_only=True) as opened_store:
        a, b = (opened_store.run(name).id for name in ("before", "after/now"))
        found = [(p.question, p.chosen == "tie") for p, _ in opened_store.people.preferences(a, b)]
    assert sorted(found) == [("preferred", False), ("preferred", True), ("warm", False), ("warm", True)]


@pytest.mark.slow
def test_a_run_is_seen_to_come_on(browser: Browser, viewer: Viewer, store: Path, tmp_path: Path) -> None:
    (tmp_path / "traits.txt").write_text("\n".join(TRAITS))
    with (
        ScriptedServer(scores=planted_scores(TRAITS), latency=1.0) as server,
        opened(browser, viewer) as page,
    ):
        page.goto("/")
        page.get_by_role("link", name="before").wait_for()
        command = [
            sys.executable,
            "-m",
            "mien.cli",
            "measure",
            server.model,
            "--judge",
            f"{server.url}#judge",
        ]
        command += ["--traits", "traits.txt", "--trials", "60", "--max-concurrency", "4", "--name", "live"]
        row = page.get_by_role("row").filter(has=page.get_by_role("link", name="live"))
        with running([*command, "--store", store], cwd=tmp_path) as process:
            row.get_by_text("under way").wait_for()
            server.configure(latency=0.0)
            row.get_by_text("60 of 60").wait_for()
            errors = process.communicate(timeout=LIMIT)[1]
        assert (process.returncode, errors.count("Traceback")) == (0, 0)
