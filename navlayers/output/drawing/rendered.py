"""What drawing a layer makes, whatever the format."""

from __future__ import annotations

import msgspec

from navlayers.errors import Problem


class Rendered(msgspec.Struct, frozen=True):
    """The bytes of one file, and what there is to know of it."""

    data: bytes
    notices: tuple[Problem, ...] = ()
