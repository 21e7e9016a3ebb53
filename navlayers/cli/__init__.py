"""The command line: parse, call one library function, print.

Commands are imported only when they are called, so that `--help` and a build pay for nothing else.
"""

from __future__ import annotations

import importlib
import io
import os
import signal
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from click.shell_completion import CompletionItem


GROUPS = {
    "Build": {
        "init": "Write a first mapping file and a recipe, with examples to replace.",
        "run": "Make the outputs of a recipe: layers, comparisons, reports.",
        "build": "Build ATT&CK Navigator layers from mapping sets.",
        "check": "Check mapping sets for mistakes, and fix them.",
        "convert": "Convert a mapping set to another format.",
        "evidence": "Add the results of tests to a mapping set as evidence.",
        "upgrade": "Upgrade mapping sets and layers to another ATT&CK release.",
    },
    "Look": {
        "sets": "List the shipped mapping sets and those in the folder mappings.",
        "stats": "Count the techniques that mapping sets map.",
        "show": "Show the mappings of a technique, capability, group or tactic.",
    },
    "Compare": {
        "compare": "Compare mapping sets and layers side by side.",
        "diff": "Show what changed between two versions of a set or layer.",
        "history": "Show how coverage changed over time, each commit that moved it, and why.",
    },
    "Plan": {
        "gaps": "Show which techniques of a threat are not covered.",
        "plan": "Choose the capabilities to implement for a budget or a target.",
    },
    "Scale": {
        "fleet": "Score thousands of tenants, and roll them up per technique.",
    },
    "Share": {
        "serve": "Explore mapping sets in the browser, live while you edit them.",
        "mcp": "Let an AI agent ask about mapping sets.",
        "open": "Open layers in the ATT&CK Navigator.",
        "render": "Render layers as images, workbooks, web pages and tables.",
        "badge": "Draw a badge with the share of ATT&CK that a set or layer covers.",
        "report": "Write a report on mapping sets: coverage, comparison, gaps, plan.",
        "site": "Write a static website of mapping sets.",
        "export": "Write tables for SQL, Power BI, Excel and notebooks.",
    },
    "Data": {
        "attack": "List, add, update and remove ATT&CK releases.",
        "completion": "Print the completion script for bash, zsh or fish.",
    },
}
"""Group of commands → command → one line of help."""

COMMANDS = {name: text for commands in GROUPS.values() for name, text in commands.items()}
"""Command → one line of help. The command NAME is the function `command` of the module `navlayers.cli.NAME`."""

GREETING = """\
navlayers turns mappings of security controls to MITRE ATT&CK into Navigator layers.

  navlayers build gcp                  write the layers of a shipped set
  navlayers stats my-controls.csv      count what a file of yours maps
  navlayers compare aws azure gcp      see who covers what
  navlayers gaps gcp --threat APT29    see what a group uses and you don't cover
  navlayers report gcp -o gcp.pdf      write it down

`navlayers --help` lists all commands, `navlayers COMMAND --help` explains one.
"""

_WIDEST = 140
"""The maximum width of help, in columns."""


class Group(click.Group):
    """A group that suggests the most similar command for an unknown one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of the arguments; one that starts with a dash is an option to refuse."""
        name = args[0]
        if not (name.startswith("-") or ctx.resilient_parsing or name in self.list_commands(ctx)):
            from navlayers.cli import _errors  # noqa: PLC0415 - for errors alone

            raise _errors.unknown_command(ctx, name, self.list_commands(ctx))
        return super().resolve_command(ctx, args)


def _set_color(ctx: click.Context, _parameter: click.Parameter, value: str) -> None:
    """Let click and `_print.terminal` know the user's choice."""
    ctx.color = {"always": True, "never": False}.get(value)


_COLOR = click.Option(
    ["--color"],
    type=click.Choice(("auto", "always", "never")),
    default="auto",
    expose_value=False,
    callback=_set_color,
    help="Use colors: auto (default) if the output is a terminal.",
)


class Commands(Group):
    """The group of all commands; loads the module of a command when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"navlayers.cli.{cmd_name}").command
        if not isinstance(command, click.Command):
            return None
        leaves = command.commands.values() if isinstance(command, click.Group) else (command,)
        for leaf in leaves:
            if _COLOR not in leaf.params:
                leaf.params.append(_COLOR)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Commands and options that start as typed, from the table alone."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - for completion alone

        items = [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]
        return [*items, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table alone: no command is imported for it."""
        longest = max(map(len, COMMANDS))
        for group, commands in GROUPS.items():
            with formatter.section(group):
                formatter.write_dl([(name.ljust(longest), text) for name, text in commands.items()])


@click.group(cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(None, "-V", "--version", package_name="navlayers")
@click.pass_context
def group(ctx: click.Context) -> None:
    """Turn mappings of security controls to MITRE ATT&CK into ATT&CK Navigator layers.

    \b
    navlayers build gcp                  layers of a shipped set, in layers/gcp
    navlayers compare aws azure gcp      who covers what
    navlayers gaps gcp --threat APT29    what a group uses and the set does not cover
    """
    if ctx.invoked_subcommand is None:
        click.echo(GREETING, nl=False)


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit.

    0 done, 1 a check has findings, 2 bad input or usage, 70 an internal error, 130 stopped.
    """
    if args is None:
        _as_a_program()
    if os.environ.get("_NAVLAYERS_COMPLETE"):
        importlib.import_module("navlayers.cli.completion").register()
    try:
        group.main(args, prog_name="navlayers", standalone_mode=False, max_content_width=_WIDEST)
    except click.exceptions.NoArgsIsHelpError as error:
        # Only a group of commands, such as `navlayers attack`, is of no use alone.
        click.echo(error.ctx.get_help() if error.ctx else "")
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except (Exception, KeyboardInterrupt) as error:
        # Errors are made of msgspec, whose import would double the cost of --help.
        from navlayers.cli import _errors  # noqa: PLC0415

        sys.exit(_errors.report(error))


def _as_a_program() -> None:
    """Behave as a program: end quietly when a pipe closes, clean up on SIGTERM, refuse a closed output."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _stop)
    if sys.stdout is None:
        from navlayers.cli import _errors  # noqa: PLC0415 - for errors alone

        _errors.say("standard output is closed (redirect it to a file or the null device)")
        sys.exit(_errors.BAD_INPUT)
    _write_unicode()


def _write_unicode() -> None:
    """Write UTF-8 into files and pipes: on Windows, theirs is an older encoding that has no arrows."""
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, io.TextIOWrapper) or stream.encoding.lower() in ("utf-8", "utf8"):
            continue
        if stream.isatty() or "PYTHONIOENCODING" in os.environ:
            stream.reconfigure(errors="backslashreplace")
        else:
            stream.reconfigure(encoding="utf-8", newline="\n")


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
