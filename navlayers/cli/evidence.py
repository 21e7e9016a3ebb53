"""`navlayers evidence`: the results of tests as evidence of a mapping set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from navlayers.api.evidence import EXECUTED, join_results
from navlayers.api.sources import source
from navlayers.cli import _help, _options, _print, _reading
from navlayers.errors import Place, Problem, UsageError
from navlayers.mapping import outcomes
from navlayers.mapping.convert import BINARY, encode_and_read, format_for
from navlayers.mapping.find import STDIN
from navlayers.pages import evidence as pages

if TYPE_CHECKING:
    from navlayers.mapping.formats.context import ReadOptions


@click.command(cls=_help.Command)
@click.argument("set_", metavar="SET", shell_complete=_options.complete("sets"))
@click.argument("results", nargs=-1, required=True, metavar="RESULTS...", shell_complete=_options.complete("files"))
@_options.output_file_option
@click.option(
    "--results-format",
    "kind",
    type=click.Choice(get_args(outcomes.Format)),
    help="Format of the results (default: detected).",
)
@click.option(
    "--executed",
    type=click.Choice([level.replace(" ", "-") for level in EXECUTED]),
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
    if (set_, *results).count(STDIN) > 1:
        raise UsageError(Problem("- is given twice", expected="one input from standard input"))
    if format_.startswith("mapex"):
        expected = "native YAML, CSV, XLSX, a STIX bundle or OSCAL, such as tested.yaml"
        raise UsageError(Problem("the format of Mappings Explorer has no evidence", Place(output), expected))
    file = source(set_, reading)
    _options.refuse_terminal(format_, output, binary=format_ in BINARY, hint="name a file with -o")
    joined = join_results(file, results, kind, executed or "", _reading.today(), reading)
    written = encode_and_read(joined.set, format_)
    _print.put(written.data, output, force=force, quiet=quiet, keep=(file.path, *map(Path, results)))
    if as_json:
        _print.echo_json(pages.to_json(joined, file.name))
    elif not quiet:
        text = _print.text_of(pages.brief(joined, file.name))
        _print.data(text, err=output == _print.STDOUT)
    if not quiet:
        _print.notices([*joined.notices, *written.notices])
