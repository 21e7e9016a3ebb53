"""What a site is asked for."""

from __future__ import annotations

import msgspec

from navlayers._text import plain
from navlayers.errors import Problem, UsageError
from navlayers.scoring.options import ScoreOptions


class SiteOptions(msgspec.Struct, frozen=True):
    """Options of a site. `title` is what the site is called; `scoring` says how scores are made.

    Raises:
        UsageError: the title is empty.
    """

    title: str = "ATT&CK mappings"
    scoring: ScoreOptions = ScoreOptions()

    def __post_init__(self) -> None:
        if not plain(self.title).strip():
            raise UsageError(Problem("the title is empty", expected="what the site is called"))
