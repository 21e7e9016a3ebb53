"""Printing: results on standard output, everything about the run on standard error."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from typing import TYPE_CHECKING

import click

from navlayers._text.lines import printable, wrap
from navlayers._text.wording import quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from click._termui_impl import ProgressBar

    from navlayers.output.document import Block
    from navlayers.output.tables import Cell
    from navlayers.output.terminal import Terminal

STDOUT = "-"

_LINES = "navlayers.lines"
"""The key of the number of printed lines, in the metadata of a context."""

_STARTS = {"navlayers:": "bad", "note:": "accent", "wrote": "good", "written to": "good"}
"""Starts of messages → their tone on a terminal."""

LISTED = 10

_BAR = 36
"""The columns of a progress bar."""

_BESIDE_BAR = 46
"""The columns beside it: label, percentage, time."""


def echo_table(headers: Sequence[str], rows: Iterable[tuple[Cell, ...]], right: Collection[int]) -> None:
    """Print a table on standard output, fitted to a terminal; `right` holds the indexes of columns of numbers."""
    # Most commands print no table.
    from navlayers.output.tables import Column, Table  # noqa: PLC0415

    columns = tuple(Column(head, "number" if i in right else "text") for i, head in enumerate(headers))
    echo_blocks([Table("", "", columns, tuple(rows))])


def echo_blocks(blocks: Iterable[Block]) -> None:
    """Print blocks of a document on standard output, an empty line between them, a line per row of a table."""
    echo(text_of(blocks))


def text_of(blocks: Iterable[Block]) -> str:
    """Blocks of a document as `echo_blocks` prints them."""
    from navlayers.output.document import Document  # noqa: PLC0415
    from navlayers.output.text import render  # noqa: PLC0415

    return render(Document("", blocks=tuple(blocks)), terminal(), cut=True)


def terminal() -> Terminal:
    """The terminal that is standard output, or a file or a pipe; `--color` overrides what it says of itself."""
    from navlayers.output.terminal import terminal_of  # noqa: PLC0415

    return terminal_of(os.environ, width=window(), color=_color(), tty=sys.stdout.isatty())


def echo(text: str) -> None:
    """Print a result; through the pager, as git does, if it is higher than the terminal."""
    count(text.count("\n"))
    answers = sys.stdin is not None and sys.stdin.isatty()
    if sys.stdout.isatty() and answers and text.count("\n") >= shutil.get_terminal_size().lines:
        # Git's defaults: quit if it fits, keep colors, leave the text on the screen.
        os.environ.setdefault("LESS", "FRX")
        click.echo_via_pager(text.rstrip("\n"), color=True)
    else:
        # Colors were decided by `terminal`; click would remove them from a pipe.
        click.echo(text, nl=False, color=True)


def window() -> int | None:
    """The width of the terminal that is standard output, in columns; None for a file or a pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def put(data: str | bytes, output: str, *, force: bool, quiet: bool, keep: Path | Sequence[Path] = ()) -> None:
    """Print a result, or write it to a file, which must not be one of those to keep."""
    if output == STDOUT:
        click.echo(data, nl=False)
        return
    from navlayers.output import files  # noqa: PLC0415 - for files alone

    data = data.encode("utf-8", "replace") if isinstance(data, str) else data
    changed = files.write(data, output, force=force, keep=keep)
    if not quiet:
        written([output] if changed else [], [] if changed else [output])


def echo_json(value: object) -> None:
    """Print a result as indented JSON."""
    from navlayers._text.json_text import json_text  # noqa: PLC0415 - for `--json` alone

    click.echo(json_text(value), nl=False)


def notify(text: str) -> None:
    """Print a message about the run on standard error, in lines that fit if that is a terminal.

    A closed standard error is not an error of the run.
    """
    from navlayers.output.terminal import terminal_of  # noqa: PLC0415

    text = printable(text)
    with contextlib.suppress(OSError):
        if on_terminal() and text:
            text = "\n".join(wrap(text, shutil.get_terminal_size().columns))
        count(text.count("\n") + 1)
        start = next((word for word in _STARTS if text.startswith(word)), "")
        toned = terminal_of(os.environ, color=_color(), tty=on_terminal()).tone(start, _STARTS.get(start, ""))
        click.echo(toned + text[len(start) :], err=True, color=True)


def lines_printed() -> int:
    """The number of lines that this run printed so far, on both streams."""
    context = click.get_current_context(silent=True)
    return 0 if context is None else context.meta.get(_LINES, 0)


def count(lines: int) -> None:
    """Count lines that are printed, now or at the end."""
    context = click.get_current_context(silent=True)
    if context is not None:
        context.meta[_LINES] = lines_printed() + lines


def _color() -> bool | None:
    """The choice of `--color`."""
    context = click.get_current_context(silent=True)
    return None if context is None else context.color


def folder_written(output: str, removed: int) -> None:
    """Print the output folder, and the number of removed files of an earlier run."""
    if removed:
        notify(f"note: removed {quantity(removed, 'file')} of an earlier run")
    notify(f"written to {output}")


def written(paths: Sequence[Path | str], unchanged: Sequence[Path | str]) -> None:
    """Print the written files and the number of unchanged files."""
    for path in paths[:LISTED]:
        notify(f"wrote {path}")
    if len(paths) > LISTED:
        notify(f"… and {len(paths) - LISTED} more files")
    if unchanged:
        notify(f"{unchanged[0]} is up to date" if len(unchanged) == 1 else f"{len(unchanged)} files are up to date")


@contextlib.contextmanager
def progress(label: str, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error if it is a terminal; yields a function to call with the total."""
    with contextlib.ExitStack() as stack:
        bars: list[ProgressBar[int]] = []

        def step(total: int) -> None:
            if quiet or total < 2 or not on_terminal():
                return
            if not bars:
                width = max(min(_BAR, shutil.get_terminal_size().columns - _BESIDE_BAR), 1)
                bar = click.progressbar(length=total, label=label, file=sys.stderr, width=width, show_pos=True)
                bars.append(stack.enter_context(bar))
            bars[0].update(1)

        yield step


def on_terminal() -> bool:
    """Whether standard error is a terminal."""
    return sys.stderr is not None and sys.stderr.isatty()
