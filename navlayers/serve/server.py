"""Running the server: its socket, its limits, its end."""

from __future__ import annotations

import contextlib
import errno
import signal
import socket
import threading
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from navlayers.errors import OutputError, Problem, UsageError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp

DEFAULT_PORT = 8765
_MORE_PORTS = 50
"""Ports tried after one that is in use."""

MOST_CONNECTIONS = 2_000
LONGEST_HEAD = 16 * 1024
"""Maximum bytes of the request line and headers."""

SECONDS_FOR_REQUEST = 10
"""A client that has not sent its request by then is disconnected."""

SECONDS_IDLE = 5
_SECONDS_TO_STOP = 0.5


def listener(host: str, port: int, *, exact: bool = False, option: str = "--port") -> socket.socket:
    """A socket at the port, or at the next one that is free.

    Args:
        host: The address to listen on.
        port: 0: any free port.
        exact: Whether to refuse other ports.
        option: The option that names the port.

    Raises:
        OutputError: The ports are in use, or the address is not one of this machine.
        UsageError: The host is unknown.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        raise UsageError(Problem(f"unknown host {host!r}", expected="an address of this machine")) from None
    last: OSError | None = None
    for candidate in range(port, port + 1 + (0 if exact or not port else _MORE_PORTS)):
        found = socket.socket(family, kind)
        # On Windows, SO_REUSEADDR would share a port that another program uses.
        exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)
        found.setsockopt(socket.SOL_SOCKET, exclusive or socket.SO_REUSEADDR, 1)
        try:
            found.bind((address[0], candidate))
        except (OSError, OverflowError) as error:
            found.close()
            last = error if isinstance(error, OSError) else None
            continue
        found.listen(MOST_CONNECTIONS)
        return found
    if last is not None and last.errno == errno.EADDRNOTAVAIL:
        raise UsageError(
            Problem(f"cannot listen on {host!r}", expected="an address of this machine, or 0.0.0.0 for all")
        )
    reason = last.strerror if last else "not a port"
    raise OutputError(Problem(f"cannot listen on {host}:{port}: {reason}", hint=f"name another port with {option}"))


def serve(
    app: ASGIApp,
    listener: socket.socket,
    ready: Callable[[Callable[[], None]], None],
    stopping: Callable[[], None] = lambda: None,
) -> None:
    """Serve until Ctrl-C, SIGTERM, or a call of the function that `ready` is given.

    Args:
        app: The application.
        listener: A listening socket; it is closed at the end.
        ready: Called when requests are answered.
        stopping: Called when the server begins to stop.
    """
    config = uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        h11_max_incomplete_event_size=LONGEST_HEAD,
        timeout_keep_alive=SECONDS_IDLE,
        timeout_graceful_shutdown=_SECONDS_TO_STOP,  # type: ignore[arg-type]  # what waits takes fractions
    )
    server = _Server(config, ready, stopping)
    with contextlib.closing(listener), _without_pipe_signal(), contextlib.suppress(KeyboardInterrupt):
        server.run([listener])


@contextlib.contextmanager
def _without_pipe_signal() -> Iterator[None]:
    """Survive clients that close early: programs that write to a pipe end by this signal, a server must not."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGPIPE"):
        yield
        return
    before = signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGPIPE, before)


class _Server(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, ready: Callable[[Callable[[], None]], None], stopping: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready(self._stop)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping()
        await super().shutdown(sockets)

    def _stop(self) -> None:
        self.should_exit = True


SECONDS_FOR_ANSWER = 30
"""A client that has not read what was sent by then is disconnected."""


class _Protocol(H11Protocol):
    """Closes a connection whose request is not complete in time, or whose client does not read the answer.

    uvicorn limits the time between requests alone.
    """

    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self._unread or self.loop.call_later(SECONDS_FOR_ANSWER, self.transport.abort)

    def resume_writing(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        if self._unread is not None:
            self._unread.cancel()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Start the clock where a request is awaited, stop it where one is being answered."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._forget()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(SECONDS_FOR_REQUEST, self.transport.abort)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
