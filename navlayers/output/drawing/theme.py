"""The colours of pictures but for those of scores, which are the Navigator's own."""

from __future__ import annotations

import msgspec

from navlayers.layer.colors import gray, text_color


class Theme(msgspec.Struct, frozen=True):
    """Colours as `#rrggbb`; text has at least 4.5:1 on what it stands on.

    `ink` and `muted` stand on `page`, `quiet` on cells without a score, `off` on disabled ones.
    """

    page: str
    ink: str
    muted: str
    border: str
    rule: str
    unscored: str
    quiet: str
    disabled: str
    off: str
    greys: bool = False

    def paint(self, color: str) -> str:
        """A layer's colour as the theme has it."""
        return gray(color) if self.greys else color

    def ink_on(self, color: str) -> str:
        """Black or white on a layer's colour, painted."""
        return text_color(color)


_LIGHT = Theme(
    page="#ffffff",
    ink="#1a1a1a",
    muted="#595959",
    border="#d0d3d8",
    rule="#a9aeb6",
    unscored="#ffffff",
    quiet="#666666",
    disabled="#ececec",
    off="#616161",
)
THEMES = {
    "light": _LIGHT,
    "dark": Theme(
        page="#12151a",
        ink="#f2f3f5",
        muted="#a9b0ba",
        border="#39404b",
        rule="#5b6472",
        unscored="#1a1e25",
        quiet="#98a0ac",
        disabled="#2b313a",
        off="#a4abb6",
    ),
    "grey": msgspec.structs.replace(
        _LIGHT, border="#d2d2d2", rule="#aaaaaa", muted="#575757", disabled="#ffffff", greys=True
    ),
}
"""Name → theme."""
