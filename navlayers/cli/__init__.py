"""The command line: parse, call one library function, print.

Commands are imported only when they are called, so that `--help` and a build pay for nothing else.
"""

from __future__ import annotations

import gc
import importlib
import os
import re
import signal
import sys
from typing import TYPE_CHECKING

import click

from navlayers.cli import _help

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from click.shell_completion import CompletionItem

EXIT_BAD_INPUT = 2
# EX_SOFTWARE of sysexits.h.
EXIT_BUG = 70
# 128 + SIGINT, as shells report a program that Ctrl-C stops.
EXIT_STOPPED = 130
# A wrong column can make every row of a table a problem; the first ones show the cause.
MOST_PROBLEMS = 50
_EXTRA = re.compile(r"got unexpected extra argument(s?) \((.*)\)")


class Group(click.Group):
    """A group that suggests the most similar command for an unknown one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of the arguments; one that starts with a dash is an option to refuse."""
        name = args[0]
        if not (name.startswith("-") or ctx.resilient_parsing or name in self.list_commands(ctx)):
            from navlayers._text.spelling import suggestion  # noqa: PLC0415 - for errors alone
            from navlayers._text.wording import quoted  # noqa: PLC0415 - for errors alone
            from navlayers.errors import Problem, UsageError  # noqa: PLC0415

            known = self.list_commands(ctx)
            hint = suggestion(name, known) or f"`{ctx.command_path} --help` lists the commands"
            raise UsageError(Problem(f"unknown command {quoted(name)}", expected=", ".join(known), hint=hint))
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
        return list(_help.COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in _help.COMMANDS:
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

        items = [
            CompletionItem(name, help=text) for name, text in _help.COMMANDS.items() if name.startswith(incomplete)
        ]
        return [*items, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table alone: no command is imported for it."""
        _help.write_commands(formatter)


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
        click.echo(_help.GREETING, nl=False)


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit.

    0 done, 1 a check has findings, 2 bad input or usage, 70 an internal error, 130 stopped.
    """
    if args is None:
        _as_a_program()
    if os.environ.get("_NAVLAYERS_COMPLETE"):
        importlib.import_module("navlayers.cli.completion").register()
    try:
        group.main(args, prog_name="navlayers", standalone_mode=False, max_content_width=_help.width())
    except click.exceptions.NoArgsIsHelpError as error:
        # Only a group of commands, such as `navlayers attack`, is of no use alone.
        click.echo(error.ctx.get_help() if error.ctx else "")
    except click.UsageError as error:
        _say(_usage(error))
        sys.exit(EXIT_BAD_INPUT)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _say("stopped")
        sys.exit(EXIT_STOPPED)
    except Exception as error:
        sys.exit(_report(error))


def _usage(error: click.UsageError) -> str:
    """The message of click in the form of all others, with an example of the command."""
    from navlayers.errors import Problem  # noqa: PLC0415 - for errors alone

    text = error.format_message()
    message, expected, hint = text[:1].lower() + text[1:], "", ""
    parameters = error.ctx.command.params if error.ctx is not None else []
    if isinstance(error, click.NoSuchOption):
        message, hint = f"unknown option {error.option_name}", _near_option(error.option_name, parameters)
    elif isinstance(error, click.BadOptionUsage):
        lacks = "requires an argument" in text
        message = f"{error.option_name} {'needs a value' if lacks else 'takes no value'}"
    elif isinstance(error, click.BadParameter) and error.param is not None:
        message, expected, hint = _bad_parameter(error, error.param)
    elif (extra := _EXTRA.match(message)) is not None:
        names = [each.human_readable_name for each in parameters if isinstance(each, click.Argument)]
        message = f"unexpected argument{extra[1]} {extra[2]}"
        expected = f"only {' '.join(names)}" if names else "options only"
    if error.ctx is not None and not hint:
        lines = (line.strip() for line in (error.ctx.command.help or "").splitlines())
        example = next((line.partition("   ")[0] for line in lines if line.startswith("navlayers ")), "")
        hint = f"for example: {example}" if example else f"see `{error.ctx.command_path} --help`"
    return str(Problem(message.rstrip("."), None, expected, hint))


def _near_option(name: str, parameters: Sequence[click.Parameter]) -> str:
    """The suggestion of an option that is spelled similarly; the dashes do not count."""
    from navlayers._text.spelling import Names  # noqa: PLC0415 - for errors alone

    options = {option.lstrip("-"): option for each in parameters for option in each.opts if option.startswith("--")}
    near = Names(options).closest(name.lstrip("-"))
    return f"did you mean {options[near]}?" if near else ""


def _bad_parameter(error: click.BadParameter, parameter: click.Parameter) -> tuple[str, str, str]:
    """Message, expected value and hint for the value of an option or argument."""
    from navlayers._text.spelling import suggestion  # noqa: PLC0415 - for errors alone
    from navlayers._text.wording import quoted  # noqa: PLC0415 - for errors alone

    name = parameter.get_error_hint(error.ctx).replace("'", "")
    choices = list(map(str, parameter.type.choices)) if isinstance(parameter.type, click.Choice) else []
    if isinstance(error, click.MissingParameter):
        return f"missing {parameter.param_type_name} {name}", ", ".join(choices), ""
    if not choices:
        return f"{name}: {error.message}", "", ""
    word = error.message.partition(" is not one of ")[0].strip("'")
    return f"{name}: {quoted(word)} is unknown", ", ".join(choices), suggestion(word, choices)


def _report(error: Exception) -> int:
    """Print an error; returns its exit code."""
    # Errors are made of msgspec, whose import would double the cost of --help.
    from navlayers.errors import NavlayersError  # noqa: PLC0415

    if isinstance(error, NavlayersError):
        for problem in error.problems[:MOST_PROBLEMS]:
            _say(str(problem))
        if len(error.problems) > MOST_PROBLEMS:
            _say(f"… and {sum(problem.count for problem in error.problems[MOST_PROBLEMS:])} more")
        for note in getattr(error, "__notes__", ()):
            click.echo(note, err=True)
        return EXIT_BAD_INPUT
    if os.environ.get("NAVLAYERS_DEBUG"):
        raise error
    if isinstance(error, OSError):
        # Errors of input and output files are NavlayersErrors, so this one is about standard output.
        _say(f"cannot write the output: {error.strerror or error}")
        return EXIT_BAD_INPUT
    what = f"{type(error).__name__}: {error}"
    _say(f"internal error: {what} (set NAVLAYERS_DEBUG=1 for a traceback, and report it with the input)")
    return EXIT_BUG


def _as_a_program() -> None:
    """Behave as a program: end quietly when a pipe closes, clean up on SIGTERM, refuse a closed output."""
    # Sets are many small objects and no cycles: looking for these by default takes 5-7 % of the CPU time.
    gc.set_threshold(100_000)
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _stop)
    if sys.stdout is None:
        _say("standard output is closed (redirect it to a file or the null device)")
        sys.exit(EXIT_BAD_INPUT)


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(text: str) -> None:
    # Messages may quote a file or a name. The module imports msgspec.
    from navlayers.cli import _print  # noqa: PLC0415

    for line in f"navlayers: {text}".split("\n"):
        _print.notify(line)
