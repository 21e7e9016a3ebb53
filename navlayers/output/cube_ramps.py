"""The ramps of layers among the 256 colors of a terminal, whose nearest colors would mostly be the same gray."""

from __future__ import annotations

from functools import lru_cache

from navlayers.layer.colors import gradient_steps, hex_of
from navlayers.layer.ramps import RAMPS
from navlayers.output.terminal import PALETTE

# Numbers of xterm's cube, lowest score first: lighter with the score on dark backgrounds, darker on light ones.
CUBES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "overall": ((60, 61, 97, 134, 171, 213), (183, 146, 103, 97, 90, 53)),
    "protect": ((24, 31, 32, 33, 75, 117), (117, 110, 68, 25, 18)),
    "detect": ((94, 130, 166, 202, 208, 215), (216, 209, 202, 166, 130, 94)),
    "respond": ((22, 28, 34, 40, 120), (151, 114, 71, 28, 22)),
    "count": ((58, 65, 37, 74, 111, 189), (187, 115, 73, 31, 25, 18)),
    "threat": ((88, 124, 160, 196, 203), (217, 210, 203, 160, 124, 88)),
}
"""Ramp → its steps on dark and on light backgrounds."""


@lru_cache(maxsize=1)
def _steps() -> dict[str, tuple[int, int]]:
    """Color of a ramp → its numbers on dark and on light backgrounds."""
    found: dict[str, tuple[int, int]] = {}
    ramps: list[tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...]]]
    ramps = [(ramp, *CUBES[name]) for name, ramp in RAMPS.items()]
    # Weak techniques have the lower half of the ramp of threats.
    dark, light = CUBES["threat"]
    ramps.append((RAMPS["threat"][:2], dark[:3], light[:3]))
    for colors, on_dark, on_light in ramps:
        steps = gradient_steps(colors)
        for place, color in enumerate(steps):
            at = [numbers[place * len(numbers) // len(steps)] for numbers in (on_dark, on_light)]
            found.setdefault(color, (at[0], at[1]))
    return found


def cube_color(color: str, *, light: bool) -> str:
    """The `#rrggbb` of a color of a ramp among the 256 colors of a terminal; "" for any other color."""
    numbers = _steps().get(color)
    return hex_of(PALETTE[numbers[light]]) if numbers else ""
