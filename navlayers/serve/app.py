"""The application of `open` and `serve`: layers as files, a page, and for `serve` the explorer."""

from __future__ import annotations

import asyncio
import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from navlayers.serve.guard import LAYERS, LOOPBACK, Guard

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from navlayers.serve.explorer import Explorer

PUBLIC_NAVIGATOR = "https://mitre-attack.github.io/attack-navigator/"


def app(
    layer_of: Callable[[str], bytes | None],
    page: str,
    navigator: str = PUBLIC_NAVIGATOR,
    hosts: frozenset[str] = frozenset(),
    on_layer: Callable[[str], None] = lambda name: None,
    explorer: Explorer | None = None,
) -> Starlette:
    """The application that serves layers to one Navigator.

    Args:
        layer_of: File name → layer, None for others; nothing else is served.
        page: The HTML of the start page.
        navigator: The address of the Navigator.
        hosts: Names of this machine beside those of the loopback interface.
        on_layer: Called with the name of each layer that a page has read.
        explorer: The explorer of `serve`.
    """

    async def start(request: Request) -> Response:
        return HTMLResponse(page)

    async def layer(request: Request) -> Response:
        name = request.path_params["name"]
        data = layer_of(name) if explorer is None else await asyncio.to_thread(layer_of, name)
        if data is None:
            return PlainTextResponse("no such layer\n", 404)
        if request.method == "GET":
            on_layer(name)
        etag = _etag(data)
        headers = {"ETag": etag}
        if etag in (tag.strip() for tag in request.headers.get("if-none-match", "").split(",")):
            return Response(status_code=304, headers=headers)
        return Response(data, media_type="application/json", headers=headers)

    routes = [Route("/", start), Route(f"{LAYERS}{{name}}", layer)]
    secret = ""
    if explorer is not None:
        routes.append(explorer.route)
        secret = explorer.path
    guard = Middleware(Guard, origin=origin(navigator), hosts=LOOPBACK | hosts, questions=secret)
    served = Starlette(routes=routes, middleware=[guard], lifespan=explorer.lifespan if explorer else None)
    served.router.redirect_slashes = False
    return served


@lru_cache(maxsize=64)
def _etag(data: bytes) -> str:
    return f'"{hashlib.sha256(data).hexdigest()[:32]}"'


def origin(navigator: str) -> str:
    """The origin of a page, as browsers send it."""
    parts = urlsplit(navigator)
    return f"{parts.scheme}://{parts.netloc}".lower()


def navigator_url(navigator: str, base: str, names: list[str]) -> str:
    """The address that opens layers in the Navigator as tabs in this order; it asks nothing about upgrades."""
    layers = "&".join(f"layerURL={quote(base + LAYERS + name, safe='')}" for name in names)
    return f"{navigator.partition('#')[0]}#{layers}"
