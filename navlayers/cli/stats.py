"""`navlayers stats`: the coverage of mapping sets in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from navlayers import attack
from navlayers.api.sources import sources
from navlayers.attack.versions import canonical, number
from navlayers.cli import _help, _next, _options, _print, _reading
from navlayers.mapping.find import STDIN, shipped
from navlayers.mapping.load import Prepared, prepare_all
from navlayers.pages import stats as pages
from navlayers.scoring.coverage import coverage_of
from navlayers.scoring.options import ScoreOptions
from navlayers.scoring.stats import set_stats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.mapping.formats.context import ReadOptions

_MANY = 200
"""The most capabilities for which layers of each are proposed."""


@click.command(cls=_help.Answer)
@_options.sets_argument
@_options.attack_option
@_reading.scope_options
@_options.all_option("Print all numbers of each set: facts, tactics, score values.")
@_options.json_option
@_options.no_notes_option
def command(
    sets: tuple[str, ...], attack_version: str | None, reading: ReadOptions, every: bool, as_json: bool, quiet: bool
) -> None:
    """Count the techniques that mapping sets map.

    SET is a shipped name, a file, a folder of files, or - for standard input. The default is the sets in the
    folder mappings if there is one, else all shipped sets.

    \b
    navlayers stats gcp
    navlayers stats aws azure gcp --json
    """
    loaded, skipped = prepare_all(sources(sets, reading), attack_version, reading)
    counted = [pages.SetNumbers(each, set_stats(each.set, each.catalogue)) for each in loaded]
    if not quiet:
        _print.notices(skipped)
        _print.notices(notice for each in loaded for notice in coverage_of(each, ScoreOptions()).notices)
        for each, numbers in counted:
            version, left_out = numbers.attack_version, numbers.not_active
            _print.remapped(each.name, version, each.replaced, left_out, own=each.own_attack_version)
    if as_json:
        _print.echo_json(list(map(pages.as_json, counted)))
        return
    if every:
        _print.echo_blocks(pages.every_table(counted))
        return
    if loaded:
        _print.echo_blocks(pages.brief(counted, drawing=_print.terminal().drawing))
        _follow(sets, loaded, attack_version)


def _follow(sets: tuple[str, ...], loaded: Sequence[Prepared], attack_version: str | None) -> None:
    """Propose the numbers of one of several sets, the gaps against threats, an upgrade, or layers."""
    first = loaded[0]
    is_shipped = first.path in {each.path for each in shipped()}
    # Several parts of one table are one file.
    if len(loaded) > 1 and sets != (str(first.path),):
        _next.propose("stats", first.name if is_shipped else str(first.path))
        return
    word = str(first.path) if str(first.path) in sets else sets[0] if len(sets) == 1 else first.name
    # The shipped controls are for Enterprise.
    if first.set.role == "threat" and first.set.domain == "enterprise":
        _next.propose("gaps", "nist_800_53", "--threat", word)
    elif not is_shipped and word != STDIN and _outdated(first, attack_version):
        _next.propose("upgrade", word, end=("-o", _next.UPGRADED))
    else:
        few = len(first.set.capabilities) <= _MANY
        _next.propose("build", word, end=() if few else ("--only", "overview,categories,groups"))


def _outdated(prepared: Prepared, attack_version: str | None) -> bool:
    """Whether a layer is of an older release than the newest, or a set of one that is not installed."""
    own = canonical(prepared.own_attack_version)
    newest = attack.find(prepared.set.domain).release.version
    if own is None or number(own) >= number(newest):
        return False
    return prepared.format == "layer" or (attack_version is None and own != prepared.catalogue.version)
