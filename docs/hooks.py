"""Pages that are files of the repository's root: their links are written for the root."""

from typing import Any


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Make links into ``docs/`` and to files beside it work from within the site."""
    return markdown.replace("](docs/", "](").replace("](CHANGELOG.md)", "](changelog.md)")
