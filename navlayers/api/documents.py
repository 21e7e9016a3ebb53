"""Pictures, reports and sites of the library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from navlayers.analysis.inputs import load_inputs
from navlayers.api import render as rendering
from navlayers.api.render_load import load
from navlayers.api.report import write_report
from navlayers.api.sources import Input, source, sources, warn
from navlayers.errors import UsageError, unknown
from navlayers.mapping.formats import ReadOptions, idle_options
from navlayers.output.drawing.options import RenderOptions
from navlayers.pages.report.build import make_report
from navlayers.pages.report.input import report_input
from navlayers.pages.report.options import ReportOptions
from navlayers.scoring.options import ScoreOptions
from navlayers.website import SiteOptions, write_site

if TYPE_CHECKING:
    from navlayers.analysis.gaps_result import Gaps
    from navlayers.analysis.history_result import History
    from navlayers.analysis.plan.result import Plan


def picture(
    item: Input, to: str = "svg", options: RenderOptions = RenderOptions(), *, reading: ReadOptions = ReadOptions()
) -> bytes:
    """A layer, or the overview of a set, in a format.

    Args:
        item: A name, path, set or layer.
        to: "svg", "png", "pdf", "xlsx", "html", "md" or "csv".
        options: Page, detail and theme.
        reading: How to read a file.

    Returns:
        The bytes of the file.

    Raises:
        UsageError: The format is unknown, or it holds one layer and the file has several.
        InputError: The input cannot be read.
    """
    if problems := unknown("format", [to], rendering.FORMATS):
        raise UsageError(problems)
    loaded = load(source(item, reading), reading=reading)
    rendered = rendering.render(loaded.views, to, options)
    warn((*loaded.notices, *idle_options([loaded.idle]), *rendered.notices))
    return rendered.data


def render(
    item: Input,
    output: str | Path,
    options: RenderOptions = RenderOptions(),
    *,
    force: bool = False,
    reading: ReadOptions = ReadOptions(),
) -> Path:
    """Write a layer, or the overview of a set, in the format of the file's ending.

    Args:
        item: A name, path, set or layer.
        output: The file to write: .svg, .png, .pdf, .xlsx, .html, .md or .csv.
        options: Page, detail and theme.
        force: Overwrite a file that holds something else.
        reading: How to read a file.

    Returns:
        The path.

    Raises:
        UsageError: No format has that ending.
        InputError: The input cannot be read.
        OutputError: The file holds something else and not `force`, or it cannot be written.
    """
    layer = source(item, reading)
    formats = rendering.requested_formats((), str(output))
    target = rendering.Target(file=Path(output))
    result = rendering.render_files([layer], formats, target, options, reading=reading, force=force)
    warn(result.notices)
    return Path(output)


def report(
    *inputs: Input,
    output: str | Path,
    options: ReportOptions = ReportOptions(),
    scoring: ScoreOptions = ScoreOptions(),
    gaps: Gaps | None = None,
    plan: Plan | None = None,
    history: History | None = None,
    attack_version: str | None = None,
    force: bool = False,
    reading: ReadOptions = ReadOptions(),
) -> Path:
    """Write a report about one or more sets or layers in the format of the file's ending.

    Args:
        *inputs: Names, paths, sets or layers.
        output: The file to write: .pdf, .html, .docx or .md.
        options: Title page, sections and paper.
        scoring: How mappings become scores.
        gaps: Gaps to report, as `gaps` gives them.
        plan: A plan to report, as `plan` gives it.
        history: A history to report, as `history` gives it.
        attack_version: Remap the inputs to this ATT&CK release; None: the newest of theirs.
        force: Overwrite a file that holds something else.
        reading: How to read files.

    Returns:
        The path.

    Raises:
        NavlayersError: An input cannot be read, an option does not fit, or the file cannot be written.
    """
    together = load_inputs(sources(inputs, reading), attack_version, reading).split_layers()
    for result in (gaps, plan):
        if result is not None:
            together = together.at_release(result.catalogue)
    subject = report_input(together, scoring, gaps=gaps, plan=plan, history=history)
    written = write_report(make_report(subject, options), [str(output)], force=force)
    warn((*subject.notices, *written.notices))
    return Path(output)


def site(
    *inputs: Input,
    output: str | Path,
    options: SiteOptions = SiteOptions(),
    attack_version: str | None = None,
    force: bool = False,
    reading: ReadOptions = ReadOptions(),
) -> Path:
    """Write a static site of sets.

    Args:
        *inputs: Names, paths or sets.
        output: The folder to write to.
        options: The title, and how mappings become scores.
        attack_version: Remap the sets to this ATT&CK release; None: each at its own.
        force: Write into a folder that holds other files.
        reading: How to read files.

    Returns:
        The page to open, `index.html`.

    Raises:
        NavlayersError: An input cannot be read, an option does not fit, or the folder cannot be written.
    """
    sets = sources(inputs, reading)
    written = write_site(sets, output, options, attack_version=attack_version, reading=reading, force=force)
    warn(written.notices)
    return Path(output) / "index.html"
