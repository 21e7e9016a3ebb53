"""Options of reading: how inputs are read, and which part of them is scored."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

import click
import msgspec

from navlayers._text.wording import quoted
from navlayers.cli._options import Number, bundle, complete, numbers, words
from navlayers.errors import Problem, UsageError
from navlayers.mapping.formats import FORMATS
from navlayers.mapping.formats.context import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from navlayers.attack.scope import Scope
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


_TRUST = ("evidence", "max_age", "as_of", "discount", "score_by", "score_table")
"""The fields of a scope that are about evidence and scores by level, each an option."""


def today() -> str:
    """The day of the run, such as "2026-01-31"."""
    return str(date.today())


def _trust(values: dict[str, Any], decay: dict[str, Any]) -> dict[str, Any]:
    """The fields of a scope that are given; the ages of evidence are counted to today by default.

    Args:
        values: the options by the names in `_TRUST`.
        decay: the options of weights that fade, which get the date, too.
    """
    if values["as_of"] and values["max_age"] is None and not decay:
        fades = any(each.name == "half_life" for each in click.get_current_context().command.params)
        needed = "--half-life or --max-age" if fades else "--max-age"
        hint = f"such as {'--half-life 180d, or ' if fades else ''}--max-age 365d"
        raise UsageError(Problem(f"--as-of has no effect without {needed}", hint=hint))
    if values["score_table"] and not values["score_by"]:
        raise UsageError(Problem("--score-table has no effect without --score-by", hint="add --score-by level"))
    if decay:
        decay |= {"as_of": values["as_of"]} if values["as_of"] else {"today": today()}
    # A history counts ages to the day of each version.
    own_days = any(each.name == "commits" for each in click.get_current_context().command.params)
    values["as_of"] = (values["as_of"] or ("" if own_days else today())) if values["max_age"] is not None else None
    if values["discount"]:
        from navlayers.mapping.evidence import level_named  # noqa: PLC0415 - for this option alone

        factors: dict[str, float] = {}
        for name, factor in values["discount"].items():
            level = level_named(name) or name
            if level in factors:
                raise UsageError(Problem(f"--discount: duplicate level {level}"))
            factors[level] = factor
        values["discount"] = factors
    return {name: value for name, value in values.items() if value not in (None, "", {})}


def _days(ctx: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """Callback of `--max-age`."""
    if value is None:
        return None
    match = re.fullmatch(r"([0-9]{1,6}) ?(?:d|days?)?", value.strip(), re.IGNORECASE)
    if match is None:
        raise UsageError(Problem(f"--max-age {quoted(value)} is not a number of days", expected="such as 365d"))
    return int(match[1])


def _day(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Callback of `--as-of`."""
    if value is None:
        return None
    from navlayers._text.dates import iso_day, wrong_day  # noqa: PLC0415 - for this option alone

    found = iso_day(value)
    if found is None:
        expected = "year-month-day, such as 2026-01-31"
        raise UsageError(Problem(f"--as-of {quoted(value)} {wrong_day(value)}", expected=expected))
    return found


def _read_options(
    *,
    from_: str | None,
    max_size: int,
    meta: dict[str, str],
    platform: tuple[str, ...] = (),
    include: tuple[str, ...] = (),
    scope: tuple[str, ...] = (),
    where: str | None = None,
    segment: tuple[str, ...] = (),
    **more: Any,
) -> ReadOptions:
    exclude = excluded(capabilities=False)
    decay = click.get_current_context().meta.get(DECAY, {})
    trust = _trust({name: more.pop(name, None) for name in _TRUST}, decay)
    limits: Scope | None = None
    if platform or include or exclude or scope or where or segment or trust:
        from navlayers.attack.scope import Scope  # noqa: PLC0415 - for these options alone

        limits = Scope(platform, include, exclude, scope, where or "", segment, **trust)
    if trust and limits is not None:
        from navlayers.mapping.trust import trust_of  # noqa: PLC0415 - for these options alone

        trust_of(msgspec.structs.replace(limits, as_of=limits.as_of or today()))
    if scale():
        from navlayers.scoring.options import ScoreOptions  # noqa: PLC0415 - for this option alone

        # Checks the numbers, which are options of the scores, too.
        ScoreOptions(scale=scale())
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


def max_age_option(help_: str) -> Callable[[Any], Any]:
    """`--max-age`, a number of days."""
    return click.option("--max-age", metavar="DAYS", callback=_days, help=help_)


def as_of_option(help_: str) -> Callable[[Any], Any]:
    """`--as-of`, a date."""
    return click.option("--as-of", metavar="DATE", callback=_day, help=help_)


_trust_options = (
    click.option(
        "--evidence",
        type=click.Choice(("declared", "enabled", "data-present", "tested", "validated"), case_sensitive=False),
        callback=lambda ctx, parameter, value: value and value.replace("-", " "),
        help="Count only mappings with at least this evidence.",
    ),
    max_age_option("Evidence older than this counts as declared, such as 365d."),
    as_of_option("Day that ages are counted to (default: today; for --half-life, the newest date)."),
    click.option(
        "--discount",
        multiple=True,
        callback=numbers,
        metavar="LEVEL=FACTOR,…",
        help="Multiply scores by the evidence, 0-1, such as declared=0.25,enabled=0.5.",
    ),
    click.option(
        "--score-by",
        type=click.Choice(("level",)),
        help="Score mappings without a value by the severity level of their rule.",
    ),
    click.option(
        "--score-table",
        multiple=True,
        callback=numbers,
        metavar="LEVEL=NUMBER,…",
        help="Scores for --score-by, 0-100, such as critical=100,high=80.",
    ),
)


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
            "--segment",
            metavar="NAME,…",
            multiple=True,
            callback=words(),
            help="Count only the mappings of these segments.",
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
        *_trust_options,
        *_reading[:4],
        _scale_option,
        *_reading[4:],
    )


_LEFT_OUT = "Leave out these techniques, tactics and threats of ATT&CK, or those of a layer"
scope_options = _scoped(f"{_LEFT_OUT}.")
"""Given to a command as `reading: ReadOptions`."""
plan_scope_options = _scoped(f"{_LEFT_OUT}; do not choose these capabilities (@FILE: one per line).")
"""The same for a command with a plan."""
