"""Printing: results on standard output, what is to be said about the run on standard error."""

from __future__ import annotations

import contextlib
import shutil
import sys
from typing import TYPE_CHECKING

import click

from navlayers import _text as textwidth

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from navlayers.errors import Problem
    from navlayers.mapping.remap import Inactive, Moved
    from navlayers.output.tables import Cell, Table

STDOUT = "-"

MOST_NOTICES = 20

LISTED = 10


def release_name(domain: str, version: str) -> str:
    """A release in a table: its version, with the domain where that is not enterprise."""
    return version if domain == "enterprise" else f"{version} {domain}"


def echo_table(headers: Sequence[str], rows: Iterable[tuple[Cell, ...]], right: Collection[int]) -> None:
    """Print a table on standard output: as wide as the terminal, whole where it goes to a file or a pipe.

    `right` holds the numbers of the columns of figures.
    """
    # Most commands print no table.
    from navlayers.output.tables import Column, Table  # noqa: PLC0415
    from navlayers.output.text import table_lines  # noqa: PLC0415

    columns = tuple(Column(head, "number" if i in right else "text") for i, head in enumerate(headers))
    click.echo("\n".join(table_lines(Table("", "", columns, tuple(rows)), window())))


def echo_result(table: Table) -> None:
    """Print a table of results on standard output, its title above and its note below it."""
    from navlayers.output.text import table_text  # noqa: PLC0415

    click.echo(table_text(table, window()))


def echo_text(text: str) -> None:
    """Print text in lines as wide as the terminal; as one line where it goes to a file or a pipe."""
    plain, width = textwidth.plain(text), window()
    click.echo("\n".join(textwidth.wrap(plain, width)) if width else plain)


def window() -> int | None:
    """How many columns the terminal has that is standard output; None for a file or a pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def put(text: str, output: str, *, force: bool, quiet: bool, keep: Sequence[Path] = ()) -> None:
    """Print a report, or write it to a file, which is none of those to keep, and say so."""
    if output == STDOUT:
        click.echo(text, nl=False)
        return
    from navlayers.output import files  # noqa: PLC0415 - for files alone

    changed = files.write(text.encode("utf-8", "replace"), output, force=force, keep=keep)
    if not quiet:
        notify(f"wrote {output}" if changed else f"{output} is up to date")


def echo_json(value: object) -> None:
    """Print a result as indented JSON."""
    click.echo(textwidth.json_text(value), nl=False)


def notify(text: str) -> None:
    """Say something about the run, on standard error; where that cannot be written, the result still counts."""
    with contextlib.suppress(OSError):
        click.echo(textwidth.plain(text), err=True)


def notices(problems: Iterable[Problem]) -> None:
    """Print notices, the first so many in full."""
    listed = list(dict.fromkeys(problems))
    for problem in listed[:MOST_NOTICES]:
        notify(f"note: {problem}")
    if len(listed) > MOST_NOTICES:
        notify(f"note: … and {sum(problem.count for problem in listed[MOST_NOTICES:])} more")


def tell_carried(
    name: str, attack_version: str, moved: Iterable[Moved], left_out: Iterable[Inactive], *, own: str = ""
) -> None:
    """Say what changed on the way of a set to a release, and what is not active there; `own` is the set's own."""
    told = [f"{m.id} {m.name} → {m.successor} {m.successor_name}" for m in moved]
    there = f"revoked in ATT&CK {attack_version} already, taken for what revoked it"
    _tell_list(f"{name}: {there if own == attack_version else f'carried to ATT&CK {attack_version}'}", told)
    _tell_list(f"{name}: left out, not active in ATT&CK {attack_version}", [str(one) for one in left_out])


def _tell_list(heading: str, items: list[str]) -> None:
    if not items:
        return
    notify(f"{heading}:")
    for item in items[:LISTED]:
        notify(f"  {item}")
    if len(items) > LISTED:
        notify(f"  … and {len(items) - LISTED} more, in the index")


def notify_written(output: Path, gone: int) -> None:
    """Say where results are, and how many files of an earlier run went."""
    if gone:
        notify(f"note: gone: {gone} file{'s' * (gone > 1)} of an earlier run that this one does not make")
    notify(f"written to {output}")


def on_terminal() -> bool:
    """Whether standard error is a terminal, so that progress may be drawn there."""
    return sys.stderr is not None and sys.stderr.isatty()
