"""`navlayers gaps`: sets and layers against a threat."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from navlayers import gaps as finding
from navlayers import textwidth, threats
from navlayers.cli import common, suggest
from navlayers.errors import Problem, UsageError
from navlayers.gaps.tables import brief_tables
from navlayers.gaps.telling import headline
from navlayers.model import CATEGORIES
from navlayers.output_folder import write_folder
from navlayers.sets import STDIN, Source, repeated
from navlayers.together import read_together

if TYPE_CHECKING:
    from pathlib import Path

    from navlayers.gaps import Gaps
    from navlayers.options import ScoreOptions
    from navlayers.readers.context import ReadOptions

WIDTH = 80


@click.command()
@common.sets_argument
@click.option(
    "--threat",
    "words",
    multiple=True,
    metavar="THREAT",
    shell_complete=suggest.threats,
    help="A group, software, campaign or tactic by id or name, or a set, layer or table with weights. Repeatable.",
)
@click.option(
    "--software-of",
    multiple=True,
    is_flag=False,
    flag_value=threats.ALL,
    metavar="[GROUP]",
    shell_complete=suggest.threats,
    help="Add what the software of this group or campaign does; without a value, of all that are chosen.",
)
@click.option(
    "-o",
    "--output",
    callback=common.optional_folder,
    metavar="DIR",
    shell_complete=suggest.folders,
    help="Folder to write layers and tables to. - writes one list of all layers to standard output.",
)
@click.option("--category", type=click.Choice(CATEGORIES), help="Take the scores of this category only.")
@click.option(
    "--weak",
    type=float,
    default=finding.WEAK,
    show_default=f"{finding.WEAK:g}",
    metavar="NUMBER",
    help="Covered below this score is weak.",
)
@common.attack_option
@common.scoring_options
@click.option("--force", is_flag=True, help="Write into a folder that holds other files, too.")
@common.reading_options
@common.json_option
@common.quiet_option
def command(
    sets: tuple[str, ...],
    words: tuple[str, ...],
    software_of: tuple[str, ...],
    output: Path | None,
    category: str | None,
    weak: float,
    attack_version: str | None,
    scoring: ScoreOptions,
    force: bool,
    reading: ReadOptions,
    as_json: bool,
    quiet: bool,
) -> None:
    """Tell what mapping sets and layers leave open of a threat.

    SET is a shipped name, a file of any format, a layer, a folder of files, or - for standard input. Several are
    taken together: the best of all counts.

    \b
    navlayers gaps aws --threat APT29
    navlayers gaps aws azure --threat FIN7 --threat "Cobalt Strike" -o gaps
    navlayers gaps nist_800_53 --threat APT29 --software-of --worth 50
    navlayers gaps my-controls.yaml --threat kev
    """
    to_stdout = output is not None and str(output) == common.STDOUT
    if to_stdout and as_json:
        raise UsageError(Problem("--json and -o - both want standard output", hint="leave one of them out"))
    if not sets:
        raise _no_sets(software_of)
    if STDIN in words and STDIN in sets:
        raise UsageError(Problem("- is both a set and the threat", hint="give one of the two as a file"))
    again = () if STDIN in sets else repeated(sets, reading.format)
    together = read_together(common.sources(sets, reading, distinct=False), attack_version, reading)
    together, threat = threats.against(
        together, _words(words, reading), attack_version, software_of=software_of, reading=reading
    )
    found = finding.find_gaps(together, threat, scoring, category=category, weak=weak)
    if output is not None and not to_stdout:
        gone = write_folder(output, finding.gaps_folder(found, scoring), force=force)
    if not quiet:
        common.notices([*together.notices, *(Problem(f"{name} is named twice") for name in again)])
        _tell(found)
    if to_stdout:
        click.echo(finding.gaps_document(found), nl=False)
        return
    if as_json:
        common.echo_json(finding.as_json(found))
    elif not quiet or output is None:
        _show(found)
    if output is not None and not quiet:
        common.notify_written(output, gone)


def _no_sets(software_of: tuple[str, ...]) -> UsageError:
    message = "no set is named that could cover the threat"
    taken = [word for word in software_of if word != threats.ALL]
    if taken:
        hint = f"--software-of took {taken[-1]} for a group: write the sets before it, or --software-of=all"
    else:
        hint = "`navlayers sets` lists the shipped sets; for example: navlayers gaps aws --threat APT29"
    return UsageError(Problem(message, expected="one or more sets or layers", hint=hint))


def _words(words: tuple[str, ...], reading: ReadOptions) -> list[str | Source]:
    """The threat as it is written, standard input being read."""
    return [common.sources([word], reading)[0] if word == STDIN else word for word in words]


def _tell(found: Gaps) -> None:
    common.notices([*found.threat.notices, *(n for one in found.inputs for n in one.notices), *found.notices])
    for one in found.inputs:
        common.tell_carried(one.name, found.catalogue.version, one.moved, one.left_out)
    for member in found.threat.members:
        common.tell_carried(member.id, found.catalogue.version, member.moved, member.left_out)


def _show(found: Gaps) -> None:
    width = WIDTH if sys.stdout.isatty() else 10 * WIDTH
    for line in textwidth.wrap(textwidth.plain(headline(found)), width):
        click.echo(line)
    click.echo()
    for table in brief_tables(found):
        common.echo_result(table)
