"""`navlayers mcp`: mapping sets as tools of agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from navlayers.cli import _help, _options, _print, _reading, _scoring
from navlayers.errors import extra

if TYPE_CHECKING:
    from navlayers.mapping.formats.context import ReadOptions
    from navlayers.scoring.options import ScoreOptions


@click.command(cls=_help.Command)
@click.argument("inputs", nargs=-1, metavar="[SET]...", shell_complete=_options.complete("sets"))
@click.option(
    "--http",
    "port",
    type=click.IntRange(0, 65_535),
    metavar="PORT",
    help="Serve at this port of 127.0.0.1, instead of standard input and output.",
)
@_options.attack_option
@_scoring.scoring_options
@_reading.scope_options
@_options.quiet_option
def command(
    inputs: tuple[str, ...],
    port: int | None,
    attack_version: str | None,
    scoring: ScoreOptions,
    reading: ReadOptions,
    *,
    quiet: bool,
) -> None:
    """Let an AI agent ask about mapping sets.

    The agent starts the command and talks to it by the Model Context Protocol: add it to the agent's settings. SET
    is a shipped name, a file of any format, or a folder. The agent can read these sets and those that ship with
    navlayers, no other file, and changes nothing.

    \b
    navlayers mcp
    navlayers mcp my-controls.yaml gcp
    navlayers mcp --http 8766
    """
    with extra("mcp"):
        # It takes a second to import.
        import mcp  # noqa: PLC0415, F401
    from navlayers.agents import server  # noqa: PLC0415
    from navlayers.agents.inventory import Inventory, Settings  # noqa: PLC0415

    inventory = Inventory(inputs, Settings(reading, scoring, attack_version, _reading.today))
    if port is None:
        server.serve_stdio(inventory)
    from navlayers.serve.server import listener  # noqa: PLC0415

    socket = listener("127.0.0.1", port, exact=True, option="--http")
    address = f"http://127.0.0.1:{socket.getsockname()[1]}{server.PATH}"

    def ready() -> None:
        if not quiet:
            _print.notify(f"Answering agents at {address} until Ctrl-C.")

    server.serve_http(inventory, socket, ready)
