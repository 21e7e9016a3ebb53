"""Options of scores."""

from __future__ import annotations

from typing import Any

import click

from navlayers.cli import _options, _reading
from navlayers.scoring.options import ACROSS_SEGMENTS, AGGREGATES, ROLLUPS, ScoreOptions


def _score_options(**values: Any) -> ScoreOptions:
    return ScoreOptions(scale=_reading.scale(), **values)


_worth_option = click.option(
    "--worth", type=_options.Number(), metavar="NUMBER", help="Score of a mapping without a value, 0-100."
)
worth_option = _options.bundle("scoring", _score_options, _worth_option)
"""Given to a command as `scoring: ScoreOptions` with it and `--scale`; the others have their defaults."""

_scoring = (
    click.option(
        "--aggregate",
        type=click.Choice(AGGREGATES),
        default="max",
        show_default=True,
        help="How to combine the scores of several capabilities.",
    ),
    click.option(
        "--weights",
        multiple=True,
        callback=_options.numbers,
        metavar="CATEGORY=NUMBER,…",
        help="Compute the overall score as a weighted mean, such as protect=2,detect=1,respond=1.",
    ),
    _worth_option,
    click.option(
        "--rollup",
        type=click.Choice(ROLLUPS),
        default="none",
        show_default=True,
        help="Score a technique without a score by its sub-techniques.",
    ),
)
tenant_scoring_options = _options.bundle("scoring", _score_options, *_scoring)
"""The same for a command whose tenants are never combined as segments."""

scoring_options = _options.bundle(
    "scoring",
    _score_options,
    *_scoring,
    click.option(
        "--across-segments",
        type=click.Choice(ACROSS_SEGMENTS),
        default="merged",
        show_default=True,
        help="Score a technique per segment, and take the worst, the mean, or the percentage that cover it.",
    ),
)
"""Given to a command as `scoring: ScoreOptions`."""
