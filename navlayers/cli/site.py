"""`navlayers site`: a static site of mapping sets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from navlayers.api.sources import named_twice, sources
from navlayers.attack.domains import release_name
from navlayers.cli import _help, _options, _print, _reading, _scoring
from navlayers.mapping.nouns import common_noun
from navlayers.pages.stats import left_out_of_layers
from navlayers.website import SiteOptions, write_site

if TYPE_CHECKING:
    from navlayers.mapping.formats.context import ReadOptions
    from navlayers.scoring.options import ScoreOptions


@click.command(cls=_help.Command)
@_options.sets_argument
@_options.output_option("DIR", "Output folder.", default="site", show_default=True)
@click.option("--title", default=SiteOptions().title, metavar="TEXT", show_default=True, help="Title of the site.")
@_options.attack_option
@_scoring.scoring_options
@_options.force_folder_option
@_reading.scope_options
@_options.quiet_option
def command(
    sets: tuple[str, ...],
    output: str,
    title: str,
    scoring: ScoreOptions,
    reading: ReadOptions,
    quiet: bool,
    **options: Any,
) -> None:
    """Write a static website of mapping sets.

    It has a page per set, group, capability, technique and tactic, with matrices, search and downloads, and works
    from disk and on any host.
    SET is a shipped name (see `navlayers sets`), a file of any format, a folder of files, or - for standard input.
    The default is the sets in the folder mappings if there is one, else all shipped sets.

    \b
    navlayers site                          all sets, in site/index.html
    navlayers site gcp aws --attack 18.1 -o clouds
    navlayers site my-controls.yaml --title "Our controls" -o public
    """
    folder = Path(output)
    with _print.progress("Writing", quiet=quiet) as step:
        written = write_site(
            sources(sets, reading),
            folder,
            SiteOptions(title, scoring),
            reading=reading,
            on_file=step,
            **options,
        )
    if quiet:
        return
    _print.notices([*named_twice(sets, reading), *written.notices])
    rows = []
    for site_set in written.sets:
        one, release = site_set.indexed, site_set.indexed.catalogue
        own = one.prepared.own_attack_version
        _print.remapped(site_set.name, release.version, one.prepared.replaced, one.scored.left_out, own=own)
        name = release_name(release.domain, release.version)
        rows.append(
            (site_set.name, name, len(site_set.groups), site_set.stats.capabilities, site_set.stats.mappings)
        )
    words = common_noun(site_set.head.noun for site_set in written.sets)
    _print.echo_table(("set", "ATT&CK", "groups", words.plural, "mappings"), rows, {2, 3, 4})
    for site_set in written.sets:
        if sentence := left_out_of_layers(site_set.indexed.set, site_set.stats):
            _print.note(f"{site_set.name}: {sentence}")
    size = written.size / _reading.MEGABYTE
    _print.notify(f"{written.pages} pages, {written.files} files, {size:.1f} MB")
    _print.folder_written(output, written.removed)
    _print.notify(f"open {folder / 'index.html'}")
