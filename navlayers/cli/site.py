"""`navlayers site`: a static site of mapping sets."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import click

from navlayers.cli import _analysis, _complete, _options, _print
from navlayers.errors import Problem, UsageError
from navlayers.website import SiteOptions, write_site

if TYPE_CHECKING:
    from pathlib import Path

    from navlayers.mapping.formats.context import ReadOptions
    from navlayers.scoring.options import ScoreOptions
    from navlayers.website import WrittenSite

_FILES = re.compile(r"\.(x?html?|zip|tar|t?gz|pdf|md|txt|docx|xlsx|csv|json|ya?ml|xml|svg|png)", re.IGNORECASE)
"""Endings of files, which nobody gives to a folder on purpose."""


@click.command()
@_options.sets_argument
@click.option(
    "-o",
    "--output",
    callback=_options.folder,
    default="site",
    metavar="DIR",
    show_default=True,
    shell_complete=_complete.folders,
    help="Folder to write to.",
)
@click.option(
    "--title", default=SiteOptions().title, metavar="TEXT", show_default=True, help="What the site is called."
)
@_options.attack_option
@_options.scoring_options
@click.option("--force", is_flag=True, help="Write into a folder that holds other files, too.")
@_options.reading_options
@_options.quiet_option
def command(
    sets: tuple[str, ...],
    output: Path,
    title: str,
    attack_version: str | None,
    scoring: ScoreOptions,
    force: bool,
    reading: ReadOptions,
    quiet: bool,
) -> None:
    """Write a static site of mapping sets, to browse from disk or any host.

    It has a page per set, group, capability, technique and tactic, with matrices, search and downloads.
    SET is a shipped name (see `navlayers sets`), a file of any format, a folder of files, or - for standard input.
    Without any: the sets in the folder mappings here if there is one, else all shipped sets.

    \b
    navlayers site                          all sets, in site/index.html
    navlayers site gcp aws --attack 18.1 -o clouds
    navlayers site my-controls.yaml --title "Our controls" -o public
    """
    _check_folder(output)
    sources, again = _analysis.named(sets, reading)
    with click.progressbar(
        length=1, label="Writing", file=sys.stderr, hidden=quiet or not _print.on_terminal()
    ) as progress:

        def on_file(total: int) -> None:
            progress.length = total
            progress.update(1)

        written = write_site(
            sources,
            output,
            SiteOptions(title, scoring),
            attack_version=attack_version,
            reading=reading,
            force=force,
            on_file=on_file,
        )
    if not quiet:
        _print.notices([*again, *written.notices])
        _tell(written, output)


def _check_folder(output: Path) -> None:
    """Refuse what is no folder, or seems to be meant as none."""
    if str(output) == _print.STDOUT or (_FILES.fullmatch(output.suffix) and not output.is_dir()):
        hint = f"such as -o {output.with_suffix('')}" if output.suffix else ""
        raise UsageError(Problem("a site is a folder of files", expected="a folder to write to", hint=hint))


def _tell(written: WrittenSite, output: Path) -> None:
    for one in written.sets:
        _print.tell_carried(one.name, one.attack_version, one.moved, one.left_out, own=one.own_attack_version)
    rows = [
        (one.name, _print.release_name(one.domain, one.attack_version), one.groups, one.capabilities, one.mappings)
        for one in written.sets
    ]
    _print.echo_table(("set", "ATT&CK", "groups", "capabilities", "mappings"), rows, {2, 3, 4})
    size = written.size / _options.MEGABYTE
    _print.notify(f"{written.pages} pages, {written.files} files, {size:.1f} MB")
    _print.notify_written(output, written.gone)
    _print.notify(f"open {output / 'index.html'}")
