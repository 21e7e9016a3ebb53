"""`navlayers report`: documents about mapping sets, a comparison, gaps or a plan."""

from __future__ import annotations

from functools import partial
from itertools import compress
from typing import TYPE_CHECKING, Any

import click
import msgspec
from click.core import ParameterSource

from navlayers._text.wording import and_list
from navlayers.cli import _analysis, _help, _options, _print, _reading, _scoring, _threat
from navlayers.errors import Problem, UsageError
from navlayers.output.document import Paper
from navlayers.pages.report.options import LONG, SECTIONS, USUAL, ReportOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.analysis.gaps_result import Gaps
    from navlayers.analysis.history_result import History
    from navlayers.analysis.plan.candidates import Measure
    from navlayers.analysis.plan.options import PlanOptions
    from navlayers.analysis.plan.result import Plan
    from navlayers.mapping.formats.context import ReadOptions
    from navlayers.mapping.model import Category
    from navlayers.output.document import Logo
    from navlayers.pages.report.input import ReportInput
    from navlayers.pages.report.options import SectionId
    from navlayers.scoring.options import ScoreOptions


_STAGES = 3
"""Steps of progress before the files: inputs, their comparison, the document."""


@click.command(cls=_help.Command)
@_options.sets_argument
@_options.output_option(
    "FILE",
    "Output file: .pdf, .html, .md or .docx. Repeatable. - writes Markdown to standard output.",
    "outputs",
    multiple=True,
)
@click.option("--title", default="", metavar="TEXT", help="Title (default: from the names of the sets).")
@click.option("--author", default="", metavar="TEXT", help="Author.")
@click.option("--date", default="", metavar="TEXT", help="Date, printed as given (default: none).")
@click.option(
    "--logo",
    metavar="FILE",
    shell_complete=_options.complete("files"),
    help="Image for the title page: PNG, JPEG or SVG.",
)
@click.option(
    "--sections",
    multiple=True,
    metavar="SECTION,…",
    callback=_options.words(*SECTIONS),
    help=f"Sections: {', '.join(SECTIONS)} (default: all but appendix and comments).",
)
@click.option("--brief", is_flag=True, help="Write one page: numbers, matrix, tactics, what to do next.")
@click.option("--appendix", is_flag=True, help="Add the appendix: every mapping, gap and capability.")
@click.option("--comments", is_flag=True, help="Add the comments and references of the mappings.")
@_options.choice_option("--paper", Paper, "Paper size of PDF and DOCX.", default="A4")
@_analysis.baseline_option
@_threat.threat_options
@_threat.weak_option("A score below this is weak.")
@_threat.plan_options
@click.option("--history", "over_time", is_flag=True, help="Add how coverage changed over time, from git.")
@_analysis.since_option
@_analysis.category_option
@_analysis.measure_option(
    "Report scores, or only whether techniques are covered, so that scores and counts can be mixed."
)
@_options.attack_option
@_scoring.scoring_options
@_reading.plan_scope_options
@_options.force_files_option
@_options.quiet_option
def command(
    sets: tuple[str, ...],
    outputs: tuple[str, ...],
    logo: str | None,
    sections: tuple[SectionId, ...],
    brief: bool,
    appendix: bool,
    comments: bool,
    baseline: str | None,
    threat: tuple[str, ...],
    software_of: tuple[str, ...],
    weak: float,
    request: dict[str, Any],
    over_time: bool,
    since: str,
    category: Category | None,
    measure: Measure,
    attack_version: str | None,
    scoring: ScoreOptions,
    reading: ReadOptions,
    force: bool,
    quiet: bool,
    **front: Any,
) -> None:
    """Write a report on mapping sets: coverage, comparison, gaps, plan.

    SET is a shipped name, a file of any format, a layer, a folder of files or of a comparison, or - for standard
    input. --threat adds gaps, --budget or --target a plan, --history the changes of files in git.

    \b
    navlayers report gcp -o report.pdf
    navlayers report aws azure --title "Cloud coverage" --author "Security" -o clouds.docx -o clouds.html
    navlayers report aws azure --threat APT29 --sections summary,heatmaps,gaps -o apt29.pdf
    navlayers report nist_800_53 --target 90% -o controls.pdf
    """
    # Other commands import this module for the options that they propose.
    from navlayers.analysis.gaps import find_gaps  # noqa: PLC0415
    from navlayers.api import inputs as given  # noqa: PLC0415
    from navlayers.api import report as files  # noqa: PLC0415
    from navlayers.pages.report.build import make_report  # noqa: PLC0415
    from navlayers.pages.report.input import report_input  # noqa: PLC0415

    files.targets_of(outputs)
    if brief and (sections or appendix or comments or over_time):
        expected = "no --sections, --appendix, --comments or --history"
        raise UsageError(Problem("--brief is one page without sections", expected=expected))
    names, baseline, folders = _inputs(sets, baseline)
    _threat.refuse_stdin_twice(names, threat)
    if not (threat or software_of):
        _refuse_idle(set(), "gaps", sections, "a threat", "add --threat THREAT")
    if not over_time:
        _refuse_idle({"since"}, "history", sections, "a history", "add --history")
    cost = request.pop("cost")
    plan_options = _plan_options(request, sections, measure=measure, category=category)
    if plan_options is not None:
        names = tuple(map(str, given.sets_in_place(names, plan_options.have)))
    every = (*(sections or USUAL), *compress(LONG, (appendix, comments)))
    options = ReportOptions(**front, logo=None if logo is None else _logo(logo), sections=every, brief=brief)
    steps = _STAGES + len(outputs)
    with _print.progress("Reporting", quiet=quiet) as step:
        inputs = given.input_set(names, attack_version, reading, example="report gcp -o report.pdf").split_layers()
        step(steps)
        model = gaps = plan = history = None
        if threat or software_of:
            inputs, model = given.against(inputs, threat, software_of, attack_version, reading)
            gaps = find_gaps(inputs, model, scoring, category=category, weak=weak)
        if plan_options is not None:
            plan = given.plan_for(inputs, plan_options, scoring, model, cost)
        if over_time:
            asked = {"since": since, "category": category, "attack_version": attack_version, "reading": reading}
            history = _history(names, scoring, **asked)
        subject = report_input(
            inputs,
            scoring,
            scores=measure == "score",
            category=category,
            baseline=given.baseline_index(baseline, inputs, reading),
            gaps=gaps,
            plan=plan,
            history=history,
            weak=weak,
        )
        step(steps)
        made = make_report(subject, options)
        step(steps)
        of_plan = given.plan_files(plan_options, cost) if plan_options else []
        keep = given.files_of(inputs, reading, [*names, *threat, *of_plan, *([logo] if logo else [])])
        result = files.write_report(made, outputs, force=force, keep=keep, on_file=partial(step, steps))
    if not quiet:
        more = (*_notices(gaps, plan, history), *_without_comments(subject, options))
        _print.notices([*folders, *subject.notices, *more, *result.notices])
        _print.remapped_inputs(subject.inputs, subject.catalogue.version)
    _print.data(result.data)
    if not quiet:
        _print.written(result.written, result.unchanged)


