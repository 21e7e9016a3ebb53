"""How texts and lists of what becomes one are put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

_T = TypeVar("_T", bound="Hashable")

_BETWEEN = "\n\n"


def joined(texts: Iterable[str]) -> str:
    """Texts with a blank line between, in their order; one that stands there already is not said again."""
    whole = ""
    for text in texts:
        if not text.strip() or f"{_BETWEEN}{text}{_BETWEEN}" in f"{_BETWEEN}{whole}{_BETWEEN}":
            continue
        whole = f"{whole}{_BETWEEN}{text}" if whole else text
    return whole


def united(lists: Iterable[Iterable[_T]]) -> list[_T]:
    """The items of several lists, each once, in their order."""
    return list(dict.fromkeys(item for items in lists for item in items))
