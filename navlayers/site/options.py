"""What a site is asked for."""

from __future__ import annotations

import msgspec

from navlayers.options import ScoreOptions


class SiteOptions(msgspec.Struct, frozen=True):
    """Options of a site. `title` is what the site is called; `scoring` says how scores are made."""

    title: str = "ATT&CK mappings"
    scoring: ScoreOptions = ScoreOptions()
