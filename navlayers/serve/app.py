"""The application: a page that lists the layers, and each layer as a file."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from navlayers.serve.guard import LOOPBACK, Guard

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

PUBLIC_NAVIGATOR = "https://mitre-attack.github.io/attack-navigator/"
PATH = "/layers/"


class _File(NamedTuple):
    data: bytes
    etag: str


def app(
    layers: Mapping[str, bytes],
    page: str,
    navigator: str = PUBLIC_NAVIGATOR,
    hosts: frozenset[str] = frozenset(),
    on_layer: Callable[[str], None] = lambda name: None,
) -> Starlette:
    """The application that serves layers to one Navigator.

    Args:
        layers: File name → layer; nothing else is served.
        page: The HTML of the start page.
        navigator: The address of the Navigator.
        hosts: Names of this machine beside those of the loopback interface.
        on_layer: Called with the name of each layer that a page has read.
    """
    files = {name: _File(data, f'"{hashlib.sha256(data).hexdigest()[:32]}"') for name, data in layers.items()}

    async def start(request: Request) -> Response:
        return HTMLResponse(page)

    async def layer(request: Request) -> Response:
        name = request.path_params["name"]
        file = files.get(name)
        if file is None:
            return PlainTextResponse("no such layer\n", 404)
        if request.method == "GET":
            on_layer(name)
        headers = {"ETag": file.etag}
        if file.etag in (tag.strip() for tag in request.headers.get("if-none-match", "").split(",")):
            return Response(status_code=304, headers=headers)
        return Response(file.data, media_type="application/json", headers=headers)

    return Starlette(
        routes=[Route("/", start), Route(f"{PATH}{{name}}", layer)],
        middleware=[Middleware(Guard, origin=origin(navigator), hosts=LOOPBACK | hosts)],
    )


def origin(navigator: str) -> str:
    """The origin of a page, as browsers send it."""
    parts = urlsplit(navigator)
    return f"{parts.scheme}://{parts.netloc}".lower()


def navigator_url(navigator: str, base: str, names: list[str]) -> str:
    """The address that opens layers in the Navigator as tabs in this order; it asks nothing about upgrades."""
    layers = "&".join(f"layerURL={quote(base + PATH + name, safe='')}" for name in names)
    return f"{navigator.partition('#')[0]}#{layers}"
