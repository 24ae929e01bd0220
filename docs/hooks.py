"""Pages of the site whose files lie elsewhere in the repository: their links are written for there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT = Path(__file__).resolve().parents[1]
# What pages of the site link to, by where it lies in the repository; to nothing else outside docs/.
PAGES = {
    "CHANGELOG.md": "changelog.md",
    "examples/release-gate/README.md": "examples/release-gate/README.md",
    "examples/release-gate/release-gate.yaml": "examples/release-gate/release-gate.yaml",
}


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Take the pages in, before anything looks at links."""
    for source, page in PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=rebased(text) if page.endswith(".md") else text))
    return files


def rebased(markdown: str) -> str:
    """Text whose links are written for the root, with links that hold within the site."""
    return markdown.replace("](docs/", "](").replace("](CHANGELOG.md)", "](changelog.md)")
