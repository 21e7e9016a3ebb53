"""`navlayers show`: the page of one technique, tactic, capability or group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from navlayers.cli import _help, _next, _options, _print, _reading, _scoring
from navlayers.pages import show

if TYPE_CHECKING:
    from navlayers.mapping.formats.context import ReadOptions
    from navlayers.pages.show import Format, SubjectKind
    from navlayers.scoring.options import ScoreOptions

_ENDINGS: dict[str, Format] = {
    "": "text",
    ".txt": "text",
    ".md": "md",
    ".html": "html",
    ".htm": "html",
    ".json": "json",
}


@click.command(cls=_help.Answer)
@click.argument("what", metavar="TECHNIQUE|CAPABILITY|GROUP|TACTIC", shell_complete=_options.complete("subjects"))
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="SET",
    shell_complete=_options.complete("sets"),
    help="Search this set: a shipped name, a file, a folder of files, or -. Repeatable.",
)
@click.option("--kind", type=click.Choice(show.KINDS), help="Kind of the entry, if its name is ambiguous.")
@click.option("--full", is_flag=True, help="Show every mapping, with comments and references.")
@_options.attack_option
@_scoring.scoring_options
@_options.format_option(show.FORMATS, "Page format (default: by the ending of -o, else text).")
@_options.json_option
@_options.output_file_option
@_options.force_file_option
@_reading.scope_options
@_options.no_notes_option
def command(
    what: str,
    sets: tuple[str, ...],
    kind: SubjectKind | None,
    full: bool,
    attack_version: str | None,
    scoring: ScoreOptions,
    format_: Format | None,
    as_json: bool,
    output: str,
    force: bool,
    reading: ReadOptions,
    quiet: bool,
) -> None:
    """Show the mappings of a technique, capability, group or tactic.

    Ids and names match in any case. The default of --set is the sets in the folder mappings if there is one,
    else all shipped sets.

    \b
    navlayers show T1078                      in every set
    navlayers show "Valid Accounts" --set gcp
    navlayers show AC-02 --set nist_800_53 --format html -o ac-02.html
    """
    # Completion of this command does not need these.
    from navlayers.api.sources import sources  # noqa: PLC0415
    from navlayers.mapping.load import prepare_all  # noqa: PLC0415
    from navlayers.mapping.replacements import inactive  # noqa: PLC0415
    from navlayers.pages.show.build import page  # noqa: PLC0415
    from navlayers.pages.show.lookup import find  # noqa: PLC0415

    format_ = _options.report_format(format_, output, _ENDINGS, as_json=as_json)
    inputs = sources(sets, reading)
    loaded, skipped = prepare_all(inputs, attack_version, reading)
    subject = find(what, loaded, kind)
    result = page(subject, loaded, scoring)
    if not quiet:
        _print.notices(skipped)
        if sets:
            _print.notices(notice for each in loaded for notice in each.notices)
            for each in loaded:
                version, left_out = each.catalogue.version, inactive(each.set, each.catalogue)
                _print.remapped(each.name, version, each.replaced, left_out, own=each.own_attack_version)
        for other in subject.also:
            _print.note(f"{other} matches, too; show it with --kind {other.kind}")
    pages = {url: page for each in loaded for url, page in each.catalogue.own_pages.items()}
    if format_ == "text" and output == _print.STDOUT and not full:
        # Only this form needs it.
        from navlayers.pages.show.brief import brief  # noqa: PLC0415

        _print.echo_blocks(brief(result, {each.name for each in loaded if each.set.role == "threat"}))
        _next.propose("show", what, end=("--full",))
        return
    if format_ == "text" and output == _print.STDOUT:
        _print.echo(show.render(result, format_, pages=pages, terminal=_print.terminal()))
        return
    text = show.render(result, format_, pages=pages)
    _print.put(text, output, force=force, quiet=quiet, keep=[each.path for each in inputs])
