"""Every link within the site leads somewhere: its pages are read as built, and each dead link is a warning.

MkDocs looks at the links of Markdown alone, before theme, API reference and raw HTML add theirs.
"""

from __future__ import annotations

import logging
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mkdocs.config.defaults import MkDocsConfig

log = logging.getLogger("mkdocs.hooks.links")  # what is logged under mkdocs counts under --strict


def on_post_build(*, config: MkDocsConfig) -> None:
    """Warn of each dead link."""
    for page, link in dead_links(Path(config.site_dir)):
        log.warning("%s: nothing is at %s", page, link)


def dead_links(site: Path) -> Iterator[tuple[str, str]]:
    """Each page's links to files and anchors of the site that are not there.

    Yields:
        the page, by its path in the site, and the link as it is written there.
    """
    read = cache(_read)
    for page in sorted(site.rglob("*.html")):
        for link in read(page).links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            path = unquote(parts.path)
            target = site / path.lstrip("/") if path.startswith("/") else page.parent / path
            target = target if path else page
            target = target / "index.html" if target.is_dir() else target
            anchor = unquote(parts.fragment)
            if not target.is_file() or (anchor and anchor not in read(target).anchors):
                yield str(page.relative_to(site)), link


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
