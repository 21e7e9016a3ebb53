"""What may be named to a site: mapping sets; a layer tells of techniques alone, not of what is mapped to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.errors import InputError, Place, Problem
from navlayers.mapping.load import Prepared

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.mapping.find import Source
    from navlayers.mapping.load import Skipped

_HINT = (
    "name the mapping sets that the layer was made from; `navlayers report` and `navlayers compare` tell of layers"
)


def sets_of(
    read: Iterable[Prepared | Skipped], sources: Sequence[Source]
) -> tuple[list[Prepared], tuple[Problem, ...]]:
    """The mapping sets of what was read, and what of a folder was passed over.

    Raises:
        InputError: a layer was named, or nothing else was found.
    """
    in_folders = {source.path for source in sources if source.origin == "folder"}
    sets: list[Prepared] = []
    notices: list[Problem] = []
    named: list[Prepared] = []
    for one in read:
        if not isinstance(one, Prepared):
            notices.append(one.problem)
        elif one.format != "layer":
            sets.append(one)
        elif one.path in in_folders:
            notices.append(Problem("passed over, for it is a layer and no mapping set", Place(str(one.path))))
        else:
            named.append(one)
    refuse_layers(named)
    if not sets and notices:
        raise InputError([Problem("no mapping set among these files", hint=_HINT), *notices])
    return sets, tuple(notices)


def refuse_layers(sets: Iterable[Prepared]) -> None:
    """Refuse layers.

    Raises:
        InputError: there are some.
    """
    message = "a layer has scores and no mappings, so there is nothing to browse in it"
    problems = [
        Problem(message, Place(str(one.path)), expected="mapping sets", hint=_HINT)
        for one in sets
        if one.format == "layer"
    ]
    if problems:
        raise InputError(problems)
