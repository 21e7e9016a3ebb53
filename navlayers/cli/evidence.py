"""`navlayers evidence`: the results of tests as evidence of a mapping set."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from navlayers import attack
from navlayers._text.wording import comma_list, quantity
from navlayers.analysis.evidence import join
from navlayers.api.sources import source
from navlayers.cli import _help, _options, _print, _reading
from navlayers.errors import Problem, UsageError
from navlayers.mapping import formats, outcomes
from navlayers.mapping.convert import BINARY, format_for
from navlayers.mapping.evidence import level_named
from navlayers.mapping.find import STDIN, read
from navlayers.pages import evidence as pages

if TYPE_CHECKING:
    from navlayers.mapping.formats.context import ReadOptions


@click.command(cls=_help.Command)
@click.argument("set_", metavar="SET", shell_complete=_options.complete("sets"))
@click.argument("results", nargs=-1, required=True, metavar="RESULTS...", shell_complete=_options.complete("files"))
@_options.output_file_option
@click.option(
    "--results",
    "kind",
    type=click.Choice(get_args(outcomes.Format)),
    help="Format of the results (default: detected).",
)
@click.option(
    "--executed",
    type=click.Choice(("enabled", "data-present", "tested")),
    help="What a test shows that ran, and whose log has no result (default: nothing).",
)
@_options.json_option
@_options.force_file_option
@_reading.reading_options
@_options.quiet_option
def command(
    set_: str,
    results: tuple[str, ...],
    output: str,
    kind: outcomes.Format | None,
    executed: str | None,
    as_json: bool,
    force: bool,
    reading: ReadOptions,
    quiet: bool,
) -> None:
    """Add the results of tests to a mapping set as evidence.

    RESULTS are logs of Atomic Red Team (CSV, ATTiRe), operation reports of CALDERA, exports of VECTR and OpenAEV,
    or tables with a technique and a result in each row; - is standard input. The set with its evidence goes to -o;
    SET does not change.

    \b
    navlayers evidence rules.yaml purple-team.csv -o tested.yaml
    navlayers evidence rules/ vectr.csv caldera.json -o tested.yaml
    """
    if as_json and output == _print.STDOUT:
        raise UsageError(Problem("--json and the set both go to standard output", hint="use -o FILE"))
    format_ = format_for(output)
    file = source(set_, reading)
    _options.refuse_terminal(format_, output, binary=format_ in BINARY, hint="name a file with -o")
    loaded = read(file, reading)
    if STDIN in (*results[1:], set_) and STDIN in results:
        raise UsageError(Problem("- is given twice", expected="one input from standard input"))
    found = [
        outcomes.read(path, reading, kind, sys.stdin.buffer.read() if path == STDIN else None) for path in results
    ]
    mapping_set = loaded.mapping_set
    catalogue = attack.find(mapping_set.domain, None, own=mapping_set.attack_version).catalogue
    level = level_named(executed) if executed else None
    joined = join(mapping_set, [each for one in found for each in one.outcomes], catalogue, level)
    written = formats.encode(joined.set, format_)
    _print.put(written.data, output, force=force, quiet=quiet, keep=(file.path, *map(Path, results)))
    if as_json:
        _print.echo_json(pages.to_json(joined, file.name))
    elif not quiet:
        text = _print.text_of(pages.brief(joined, file.name))
        click.echo(text, err=output == _print.STDOUT, nl=False)
    if quiet:
        return
    _print.notices([*loaded.notices, *written.notices, *(notice for one in found for notice in one.notices)])
    notes = []
    if joined.unknown:
        notes.append(Problem(f"{file.name} has no {comma_list(joined.unknown)}, which results name"))
    if joined.anonymous:
        what = quantity(joined.anonymous, "result")
        message = f"{what} without a rule or control, counted for all mappings of the technique"
        notes.append(Problem(message, hint="name them in a column: rule, control or capability"))
    if joined.undecided:
        message = (
            f"{file.name} does not say whether its mappings detect, so results of detection count by name alone"
        )
        notes.append(Problem(message, hint="for rules: --meta role=detection"))
    if joined.results.get("ran") and executed is None:
        what = quantity(joined.results["ran"], "test")
        hint = "add the results, or count them with --executed tested"
        notes.append(Problem(f"the logs of {what} that ran do not say whether anything noticed them", hint=hint))
    _print.notices(notes)
