"""Report: what `mien report` writes of one run or two, to be read in the browser or downloaded whole."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
import zipfile
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from aiohttp import web

from mien.errors import UsageError
from mien.viewer.app import href

if TYPE_CHECKING:
    from collections.abc import Generator

    from multidict import MultiMapping

    from mien.viewer.app import App


# Of the report alone: it runs the one script that the page itself names by its hash, as a site of its own,
# from which nothing of the app can be reached.
_APART: Final = (
    "sandbox allow-scripts allow-downloads allow-popups; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'"
)
_BESIDE: Final = re.compile(r'href="(?:figures|tables)/[^"]*"')  # files that the report is written with


def routes(app: App) -> list[web.RouteDef]:
    """Where it is found."""

    def packed(query: MultiMapping[str], file: IO[bytes]) -> str:
        with (
            _written(app, query) as (folder, names),
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            for path in sorted(folder.rglob("*")):
                archive.write(path, path.relative_to(folder))
        return f"report {' '.join(names)}.zip"

    def page(query: MultiMapping[str]) -> str:
        with _written(app, query) as (folder, _):
            text = (folder / "index.html").read_text(encoding="utf-8")
        whole = escape(
            href("/report.zip", **{name: query.getall(name) for name in ("run", "judge") if name in query})
        )
        return _BESIDE.sub(lambda _: f'href="{whole}"', text)

    async def opened(request: web.Request) -> web.Response:
        text = await asyncio.to_thread(page, request.query)
        return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": _APART})

    return [
        web.get("/report", opened),
        app.file("/report.zip", packed, content_type="application/zip"),
    ]


@contextmanager
def _written(app: App, query: MultiMapping[str]) -> Generator[tuple[Path, list[str]]]:
    """A folder with the report that an address asks for, and the names of its runs."""
    with app.reading() as (store, _):
        names = [store.run(name).name for name in query.getall("run", [])]
    if not names:
        raise UsageError("say of which run the report is to be")
    judge = [f"--judge={query['judge']}"] if query.get("judge") else []
    with tempfile.TemporaryDirectory(prefix="mien-report-") as folder:
        # By a process of its own: fitting and drawing would keep all other pages waiting.
        command = [sys.executable, "-m", "mien.cli", "report", f"--output={folder}", f"--store={app.store}"]
        done = subprocess.run(
            [*command, *judge, "--", *names], capture_output=True, text=True, encoding="utf-8", check=False
        )
        if done.returncode:
            raise UsageError(done.stderr.strip())
        yield Path(folder), names
