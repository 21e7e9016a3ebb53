"""Options of reading: how inputs are read, and which part of them is scored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from navlayers.cli._options import Number, bundle, complete, numbers, words
from navlayers.errors import Problem, UsageError
from navlayers.mapping.formats import FORMATS
from navlayers.mapping.formats.context import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from navlayers.mapping.model import Range

MEGABYTE = 1_000_000

_SCALE = "navlayers.scale"
"""The key of `--scale` in the metadata of a context."""

_EXCLUDE = "navlayers.exclude"
"""The key of `--exclude` there."""


DECAY = "navlayers.decay"
"""The key of the options of weights that fade there, by the fields of `ReadOptions`."""


def _pairs(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    """Callback of the options that take `NAME=TEXT,…` and may be repeated."""
    pairs: dict[str, str] = {}
    for part in ",".join(value).split(",") if value else ():
        name, equals, text = part.partition("=")
        if equals and name.strip():
            pairs[name.strip()] = text.strip()
        elif pairs:
            # A comma within a text, as titles have them.
            last = next(reversed(pairs))
            pairs[last] += f",{part}"
        else:
            raise UsageError(
                Problem(f"{parameter.opts[0]} {part!r} is not a pair", expected=f"{parameter.metavar}")
            )
    return pairs


def _range(ctx: click.Context, parameter: click.Parameter, value: str | None) -> Range | None:
    """Callback of `--score-range`."""
    if value is None:
        return None
    from navlayers.mapping.ranges import parse_range  # noqa: PLC0415 - for this option alone

    return parse_range(value)


def _keep_scale(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> None:
    """Callback of `--scale`: kept for `scale`, as both reading and scoring use it."""
    ctx.meta[_SCALE] = numbers(ctx, parameter, value)


def scale() -> dict[str, float]:
    """The numbers of `--scale`."""
    numbers: dict[str, float] = click.get_current_context().meta.get(_SCALE, {})
    return numbers


def _keep_exclude(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> None:
    """Callback of `--exclude`: kept for `excluded`, as both the scope and a plan use it.

    In a command with a plan, words that ATT&CK does not have are capabilities. Their names may have commas.
    """
    of_scope = words()(ctx, parameter, value)
    of_plan: tuple[str, ...] = ()
    if of_scope and any(each.name == "budget" for each in ctx.command.params):
        from navlayers.attack.scope import named_by_attack  # noqa: PLC0415 - for this option alone

        parts = {text: words()(ctx, parameter, (text,)) for text in value if text.strip(", ")}
        of_scope = tuple(filter(named_by_attack, of_scope))
        others = {text: [word for word in parts[text] if word not in of_scope] for text in parts}
        of_plan = tuple(
            text if len(rest) == len(parts[text]) else ",".join(rest) for text, rest in others.items() if rest
        )
    ctx.meta[_EXCLUDE] = of_scope, of_plan


def excluded(*, capabilities: bool) -> tuple[str, ...]:
    """The values of `--exclude` that are capabilities of a plan, or those that are of ATT&CK."""
    kept: tuple[tuple[str, ...], tuple[str, ...]] = click.get_current_context().meta.get(_EXCLUDE, ((), ()))
    return kept[capabilities]


def _condition(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Callback of `--where`."""
    if value is not None:
        from navlayers.mapping.where import condition  # noqa: PLC0415 - for this option alone

        condition(value)
    return value


