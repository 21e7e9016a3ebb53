"""Ramps of layers in terminals of 256 colors: neighboring steps differ, and contrast rises with the score."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from navlayers.layer.colors import Gradient
from navlayers.layer.ramps import RAMPS
from navlayers.output.cube_ramps import CUBES, cube_color
from navlayers.output.terminal import PALETTE

GRAY = (0x30, 0x30, 0x30)
"""A square without a color on a dark background."""


def _lab(channels: tuple[int, ...]) -> tuple[float, float, float]:
    """Lightness 0–100 and the two axes of hue of CIELAB (D65)."""
    red, green, blue = ((c / 255 / 12.92) if c < 11 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in channels)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _apart(first: tuple[int, ...], second: tuple[int, ...]) -> float:
    return math.dist(_lab(first), _lab(second))


@pytest.mark.parametrize("name", RAMPS)
def test_neighboring_steps_of_a_ramp_differ_and_its_lightness_is_monotone(name: str) -> None:
    for numbers, sign in zip(CUBES[name], (1, -1), strict=True):
        steps = [PALETTE[number] for number in numbers]
        assert min(_apart(*pair) for pair in pairwise(steps)) > 12
        levels = [sign * _lab(step)[0] for step in steps]
        assert all(after - before > 1.5 for before, after in pairwise(levels))
    assert _apart(GRAY, PALETTE[CUBES[name][0][0]]) > 20


@pytest.mark.parametrize("name", RAMPS)
def test_scores_take_the_steps_of_their_ramp_in_order(name: str) -> None:
    """10, 50 and 100 have three colors; beyond the ramps, other colors have none of these."""
    colors = [cube_color(Gradient(RAMPS[name], 0, 100).color(score), light=False) for score in range(1, 101)]
    steps = [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in map(PALETTE.__getitem__, CUBES[name][0])]
    assert list(dict.fromkeys(colors)) == steps
    assert len({colors[9], colors[49], colors[99]}) == 3
    assert not cube_color("#123456", light=False)
