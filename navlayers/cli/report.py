"""`navlayers report`: documents about mapping sets, a comparison, gaps or a plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click
from click.core import ParameterSource

from navlayers._text import joined
from navlayers.analysis.gaps import WEAK, find_gaps
from navlayers.analysis.inputs import load_inputs
from navlayers.analysis.plan.options import MEASURES
from navlayers.api import report as files
from navlayers.cli import _analysis, _complete, _options, _print
from navlayers.errors import Problem, UsageError
from navlayers.mapping.find import resolve
from navlayers.output.document import Paper
from navlayers.output.logo import read_logo
from navlayers.pages.report.build import SECTIONS, USUAL, ReportOptions, make_report
from navlayers.pages.report.inputs import inputs_of
from navlayers.pages.report.subject import subject_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.analysis.inputs import InputSet
    from navlayers.analysis.plan.candidates import Measure
    from navlayers.mapping.formats.context import ReadOptions
    from navlayers.mapping.model import Category
    from navlayers.pages.report.subject import Subject
    from navlayers.scoring.options import ScoreOptions


def _listed(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Callback of an option that takes several words, joined by commas or repeated."""
    found = tuple(part.strip() for text in value for part in text.split(",") if part.strip())
    if value and not found:
        raise UsageError(Problem(f"{parameter.opts[0]} is empty", expected=", ".join(SECTIONS)))
    return found


@click.command()
@_options.sets_argument
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FILE",
    shell_complete=_complete.files,
    help="The file to write: .pdf, .html, .md or .docx. Repeatable. - is standard output, in Markdown.",
)
@click.option("--title", default="", metavar="TEXT", help="The title, if not made of the names of the sets.")
@click.option("--author", default="", metavar="TEXT", help="Who the report is by.")
@click.option("--date", default="", metavar="TEXT", help="The date, as it is to stand. Without it there is none.")
@click.option(
    "--logo", metavar="FILE", shell_complete=_complete.files, help="A picture for the title page: PNG, JPEG or SVG."
)
@click.option(
    "--sections",
    multiple=True,
    metavar="SECTION,…",
    callback=_listed,
    help=f"Which sections: {', '.join(SECTIONS)}. Without it: all but comments that there is something to say of.",
)
@click.option(
    "--comments", is_flag=True, help="Add the comments and references of the mappings, which may be many pages."
)
@click.option(
    "--paper",
    type=click.Choice(get_args(Paper), case_sensitive=False),
    default="A4",
    show_default=True,
    help="The paper of PDF and DOCX.",
)
@click.option(
    "--baseline",
    metavar="SET",
    shell_complete=_complete.sets,
    help="Tell each input's differences from this one.",
)
@_analysis.threat_options
@click.option(
    "--weak",
    type=float,
    default=WEAK,
    show_default=f"{WEAK:g}",
    metavar="NUMBER",
    help="Covered below this score is weak, of the threat.",
)
@_analysis.plan_options
@_analysis.category_option
@click.option(
    "--measure",
    type=click.Choice(MEASURES),
    default="score",
    show_default=True,
    help="Report how well techniques are covered, or whether they are: then counts and scores can stand together.",
)
@_options.attack_option
@_options.scoring_options
@_options.reading_options
@click.option("--force", is_flag=True, help="Overwrite files that hold something else.")
@_options.quiet_option
def command(
    sets: tuple[str, ...],
    outputs: tuple[str, ...],
    title: str,
    author: str,
    date: str,
    logo: str | None,
    sections: tuple[str, ...],
    comments: bool,
    paper: Paper,
    baseline: str | None,
    threat: _analysis.AskedThreat,
    weak: float,
    planned: _analysis.AskedPlan,
    category: Category | None,
    measure: Measure,
    attack_version: str | None,
    scoring: ScoreOptions,
    reading: ReadOptions,
    force: bool,
    quiet: bool,
) -> None:
    """Write a report about mapping sets: alone, compared, against a threat, with a plan.

    SET is a shipped name, a file of any format, a layer, a folder of files or of a comparison, or - for standard
    input. --threat adds what is open of it, --budget or --target a plan.

    \b
    navlayers report gcp -o report.pdf
    navlayers report aws azure --title "Cloud coverage" --author "Security" -o clouds.docx -o clouds.html
    navlayers report aws azure --threat APT29 --sections summary,heatmaps,gaps -o apt29.pdf
    navlayers report nist_800_53 --target 90% -o controls.pdf
    """
    files.targets_of(outputs)
    names, folders = inputs_of(sets)
    if baseline is not None:
        (baseline, *more), of_baseline = inputs_of([baseline])
        if more:
            message = f"--baseline {baseline} is a folder of several inputs"
            raise UsageError(Problem(message, expected="one of them"))
        names = names if baseline in names else (baseline, *names)
        folders = tuple(dict.fromkeys((*folders, *of_baseline)))
    if not names:
        hint = "`navlayers sets` lists the shipped sets; for example: navlayers report gcp -o report.pdf"
        raise UsageError(Problem("nothing is named to report", expected="one or more sets or layers", hint=hint))
    threat.check(names)
    planned.check()
    _check_idle(threat, planned, sections)
    options = ReportOptions(
        title=title,
        author=author,
        date=date,
        logo=None if logo is None else read_logo(logo),
        sections=(*(sections or USUAL), *(("comments",) if comments else ())),  # type: ignore[arg-type]
        paper=paper,
    )
    sources, again = _analysis.named(names, reading)
    together = load_inputs(sources, attack_version, reading).split_layers()
    model = gaps = plan = None
    if threat.asked:
        together, model = threat.against(together, attack_version, reading)
        gaps = find_gaps(together, model, scoring, category=category, weak=weak)
    if planned.asked:
        plan = planned.make(together, scoring, model, measure=measure, category=category)
    subject = subject_of(
        together,
        scoring,
        scores=measure == "score",
        category=category,
        baseline=None if baseline is None else _number(baseline, together, reading),
        gaps=gaps,
        plan=plan,
    )
    kept = [*(one.path for one in together.inputs), *threat.files, *planned.files, *([Path(logo)] if logo else [])]
    written = files.write_report(make_report(subject, options), outputs, force=force, keep=kept)
    if not quiet:
        of_more = (*(gaps.threat.notices if gaps else ()), *(gaps.notices if gaps else ()))
        told = [*folders, *subject.notices, *again, *of_more, *(plan.notices if plan else ())]
        _print.notices([*told, *_without_comments(subject, options), *written.notices])
        for one in subject.inputs:
            _print.tell_carried(
                one.name, subject.catalogue.version, one.moved, one.left_out, own=one.own_attack_version
            )
    click.echo(written.data, nl=False)
    for path in written.files if not quiet else ():
        _print.notify(f"wrote {path}" if path in written.changed else f"{path} is up to date")


