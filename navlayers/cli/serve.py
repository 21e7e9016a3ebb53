"""`navlayers serve`: the explorer of mapping sets, live."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from navlayers._text.wording import quantity
from navlayers.cli import _address, _help, _options, _print, _reading, _scoring, _threat
from navlayers.errors import extra

if TYPE_CHECKING:
    from collections.abc import Callable

    from navlayers.mapping.formats.context import ReadOptions
    from navlayers.scoring.options import ScoreOptions


@click.command(cls=_help.Command)
@click.argument("inputs", nargs=-1, metavar="[SET]...", shell_complete=_options.complete("sets"))
@_threat.threat_options
@_address.address_options
@_options.attack_option
@_scoring.scoring_options
@_reading.scope_options
@_options.quiet_option
def command(
    inputs: tuple[str, ...],
    threat: tuple[str, ...],
    software_of: tuple[str, ...],
    address: _address.Address,
    attack_version: str | None,
    scoring: ScoreOptions,
    reading: ReadOptions,
    *,
    quiet: bool,
) -> None:
    """Explore mapping sets in the browser, live while you edit them.

    SET is a shipped name, a file of any format, a layer, or a folder. The page compares sets, shows gaps and plans,
    follows each save with the findings of check, and shows files that you drop on it. Ctrl-C stops the server.

    \b
    navlayers serve my-controls.yaml gcp
    navlayers serve mappings/ --threat APT29
    navlayers serve --port 9000 --no-browser
    """
    # Web servers are slow to import.
    with extra("serve"):
        from navlayers.serve import app, server, start_page  # noqa: PLC0415
    from navlayers.serve.explorer import Explorer  # noqa: PLC0415
    from navlayers.serve.workspace import Settings, Workspace  # noqa: PLC0415

    navigator = address.navigator_or(app.PUBLIC_NAVIGATOR)
    workspace = Workspace(inputs, Settings(reading, scoring, attack_version, threat, software_of))
    with _print.progress("Reading", quiet=quiet) as step:
        chosen = workspace.first(on_set=step)
    listener, base = address.listener("these sets")
    explorer = Explorer(workspace, chosen, navigator)
    url = f"{base}{explorer.path}"

    def ready(_stop: Callable[[], None]) -> None:
        _address.tell(url, base, quantity(len(workspace.named), "set"), quiet=quiet)
        address.launch(url)

    served = app.app(explorer.layers.get, start_page.closed_page(), navigator, address.hosts, explorer=explorer)
    server.serve(served, listener, ready, explorer.close)
