"""`docs/links.py`: dead links of a built site are found, and those that live are left alone."""

from pathlib import Path

import pytest

from docs.links import dead_links

PAGES = {
    "index.html": '<h1 id="top">mien</h1> <a href="data/#rows">rows</a> <a href="#top">up</a>',
    "data/index.html": '<h2 id="rows">rows</h2> <a href="..">home</a> <a href="">me</a> <img src="../a.svg">',
    "404.html": '<a href="/">home</a> <a href="/data/#rows">rows</a> <a href="https://example.org/gone">out</a>',
    "a.svg": "<svg/>",
}


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
    ],
)
def test_a_dead_link_is_named(tmp_path: Path, link: str):
    site = built(tmp_path, **{"page.html": f'<a href="{link}">x</a>'})
    assert list(dead_links(site)) == [("page.html", link)]


def test_pictures_count_as_links(tmp_path: Path):
    site = built(tmp_path, **{"page.html": '<img src="figures/gone.svg">'})
    assert list(dead_links(site)) == [("page.html", "figures/gone.svg")]
