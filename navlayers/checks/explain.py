"""Findings explained: what `--explain` prints, and docs/findings.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers import _text as wording
from navlayers.checks.codes import CODES
from navlayers.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = """\
# Findings

What `navlayers check` finds, by its code. An error means that layers made from the set lack something or say
what cannot be meant; a warning, that a person should look. What is an error in one format can be a warning in
another; the level here is the usual one.

This page is what `navlayers check --explain all` prints.
"""


def unknown(code: str) -> Problem:
    """The problem that there is no such code."""
    hint = wording.nearest(code, CODES) or "navlayers check --explain all lists them"
    return Problem(f"there is no code {wording.shown(code)}", hint=hint)


def explanation(code: str) -> str:
    """What a code of `CODES` means, why it matters and what to do, as Markdown."""
    said = CODES[code]
    title = said.title[:1].upper() + said.title[1:]
    parts = [f"## {code}", f"{said.level.capitalize()}: {title[:1].lower() + title[1:]}."]
    parts += [text for text in (said.why, said.mend, f"Example: {said.example}" if said.example else "") if text]
    return "\n\n".join(parts) + "\n"


def page() -> str:
    """The explanations of all codes: docs/findings.md."""
    return "\n".join(_pieces())


def _pieces() -> Iterator[str]:
    yield _HEAD
    yield "| code | level | finding |\n| --- | --- | --- |"
    for code, said in sorted(CODES.items()):
        yield f"| [`{code}`](#{code}) | {said.level} | {said.title} |"
    yield ""
    for code in sorted(CODES):
        yield explanation(code)
