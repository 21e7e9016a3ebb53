"""`navlayers show`: the page of one technique, tactic, capability or group."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from navlayers import show
from navlayers.cli import common, suggest
from navlayers.errors import Problem, UsageError
from navlayers.wording import shown

if TYPE_CHECKING:
    from navlayers.options import ScoreOptions
    from navlayers.readers.context import ReadOptions
    from navlayers.show import Format, Kind

_ENDINGS: dict[str, Format] = {".md": "md", ".html": "html", ".htm": "html", ".json": "json"}
_TEXT = ("", ".txt")


@click.command()
@click.argument("what", metavar="TECHNIQUE|CAPABILITY|GROUP|TACTIC", shell_complete=suggest.things)
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="SET",
    shell_complete=suggest.sets,
    help="Look into this set: a shipped name, a file, a folder of files, or -. May be given several times.",
)
@click.option("--kind", type=click.Choice(show.KINDS), help="What it is, where several things are called so.")
@common.attack_option
@common.scoring_options
@click.option(
    "--format",
    "format_",
    type=click.Choice(show.FORMATS),
    help="Format of the page; without it, that of the ending of -o, else text.",
)
@click.option(
    "-o",
    "--output",
    default=common.STDOUT,
    metavar="FILE",
    callback=common.file_name,
    shell_complete=suggest.files,
    help="Write to this file; - is standard output.",
)
@click.option("--force", is_flag=True, help="Overwrite a file that holds something else.")
@common.reading_options
@common.no_notes_option
def command(
    what: str,
    sets: tuple[str, ...],
    kind: Kind | None,
    attack_version: str | None,
    scoring: ScoreOptions,
    format_: Format | None,
    output: str,
    force: bool,
    reading: ReadOptions,
    quiet: bool,
) -> None:
    """Show what mapping sets say of a technique, capability, group or tactic.

    It is found by its id or its name, in any case. Without --set: in the sets of the folder mappings here if there
    is one, else in all shipped sets.

    \b
    navlayers show T1078                      in every set
    navlayers show "Valid Accounts" --set gcp
    navlayers show AC-02 --set nist_800_53 --format html -o ac-02.html
    """
    from navlayers import writers  # noqa: PLC0415 - completion of this command needs none of these
    from navlayers.pipeline import Prepared, Skipped, prepare  # noqa: PLC0415

    format_ = format_ or _format_for(output)
    read = list(prepare(common.sources(sets, reading, distinct=False), attack_version, reading))
    prepared = [one for one in read if isinstance(one, Prepared)]
    subject = show.find(what, prepared, kind)
    page = show.page(subject, prepared, scoring)
    if not quiet:
        common.notices(one.problem for one in read if isinstance(one, Skipped))
        if sets:
            common.notices(notice for one in prepared for notice in one.notices)
        for other in subject.also:
            common.notify(f"note: there is also {other}; show it with --kind {other.kind}")
    if output == common.STDOUT:
        terminal = sys.stdout.isatty()
        width = shutil.get_terminal_size().columns if terminal else None
        click.echo(show.render(page, format_, width=width, styled=terminal and _colours()), nl=False)
        return
    changed = writers.write(show.render(page, format_).encode(), output, force=force)
    if not quiet:
        common.notify(f"wrote {output}" if changed else f"{output} is up to date")


def _format_for(output: str) -> Format:
    """The format that a file's ending asks for; text where it has none.

    Raises:
        UsageError: no format has that ending.
    """
    ending = Path(output).suffix.lower()
    if ending in _TEXT:
        return "text"
    if ending not in _ENDINGS:
        message = f"the ending of {shown(output)} does not say which format to write"
        expected = ", ".join((*_TEXT[1:], *_ENDINGS))
        raise UsageError(Problem(message, expected=expected, hint="or name the format with --format"))
    return _ENDINGS[ending]


def _colours() -> bool:
    """Whether the terminal may be asked for bold and dim letters: https://no-color.org."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
