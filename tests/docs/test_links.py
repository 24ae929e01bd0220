"""`docs/links.py`: dead links are found, and those that live are left alone; none is in the repository."""

from pathlib import Path

import pytest

from docs.links import dead_in_markdown, dead_links
from tests import ROOT

PAGES = {
    "index.html": '<h1 id="top">mien</h1> <a href="data/#rows">rows</a> <a href="#top">up</a>',
    "data/index.html": '<h2 id="rows">rows</h2> <a href="..">home</a> <a href="">me</a> <img src="../a.svg">',
    "404.html": '<a href="/">home</a> <a href="/data/#rows">rows</a> <a href="https://example.org/gone#x">out</a>',
    "a.svg": "<svg/>",
}
ILL_FORMED = (
    "http://example.org",
    "https:/example.org",
    "htps://example.org",
    "//example.org",
    "https://exampleorg/a",
    "https://me@example.org/",
    "https://example.org/…",
)


def built(folder: Path, **more: str) -> Path:
    for name, text in (PAGES | more).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"<html><body>{text}</body></html>", encoding="utf-8")
    return folder


def test_links_that_lead_somewhere_are_left_alone(tmp_path: Path):
    assert list(dead_links(built(tmp_path))) == []


@pytest.mark.parametrize(
    "link",
    [
        "docs/data.md",
        "data/#columns",
        "#bottom",
        "/gone/",
        "../chart.png",
        "chart.svg#part",
        "data/CHANGELOG.md",
        *ILL_FORMED,
    ],
)
def test_a_dead_link_is_named(tmp_path: Path, link: str):
    site = built(tmp_path, **{"page.html": f'<a href="{link}">x</a>'})
    assert list(dead_links(site)) == [("page.html", link)]


def test_pictures_count_as_links(tmp_path: Path):
    site = built(tmp_path, **{"page.html": '<img src="figures/gone.svg">'})
    assert list(dead_links(site)) == [("page.html", "figures/gone.svg")]


READ_IN_THE_REPOSITORY = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "examples").rglob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]


@pytest.mark.parametrize("page", READ_IN_THE_REPOSITORY, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_of_the_repository_lead_somewhere(page: Path):
    # The one page that the site makes of another, which lies elsewhere.
    moved = {
        "changelog.md",
        "../examples/release-gate/README.md",
        "../examples/release-gate/release-gate.yaml",
    }
    dead = set(dead_in_markdown(page))
    assert dead <= (moved if page.is_relative_to(ROOT / "docs") else set())


@pytest.mark.parametrize("link", ["gone.md", "other.md#gone", "#gone", "a.svg#part", *ILL_FORMED])
def test_a_dead_link_of_markdown_is_named(tmp_path: Path, link: str):
    (tmp_path / "a.svg").write_text("<svg/>")
    (tmp_path / "other.md").write_text("# There\n\n```\n# gone\n```\n")
    page = tmp_path / "page.md"
    page.write_text(
        "## `mien` & here\n\n[a](other.md#there) [b](#mien-here) [c](a.svg) `[code](nowhere.md)` "
        f"[d](https://example.org/a_(b)#c) [e]({link})\n"
    )
    assert [*dead_in_markdown(page)] == [link]
