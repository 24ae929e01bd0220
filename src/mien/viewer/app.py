"""What all pages share: the store, its search and profiles, templates, and how a page answers."""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from aiohttp import web

from mien.formatting import counted, fraction, p_value, shown
from mien.report.responses import rendered
from mien.store.schema import connect_read_only
from mien.store.search import SearchIndex
from mien.store.store import Store
from mien.viewer.figures import Drawn
from mien.viewer.profiles import Profiles
from mien.viewer.words import WORDS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncGenerator, Callable, Generator

    from multidict import MultiMapping

    from mien.viewer.guard import Guard

_HERE = Path(__file__).parent
_LOCK_TIMEOUT = 5.0
_CHUNK = 1 << 18  # bytes


class App:
    """Shows a store.

    Args:
        store: its file.
        guard: who may ask.

    Raises:
        StoreError: there is no such store, or it cannot be read.
    """

    def __init__(self, store: Path, guard: Guard) -> None:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        self.store = store
        self.guard = guard
        connect_read_only(store, lock_timeout=_LOCK_TIMEOUT).close()
        self.search = SearchIndex(store)
        self.drawn = Drawn()
        self.profiles = Profiles(store, self.drawn.prepare)
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=shown,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(day=day, fraction=fraction, p_value=p_value)
        shared: dict[str, Any] = self._templates.globals
        shared.update(
            href=href,
            rendered=rendered,
            counted=counted,
            read_only=guard.read_only,
            form_token=guard.form_token,
            store_name=store.name,
            words=WORDS,
        )

    @contextmanager
    def reading(self, *, search: bool = False) -> Generator[tuple[Store, sqlite3.Connection]]:
        """The store, open for reading, and a connection for questions of one's own."""
        with (
            Store(self.store, read_only=True, lock_timeout=_LOCK_TIMEOUT) as opened,
            closing(connect_read_only(self.store, lock_timeout=_LOCK_TIMEOUT)) as db,
        ):
            if search:
                self.search.attach(db)
            yield opened, db

    @contextmanager
    def writing(self) -> Generator[Store]:
        """The store, open for writing."""
        with Store(self.store, lock_timeout=_LOCK_TIMEOUT) as opened:
            yield opened

    def html(self, template: str, **values: Any) -> str:
        """A template, filled."""
        return self._templates.get_template(template).render(**values)

    def get(
        self, path: str, page: Callable[[MultiMapping[str]], str], *, content_type: str = "text/html"
    ) -> web.RouteDef:
        """A page, or a part of one, that is a function of its address's members; none where it is empty."""

        async def answer(request: web.Request) -> web.Response:
            text = await asyncio.to_thread(page, request.query)
            return web.Response(text=text, content_type=content_type, status=200 if text else 204)

        return web.get(path, answer)

    def file(
        self, path: str, write: Callable[[MultiMapping[str], IO[bytes]], str], *, content_type: str
    ) -> web.RouteDef:
        """A file that is written when it is asked for, and not kept; ``write`` gives its name."""

        async def answer(request: web.Request) -> web.Response:
            file = tempfile.TemporaryFile()  # noqa: SIM115  # closed, and so deleted, once it was sent
            try:
                name = await asyncio.to_thread(write, request.query, file)
                file.seek(0)
            except BaseException:
                file.close()
                raise
            headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
            return web.Response(body=_sent(file), content_type=content_type, headers=headers)

        return web.get(path, answer)

    def post(self, path: str, act: Callable[[MultiMapping[Any]], str]) -> web.RouteDef:
        """A form that does something and then leads to another address."""

        async def answer(request: web.Request) -> web.Response:
            location = await asyncio.to_thread(act, await request.post())
            return web.Response(status=303, headers={"Location": location})

        return web.post(path, answer)


def day(created: float) -> str:
    """The day of a Unix time."""
    return time.strftime("%Y-%m-%d", time.gmtime(created))


async def _sent(file: IO[bytes]) -> AsyncGenerator[bytes]:
    with file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk


def href(path: str, **members: object) -> str:
    """An address within the app; a member may be a list of values."""
    return f"{path}?{urlencode(members, doseq=True)}" if members else path