def _inputs(sets: tuple[str, ...], baseline: str | None) -> tuple[tuple[str, ...], str | None, tuple[Problem, ...]]:
    """The names of the inputs with the baseline, the baseline's own, and notices about folders.

    Raises:
        UsageError: The baseline is a folder of several inputs.
    """
    from navlayers.api.report import inputs_of  # noqa: PLC0415

    names, folders = inputs_of(sets)
    if baseline is None:
        return names, None, folders
    (name, *more), of_baseline = inputs_of([baseline])
    if more:
        raise UsageError(Problem(f"--baseline {name} is a folder of several inputs", expected="one of them"))
    folders = tuple(dict.fromkeys((*folders, *of_baseline)))
    return names if name in names else (name, *names), name, folders


def _plan_options(request: dict[str, Any], sections: Sequence[str], **options: Any) -> PlanOptions | None:
    """The options of the plan; None without a budget and a target."""
    from navlayers.analysis.plan.options import PlanOptions  # noqa: PLC0415

    if request["budget"] is None and request["target"] is None:
        idle = {"have", "cost", "seconds", *(["exclude"] if request["exclude"] else [])}
        _refuse_idle(idle, "plan", sections, "a plan", "add --budget NUMBER or --target SHARE")
        return None
    return PlanOptions(**options, **request)


def _history(names: Sequence[str], scoring: ScoreOptions, **options: Any) -> History:
    """The history of the sets."""
    from navlayers.api.history import history  # noqa: PLC0415 - for this option alone

    return history(*names, **options, **msgspec.structs.asdict(scoring))


def _notices(gaps: Gaps | None, plan: Plan | None, history: History | None) -> Iterator[Problem]:
    """The notices of results that the report has."""
    yield from (*gaps.threat.notices, *gaps.notices) if gaps else ()
    yield from plan.notices if plan else ()
    yield from history.notices if history else ()


def _logo(path: str) -> Logo:
    """The picture of `--logo`."""
    from navlayers.output.logo import read_logo  # noqa: PLC0415 - for this option alone

    return read_logo(path)


def _without_comments(subject: ReportInput, options: ReportOptions) -> Iterator[Problem]:
    """A notice of comments that the report leaves out."""
    names = [each.name for each in subject.inputs if any(mapping.comment for mapping in each.set.mappings)]
    if names and not options.brief and "comments" not in options.sections and set(USUAL) <= set(options.sections):
        message = f"{and_list(names)}: comments of mappings are left out, except in the details of HTML"
        yield Problem(message, hint="--comments adds them")


def _refuse_idle(names: set[str], section: str, sections: Sequence[str], what: str, hint: str) -> None:
    """Refuse options and the section of a threat, a plan or a history that the command line does not name."""
    ctx = click.get_current_context()
    given = [
        option.opts[0]
        for option in ctx.command.params
        if option.name in names and ctx.get_parameter_source(option.name) == ParameterSource.COMMANDLINE
    ]
    given += [f"--sections {section}"] if section in sections else []
    if given:
        raise UsageError(Problem(f"{given[0]} needs {what}", hint=hint))
