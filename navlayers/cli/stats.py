"""`navlayers stats`: the coverage of mapping sets in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from navlayers.api.sources import sources
from navlayers.cli import _analysis, _help, _options, _print
from navlayers.mapping.find import shipped
from navlayers.mapping.load import Prepared, prepare_all
from navlayers.pages import stats as pages
from navlayers.scoring.stats import Stats, set_stats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.mapping.formats.context import ReadOptions
    from navlayers.output.document import Facts


@click.command(cls=_help.Answer)
@_options.sets_argument
@_options.attack_option
@_options.reading_options
@_analysis.all_option("Print all numbers of each set: facts, tactics, score values.")
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
        _print.notices(notice for each in loaded for notice in each.notices)
        for each, numbers in counted:
            version, left_out = numbers.attack_version, numbers.not_active
            _print.remapped(each.name, version, each.replaced, left_out, own=each.own_attack_version)
    if as_json:
        # Not asdict, which also converts the structs inside.
        fields = Stats.__struct_fields__
        _print.echo_json(
            [
                {"name": each.name} | {field: getattr(numbers, field) for field in fields}
                for each, numbers in counted
            ]
        )
        return
    if every:
        _print.echo_blocks(pages.every_table(counted))
        return
    _print.echo_blocks([*pages.brief(counted), _follow(sets, loaded)] if loaded else [])


def _follow(sets: tuple[str, ...], loaded: Sequence[Prepared]) -> Facts:
    """The next command: layers of a set, the numbers of one of several, the gaps against a threat set."""
    first = loaded[0]
    # Several parts of one table are one file.
    if len(loaded) > 1 and sets != (str(first.path),):
        is_shipped = first.path in {each.path for each in shipped()}
        return _print.next_command("stats", first.name if is_shipped else str(first.path))
    word = sets[0] if len(sets) == 1 else first.name
    # The shipped controls are for Enterprise.
    if first.set.role == "threat" and first.set.domain == "enterprise":
        return _print.next_command("gaps", "nist_800_53", "--threat", word)
    return _print.next_command("build", word)