def _read_options(
    *,
    from_: str | None,
    max_size: int,
    meta: dict[str, str],
    platform: tuple[str, ...] = (),
    include: tuple[str, ...] = (),
    scope: tuple[str, ...] = (),
    where: str | None = None,
    **more: Any,
) -> ReadOptions:
    exclude = excluded(capabilities=False)
    limits = None
    if platform or include or exclude or scope or where:
        from navlayers.attack.scope import Scope  # noqa: PLC0415 - for these options alone

        limits = Scope(platform, include, exclude, scope, where or "")
    if scale():
        from navlayers.scoring.options import ScoreOptions  # noqa: PLC0415 - for this option alone

        # Checks the numbers, which are options of the scores, too.
        ScoreOptions(scale=scale())
    decay = click.get_current_context().meta.get(DECAY, {})
    if "as_of" in decay and "half_life" not in decay:
        raise UsageError(Problem("--as-of has no effect without --half-life", hint="add --half-life 90d, or so"))
    return ReadOptions(
        format=from_, metadata=meta, max_bytes=max_size * MEGABYTE, scale=scale(), scope=limits, **decay, **more
    )


_reading = (
    click.option(
        "--from",
        "from_",
        type=click.Choice(list(FORMATS)),
        metavar="FORMAT",
        help=f"Input format (default: detected): {', '.join(FORMATS)}.",
    ),
    click.option(
        "--columns",
        metavar="NAME=HEADER,…",
        multiple=True,
        callback=_pairs,
        help="Columns of a table, such as technique=ID,score=Rating.",
    ),
    click.option(
        "--meta",
        metavar="NAME=TEXT,…",
        multiple=True,
        callback=_pairs,
        help="Metadata that the file lacks, such as domain=ics,version=2.",
    ),
    click.option(
        "--score-range",
        metavar="LOW-HIGH",
        callback=_range,
        help="Range of scores that are numbers, such as 0-5 (default: of a layer's gradient, else 0-100).",
    ),
    click.option(
        "--max-size",
        type=Number(1, 1_000_000),
        default=150,
        show_default=True,
        metavar="MB",
        help="Maximum size of an input in megabytes.",
    ),
    click.option(
        "--lenient", is_flag=True, help="Leave out rows, entries, rules and files with errors, and list them."
    ),
)
_scale_option = click.option(
    "--scale",
    multiple=True,
    callback=_keep_scale,
    expose_value=False,
    metavar="VALUE=NUMBER,…",
    help="Score of each value, 0-100, such as minimal=10,partial=50,significant=100.",
)
reading_options = bundle("reading", _read_options, *_reading[:4], _scale_option, *_reading[4:])
"""Given to a command as `reading: ReadOptions`."""


def _scoped(exclude_help: str) -> Callable[[Any], Any]:
    """Those of `reading_options`, and the scope of what is scored."""
    return bundle(
        "reading",
        _read_options,
        click.option(
            "--platform",
            metavar="NAME,…",
            multiple=True,
            callback=words(),
            shell_complete=complete("platforms"),
            help="Count only techniques on these platforms, such as windows,linux.",
        ),
        click.option(
            "--where",
            metavar="CONDITION",
            callback=_condition,
            help='Count only mappings that meet a condition, such as "level>=high and status=stable".',
        ),
        click.option(
            "--include",
            metavar="WORD,…",
            multiple=True,
            callback=words(),
            shell_complete=complete("threats"),
            help="Count only these techniques, tactics and threats of ATT&CK, by id or name, or those of a layer.",
        ),
        click.option(
            "--exclude",
            metavar="WORD,…",
            multiple=True,
            callback=_keep_exclude,
            expose_value=False,
            shell_complete=complete("threats"),
            help=exclude_help,
        ),
        click.option(
            "--scope",
            metavar="SCOPE,…",
            multiple=True,
            callback=words("detectable", "asset:FILE"),
            shell_complete=complete("scopes"),
            help="Leave out Reconnaissance and Resource Development (detectable), or what is not of an asset "
            "(asset:FILE).",
        ),
        *_reading[:4],
        _scale_option,
        *_reading[4:],
    )


_LEFT_OUT = "Leave out these techniques, tactics and threats of ATT&CK, or those of a layer"
scope_options = _scoped(f"{_LEFT_OUT}.")
"""Given to a command as `reading: ReadOptions`."""
plan_scope_options = _scoped(f"{_LEFT_OUT}; do not choose these capabilities (@FILE: one per line).")
"""The same for a command with a plan."""
