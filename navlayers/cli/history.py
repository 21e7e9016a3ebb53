"""`navlayers history`: coverage over time, each commit that moved it, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from navlayers.api import history as reading
from navlayers.cli import _analysis, _help, _next, _options, _print, _reading, _scoring
from navlayers.pages import history as pages

if TYPE_CHECKING:
    from navlayers.scoring.options import ScoreOptions


@click.command(cls=_help.Answer)
@_options.sets_argument
@_analysis.since_option
@click.option(
    "--commits",
    type=_options.Number(1, 100_000),
    default=reading.MOST,
    show_default=True,
    metavar="NUMBER",
    help="Number of commits of a file to read, newest first.",
)
@_options.format_option(pages.FORMATS, "Format (default: by the ending of -o, else text).")
@_options.all_option("Print all tables: moves, tactics or sets, every commit.")
@_options.output_file_option
@_analysis.category_option
@_options.attack_option
@_scoring.scoring_options
@_reading.scope_options
@_options.force_file_option
@_options.json_option
@_options.no_notes_option
def command(
    sets: tuple[str, ...],
    format_: pages.Format | None,
    every: bool,
    output: str,
    scoring: ScoreOptions,
    force: bool,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Show how coverage changed over time, each commit that moved it, and why.

    SET is a file in git, a folder of such files, or a folder with dated files or folders such as 2025-01-31. The
    default is the folder mappings. A number moves because ATT&CK, the mapping or its options moved; the three parts
    add up to the change.

    \b
    navlayers history my-controls.yaml
    navlayers history mappings --since 2025-03-01
    navlayers history my-controls.yaml --since v1.0 -o history.html
    """
    shape = _options.report_format(format_, output, reading.ENDINGS_OF_FORMATS, as_json=as_json)
    _options.refuse_terminal(shape, output, hint=f"-o history.{shape}", binary=shape in reading.BINARY)
    with _print.progress("Reading versions", quiet=quiet) as step:
        found = reading.history(
            *sets, **options, today=_reading.today(), on_version=step, **msgspec.structs.asdict(scoring)
        )
    if not quiet:
        _print.notices(found.notices)
    if shape == "text" and output == _print.STDOUT:
        _print.echo_blocks(pages.every(found) if every else pages.brief(found))
        if not every:
            cut = pages.is_cut(found)
            _next.propose("history", *dict.fromkeys(sets), end=("--all",) if cut else ("-o", "history.html"))
        return
    _print.put(reading.render(found, shape), output, force=force, quiet=quiet, keep=found.files)
