"""`navlayers check`: mistakes in mapping sets."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from navlayers._text.lines import wrap
from navlayers._text.wording import quantity
from navlayers.cli import _help, _options, _print, _reading
from navlayers.errors import OutputError, Place, Problem, UsageError
from navlayers.mapping.find import STDIN, schema_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from navlayers.checks import FixedFile, Report
    from navlayers.checks.run import Readings
    from navlayers.mapping.find import Source
    from navlayers.mapping.formats.context import ReadOptions

EXIT_FOUND = 1
EXIT_UNREADABLE = 2
FORMATS = ("text", "json", "sarif", "github")
MOST_CODES = 12


def _codes_option(name: str, help_: str) -> Callable[[Any], Any]:
    return click.option(
        name,
        multiple=True,
        callback=_options.words(),
        metavar="CODE,…",
        shell_complete=_options.complete("codes"),
        help=help_,
    )


@click.command(cls=_help.Command)
@_options.sets_argument
@_options.release_option("Check against this ATT&CK release (default: that of each set).")
@click.option("--strict", is_flag=True, help="Fail on warnings, too.")
@_codes_option("--select", "Report only these codes.")
@_codes_option("--ignore", "Do not report these codes.")
@click.option(
    "--fix", is_flag=True, help="Fix findings that have only one correct answer, in place, and print the diff."
)
@click.option("--diff", is_flag=True, help="Print the diff of --fix, and change nothing.")
@_options.format_option(FORMATS, "Output format.", default="text", show_default=True)
@click.option(
    "--explain", metavar="CODE", shell_complete=_options.complete("codes"), help="Explain a code, or all."
)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of native YAML.")
@_reading.max_age_option("Report evidence that is older than this, such as 365d.")
@_reading.as_of_option("Day of the check (default: today).")
@_reading.reading_options
@_options.json_option
@_options.quiet_option
def command(
    sets: tuple[str, ...],
    attack_version: str | None,
    strict: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fix: bool,
    diff: bool,
    format_: str,
    explain: str | None,
    schema: bool,
    max_age: int | None,
    as_of: str | None,
    reading: ReadOptions,
    as_json: bool,
    quiet: bool,
) -> None:
    """Check mapping sets for mistakes, and fix them.

    SET is a shipped name (see `navlayers sets`), a file, a folder of files, or - for standard input. The
    default is the sets in the folder mappings if there is one, else all shipped sets.

    \b
    navlayers check my-controls.yaml
    navlayers check --fix my-controls.yaml
    navlayers check --explain revoked-technique
    """
    if schema:
        click.echo(schema_text(), nl=False)
        return
    if explain is not None:
        _explain(explain)
        return
    # --explain and --schema need none of these.
    from navlayers.api.sources import sources  # noqa: PLC0415
    from navlayers.checks import Report, render  # noqa: PLC0415
    from navlayers.checks import check as check_sources  # noqa: PLC0415
    from navlayers.checks import fix as fix_sources  # noqa: PLC0415
    from navlayers.checks.run import KEPT  # noqa: PLC0415
    from navlayers.mapping.load import nothing_read  # noqa: PLC0415
    from navlayers.mapping.table_domains import parts_notice  # noqa: PLC0415

    _options.refuse_other_format(None if format_ == "text" else format_, as_json=as_json)
    if attack_version is not None and (fix or diff):
        hint = "--fix works within the release of each set; use one of them"
        raise UsageError(Problem("--fix and --attack exclude each other", hint=hint))
    run = partial(
        check_sources,
        attack_version=attack_version,
        reading=reading,
        select=select,
        ignore=ignore,
        as_of=as_of or _reading.today(),
        max_age=max_age,
    )
    inputs = sources(sets, reading)
    if fix and not diff:
        from navlayers.output.stage import recover_all  # noqa: PLC0415 - only where something is written

        recover_all(each.path for each in inputs if each.data is None and each.origin not in KEPT)
    # One file is not read again by each step; the readings of many would take much memory.
    readings: Readings | None = {} if (fix or diff) and len({each.path for each in inputs}) == 1 else None
    report = run(inputs, readings=readings)
    data = {str(each.path): each.data for each in inputs}
    fixed = fix_sources(report, data, reading, readings) if fix or diff else ()
    # The fixed set is the result of `check --fix -`, so everything else goes to standard error.
    to_stdout = fix and not diff and STDIN in sets
    for each in fixed:
        # As bytes, from which click does not remove colors.
        _print.data(each.diff.encode(), err=to_stdout)
    if fix and not diff and fixed:
        inputs = _write(fixed, inputs)
        report = run(inputs, readings=readings)
    if to_stdout:
        sys.stdout.flush()
        _print.data(next(each.data for each in inputs if str(each.path) == STDIN) or b"")
    shown = report
    if quiet and format_ == "text" and not as_json:
        levels = ("error", "warning") if strict else ("error",)
        shown = Report(tuple(each for each in report.findings if each.level in levels), report.inputs)
    _echo(render, shown, "json" if as_json else format_, err=to_stdout)
    if not quiet:
        _print.notices([*(notice for each in inputs for notice in parts_notice(each)), *report.option_notices])
        _summarize(report, fixed, fix=fix and not diff, can_fix=attack_version is None)
    if report.unreadable:
        sys.exit(EXIT_UNREADABLE)
    empty = nothing_read(inputs) if inputs and not report.inputs else ()
    for problem in empty:
        _print.notify(f"navlayers: {problem}" if strict else f"note: {problem}")
    if report.failed(strict=strict) or (strict and empty):
        sys.exit(EXIT_FOUND)


def _echo(render: Callable[..., str], report: Report, format_: str, *, err: bool) -> None:
    """Print a report; on standard error for a program or a person who reads the fixed set on standard output."""
    if err or format_ == "github":
        _print.data(render(report, format_), err=err)
    else:
        terminal = _print.terminal()
        _print.echo(render(report, format_, width=terminal.width, tone=terminal.tone))


def _explain(code: str) -> None:
    from navlayers.checks import finding  # noqa: PLC0415 - only where it is needed

    if code != "all":
        finding.require_code(code)
    terminal = _print.terminal()
    if terminal.width is None:
        click.echo(finding.explanations() if code == "all" else finding.explanation(code), nl=False)
        return
    lines = []
    for each in sorted(finding.codes()) if code == "all" else [code]:
        head, *parts = finding.explanation(each).strip().split("\n\n")
        lines += [terminal.tone(head.removeprefix("## "), "strong")]
        lines += [line for part in parts for line in ("", *wrap(part, terminal.width))] + [""]
    _print.echo("\n".join(lines[:-1]) + "\n")


def _write(fixed: Sequence[FixedFile], inputs: Sequence[Source]) -> tuple[Source, ...]:
    """Write the fixed files; the sources with the fixed content of standard input."""
    import msgspec  # noqa: PLC0415

    from navlayers.output import files  # noqa: PLC0415 - only where something is written

    texts = {each.path: each.after for each in fixed}
    for each in fixed:
        if each.path != STDIN and Path(each.path).read_bytes() != each.before:
            hint = "nothing was written; run the command again"
            raise OutputError(Problem("the file has changed since it was read", Place(each.path), hint=hint))
    files.write_all(files.Output(path, data, force=True) for path, data in texts.items() if path != STDIN)
    return tuple(
        msgspec.structs.replace(each, data=texts.get(STDIN, each.data)) if str(each.path) == STDIN else each
        for each in inputs
    )


def _summarize(report: Report, fixed: Sequence[FixedFile], *, fix: bool, can_fix: bool) -> None:
    for problem in report.skipped:
        _print.notify(f"note: {problem}")
    codes = report.by_code()
    if len(report.findings) > MOST_CODES or len(codes) > 2:
        for code, count in codes.items():
            _print.notify(f"{count:6,}  {code}")
    notes = len(report.findings) - report.errors - report.warnings
    numbers = {"error": report.errors, "warning": report.warnings, "note": notes}
    counts = ", ".join(quantity(number, level) for level, number in numbers.items() if number)
    _print.notify(f"{counts or 'no findings'} in {quantity(len(report.inputs), 'set')}")
    corrected = sum(len(each.findings) for each in fixed)
    fixable = sum(bool(finding.fix) for finding in report.findings)
    if fix and (corrected or not report.findings):
        _print.notify(f"fixed {quantity(corrected, 'finding') if corrected else 'nothing'}")
    elif fix:
        shipped = all(checked.origin == "shipped" for checked in report.inputs)
        changed = "--fix changes only values in text files that have exactly one correction"
        _print.notify(f"fixed nothing ({'shipped sets are never changed' if shipped else changed})")
    elif can_fix and fixable:
        _print.notify(f"{fixable:,} can be fixed with --fix")
    if report.findings:
        _print.notify(f"`navlayers check --explain {report.worst}` explains the code")
