"""Options and arguments that mean the same in every command."""

from __future__ import annotations

import functools
import math
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, get_args

import click

from navlayers._text.wording import quoted
from navlayers.cli import _print
from navlayers.errors import Problem, UsageError, by_ending

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from click.shell_completion import CompletionItem


Format = TypeVar("Format", bound=str)

Words: TypeAlias = Literal[
    "sets", "files", "folders", "subjects", "capabilities", "platforms", "scopes", "threats", "releases", "codes"
]
"""What a shell completes: a function of `_complete`."""

_FILES = r"(?i)\.(x?html?|zip|tar|t?gz|pdf|md|txt|docx|xlsx|csv|json|ya?ml|xml|svg|png)"


def complete(words: Words) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem[str]]]:
    """The completion of an argument or option: a function of `_complete`, which is imported when a shell asks."""

    def completion(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        from navlayers.cli import _complete  # noqa: PLC0415

        items: list[CompletionItem[str]] = getattr(_complete, words)(ctx, parameter, incomplete)
        return items

    return completion


def bundle(name: str, make: Callable[..., object], *options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Options that a command gets as one argument `name`: the result of `make` for their values."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapped(*args: Any, **values: Any) -> Any:
            value = make(**{parameter: values.pop(parameter) for parameter in parameters})
            return function(*args, **{name: value}, **values)

        others = len(getattr(wrapped, "__click_params__", ()))
        decorated = functools.reduce(lambda decorated, option: option(decorated), reversed(options), wrapped)
        own: list[click.Parameter] = decorated.__click_params__[others:]  # type: ignore[attr-defined]
        parameters = [parameter.name for parameter in own if parameter.expose_value]
        return decorated

    return decorate


class Number(click.ParamType[float]):
    """A number; with bounds, a whole one within them."""

    name = "number"

    def __init__(self, *bounds: int) -> None:
        self._bounds = bounds
        self._expected = "a whole number from {:,} to {:,}".format(*bounds) if bounds else "a number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number of a text; a number stays as it is."""
        try:
            number = int(value) if self._bounds else float(value)
        except ValueError:
            number = math.nan
        wrong = "is not a number" if math.isnan(number) else ""
        if not wrong and self._bounds and not self._bounds[0] <= number <= self._bounds[1]:
            wrong = "is out of range"
        if wrong:
            option = param.opts[0] if param is not None else self.name
            raise UsageError(Problem(f"{option} {quoted(str(value))} {wrong}", expected=self._expected))
        return number


def words(*known: str) -> Callable[[click.Context, click.Parameter, tuple[str, ...]], tuple[str, ...]]:
    """The callback of options that take several words, joined by commas or repeated; `known` is for an error."""

    def callback(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
        parts = tuple(part.strip() for text in value for part in text.split(",") if part.strip())
        if value and not parts:
            expected = ", ".join(known) or f"{parameter.metavar}"
            raise UsageError(Problem(f"{parameter.opts[0]} is empty", expected=expected))
        return parts

    return callback


def numbers(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> dict[str, float]:
    """Callback of the options that take `NAME=NUMBER,…` and may be repeated."""
    if not value:
        return {}
    from navlayers.scoring.options import parse_numbers  # noqa: PLC0415 - for these options alone

    return parse_numbers(str(parameter.opts[0]), ",".join(value))


def _refuse_empty(ctx: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Callback of `-o`: refuses an empty name, as an unset variable of the shell gives it."""
    if value == "" or (isinstance(value, tuple) and "" in value):
        raise UsageError(Problem("-o is empty", expected="a file or folder to write to, or - for standard output"))
    return value


def _refuse_file(ctx: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Callback of `-o` for a folder: refuses the name of a file too."""
    path, command = Path(value or ""), str(ctx.info_name)
    if (path.suffix and re.fullmatch(_FILES, path.suffix) and not path.is_dir()) or (
        value == _print.STDOUT and command == "site"
    ):
        layers = " --only overview" if command == "build" else ""
        one_file = f"for one file: navlayers {command} …{layers} -o - > {value}"
        hint = one_file if path.suffix == ".json" and command != "site" else f"such as -o {command}"
        message = f"-o {value} names a file, but {command} writes a folder"
        raise UsageError(Problem(message, expected="a folder", hint=hint))
    return _refuse_empty(ctx, parameter, value)


def output_option(metavar: str, help_: str, *names: str, **more: Any) -> Callable[[Any], Any]:
    """`-o`; its completion lists folders if `metavar` is DIR."""
    completion = complete("folders" if metavar == "DIR" else "files")
    return click.option(
        "-o",
        "--output",
        *names,
        metavar=metavar,
        help=help_,
        callback=_refuse_file if metavar == "DIR" else _refuse_empty,
        shell_complete=completion,
        **more,
    )


def release_option(help_: str, **more: Any) -> Callable[[Any], Any]:
    """`--attack`, an ATT&CK release."""
    return click.option(
        "--attack",
        "attack_version",
        metavar="VERSION",
        shell_complete=complete("releases"),
        help=help_,
        **more,
    )


def choice_option(name: str, choices: object, help_: str, default: str | None = None) -> Callable[[Any], Any]:
    """An option for one of a Literal's words, in any case."""
    type_ = click.Choice(get_args(choices), case_sensitive=False)
    return click.option(name, type=type_, default=default, show_default=default is not None, help=help_)


def all_option(help_: str) -> Callable[[Any], Any]:
    """`--all`: everything in place of the answer in short."""
    return click.option("--all", "every", is_flag=True, help=help_)


def format_option(formats: Sequence[str], help_: str, **more: Any) -> Callable[[Any], Any]:
    """`--format`."""
    return click.option("--format", "format_", type=click.Choice(formats), help=help_, **more)


sets_argument = click.argument("sets", nargs=-1, metavar="[SET]...", shell_complete=complete("sets"))
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Print only errors.")
no_notes_option = click.option("-q", "--quiet", is_flag=True, help="Do not print notes.")
force_file_option = click.option("--force", is_flag=True, help="Overwrite an existing file.")
force_files_option = click.option("--force", is_flag=True, help="Overwrite existing files.")
force_folder_option = click.option("--force", is_flag=True, help="Write into a folder that contains other files.")
attack_option = release_option("Remap the sets to this ATT&CK release, such as 18.1.")
output_file_option = output_option("FILE", "Output file; - is standard output.", default=_print.STDOUT)


def report_format(
    format_: Format | None, output: str, endings: Mapping[str, Format], *, as_json: bool = False
) -> Format:
    """The format of a report: by `--format`, by `--json`, or by the ending of `-o` ("" for standard output).

    Raises:
        UsageError: `--json` and `--format` differ, or no format has that ending.
    """
    refuse_other_format(format_, as_json=as_json)
    if as_json or format_ is not None:
        return format_ or endings[".json"]
    return by_ending("" if output == _print.STDOUT else output, endings, "or name the format with --format")


def refuse_other_format(format_: str | None, *, as_json: bool) -> None:
    """Refuse `--json` together with another `--format`."""
    if as_json and format_ not in (None, "json"):
        raise UsageError(Problem(f"--json and --format {format_} exclude each other", hint="use one of them"))


def refuse_two_results(output: str | None, *, as_json: bool) -> None:
    """Refuse to print JSON and a document, both on standard output."""
    if as_json and output == _print.STDOUT:
        raise UsageError(Problem("--json and -o - both write to standard output", hint="use one of them"))


def refuse_terminal(format_: str, output: str | None, *, hint: str, binary: bool) -> None:
    """Refuse to write a binary format to a terminal."""
    if binary and output == _print.STDOUT and sys.stdout.isatty():
        raise UsageError(Problem(f"{format_.upper()} is binary, and standard output is a terminal", hint=hint))
