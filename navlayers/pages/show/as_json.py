"""A page as JSON: its fields as `navlayers.pages.show.results` tells them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from navlayers.pages.show.results import Page

_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What a terminal obeys and JSON lets stand; JSON has it within texts alone, where it may be an escape."""


def render(page: Page) -> str:
    """The page as indented JSON that no terminal takes orders from."""
    text = msgspec.json.format(msgspec.json.encode(page), indent=2).decode()
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"
