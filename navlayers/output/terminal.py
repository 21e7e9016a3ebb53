"""What a terminal can show: its columns and colors; escape sequences of colors and emphasis."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

TRUE_COLORS = 1 << 24
CUBE = 256
"""The colors of xterm: 16 of the user's palette, a cube of 6 × 6 × 6, 24 grays."""

FEW = 8
"""Colors of the user's palette alone, which suit tones but not ramps."""

_END = "\x1b[0m"
_TONES = {"": "", "good": "32", "bad": "31", "warning": "33", "accent": "36", "dim": "2", "strong": "1"}
_LEVELS = (0, 95, 135, 175, 215, 255)
PALETTE = dict(enumerate([*product(_LEVELS, repeat=3), *((level,) * 3 for level in range(8, 248, 10))], start=16))
"""Number → channels of the colors of xterm beyond the user's palette."""

_LIGHT = 7
"""From this color of the palette on, `COLORFGBG` names a light background, but for the dark gray, 8."""


class Terminal(msgspec.Struct, frozen=True):
    """The terminal that a text is for.

    Attributes:
        width: its columns; None for lines of any length.
        colors: number of colors: 0 (neither colors nor emphasis), `FEW`, `CUBE` or `TRUE_COLORS`.
        light: whether its background is known to be light.
        drawing: whether it shows pictures made of blocks.
    """

    width: int | None = None
    colors: int = 0
    light: bool = False
    drawing: bool = False

    def tone(self, text: str, tone: str) -> str:
        """The text in a tone: good, bad, warning, accent, dim or strong; unchanged without colors or for ""."""
        return f"\x1b[{_TONES[tone]}m{text}{_END}" if self.colors and tone and text.strip() else text

    def paint(self, text: str, ink: str = "", fill: str = "") -> str:
        """The text in colors `#rrggbb` ("": the terminal's own), where the terminal has enough of them."""
        codes = [f"{what};{self._code(color)}" for what, color in ((38, ink), (48, fill)) if color]
        return f"\x1b[{';'.join(codes)}m{text}{_END}" if codes and self.colors >= CUBE else text

    def _code(self, color: str) -> str:
        channels = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
        if self.colors >= TRUE_COLORS:
            return ";".join(map(str, (2, *channels)))
        red, green, blue = channels
        return f"5;{_nearest(red, green, blue)}"


@lru_cache(maxsize=4096)
def _nearest(red: int, green: int, blue: int) -> int:
    """The number of the color of xterm that looks most like a color.

    Differences of the channels, which make the hue, count half as much as the channels: without them, most dark
    colors of a ramp would be the same gray.
    """

    def off(number: int) -> float:
        r, g, b = (one - other for one, other in zip(PALETTE[number], (red, green, blue), strict=True))
        return r * r + g * g + b * b + ((r - g) ** 2 + (g - b) ** 2 + (b - r) ** 2) / 2

    return min(PALETTE, key=off)


PLAIN = Terminal()
"""A file or a pipe."""


def terminal_of(
    environment: Mapping[str, str], *, width: int | None = None, color: bool | None = None, tty: bool = True
) -> Terminal:
    """The terminal that the environment describes.

    Args:
        environment: NO_COLOR (https://no-color.org), FORCE_COLOR (https://force-color.org), TERM, COLORTERM.
        width: its columns; None for a file or a pipe.
        color: True or False is the user's choice and overrides the environment.
        tty: whether the output is a terminal.
    """
    term = environment.get("TERM", "")
    if color is None:
        forced = environment.get("FORCE_COLOR", "") not in ("", "0", "false")
        color = forced or (tty and not environment.get("NO_COLOR") and term not in ("", "dumb"))
    colors = 0
    if color:
        full = environment.get("COLORTERM") in ("truecolor", "24bit") or "WT_SESSION" in environment
        colors = TRUE_COLORS if full or term.endswith("-direct") else CUBE if "256" in term else FEW
    background = environment.get("COLORFGBG", "").rpartition(";")[2]
    light = background.isdigit() and int(background) >= _LIGHT and background != "8"
    return Terminal(width, colors, light, drawing=tty and term != "dumb")
