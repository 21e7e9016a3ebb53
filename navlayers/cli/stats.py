"""`navlayers stats`: the coverage of mapping sets in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from navlayers._text import percent_figure
from navlayers.api.sources import sources
from navlayers.cli import _options, _print
from navlayers.mapping.load import prepare_all
from navlayers.mapping.nouns import common_noun, noun
from navlayers.scoring.scores import UNSPECIFIED
from navlayers.scoring.stats import Stats, set_stats

if TYPE_CHECKING:
    from navlayers.mapping.formats.context import ReadOptions
    from navlayers.mapping.nouns import Noun
    from navlayers.output.tables import Cell


@click.command()
@_options.sets_argument
@_options.attack_option
@_options.reading_options
@_options.json_option
@_options.no_notes_option
def command(
    sets: tuple[str, ...], attack_version: str | None, reading: ReadOptions, as_json: bool, quiet: bool
) -> None:
    """Count the techniques that mapping sets map.

    SET is a shipped name, a file, a folder of files, or - for standard input. The default is the sets in the
    folder mappings if there is one, else all shipped sets.

    \b
    navlayers stats gcp
    navlayers stats aws azure gcp --json
    """
    loaded, skipped = prepare_all(sources(sets, reading), attack_version, reading)
    counted = [(each.name, set_stats(each.set, each.catalogue)) for each in loaded]
    if not quiet:
        _print.notices(skipped)
        _print.notices(notice for each in loaded for notice in each.notices)
        for each, (name, numbers) in zip(loaded, counted, strict=True):
            _print.remapped(
                name, numbers.attack_version, each.replaced, numbers.not_active, own=each.own_attack_version
            )
    if as_json:
        # Not asdict, which also converts the structs inside.
        fields = Stats.__struct_fields__
        _print.echo_json([{"name": name} | {field: getattr(s, field) for field in fields} for name, s in counted])
        return
    words = common_noun(noun(each.set) for each in loaded).plural.replace("capabilities", "capa-\nbilities")
    headers = ("set", "ATT&CK", words, "tech-\nniques", "sub-tech-\nniques", "of the\nmatrix")
    _print.echo_table(headers, (_row(name, numbers) for name, numbers in counted), {2, 3, 4, 5})
    for each, (name, numbers) in zip(loaded, counted, strict=True):
        _details(name, numbers, noun(each.set))


def _row(name: str, numbers: Stats) -> tuple[Cell, ...]:
    release = _print.release_name(numbers.domain, numbers.attack_version)
    return (name, release, numbers.capabilities, numbers.techniques, numbers.subtechniques, _of_matrix(numbers))


def _of_matrix(numbers: Stats) -> str:
    return percent_figure(numbers.techniques + numbers.subtechniques, numbers.active)


def _details(name: str, numbers: Stats, words: Noun) -> None:
    click.echo(f"\n{name}: {numbers.set} {numbers.version}, ATT&CK {numbers.domain} {numbers.attack_version}")
    if says := words.statement(numbers.techniques + numbers.subtechniques, numbers.capabilities):
        click.echo(f"{says}.")
    non_mappable = numbers.non_mappable
    facts: list[tuple[Cell, ...]] = [
        ("mappings", numbers.mappings),
        (f"{words.plural} with a mapping", numbers.capabilities),
        ("techniques mapped", numbers.techniques),
        ("sub-techniques mapped", numbers.subtechniques),
        (f"share of the {numbers.active} techniques and sub-techniques", _of_matrix(numbers)),
        (
            f"of the {numbers.base_techniques} base techniques, directly or by a sub-technique",
            numbers.base_techniques_mapped,
        ),
        ("base techniques not mapped", numbers.base_techniques_unmapped),
        (f"non-mappable {words.plural}", non_mappable.capabilities),
        ("non-mappable techniques", non_mappable.techniques),
        ("non-mappable pairs", non_mappable.pairs),
        (f"not active in ATT&CK {numbers.attack_version}", len(numbers.not_active)),
    ]
    _print.echo_table(("", ""), facts, {1})
    click.echo("")
    tactics = [(t.name, t.mapped, t.total, percent_figure(t.mapped, t.total)) for t in numbers.tactics]
    _print.echo_table(("tactic", "mapped", "base\ntechniques", "share"), tactics, {1, 2, 3})
    click.echo("")
    values = [
        ("" if category == UNSPECIFIED else category, value, count)
        for category, counts in numbers.values.items()
        for value, count in counts.items()
    ]
    _print.echo_table(("category", "value" if numbers.scored else "mapping type", "mappings"), values, {2})
