"""`navlayers check`: what is wrong in mapping sets."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from navlayers.cli import _complete, _options, _print
from navlayers.errors import OutputError, Place, Problem, UsageError
from navlayers.mapping.find import STDIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.checks import FixedFile, Report
    from navlayers.mapping.find import Source
    from navlayers.mapping.formats.context import ReadOptions

EXIT_FOUND = 1
EXIT_UNREADABLE = 2
FORMATS = ("text", "json", "sarif", "github")
MOST_CODES = 12


def _codes(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.strip() for part in ",".join(value).split(",") if part.strip())


def _print_schema(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from navlayers.mapping.find import schema_text  # noqa: PLC0415 - only where it is needed

        click.echo(schema_text(), nl=False)
        ctx.exit()


def _print_explanation(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None and not ctx.resilient_parsing:
        from navlayers.checks import finding  # noqa: PLC0415 - only where it is needed

        if value != "all":
            finding.require_code(value)
        click.echo(finding.explanations() if value == "all" else finding.explanation(value), nl=False)
        ctx.exit()


@click.command()
@_options.sets_argument
@click.option(
    "--attack",
    "attack_version",
    metavar="VERSION",
    shell_complete=_complete.releases,
    help="Check against this ATT&CK release.",
)
@click.option("--strict", is_flag=True, help="Fail on warnings, too.")
@click.option(
    "--select",
    multiple=True,
    callback=_codes,
    metavar="CODE,…",
    shell_complete=_complete.codes,
    help="Only these findings.",
)
@click.option(
    "--ignore",
    multiple=True,
    callback=_codes,
    metavar="CODE,…",
    shell_complete=_complete.codes,
    help="Leave out these findings.",
)
@click.option("--fix", is_flag=True, help="Mend what has one right answer, in place, and show the difference.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="Form of the findings.",
)
@click.option(
    "--explain",
    metavar="CODE",
    shell_complete=_complete.codes,
    is_eager=True,
    expose_value=False,
    callback=_print_explanation,
    help="Explain a finding; all explains every one.",
)
@click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_schema,
    help="Print the JSON Schema of native YAML.",
)
@_options.reading_options
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
    reading: ReadOptions,
    as_json: bool,
    quiet: bool,
) -> None:
    """Find what is wrong in mapping sets, and mend it.

    SET is a shipped name (see `navlayers sets`), a file, a folder of files, or - for standard input. Without any:
    the sets in the folder mappings here if there is one, else all shipped sets.

    \b
    navlayers check my-controls.yaml
    navlayers check --fix my-controls.yaml
    navlayers check --explain revoked-technique
    """
    from navlayers.checks import check as check_sources  # noqa: PLC0415 - --explain and --schema need none of it
    from navlayers.checks import fix as fix_files  # noqa: PLC0415

    if as_json and format_ not in {"text", "json"}:
        raise UsageError(Problem(f"--json and --format {format_} exclude each other", hint="leave one of them out"))
    if attack_version is not None and (fix or diff):
        hint = "sets are mended within their own release; leave one of the two out"
        raise UsageError(Problem("--fix and --attack exclude each other", hint=hint))
    found = _sources(sets, reading)

    def run(sources: Sequence[Source]) -> Report:
        return check_sources(sources, attack_version=attack_version, reading=reading, select=select, ignore=ignore)

    report = run(found)
    data = {str(source.path): source.data for source in found}
    mended = fix_files(report, data, reading) if fix or diff else ()
    stdin = fix and not diff and STDIN in sets
    for file in mended:
        click.echo(file.diff, nl=False, err=stdin)
    if fix and not diff and mended:
        found = _write(mended, found)
        report = run(found)
    if stdin:
        sys.stdout.flush()
        click.echo(next(s.data for s in found if str(s.path) == STDIN), nl=False)
    levels = {"error", "warning"} if strict else {"error"}
    _print_report(report, "json" if as_json else format_, levels if quiet else None, err=stdin)
    if not quiet:
        _sum_up(report, mended, fix=fix and not diff, mendable=attack_version is None)
    if report.unreadable:
        sys.exit(EXIT_UNREADABLE)
    if report.failed(strict=strict):
        sys.exit(EXIT_FOUND)


def _sources(sets: tuple[str, ...], reading: ReadOptions) -> list[Source]:
    return list(_options.sources(sets, reading, distinct=False))


def _write(mended: Sequence[FixedFile], found: list[Source]) -> list[Source]:
    import msgspec  # noqa: PLC0415

    from navlayers.output import files  # noqa: PLC0415 - only where something is written

    for one in mended:
        if one.path != STDIN and Path(one.path).read_bytes() != one.before:
            raise OutputError(
                Problem("the file has changed meanwhile", Place(one.path), hint="nothing is written; run it again")
            )
    texts = {one.path: one.after for one in mended}
    files.write_all(files.Output(path, data, force=True) for path, data in texts.items() if path != STDIN)
    return [
        msgspec.structs.replace(source, data=texts[STDIN])
        if str(source.path) == STDIN and STDIN in texts
        else source
        for source in found
    ]


def _print_report(report: Report, format_: str, levels: set[str] | None, *, err: bool) -> None:
    from navlayers.checks import Report, render  # noqa: PLC0415

    if levels is not None and format_ == "text":
        report = Report(tuple(f for f in report.findings if f.level in levels), report.inputs)
    click.echo(render(report, format_), nl=False, err=err)


def _sum_up(report: Report, mended: Sequence[FixedFile], *, fix: bool, mendable: bool) -> None:
    for problem in report.skipped:
        _print.notify(f"note: {problem.place}: passed over, for it is no mapping set: {problem.message}")
    codes = report.by_code()
    if len(report.findings) > MOST_CODES or len(codes) > 2:
        for code, count in codes.items():
            _print.notify(f"{count:6,}  {code}")
    notes = len(report.findings) - report.errors - report.warnings
    counts = [_count(report.errors, "error"), _count(report.warnings, "warning"), _count(notes, "note")]
    said = ", ".join(part for part in counts if part) or "nothing found"
    _print.notify(f"{said} in {_count(len(report.inputs), 'set')}")
    done = sum(len(one.findings) for one in mended)
    fixable = sum(bool(finding.fix) for finding in report.findings)
    if fix:
        _print.notify(f"mended {_count(done, 'finding') or 'nothing'}")
    elif mendable and fixable and all(checked.origin != "shipped" for checked in report.inputs):
        _print.notify(f"{fixable:,} of them can be mended with --fix")
    if report.findings:
        _print.notify(f"navlayers check --explain {next(iter(codes))} says more; so it does of every code")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}" if number else ""
