"""Indented JSON for the reports that are JSON."""

from __future__ import annotations

import json

import msgspec


def indented(value: object) -> str:
    """The value as indented JSON; a file name that is no text is written with escapes."""
    try:
        return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"
    except UnicodeEncodeError:
        return json.dumps(value, indent=2) + "\n"
