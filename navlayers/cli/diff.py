"""`navlayers diff`: two versions of one set or layer."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click
import msgspec

from navlayers.api.compare import diff
from navlayers.cli import _help, _next, _options, _print, _reading, _scoring
from navlayers.mapping.model import CATEGORIES
from navlayers.pages import diff as pages

if TYPE_CHECKING:
    from navlayers.scoring.options import ScoreOptions

EXIT_LOSS = 1
_ENDINGS: dict[str, pages.Format] = {"": "text", ".txt": "text", ".md": "md", ".json": "json"}


@click.command(cls=_help.Answer)
@click.argument("old", metavar="OLD", shell_complete=_options.complete("sets"))
@click.argument("new", metavar="NEW", shell_complete=_options.complete("sets"))
@_options.format_option(pages.FORMATS, "Report format (default: by the ending of -o, else text).")
@click.option("--fail-on-loss", is_flag=True, help="Exit with status 1 if a technique is lost or weaker.")
@_options.all_option("List every change with the capabilities behind it.")
@_options.output_file_option
@click.option("--category", type=click.Choice(CATEGORIES), help="Compare only this category.")
@_options.attack_option
@_scoring.scoring_options
@_options.force_file_option
@_reading.scope_options
@_options.json_option
@_options.no_notes_option
def command(
    old: str,
    new: str,
    format_: pages.Format | None,
    fail_on_loss: bool,
    every: bool,
    output: str,
    scoring: ScoreOptions,
    force: bool,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Show what changed between two versions of a set or layer.

    OLD and NEW are shipped names, files of any format, layers, files in git as REVISION:PATH, or - for standard
    input. Both are remapped to one ATT&CK release, the newer of their releases or the one of --attack.

    \b
    navlayers diff last-quarter.yaml my-controls.yaml
    navlayers diff main:my-controls.yaml my-controls.yaml --format md --fail-on-loss
    """
    format_ = _options.report_format(format_, output, _ENDINGS, as_json=as_json)
    changes = diff(old, new, **options, **msgspec.structs.asdict(scoring))
    if not quiet:
        _print.notices([*changes.notices, *changes.before.notices, *changes.after.notices])
        _print.remapped_inputs((changes.before, changes.after), changes.catalogue.version)
    to_stdout = output == _print.STDOUT
    if format_ == "text" and to_stdout and not every and any(changes.techniques.values()):
        _print.echo_blocks(pages.brief(changes))
        _next.propose("diff", old, new, end=("--all",))
    elif format_ == "text" and to_stdout:
        _print.echo(pages.render(changes, format_, _print.window()))
    else:
        _print.put(pages.render(changes, format_), output, force=force, quiet=quiet, keep=changes.files)
    if fail_on_loss and changes.lost_coverage:
        _print.notify("coverage was lost: exit status 1 (--fail-on-loss)")
        sys.exit(EXIT_LOSS)
