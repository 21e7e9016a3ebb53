"""The next command: what an answer proposes, with the options of this run, as the last line on a terminal."""

from __future__ import annotations

import contextlib
import shlex
import sys
from typing import TYPE_CHECKING

import click

from navlayers.cli import _print

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

ARGUMENTS = "navlayers.arguments"
"""The key of the words of the command line, after the command, in the metadata of a context."""

UPGRADED = "upgraded/"
"""The output folder that is proposed for upgrades: it suits one input and several."""

_WAITING = "navlayers.next"
"""The key of the next command while it waits for the notes, in the metadata of a context."""

_ANSWER = frozenset(
    {
        "output",
        "outputs",
        "force",
        "as_json",
        "quiet",
        "every",
        "full",
        "format_",
        "color",
        "fail_on_loss",
        "ranked",
    }
    | {"report", "in_place", "dry_run"}
)
"""Names of the options that are about the output of one run."""


@contextlib.contextmanager
def last(context: click.Context) -> Iterator[None]:
    """Print the next command after everything else if that is on the same terminal."""
    if not (_print.on_terminal() and sys.stdout.isatty()):
        yield
        return
    waiting: list[str] = []
    context.meta[_WAITING] = waiting
    try:
        yield
    finally:
        del context.meta[_WAITING]
        # Where the answer fills the window, the empty line would hide its first line.
        full = _print.lines_printed() >= _print.window_size().lines
        for text in waiting:
            _print.echo(text.lstrip("\n") if full else text)


def propose(command: str, *words: str, end: Sequence[str] = ()) -> None:
    """Print the next command line after the answer.

    Args:
        command: Name of the command.
        words: Its arguments. After them come the options that the user gave to this command and that it has, too.
        end: Options after all others.
    """
    from navlayers.output.document import Facts  # noqa: PLC0415 - help does without it

    context = click.get_current_context()
    line = command_line(command, *words, end=end)
    text = f"\n{_print.text_of([Facts((('Next:', line),))])}"
    waiting = context.meta.get(_WAITING)
    if waiting is None:
        _print.echo(text)
    else:
        waiting.append(text)
        # Notes take the room that is left.
        _print.count(text.count("\n"))


def command_line(command: str, *words: str, end: Sequence[str] = ()) -> str:
    """A command line with the options of this run, as `propose` prints it, for a shell."""
    options = _carried(click.get_current_context(), command, {*words, *end})
    return shlex.join(("navlayers", command, *words, *options, *end))


def _carried(context: click.Context, command: str, stated: Collection[str]) -> Iterator[str]:
    """The options of this run, as written, that another command has, too; not those of the output."""
    values, _, order = context.command.make_parser(context).parse_args(list(context.meta[ARGUMENTS]))
    given = [each for each in dict.fromkeys(order) if isinstance(each, click.Option) and each.name not in _ANSWER]
    if not given or context.parent is None or not isinstance(context.parent.command, click.Group):
        return
    other = context.parent.command.get_command(context, command)
    known = {each.name for each in other.params if isinstance(each, click.Option)} if other is not None else set()
    for option in given:
        name, value = option.opts[-1], values[option.name]
        if option.name in known and name not in stated:
            for each in value if option.multiple else [value]:
                # The parser leaves a mark of its own for an option without its optional value.
                word = each if isinstance(each, str) else str(option.flag_value)
                yield from (name,) if option.is_flag else (name, word)
