"""What the server answers at all: requests by the names of this machine, from its own pages and the Navigator."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LAYERS = "/layers/"
"""The path of layers, all that pages of the Navigator may read."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_METHODS = "GET, HEAD"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}


class Guard:
    """Refuses requests that could come from a web page of someone else, and answers those of the Navigator.

    A page whose name leads to this machine (DNS rebinding) is known by its Host, a page elsewhere by its Origin.

    Args:
        app: The application behind it.
        origin: The origin of the Navigator, the only one that may read layers from another page; "": none.
        hosts: Names of this machine that requests may use, on any port: a tunnel may have another one.
        questions: The path below which a question may be posted, such as one with a file; "": nowhere.
    """

    def __init__(self, app: ASGIApp, origin: str, hosts: frozenset[str] = LOOPBACK, questions: str = "") -> None:
        self._app = app
        self._origin = origin
        self._hosts = hosts
        self._questions = questions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin", "")
        allowed = bool(origin) and origin == self._origin and scope["path"].startswith(LAYERS)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    own.setdefault(name, value)
                own.add_vary_header("Origin")
                if allowed:
                    own["Access-Control-Allow-Origin"] = origin
            await send(message)

        await self._response(scope, headers, origin, allowed=allowed)(scope, receive, answer)

    def _response(self, scope: Scope, headers: Headers, origin: str, *, allowed: bool) -> ASGIApp:
        host = headers.get("host", "")
        if _name(host) not in self._hosts:
            return PlainTextResponse(f"unknown host {host!r}: use 127.0.0.1 or localhost\n", 421)
        if origin and not allowed and urlsplit(origin).netloc != host:
            hint = "; --navigator names one for layers" if self._origin else ""
            return PlainTextResponse(f"pages of {origin} may not read this{hint}\n", 403)
        if scope["method"] == "OPTIONS" and allowed:
            return _preflight(headers)
        asks = scope["method"] == "POST" and bool(self._questions) and scope["path"].startswith(self._questions)
        if scope["method"] not in ("GET", "HEAD") and not asks:
            return PlainTextResponse("this server only reads\n", 405, {"Allow": _METHODS})
        return self._app


def _preflight(headers: Headers) -> Response:
    """The answer to the question of a browser; to that of Chromium about private networks too."""
    answer = {"Access-Control-Allow-Methods": _METHODS, "Access-Control-Max-Age": "600"}
    if headers.get("access-control-request-private-network") == "true":
        answer["Access-Control-Allow-Private-Network"] = "true"
    return Response(status_code=204, headers=answer)


def _name(host: str) -> str:
    """The name in a Host header, without the port; "" if it has none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
