"""What compare, gaps and plan share: how inputs are named, where results go and how they are told."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from navlayers.analysis.inputs import load_inputs
from navlayers.cli import common, suggest
from navlayers.errors import Problem, UsageError
from navlayers.mapping.find import STDIN, briefly, repeated
from navlayers.mapping.model import CATEGORIES
from navlayers.output.folders import write_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from navlayers.analysis.inputs import InputSet
    from navlayers.mapping.find import Source
    from navlayers.mapping.formats.context import ReadOptions
    from navlayers.scoring.coverage import Coverage

category_option = click.option(
    "--category", type=click.Choice(CATEGORIES), help="Take the scores of this category only."
)


class Results(NamedTuple):
    """The forms in which results can be asked for, each made only when it is.

    `inputs`: files that nothing may be written over. `folder`: path → bytes of all files. `document`: what `-o -`
    writes. `machine`: what `--json` prints. `tell` says what is worth knowing on standard error, `show` prints
    tables.
    """

    inputs: Sequence[Path]
    folder: Callable[[], dict[str, bytes]]
    document: Callable[[], bytes]
    machine: Callable[[], object]
    tell: Callable[[], None]
    show: Callable[[], None]


class Output(NamedTuple):
    """Where results go: `-o`, `--force`, `--json` and `-q`."""

    target: Path | None
    force: bool
    as_json: bool
    quiet: bool

    def deliver(self, results: Results) -> None:
        """Write the results to the folder, if one is named, then tell and print them."""
        to_stdout = self._to_stdout
        gone = 0
        if self.target is not None and not to_stdout:
            gone = write_folder(self.target, results.folder(), force=self.force, keep=results.inputs)
        if not self.quiet:
            results.tell()
        if to_stdout:
            click.echo(results.document(), nl=False)
            return
        if self.as_json:
            common.echo_json(results.machine())
        elif not self.quiet or self.target is None:
            results.show()
        if self.target is not None and not self.quiet:
            common.notify_written(self.target, gone)

    def check(self) -> None:
        """Refuse what cannot go together, before anything is read."""
        if self._to_stdout and self.as_json:
            raise UsageError(Problem("--json and -o - both want standard output", hint="leave one of them out"))

    @property
    def _to_stdout(self) -> bool:
        return self.target is not None and str(self.target) == common.STDOUT


def output_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`-o DIR`, `--force`, `--json` and `-q`, given to the command as one `output: Output`."""

    @functools.wraps(function)
    def wrapped(*args: Any, output: Path | None, force: bool, as_json: bool, quiet: bool, **options: Any) -> Any:
        asked = Output(output, force, as_json, quiet)
        asked.check()
        return function(*args, output=asked, **options)

    for option in (common.quiet_option, common.json_option, _force_option, _output_option):
        wrapped = option(wrapped)
    return wrapped


_output_option = click.option(
    "-o",
    "--output",
    callback=common.optional_folder,
    metavar="DIR",
    shell_complete=suggest.folders,
    help="Folder to write layers and tables to. - writes the layers alone to standard output.",
)
_force_option = click.option("--force", is_flag=True, help="Write into a folder that holds other files, too.")


def named(names: Sequence[str], reading: ReadOptions) -> tuple[tuple[Source, ...], tuple[Problem, ...]]:
    """The inputs of these names, told apart briefly, and notices of those that are named twice."""
    again = () if STDIN in names else repeated(names, reading.format)
    sources = briefly(common.sources(names, reading, distinct=False))
    return sources, tuple(Problem(f"{name} is named twice") for name in again)


def read_inputs(
    names: Sequence[str], attack_version: str | None, reading: ReadOptions
) -> tuple[InputSet, tuple[Problem, ...]]:
    """The inputs of these names at one release, and what there is to know of the names and files."""
    sources, again = named(names, reading)
    together = load_inputs(sources, attack_version, reading)
    return together, (*together.notices, *again)


def tell_inputs(inputs: Iterable[Coverage], attack_version: str) -> None:
    """Say what there is to know of inputs, and what carrying them to the release changed."""
    inputs = list(inputs)
    common.notices(notice for one in inputs for notice in one.notices)
    for one in inputs:
        common.tell_carried(one.name, attack_version, one.moved, one.left_out, own=one.own_attack_version)
