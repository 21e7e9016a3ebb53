"""Options shared by the analysis commands: destinations of results, and scoring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from navlayers.cli import _options, _print
from navlayers.mapping.model import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Callable

    from navlayers.analysis.compare_result import Comparison
    from navlayers.analysis.gaps_result import Gaps
    from navlayers.analysis.plan.result import Plan

category_option = click.option(
    "--category", type=click.Choice(CATEGORIES), help="Use only the scores of this category."
)
since_option = click.option(
    "--since",
    default="",
    metavar="DATE|REVISION",
    help="Start the history at this date, or after this revision.",
)
baseline_option = click.option(
    "--baseline",
    metavar="SET",
    shell_complete=_options.complete("sets"),
    help="Show how each input differs from this set.",
)


def measure_option(help_: str) -> Callable[[Any], Any]:
    """`--measure`: how well techniques are covered, or whether they are."""
    return click.option(
        "--measure", type=click.Choice(("score", "covered")), default="score", show_default=True, help=help_
    )


class Output(NamedTuple):
    """The destination of results: `-o`, `--force`, `--json` and `-q`."""

    target: str | None
    force: bool
    as_json: bool
    quiet: bool

    @property
    def folder(self) -> str | None:
        """The output folder; None for standard output."""
        return None if self.target == _print.STDOUT else self.target

    def deliver(
        self,
        result: Comparison | Gaps | Plan,
        *,
        folder: Callable[[], dict[str, bytes]],
        document: Callable[[], bytes],
        machine: Callable[[], object],
        show: Callable[[], None],
    ) -> None:
        """Write and print a result, and print the notices of its inputs.

        Each form is made only on demand: the files of a `folder`, the `document` of `-o -`, what
        `--json` prints (`machine`), and the tables that `show` prints.
        """
        removed = None
        if self.folder is not None:
            from navlayers.output.folders import write_folder  # noqa: PLC0415 - for files alone

            removed = write_folder(self.folder, folder(), force=self.force, keep=result.files)
        if not self.quiet:
            _print.notices([*result.notices, *(notice for each in result.inputs for notice in each.notices)])
            _print.remapped_inputs(result.inputs, result.catalogue.version)
        if self.target == _print.STDOUT:
            _print.data(document())
        elif self.as_json:
            _print.echo_json(machine())
        elif not self.quiet or self.target is None:
            show()
        if removed is not None and not self.quiet:
            _print.folder_written(str(self.target), removed)


def _output(output: str | None, force: bool, as_json: bool, quiet: bool) -> Output:
    _options.refuse_two_results(output, as_json=as_json)
    return Output(output, force, as_json, quiet)


output_options = _options.bundle(
    "output",
    _output,
    _options.output_option(
        "DIR", "Output folder for layers and tables; - writes only the layers to standard output."
    ),
    _options.force_folder_option,
    _options.json_option,
    _options.quiet_option,
)
"""Given to a command as `output: Output`."""