def _without_comments(subject: Subject, options: ReportOptions) -> Iterator[Problem]:
    """That mappings have comments which the report leaves out."""
    has = [one.name for one in subject.inputs if any(mapping.comment for mapping in one.set.mappings)]
    if has and "comments" not in options.sections and options.sections == USUAL:
        message = f"{joined(has)}: the comments of mappings are left out, but for what HTML shows of a technique"
        yield Problem(message, hint="--comments adds them")


def _check_idle(threat: _analysis.AskedThreat, planned: _analysis.AskedPlan, sections: tuple[str, ...]) -> None:
    """Refuse what is of a threat or a plan where none is asked for."""
    given = click.get_current_context().get_parameter_source
    weak = given("weak") == ParameterSource.COMMANDLINE
    if not threat.asked and (weak or "gaps" in sections):
        what = "--weak" if weak else "--sections gaps"
        raise UsageError(Problem(f"{what} is of a threat, and none is asked for", hint="add --threat THREAT"))
    seconds = given("time_limit") == ParameterSource.COMMANDLINE
    if not planned.asked and (seconds or "plan" in sections):
        what = "--time-limit" if seconds else "--sections plan"
        hint = "add --budget NUMBER or --target SHARE"
        raise UsageError(Problem(f"{what} is of a plan, and none is asked for", hint=hint))


def _number(baseline: str, together: InputSet, reading: ReadOptions) -> int:
    """Which of the inputs is the baseline."""
    (first, *more) = resolve((baseline,), reading.format, distinct=False)
    if more:
        raise UsageError(Problem(f"--baseline {baseline} is a folder of several sets", expected="one of them"))
    return together.index_of(first.path)
