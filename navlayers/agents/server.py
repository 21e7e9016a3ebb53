"""The protocol: tools over standard input and output, or over HTTP on this machine."""

from __future__ import annotations

import os
import signal
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import anyio
import anyio.to_thread
import mcp_types as types
import msgspec
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from navlayers.agents.tools import INSTRUCTIONS, TOOLS, answer
from navlayers.version import version

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from navlayers.agents.inventory import Inventory

PATH = "/mcp"
"""The path of the protocol over HTTP."""

_LARGEST_REQUEST = 1_000_000
"""Bytes of a request over HTTP: more than the longest text to check takes."""

_READS = types.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


def server_of(inventory: Inventory) -> Server[dict[str, Any]]:
    """The server of the tools; calls are answered one after the other."""
    turn = anyio.CapacityLimiter(1)
    # The thread of a call that the agent gave up goes on for a while.
    lock = threading.Lock()
    listed = [
        types.Tool(
            name=each.name,
            title=each.title,
            description=each.description,
            input_schema=each.input_schema,
            output_schema=each.output_schema,
            annotations=_READS,
        )
        for each in TOOLS.values()
    ]

    async def list_tools(_context: object, _params: object) -> types.ListToolsResult:
        return types.ListToolsResult(tools=listed)

    async def call_tool(_context: object, params: types.CallToolRequestParams) -> types.CallToolResult:
        call = partial(_answer, inventory, params.name, params.arguments or {}, lock)
        found, wrong = await anyio.to_thread.run_sync(call, limiter=turn, abandon_on_cancel=True)
        text = types.TextContent(type="text", text=msgspec.json.encode(found).decode())
        return types.CallToolResult(content=[text], structured_content=None if wrong else found, is_error=wrong)

    return Server(
        "navlayers",
        version=version(),
        title="navlayers: coverage of MITRE ATT&CK",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _answer(
    inventory: Inventory, name: str, given: dict[str, Any], lock: threading.Lock
) -> tuple[dict[str, Any], bool]:
    """The answer of a tool; a fault of navlayers is an error without a traceback."""
    try:
        with lock:
            return answer(inventory, name, given)
    except Exception as error:
        if os.environ.get("NAVLAYERS_DEBUG"):
            raise
        problem = {"message": f"internal error: {type(error).__name__}", "hint": "report it with the arguments"}
        return {"problems": [problem]}, True


def serve_stdio(inventory: Inventory) -> NoReturn:
    """Answer on standard output what comes on standard input, until that ends, Ctrl-C or SIGTERM."""
    server = server_of(inventory)
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: _end())

    async def run() -> None:
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())
            # Reading waits in a thread that nothing stops, and so does a search that is being abandoned.
            _end()

    anyio.run(run)
    _end()


def _end() -> NoReturn:
    """End at once: nothing is open that could be left half written."""
    sys.stderr.flush()
    os._exit(0)


def serve_http(inventory: Inventory, listener: socket.socket, ready: Callable[[], None]) -> NoReturn:
    """Answer requests on a socket of this machine until Ctrl-C or SIGTERM."""
    from navlayers.serve.guard import Guard  # noqa: PLC0415 - for HTTP alone
    from navlayers.serve.server import serve  # noqa: PLC0415

    app = server_of(inventory).streamable_http_app(
        streamable_http_path=PATH, json_response=True, stateless_http=True, max_request_body_size=_LARGEST_REQUEST
    )
    serve(Guard(app, origin="", questions=PATH), listener, lambda _stop: ready())
    _end()
