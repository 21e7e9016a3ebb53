"""Errors as messages on standard error, and their exit codes."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import click

from navlayers._text.spelling import Names, suggestion
from navlayers._text.wording import bare, quoted
from navlayers.cli import _print
from navlayers.errors import NavlayersError, Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

BAD_INPUT = 2
# EX_SOFTWARE of sysexits.h.
BUG = 70
_LONGEST = 500
"""Characters of an unexpected error that are printed: some quote whole inputs."""
# 128 + SIGINT, as shells report a program that Ctrl-C stops.
STOPPED = 130
# A wrong column can make every row of a table a problem; the first ones show the cause.
MOST_PROBLEMS = 50
_EXTRA = re.compile(r"got unexpected extra argument(s?) \((.*)\)")


def report(error: BaseException) -> int:
    """Print an error; returns its exit code."""
    if isinstance(error, click.Abort | KeyboardInterrupt):
        say("stopped")
        return STOPPED
    if isinstance(error, click.UsageError):
        say(_usage(error))
        return BAD_INPUT
    if isinstance(error, NavlayersError):
        for problem in error.problems[:MOST_PROBLEMS]:
            say(str(problem))
        if rest := error.problems[MOST_PROBLEMS:]:
            say(f"… and {sum(problem.count for problem in rest):,} more")
        for remark in rest:
            if not remark.count:
                say(str(remark))
        for note in getattr(error, "__notes__", ()):
            _print.notify(note)
        return BAD_INPUT
    if os.environ.get("NAVLAYERS_DEBUG"):
        raise error
    if isinstance(error, OSError):
        # Errors of input and output files are NavlayersErrors, so this one is about standard output.
        say(f"cannot write the output: {error.strerror or error}")
        return BAD_INPUT
    what = f"{type(error).__name__}: {error}"[:_LONGEST]
    say(f"internal error: {what} (set NAVLAYERS_DEBUG=1 for a traceback, and report it with the input)")
    return BUG


def say(text: str) -> None:
    """Print a message of the program, which may quote a file or a name."""
    for line in f"navlayers: {text}".split("\n"):
        _print.notify(line)


def unknown_command(context: click.Context, name: str, known: Sequence[str]) -> UsageError:
    """The error of a command that does not exist, with the most similar one."""
    hint = suggestion(name, known) or f"`{context.command_path} --help` lists the commands"
    return UsageError(Problem(f"unknown command {quoted(name)}", expected=", ".join(known), hint=hint))


def _usage(error: click.UsageError) -> str:
    """The message of click in the form of all others, with an example of the command."""
    text = error.format_message()
    message, expected, hint = text[:1].lower() + text[1:], "", ""
    parameters = error.ctx.command.params if error.ctx is not None else []
    if isinstance(error, click.NoSuchOption):
        message, hint = f"unknown option {bare(error.option_name)}", _near_option(error.option_name, parameters)
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
        lines = [line.strip().partition("   ")[0] for line in (error.ctx.command.help or "").splitlines()]
        examples = [line for line in lines if line.startswith("navlayers ")]
        # What is one too many may be a set of a command that takes sets by --set.
        of_sets = (
            [line for line in examples if " --set " in line] if message.startswith("unexpected argument") else []
        )
        example = next(iter([*of_sets, *examples]), "")
        hint = f"for example: {example}" if example else f"see `{error.ctx.command_path} --help`"
    return str(Problem(message.rstrip("."), None, expected, hint))


def _near_option(name: str, parameters: Sequence[click.Parameter]) -> str:
    """The suggestion of an option that is spelled similarly; the dashes do not count."""
    options = {option.lstrip("-"): option for each in parameters for option in each.opts if option.startswith("--")}
    near = Names(options).closest(name.lstrip("-"))
    return f"did you mean {options[near]}?" if near else ""


def _bad_parameter(error: click.BadParameter, parameter: click.Parameter) -> tuple[str, str, str]:
    """Message, expected value and hint for the value of an option or argument."""
    name = parameter.get_error_hint(error.ctx).replace("'", "")
    choices = list(map(str, parameter.type.choices)) if isinstance(parameter.type, click.Choice) else []
    if isinstance(error, click.MissingParameter):
        return f"missing {parameter.param_type_name} {name}", ", ".join(choices), ""
    if not choices:
        return f"{name}: {error.message}", "", ""
    word = re.split(r" is not (?:one of )?", error.message, maxsplit=1)[0].strip("'")
    return f"{name}: {quoted(word)} is unknown", ", ".join(choices), suggestion(word, choices)
