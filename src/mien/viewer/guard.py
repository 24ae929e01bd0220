"""Who may ask, and what a page may load: the checks that every request passes."""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")
COOKIE = "mien"

# Whatever a response may contain, the browser runs, loads and sends nothing that is not the app's own.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: with it browsers send the origin of a form as null.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Guard:
    """Lets requests through, or says why not.

    Args:
        host: where the app listens.
        token: what a browser has to bring once, as ``?token=``; empty asks for none.
        read_only: refuse whatever writes.
    """

    def __init__(self, host: str = "127.0.0.1", *, token: str = "", read_only: bool = False) -> None:
        self._local = host in LOCAL_HOSTS
        self._token = token
        self.read_only = read_only
        self.form_token = secrets.token_urlsafe(24)

    @web.middleware
    async def check(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Check a request, answer it, and give the answer its headers."""
        response = self._welcome(request)
        if response is None and (problem := await self._problem(request)):
            response = web.Response(text=problem, status=403)
        if response is None:
            response = await handler(request)
        if not response.prepared:
            for name, value in _HEADERS.items():
                response.headers.setdefault(name, value)  # a page may have a stricter policy of its own
            if not request.path.startswith("/static/"):
                response.headers["Cache-Control"] = "no-store"
        return response

    def _welcome(self, request: web.Request) -> web.Response | None:
        """Turn the token in an address into a cookie, so that it stays in no address that is passed on."""
        if not self._token or not _same(request.query.get("token", ""), self._token):
            return None
        rest = [(key, value) for key, value in request.query.items() if key != "token"]
        # To a browser, //name and /\\name are addresses on another host.
        path = "/" + request.rel_url.raw_path.lstrip("/\\")
        location = path + (f"?{urlencode(rest, errors='replace')}" if rest else "")
        response = web.Response(status=303, headers={"Location": location})
        response.set_cookie(COOKIE, self._token, httponly=True, samesite="Lax")
        return response

    async def _problem(self, request: web.Request) -> str:
        # A foreign name that resolves to this machine is how a foreign page would read it (DNS rebinding).
        # Where a token is asked for, such a page has no cookie.
        if self._local and _name(request.host) not in LOCAL_HOSTS:
            return f"This app answers to 127.0.0.1 and localhost, not to {request.host[:100]}."
        if self._token and not _same(request.cookies.get(COOKIE, ""), self._token):
            return "Open the address that `mien view` printed, with its token."
        return "" if request.method in ("GET", "HEAD") else await self._problem_of_form(request)

    async def _problem_of_form(self, request: web.Request) -> str:
        if self.read_only:
            return "This store is shown for reading alone."
        origin = request.headers.get("Origin")
        if origin is not None and origin not in (f"http://{request.host}", f"https://{request.host}"):
            return "This form was sent from another site."
        try:
            form = await request.post()
        except web.HTTPException:  # such as one that is too long
            raise
        except Exception:  # aiohttp has no error of its own for them all
            return "This form cannot be read."
        if not _same(str(form.get("form_token", "")), self.form_token):
            return "The app was started anew since this page was loaded: load it again, then send it."
        return ""


def _name(host: str) -> str:
    """The name in a Host header, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()


def _same(given: str, wanted: str) -> bool:
    # Odd bytes of a header come as lone surrogates.
    return hmac.compare_digest(given.encode(errors="surrogatepass"), wanted.encode())
