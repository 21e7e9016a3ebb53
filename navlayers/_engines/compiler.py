"""The compiler of PDF and PNG, for a process of its own."""

from __future__ import annotations

from functools import cache

import typst

TYPE_CHECKING = False  # that of typing takes long to import

if TYPE_CHECKING:
    from typing import Any


def compiled(
    source: bytes | dict[str, bytes], folders: tuple[str, ...], options: dict[str, Any], _: object
) -> bytes:
    """The bytes that typst makes of a source or of files, without a date.

    Args:
        source: the source, or files by their names.
        folders: where the fonts are.
        options: of typst.
    """
    # The root is where a source may read files: by default the current folder, which may be gone or closed.
    options |= {"root": folders[0]}
    data: bytes = typst.compile(source, font_paths=_fonts(folders), timestamp=0, **options)
    return data


@cache
def _fonts(folders: tuple[str, ...]) -> typst.Fonts:
    """The fonts, read once: a report compiles dozens of pictures."""
    return typst.Fonts(include_system_fonts=False, font_paths=list(folders))
