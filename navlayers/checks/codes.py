"""The kinds of findings, read from codes.toml, and how `--explain` and docs/findings.md explain them."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Literal

import msgspec

from navlayers import _text as wording
from navlayers.errors import Problem

Level = Literal["error", "warning", "note"]

_HEAD = """\
# Findings

What `navlayers check` finds, by its code. An error means that layers made from the set lack something or say
what cannot be meant; a warning, that a person should look. What is an error in one format can be a warning in
another; the level here is the usual one.

This page is what `navlayers check --explain all` prints.

| code | level | finding |
| --- | --- | --- |
"""


class Code(msgspec.Struct, frozen=True):
    """One kind of finding; codes.toml says what the fields mean."""

    level: Level
    title: str
    why: str = ""
    mend: str = ""
    example: str = ""


@cache
def codes() -> dict[str, Code]:
    """Code → what it means."""
    text = resources.files(__package__).joinpath("codes.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Code])


def unknown_code(code: str) -> Problem:
    """The problem that there is no such code."""
    hint = wording.nearest(code, codes()) or "navlayers check --explain all lists them"
    return Problem(f"there is no code {wording.shown(code)}", hint=hint)


def explanation(code: str) -> str:
    """What a code means, why it matters and what to do, as Markdown."""
    kind = codes()[code]
    title = kind.title[:1].lower() + kind.title[1:]
    example = f"Example: {kind.example}" if kind.example else ""
    parts = (f"## {code}", f"{kind.level.capitalize()}: {title}.", kind.why, kind.mend, example)
    return "\n\n".join(filter(None, parts)) + "\n"


def page() -> str:
    """The explanations of all codes: docs/findings.md."""
    kinds = sorted(codes().items())
    rows = "\n".join(f"| [`{code}`](#{code}) | {kind.level} | {kind.title} |" for code, kind in kinds)
    return "\n".join([f"{_HEAD}{rows}", "", *(explanation(code) for code, _ in kinds)])
