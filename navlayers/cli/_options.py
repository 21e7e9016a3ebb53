"""Options and arguments that mean the same in every command."""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from navlayers._text import shown
from navlayers.cli import _complete
from navlayers.cli._print import STDOUT
from navlayers.errors import InputError, Place, Problem, UsageError
from navlayers.mapping.find import STDIN, Source, resolve
from navlayers.mapping.formats import FORMATS
from navlayers.mapping.formats.context import ReadOptions
from navlayers.scoring import options as parsing
from navlayers.scoring.aggregate import AGGREGATES, Aggregate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


Format = TypeVar("Format", bound=str)

MEGABYTE = 1_000_000


def sets_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """`[SET]...`: shipped names, files, folders, or `-`."""
    argument: Callable[[Callable[..., Any]], Callable[..., Any]] = click.argument(
        "sets", nargs=-1, metavar="[SET]...", shell_complete=_complete.sets
    )
    return argument(function)


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines instead of a table.")

quiet_option = click.option("-q", "--quiet", is_flag=True, help="Print errors only.")

no_notes_option = click.option("-q", "--quiet", is_flag=True, help="Leave out notes.")

attack_option = click.option(
    "--attack",
    "attack_version",
    metavar="VERSION",
    shell_complete=_complete.releases,
    help="Carry the sets to this ATT&CK release, such as 18.1.",
)

_max_size_option = click.option(
    "--max-size",
    type=click.IntRange(1, 1_000_000),
    default=150,
    show_default=True,
    metavar="MB",
    help="Refuse inputs larger than this many megabytes.",
)


def reading_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--from`, `--columns`, `--meta` and `--max-size`, given to the command as one `reading: ReadOptions`."""

    @functools.wraps(function)
    def wrapped(
        *args: Any, from_: str | None, columns: dict[str, str], meta: dict[str, str], max_size: int, **options: Any
    ) -> Any:
        reading = ReadOptions(from_, columns, meta, max_size * MEGABYTE)
        return function(*args, reading=reading, **options)

    for option in (_max_size_option, _meta_option, _columns_option, _from_option):
        wrapped = option(wrapped)
    return wrapped


def scoring_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--aggregate`, `--weights`, `--scale`, `--worth` and `--rollup`, given to the command as one `scoring`."""

    @functools.wraps(function)
    def wrapped(
        *args: Any,
        aggregate: Aggregate,
        weights: dict[str, float],
        scale: dict[str, float],
        worth: float | None,
        rollup: parsing.Rollup,
        **options: Any,
    ) -> Any:
        return function(*args, scoring=parsing.ScoreOptions(aggregate, weights, scale, worth, rollup), **options)

    for option in (_rollup_option, worth_option, scale_option, _weights_option, _aggregate_option):
        wrapped = option(wrapped)
    return wrapped


def _pairs(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    """Callback of the options that take `NAME=TEXT,…` and may be repeated."""
    pairs: dict[str, str] = {}
    for part in ",".join(value).split(",") if value else ():
        name, equals, text = part.partition("=")
        if equals:
            pairs[name.strip()] = text.strip()
        elif pairs and not equals:
            # A comma within a text, as titles have them.
            last = next(reversed(pairs))
            pairs[last] += f",{part}"
        else:
            raise UsageError(Problem(f"{parameter.opts[0]} {part!r} is no pair", expected=f"{parameter.metavar}"))
    return pairs


_from_option = click.option(
    "--from", "from_", type=click.Choice(list(FORMATS)), help="Format of the input, if not as its content says."
)

_columns_option = click.option(
    "--columns",
    metavar="NAME=HEADER,…",
    multiple=True,
    callback=_pairs,
    help="Columns of a table, such as technique=ID,score=Rating.",
)

_meta_option = click.option(
    "--meta",
    metavar="NAME=TEXT,…",
    multiple=True,
    callback=_pairs,
    help="Say of the set what its file does not, such as domain=ics,version=2.",
)


def sources(names: Sequence[str], reading: ReadOptions, *, distinct: bool = True) -> tuple[Source, ...]:
    """The sets that the arguments mean; `-` is read from standard input, up to just past the limit.

    `distinct` as in `navlayers.mapping.find.resolve`.
    """
    found = resolve(names, reading.format, distinct=distinct)
    if STDIN not in names:
        return found
    try:
        data = sys.stdin.buffer.read(reading.max_bytes + 1) if sys.stdin else b""
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(Problem(f"standard input cannot be read: {reason}", Place(STDIN))) from error
    return tuple(msgspec.structs.replace(s, data=data) if str(s.path) == STDIN else s for s in found)


def numbers(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> dict[str, float]:
    """Callback of the options that take `NAME=NUMBER,…` and may be repeated."""
    return parsing.parse_numbers(str(parameter.opts[0]), ",".join(value)) if value else {}


_aggregate_option = click.option(
    "--aggregate",
    type=click.Choice(AGGREGATES),
    default="max",
    show_default=True,
    help="How the scores of several capabilities make one.",
)

_weights_option = click.option(
    "--weights",
    multiple=True,
    callback=numbers,
    metavar="CATEGORY=NUMBER,…",
    help="Make the overall score a weighted mean across categories, such as protect=2,detect=1,respond=1.",
)

scale_option = click.option(
    "--scale",
    multiple=True,
    callback=numbers,
    metavar="VALUE=NUMBER,…",
    help="What score values are worth, 0-100, such as minimal=10,partial=50,significant=100.",
)

worth_option = click.option(
    "--worth", type=float, metavar="NUMBER", help="What a relation without a value is worth, 0-100."
)

_rollup_option = click.option(
    "--rollup",
    type=click.Choice(parsing.ROLLUPS),
    default="none",
    show_default=True,
    help="Give a technique without a score that of its sub-techniques.",
)


def folder(ctx: click.Context, parameter: click.Parameter, value: str) -> Path:
    """Callback of `-o`: an empty name, as an unset variable of the shell gives it, is no folder."""
    if not value:
        raise UsageError(Problem("-o is empty", expected="a folder to write to, or - for standard output"))
    return Path(value)


def optional_folder(ctx: click.Context, parameter: click.Parameter, value: str | None) -> Path | None:
    """Callback of a `-o` that may be left out."""
    return None if value is None else folder(ctx, parameter, value)


def file_name(ctx: click.Context, parameter: click.Parameter, value: str) -> str:
    """Callback of a `-o` that takes a file: an empty name is none."""
    if not value:
        raise UsageError(Problem("-o is empty", expected="a file to write to, or - for standard output"))
    return value


def format_of(output: str, endings: Mapping[str, Format]) -> Format:
    """The format that a file's ending asks for, "" being none; `-` has none.

    Raises:
        UsageError: no format has that ending.
    """
    ending = "" if output == STDOUT else Path(output).suffix.lower()
    if ending not in endings:
        message = f"the ending of {shown(output)} does not say which format to write"
        expected = ", ".join(known for known in endings if known)
        raise UsageError(Problem(message, expected=expected, hint="or name the format with --format"))
    return endings[ending]


output_file_option = click.option(
    "-o",
    "--output",
    default=STDOUT,
    metavar="FILE",
    callback=file_name,
    shell_complete=_complete.files,
    help="Write to this file; - is standard output.",
)
