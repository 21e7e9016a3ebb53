"""`navlayers diff`: two versions of one set or layer."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from navlayers.analysis.diff import diff
from navlayers.analysis.inputs import load_inputs
from navlayers.cli import _complete, _options, _print
from navlayers.errors import Problem, UsageError
from navlayers.mapping.find import briefly
from navlayers.mapping.model import CATEGORIES
from navlayers.pages import diff as report

if TYPE_CHECKING:
    from navlayers.mapping.formats.context import ReadOptions
    from navlayers.scoring.options import ScoreOptions

EXIT_LOSS = 1
_ENDINGS: dict[str, report.Format] = {"": "text", ".txt": "text", ".md": "md", ".json": "json"}


@click.command()
@click.argument("old", metavar="OLD", shell_complete=_complete.sets)
@click.argument("new", metavar="NEW", shell_complete=_complete.sets)
@click.option(
    "--format",
    "format_",
    type=click.Choice(report.FORMATS),
    help="Format of the report; without it, that of the ending of -o, else text.",
)
@click.option("--fail-on-loss", is_flag=True, help="Exit with status 1 where a technique is lost or weaker.")
@_options.output_file_option
@click.option("--category", type=click.Choice(CATEGORIES), help="Tell what changed in this category only.")
@_options.attack_option
@_options.scoring_options
@click.option("--force", is_flag=True, help="Overwrite a file that holds something else.")
@_options.reading_options
@_options.json_option
@_options.no_notes_option
def command(
    old: str,
    new: str,
    format_: report.Format | None,
    fail_on_loss: bool,
    output: str,
    category: str | None,
    attack_version: str | None,
    scoring: ScoreOptions,
    force: bool,
    reading: ReadOptions,
    as_json: bool,
    quiet: bool,
) -> None:
    """Tell what changed between two versions of a set or layer.

    OLD and NEW are shipped names, files of any format, layers, or - for standard input. Both are carried to one
    ATT&CK release first, the newer of theirs or that of --attack.

    \b
    navlayers diff last-quarter.yaml my-controls.yaml
    git show main:my-controls.yaml | navlayers diff - my-controls.yaml --format md --fail-on-loss
    """
    if as_json and format_ not in (None, "json"):
        raise UsageError(Problem(f"--json and --format {format_} differ", hint="leave one of them out"))
    chosen = "json" if as_json else format_ or _options.format_of(output, _ENDINGS)
    sources = _options.sources((old, new), reading, distinct=False)
    if len(sources) < 2:
        raise UsageError(Problem(f"{old} and {new} are the same input", expected="two versions of a set or layer"))
    if len(sources) > 2:
        raise UsageError(Problem("a folder of several sets is no version of a set", expected="two files"))
    together = load_inputs(briefly(sources), attack_version, reading)
    before, after = together.coverage(scoring)
    found = diff(together.catalogue, before, after, category=category)
    if not quiet:
        _print.notices([*together.notices, *before.notices, *after.notices])
        for one in (before, after):
            version = together.catalogue.version
            _print.tell_carried(one.name, version, one.moved, one.left_out, own=one.own_attack_version)
    width = _print.window() if output == _print.STDOUT else None
    _print.put(
        report.render(found, chosen, width), output, force=force, quiet=quiet, keep=[s.path for s in sources]
    )
    if fail_on_loss and found.lost_coverage:
        _print.notify("coverage was lost: exit status 1, as --fail-on-loss asks")
        sys.exit(EXIT_LOSS)
