"""`navlayers build`: mapping sets → layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from navlayers.api.build import BuildResult, build
from navlayers.attack.domains import release_name
from navlayers.cli import _help, _options, _print, _reading, _scoring
from navlayers.layer.build import KINDS, LayerKind
from navlayers.mapping.nouns import common_noun, noun_of

if TYPE_CHECKING:
    from navlayers.scoring.options import ScoreOptions


@click.command(cls=_help.Command)
@_options.sets_argument
@_options.output_option(
    "DIR",
    "Output folder, with a subfolder per set; - writes one document to standard output.",
    default="layers",
    show_default=True,
)
@_options.attack_option
@_scoring.scoring_options
@click.option(
    "--only",
    multiple=True,
    callback=_options.words(*KINDS),
    metavar="KIND,…",
    help=f"Build only these layers: {', '.join(KINDS)}.",
)
@_options.force_folder_option
@_reading.scope_options
@_options.json_option
@_options.quiet_option
def command(
    sets: tuple[str, ...],
    output: str,
    scoring: ScoreOptions,
    only: tuple[LayerKind, ...],
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Build ATT&CK Navigator layers from mapping sets.

    SET is a shipped name (see `navlayers sets`), a file, a folder of files, or - for standard input. The
    default is the sets in the folder mappings if there is one, else all shipped sets.

    \b
    navlayers build gcp                    layers of a shipped set, in layers/gcp
    navlayers build my-controls.yaml -o out
    navlayers build nist_800_53 --attack 18.1
    """
    _options.refuse_two_results(output, as_json=as_json)
    with _print.progress("Building", quiet=quiet) as progress:
        result = build(
            *sets,
            output=None if output == _print.STDOUT else output,
            only=only or KINDS,
            on_set=progress,
            **options,
            **msgspec.structs.asdict(scoring),
        )
    if not quiet:
        _print.notices([*result.notices, *(notice for each in result.sets for notice in each.notices)])
        for each in result.sets:
            _print.remapped(
                each.folder, each.attack_version, each.replaced, each.left_out, own=each.set.attack_version
            )
    if output == _print.STDOUT:
        _print.data(result.document)
    elif as_json:
        _print.echo_json(result.sets)
    elif not quiet:
        _show(result)
        _print.notify(f"written to {output}")


def _show(result: BuildResult) -> None:
    words = common_noun(noun_of(each.set.framework, each.set.role) for each in result.sets).header
    headers = ("set", "ATT&CK", words, "techs", "subs", "non-mappable", "layers")
    rows = []
    for each in result.sets:
        counts = each.counts
        non_mappable = counts.non_mappable_capabilities + counts.non_mappable_techniques + counts.non_mappable_pairs
        release = release_name(each.set.domain, each.attack_version)
        numbers = (counts.capabilities, counts.techniques, counts.subtechniques, non_mappable, counts.layers)
        rows.append((each.folder, release, *numbers))
    _print.echo_table(headers, rows, {2, 3, 4, 5, 6})
