"""Printing: results on standard output, everything about the run on standard error."""

from __future__ import annotations

import contextlib
import shutil
import sys
from typing import TYPE_CHECKING

import click

from navlayers import _text as text_helpers

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from click._termui_impl import ProgressBar

    from navlayers.errors import Problem
    from navlayers.mapping.replacements import Inactive, ReplacedId
    from navlayers.output.tables import Cell, Table
    from navlayers.scoring.coverage import Coverage

STDOUT = "-"

MOST_NOTICES = 20

LISTED = 10


def release_name(domain: str, version: str) -> str:
    """A release in a table: its version, and its domain unless it is enterprise."""
    return version if domain == "enterprise" else f"{version} {domain}"


def echo_table(headers: Sequence[str], rows: Iterable[tuple[Cell, ...]], right: Collection[int]) -> None:
    """Print a table on standard output, fitted to a terminal; `right` holds the indexes of columns of numbers."""
    # Most commands print no table.
    from navlayers.output.tables import Column, Table  # noqa: PLC0415
    from navlayers.output.text import table_lines  # noqa: PLC0415

    columns = tuple(Column(head, "number" if i in right else "text") for i, head in enumerate(headers))
    click.echo("\n".join(table_lines(Table("", "", columns, tuple(rows)), window())))


def echo_tables(tables: Iterable[Table]) -> None:
    """Print tables of results on standard output, each with its title and note."""
    from navlayers.output.text import table_text  # noqa: PLC0415

    for table in tables:
        click.echo(table_text(table, window()))


def echo_text(text: str) -> None:
    """Print text in lines that fit the terminal; as one line to a file or a pipe."""
    plain, width = text_helpers.printable(text), window()
    click.echo("\n".join(text_helpers.wrap(plain, width)) if width else plain)


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
    click.echo(text_helpers.json_text(value), nl=False)


def notify(text: str) -> None:
    """Print a message about the run on standard error; a closed standard error is not an error of the run."""
    with contextlib.suppress(OSError):
        click.echo(text_helpers.printable(text), err=True)


def notices(problems: Iterable[Problem]) -> None:
    """Print notices, each once, and the number of those past the first twenty."""
    listed = list(dict.fromkeys(problems))
    for problem in listed[:MOST_NOTICES]:
        notify(f"note: {problem}")
    if len(listed) > MOST_NOTICES:
        notify(f"note: … and {sum(problem.count for problem in listed[MOST_NOTICES:])} more")


def remapped_inputs(inputs: Iterable[Coverage], attack_version: str) -> None:
    """Print replaced and inactive techniques of remapped inputs."""
    for each in inputs:
        remapped(each.name, attack_version, each.replaced, each.left_out, own=each.own_attack_version)


def remapped(
    name: str, attack_version: str, replaced: Iterable[ReplacedId], left_out: Iterable[Inactive], *, own: str = ""
) -> None:
    """Print replaced and inactive techniques of a set that was remapped; `own` is the release it was made for."""
    # Most commands print none of these.
    from navlayers.mapping.replacements import changes_of_ids  # noqa: PLC0415

    for heading, items in changes_of_ids(name, attack_version, replaced, left_out, own=own):
        for line in (f"{heading}:", *(f"  {item}" for item in items[:LISTED])):
            notify(line)
        if len(items) > LISTED:
            notify(f"  … and {len(items) - LISTED} more")


def folder_written(output: str, removed: int) -> None:
    """Print the output folder, and the number of removed files of an earlier run."""
    if removed:
        notify(f"note: removed {text_helpers.quantity(removed, 'file')} of an earlier run")
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
            if not bars:
                hidden = quiet or total < 2 or not on_terminal()
                bar = click.progressbar(length=total, label=label, file=sys.stderr, hidden=hidden)
                bars.append(stack.enter_context(bar))
            bars[0].update(1)

        yield step


def on_terminal() -> bool:
    """Whether standard error is a terminal."""
    return sys.stderr is not None and sys.stderr.isatty()
