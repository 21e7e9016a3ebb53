"""What compare, gaps, plan and report share: their inputs, threats and plans, and where results go."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import msgspec

from navlayers.analysis.inputs import load_inputs
from navlayers.analysis.plan import PlanOptions, make_plan, read_costs
from navlayers.analysis.plan.costs import split_column
from navlayers.analysis.plan.options import SECONDS, parse_budget, parse_target
from navlayers.analysis.threats import ALL, with_threat
from navlayers.cli import _complete, _options, _print
from navlayers.errors import Problem, UsageError
from navlayers.mapping.find import STDIN, briefly, repeated
from navlayers.mapping.model import CATEGORIES
from navlayers.output.folders import write_folder
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from fractions import Fraction

    from navlayers.analysis.inputs import InputSet
    from navlayers.analysis.plan import Plan
    from navlayers.analysis.plan.candidates import Measure
    from navlayers.analysis.threats import ThreatModel
    from navlayers.mapping.find import Source
    from navlayers.mapping.formats.context import ReadOptions
    from navlayers.mapping.model import Category
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
            _print.echo_json(results.machine())
        elif not self.quiet or self.target is None:
            results.show()
        if self.target is not None and not self.quiet:
            _print.notify_written(self.target, gone)

    def check(self) -> None:
        """Refuse what cannot go together, before anything is read."""
        if self._to_stdout and self.as_json:
            raise UsageError(Problem("--json and -o - both want standard output", hint="leave one of them out"))

    @property
    def _to_stdout(self) -> bool:
        return self.target is not None and str(self.target) == _print.STDOUT


def output_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`-o DIR`, `--force`, `--json` and `-q`, given to the command as one `output: Output`."""

    @functools.wraps(function)
    def wrapped(*args: Any, output: Path | None, force: bool, as_json: bool, quiet: bool, **options: Any) -> Any:
        asked = Output(output, force, as_json, quiet)
        asked.check()
        return function(*args, output=asked, **options)

    for option in (_options.quiet_option, _options.json_option, _force_option, _output_option):
        wrapped = option(wrapped)
    return wrapped


_output_option = click.option(
    "-o",
    "--output",
    callback=_options.optional_folder,
    metavar="DIR",
    shell_complete=_complete.folders,
    help="Folder to write layers and tables to. - writes the layers alone to standard output.",
)

_force_option = click.option("--force", is_flag=True, help="Write into a folder that holds other files, too.")


def named(names: Sequence[str], reading: ReadOptions) -> tuple[tuple[Source, ...], tuple[Problem, ...]]:
    """The inputs of these names, told apart briefly, and notices of those that are named twice."""
    again = () if STDIN in names else repeated(names, reading.format)
    sources = briefly(_options.sources(names, reading, distinct=False))
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
    _print.notices(notice for one in inputs for notice in one.notices)
    for one in inputs:
        _print.tell_carried(one.name, attack_version, one.moved, one.left_out, own=one.own_attack_version)


class AskedPlan(msgspec.Struct, frozen=True):
    """The plan as it was asked for: `--budget`, `--target`, `--have`, `--exclude`, `--cost` and `--time-limit`."""

    budget: str | None
    target: str | None
    have: tuple[str, ...]
    exclude: tuple[str, ...]
    cost: str | None
    seconds: float

    @property
    def asked(self) -> bool:
        """Whether there is one: a budget or a target."""
        return self.budget is not None or self.target is not None

    @property
    def files(self) -> tuple[Path, ...]:
        """The files among what is asked for."""
        lists = [Path(word[1:]) for word in (*self.have, *self.exclude) if word.startswith("@")]
        return (*lists, *([Path(split_column(self.cost)[0])] if self.cost else []))

    def check(self) -> None:
        """Refuse options of a plan that is not asked for, and amounts that are none, before anything is read."""
        self._amounts()
        given = {"--have": self.have, "--exclude": self.exclude, "--cost": self.cost}
        idle = [option for option, value in given.items() if value]
        if idle and not self.asked:
            message = f"{idle[0]} is of a plan, and none is asked for"
            raise UsageError(Problem(message, hint="add --budget NUMBER or --target SHARE"))

    def _amounts(self) -> tuple[Fraction | None, Fraction | None]:
        budget = None if self.budget is None else parse_budget(self.budget)
        return budget, None if self.target is None else parse_target(self.target)

    def make(
        self,
        together: InputSet,
        scoring: ScoreOptions,
        threat: ThreatModel | None,
        *,
        measure: Measure = "score",
        min_score: float = 0,
        category: Category | None = None,
    ) -> Plan:
        """The plan for the inputs; only scale and worth of the scoring count."""
        budget, target = self._amounts()
        options = PlanOptions(
            budget=budget,
            target=target,
            measure=measure,
            min_score=min_score,
            category=category,
            have=self.have,
            exclude=self.exclude,
            seconds=self.seconds,
        )
        costs = None if self.cost is None else read_costs(*split_column(self.cost))
        scale = ScoreOptions(scale=scoring.scale, worth=scoring.worth)
        return make_plan(together, options, scale, threat=threat, costs=costs)


