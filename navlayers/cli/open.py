"""`navlayers open`: layers in the ATT&CK Navigator."""

from __future__ import annotations

from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING

import click

from navlayers._text.wording import quantity
from navlayers.api.sources import sources
from navlayers.cli import _address, _help, _options, _print, _reading
from navlayers.errors import Problem, UsageError, extra
from navlayers.mapping.find import HERE

if TYPE_CHECKING:
    from collections.abc import Callable

    from navlayers.mapping.formats.context import ReadOptions

SECONDS_TO_READ = 10
"""After this time without a request for a layer, a hint says what may be in the way."""

_LONGEST = 2_000
"""Maximum length of an address that every desktop passes on to its browser; the start page has longer ones."""


@click.command(cls=_help.Command)
@click.argument("inputs", nargs=-1, metavar="[SET|LAYER|DIR]...", shell_complete=_options.complete("sets"))
@_address.address_options
@click.option("--once", is_flag=True, help="Stop when the Navigator has read each layer.")
@_options.attack_option
@_reading.scope_options
@_options.quiet_option
def command(
    inputs: tuple[str, ...],
    address: _address.Address,
    attack_version: str | None,
    reading: ReadOptions,
    *,
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
    with extra("serve"):
        from navlayers.serve import app, server, start_page  # noqa: PLC0415
    from navlayers.serve.layers import offered_layers  # noqa: PLC0415

    navigator = address.navigator_or(app.PUBLIC_NAVIGATOR)
    if not inputs and not Path(HERE).is_dir():
        hint = "for example: navlayers open gcp"
        raise UsageError(Problem("no input given", expected="sets, layers or folders", hint=hint))
    found = sources(inputs, reading)
    with _print.progress("Reading", quiet=quiet) as step:
        layers, notices = offered_layers(found, attack_version, reading, on_input=step)
    if not quiet:
        _print.notices(notices)
    listener, base = address.listener("these layers")
    url = app.navigator_url(navigator, base, [layer.file for layer in layers])
    unread = {layer.file for layer in layers}
    timer = Timer(SECONDS_TO_READ, _hint, (base,))
    timer.daemon = True
    stop: list[Callable[[], None]] = []

    def read(name: str) -> None:
        timer.cancel()
        unread.discard(name)
        if once and not unread:
            stop[0]()

    def ready(stop_server: Callable[[], None]) -> None:
        stop.append(stop_server)
        _address.tell(url, base, quantity(len(layers), "layer"), quiet=quiet)
        address.launch(url if len(url) <= _LONGEST else f"{base}/")
        if not quiet:
            timer.start()

    served = app.app(
        {layer.file: layer.data for layer in layers}.get,
        start_page.start_page(layers, navigator, base),
        navigator,
        address.hosts,
        read,
    )
    server.serve(served, listener, ready)
    timer.cancel()


def _hint(base: str) -> None:
    """Say what may keep the Navigator from the layers."""
    _print.notify(
        "note: the Navigator has not asked for a layer yet. If the browser asks whether the page may reach this "
        "device, choose Allow; Safari does not let https pages do that. From another machine, forward the port "
        f"with ssh. More ways are at {base}/"
    )
