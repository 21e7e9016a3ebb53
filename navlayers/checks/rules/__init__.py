"""The rules of `check`: functions from a subject to findings, a module for each thing that they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.checks.rules.declared import denied, lone_capabilities, lookalikes, types, unused_groups
from navlayers.checks.rules.links import references
from navlayers.checks.rules.names import technique_names
from navlayers.checks.rules.scores import halves, parents, repeats
from navlayers.checks.rules.techniques import techniques

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from navlayers.checks.finding import Finding
    from navlayers.checks.subject import Subject

RULES: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    *(techniques, technique_names),
    *(halves, repeats, parents),
    *(unused_groups, types, lone_capabilities, lookalikes, denied),
    references,
)