def plan_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a plan, given to the command as one `planned: AskedPlan`."""

    @functools.wraps(function)
    def wrapped(
        *args: Any,
        budget: str | None,
        target: str | None,
        have: tuple[str, ...],
        exclude: tuple[str, ...],
        cost: str | None,
        time_limit: float,
        **options: Any,
    ) -> Any:
        return function(*args, planned=AskedPlan(budget, target, have, exclude, cost, time_limit), **options)

    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


_OPTIONS = (
    click.option(
        "--budget", metavar="NUMBER", help="How many capabilities at most, or with --cost what they may cost."
    ),
    click.option("--target", metavar="SHARE", help="Reach this share of what all capabilities give, such as 95%."),
    click.option(
        "--have",
        multiple=True,
        metavar="ID,…",
        shell_complete=_complete.capabilities,
        help="Capabilities that are in place, or @FILE with one in a line.",
    ),
    click.option(
        "--exclude",
        multiple=True,
        metavar="ID,…",
        shell_complete=_complete.capabilities,
        help="Capabilities that are not to be chosen, or @FILE with one in a line.",
    ),
    click.option(
        "--cost",
        metavar="FILE[:COLUMN]",
        shell_complete=_complete.files,
        help="A table with a capability and its cost in a row; without it, each costs 1.",
    ),
    click.option(
        "--time-limit",
        type=float,
        default=SECONDS,
        show_default=True,
        metavar="SECONDS",
        help="Past it, take the best plan found so far and say how far from the best it may be.",
    ),
)


class AskedThreat(NamedTuple):
    """The threat as it was asked for: `--threat` and `--software-of`."""

    words: tuple[str, ...]
    software_of: tuple[str, ...]

    @property
    def asked(self) -> bool:
        """Whether there is one."""
        return bool(self.words or self.software_of)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files among what is asked for."""
        return tuple(path for word in self.words if word != STDIN and (path := Path(word)).is_file())

    def check(self, sets: Sequence[str]) -> None:
        """Refuse what cannot go together with the sets, before anything is read."""
        if STDIN in self.words and STDIN in sets:
            raise UsageError(Problem("- is both a set and the threat", hint="give one of the two as a file"))

    def against(
        self, together: InputSet, attack_version: str | None, reading: ReadOptions
    ) -> tuple[InputSet, ThreatModel]:
        """The inputs at the release that the threat is told at, and the threat."""
        words = [_options.sources([word], reading)[0] if word == STDIN else word for word in self.words]
        return with_threat(together, words, attack_version, software_of=self.software_of, reading=reading)


def threat_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--threat` and `--software-of`, given to the command as one `threat: AskedThreat`."""

    @functools.wraps(function)
    def wrapped(*args: Any, words: tuple[str, ...], software_of: tuple[str, ...], **options: Any) -> Any:
        return function(*args, threat=AskedThreat(words, software_of), **options)

    for option in (_software_option, _threat_option):
        wrapped = option(wrapped)
    return wrapped


_threat_option = click.option(
    "--threat",
    "words",
    multiple=True,
    metavar="THREAT",
    shell_complete=_complete.threats,
    help="A group, software, campaign or tactic by id or name, or a set, layer or table with weights. Repeatable.",
)

_software_option = click.option(
    "--software-of",
    multiple=True,
    is_flag=False,
    flag_value=ALL,
    metavar="[GROUP]",
    shell_complete=_complete.threats,
    help="Add what the software of this group or campaign does; without a value, of all that are chosen.",
)
