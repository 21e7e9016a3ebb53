"""Options and messages of the commands that start the local server."""

from __future__ import annotations

import os
import sys
import webbrowser
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import click

from navlayers.cli import _options, _print
from navlayers.errors import Problem, UsageError

if TYPE_CHECKING:
    import socket

VARIABLE = "NAVLAYERS_NAVIGATOR"

_DESKTOPS = ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME", "BROWSER")


class Address(NamedTuple):
    """Where the server listens, which Navigator reads from it, and whether to open a browser."""

    navigator: str | None
    port: int | None
    host: str | None
    no_browser: bool

    @property
    def hosts(self) -> frozenset[str]:
        """Names of this machine beside those of the loopback interface."""
        return frozenset({self.host.lower()}) if self.host else frozenset()

    def navigator_or(self, default: str) -> str:
        """The address of the Navigator.

        Raises:
            UsageError: It is not an address of the web.
        """
        url = self.navigator or default
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            expected = "an address such as http://localhost:4200"
            raise UsageError(Problem(f"--navigator: {url!r} is not an address", expected=expected))
        return url

    def listener(self, what: str) -> tuple[socket.socket, str]:
        """A listening socket, and the address of the server; says which port it took, and who can read `what`."""
        from navlayers.serve import server  # noqa: PLC0415 - web servers are slow to import

        listener = server.listener(
            self.host or "127.0.0.1", server.DEFAULT_PORT if self.port is None else self.port
        )
        taken = listener.getsockname()[1]
        if self.port and taken != self.port:
            _print.notify(f"note: port {self.port} is in use; using {taken}")
        own = ip_address(listener.getsockname()[0].partition("%")[0])
        if not own.is_loopback:
            _print.notify(f"note: others on your network can read {what} while the server listens on {self.host}")
        name = "127.0.0.1" if own.is_unspecified else f"[{own}]" if own.version == 6 else str(own)
        return listener, f"http://{name}:{taken}"

    def launch(self, url: str) -> None:
        """Open a page in the browser of this desktop, or say that there is none."""
        if not (self.no_browser or _launch(url)):
            _print.notify("note: no browser was found here; open the address in yours")


address_options = _options.bundle(
    "address",
    Address,
    click.option(
        "--navigator",
        envvar=VARIABLE,
        metavar="URL",
        help=f"Another Navigator than the public one (or ${VARIABLE}).",
    ),
    click.option("--port", type=click.IntRange(0, 65_535), metavar="N", help="Port of the local server."),
    click.option("--host", metavar="ADDRESS", help="Address to listen on, instead of 127.0.0.1."),
    click.option("--no-browser", is_flag=True, help="Print the address only."),
)
"""Given to a command as `address: Address`."""


def tell(url: str, base: str, what: str, *, quiet: bool) -> None:
    """Print an address, and how to reach it from another machine."""
    click.echo(url)
    if quiet:
        return
    _print.notify(f"Serving {what} at {base}/ until Ctrl-C.")
    if os.environ.get("SSH_CONNECTION"):
        port = urlsplit(base).port
        _print.notify(f"On your own machine, run: ssh -N -L {port}:127.0.0.1:{port} THIS-HOST")


def _launch(url: str) -> bool:
    """Open a page in the browser of this desktop; False without one: a text browser would take the terminal."""
    if os.environ.get("SSH_CONNECTION"):
        return False
    desktop = sys.platform in ("darwin", "win32") or any(map(os.environ.get, _DESKTOPS))
    return desktop and webbrowser.open(url)
