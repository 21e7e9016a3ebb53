"""`navlayers open`: layers in the ATT&CK Navigator."""

from __future__ import annotations

import os
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from navlayers._text import quantity
from navlayers.api.sources import sources
from navlayers.cli import _complete, _help, _options, _print
from navlayers.errors import Problem, UsageError
from navlayers.mapping.find import HERE

if TYPE_CHECKING:
    from collections.abc import Callable

    from navlayers.mapping.formats.context import ReadOptions

VARIABLE = "NAVLAYERS_NAVIGATOR"
_LONGEST = 2_000
"""Maximum length of an address that every desktop passes on to its browser; the start page has longer ones."""

_DESKTOPS = ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME", "BROWSER")


@click.command(cls=_help.Command)
@click.argument("inputs", nargs=-1, metavar="[SET|LAYER|DIR]...", shell_complete=_complete.sets)
@click.option(
    "--navigator", envvar=VARIABLE, metavar="URL", help=f"Another Navigator than the public one (or ${VARIABLE})."
)
@click.option("--port", type=click.IntRange(0, 65_535), metavar="N", help="Port of the local server.")
@click.option("--host", metavar="ADDRESS", help="Address to listen on, instead of 127.0.0.1.")
@click.option("--no-browser", is_flag=True, help="Print the address only.")
@click.option("--once", is_flag=True, help="Stop when the Navigator has read each layer.")
@_options.attack_option
@_options.reading_options
@_options.quiet_option
def command(
    inputs: tuple[str, ...],
    navigator: str | None,
    port: int | None,
    host: str | None,
    attack_version: str | None,
    reading: ReadOptions,
    *,
    no_browser: bool,
    once: bool,
    quiet: bool,
) -> None:
    """Open layers in the ATT&CK Navigator.

    SET is a mapping set by name or file (its overview is opened), LAYER a Navigator layer or a list of layers, DIR
    a folder of them. They are served from this machine and open as tabs in this order.
    Ctrl-C stops the server.

    \b
    navlayers open gcp
    navlayers open aws azure gcp --attack 19.1
    navlayers open layers/gcp --navigator http://localhost:4200 --once
    """
    # Web servers are slow to import.
    from navlayers.serve import app, page, server  # noqa: PLC0415
    from navlayers.serve.layers import offered_layers  # noqa: PLC0415

    navigator = _navigator(navigator or app.PUBLIC_NAVIGATOR)
    if not inputs and not Path(HERE).is_dir():
        hint = "for example: navlayers open gcp"
        raise UsageError(Problem("no input given", expected="sets, layers or folders", hint=hint))
    found = sources(inputs, reading)
    with _print.progress("Reading", quiet=quiet) as step:
        layers, notices = offered_layers(found, attack_version, reading, on_input=step)
    if not quiet:
        _print.notices(notices)
    listener = server.listener(host or "127.0.0.1", server.DEFAULT_PORT if port is None else port)
    taken = listener.getsockname()[1]
    if port and taken != port:
        _print.notify(f"note: port {port} is in use; using {taken}")
    if host:
        _print.notify(f"note: others on your network can read these layers while the server listens on {host}")
    base = f"http://127.0.0.1:{taken}"
    url = app.navigator_url(navigator, base, [layer.file for layer in layers])
    unread = {layer.file for layer in layers}
    stop: list[Callable[[], None]] = []

    def read(name: str) -> None:
        unread.discard(name)
        if once and not unread:
            stop[0]()

    def ready(stop_server: Callable[[], None]) -> None:
        stop.append(stop_server)
        _tell(url, base, taken, quantity(len(layers), "layer"), quiet=quiet)
        if not no_browser and not _launch(url if len(url) <= _LONGEST else f"{base}/"):
            _print.notify("note: no browser was found here; open the address in yours")

    hosts = frozenset({host.lower()}) if host else frozenset()
    served = app.app(
        {layer.file: layer.data for layer in layers},
        page.start_page(layers, navigator, base),
        navigator,
        hosts,
        read,
    )
    server.serve(served, listener, ready)


def _navigator(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        expected = "an address such as http://localhost:4200"
        raise UsageError(Problem(f"--navigator: {url!r} is not an address", expected=expected))
    return url


def _launch(url: str) -> bool:
    """Open a page in the browser of this desktop; False without one: a text browser would take the terminal."""
    if os.environ.get("SSH_CONNECTION"):
        return False
    desktop = sys.platform in ("darwin", "win32") or any(map(os.environ.get, _DESKTOPS))
    return desktop and webbrowser.open(url)


def _tell(url: str, base: str, port: int, what: str, *, quiet: bool) -> None:
    """Print the address, and how to reach it from another machine."""
    click.echo(url)
    if quiet:
        return
    _print.notify(f"Serving {what} at {base}/ until Ctrl-C.")
    if os.environ.get("SSH_CONNECTION"):
        _print.notify(f"On your own machine, run: ssh -N -L {port}:127.0.0.1:{port} THIS-HOST")
