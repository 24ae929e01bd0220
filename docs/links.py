"""Every link leads somewhere: pages of the site are read as built, and each dead link is a warning.

MkDocs looks at the links of Markdown alone, before theme, API reference and raw HTML add theirs. Pages that
are read in the repository, such as README.md, are looked at as they stand (tests/docs/test_links.py). Where
links lead out, nobody is asked: they have to be well-formed, and encrypted.
"""

from __future__ import annotations

import logging
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from markdown.extensions.toc import slugify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mkdocs.config.defaults import MkDocsConfig

log = logging.getLogger("mkdocs.hooks.links")  # what is logged under mkdocs counts under --strict

_CODE = re.compile(r"^ *(```+).*?^ *\1|`[^`\n]+`", re.DOTALL | re.MULTILINE)
_FENCED = re.compile(r"^ *(```+).*?^ *\1", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]*)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_OUT = re.compile(r"https://([a-z\d-]+\.)+[a-z]{2,}(:\d+)?(/[!-~]*)?")


def on_post_build(*, config: MkDocsConfig) -> None:
    """Warn of each dead link."""
    for page, link in dead_links(Path(config.site_dir)):
        log.warning("%s: a link leads nowhere, %s", page, link)


def dead_links(site: Path) -> Iterator[tuple[str, str]]:
    """Each page's links to files and anchors of the site that are not there, and ill-formed ones out of it.

    Yields:
        the page, by its path in the site, and the link as it is written there.
    """
    read = cache(_read)
    for page in sorted(site.rglob("*.html")):
        for link in read(page).links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                if not _OUT.fullmatch(link):
                    yield str(page.relative_to(site)), link
                continue
            path = unquote(parts.path)
            target = site / path.lstrip("/") if path.startswith("/") else page.parent / path
            target = target if path else page
            target = target / "index.html" if target.is_dir() else target
            anchor = unquote(parts.fragment)
            if not target.is_file() or (anchor and anchor not in read(target).anchors):
                yield str(page.relative_to(site)), link


def dead_in_markdown(page: Path) -> Iterator[str]:
    """A Markdown page's links to files, folders and headings that are not there, and ill-formed ones out.

    Yields:
        the link as it is written.
    """
    for link in _LINK.findall(_CODE.sub("`code`", page.read_text(encoding="utf-8"))):
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            if not _OUT.fullmatch(link):
                yield link
            continue
        target = page.parent / unquote(parts.path) if parts.path else page
        if not target.exists() or (parts.fragment and unquote(parts.fragment) not in _headings(target)):
            yield link


def _headings(page: Path) -> set[str]:
    text = _FENCED.sub("", page.read_text(encoding="utf-8")) if page.suffix == ".md" else ""
    return {slugify(heading, "-") for heading in _HEADING.findall(text)}


def _read(page: Path) -> _Page:
    read = _Page()
    if page.suffix == ".html":
        read.feed(page.read_text(encoding="utf-8"))
    return read


class _Page(HTMLParser):
    """What a page links to, and what in it can be linked to."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"href", "src"} and value is not None:
                self.links.append(value)
            elif value and (name == "id" or (tag == "a" and name == "name")):
                self.anchors.add(value)
