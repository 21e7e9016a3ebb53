"""Notes about the run: each once, few where the answer is on a terminal, and after it."""

from __future__ import annotations

import contextlib
import shutil
import sys
from typing import TYPE_CHECKING

import click

from navlayers._text.lines import wrap
from navlayers._text.wording import quantity
from navlayers.cli import _print

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from navlayers.errors import Problem
    from navlayers.mapping.replacements import Inactive, ReplacedId
    from navlayers.scoring.coverage import Coverage

_WAITING = "navlayers.notes"
"""The key of the notes that wait for the answer, in the metadata of a context."""

MOST_NOTICES = 20

FEW = 2
"""Maximum number of replaced or inactive ids that a notice names (of more, it names the first); also of notes below
an answer on a terminal."""


@contextlib.contextmanager
def after_answer(context: click.Context) -> Iterator[None]:
    """Print notes after the answer if both are for a terminal: at most two that fit, unless all are wanted."""
    if not (_print.on_terminal() and sys.stdout.isatty()):
        yield
        return
    notes: list[str] = []
    context.meta[_WAITING] = notes
    try:
        yield
    finally:
        del context.meta[_WAITING]
        option = "every" if "every" in context.params else "full"
        shown = len(notes) if context.params.get(option) else _fitting(notes)
        # An empty line, the note and the prompt follow.
        if notes and 0 < _print.lines_printed() < shutil.get_terminal_size().lines - 2:
            _print.notify("")
        for text in notes[:shown]:
            note(text)
        if shown < len(notes):
            name = {"every": "--all", "full": "--full"}[option]
            note(f"{name} prints {quantity(len(notes) - shown, 'more note' if shown else 'note')}")


def _fitting(notes: list[str]) -> int:
    """How many of the first notes fit below the answer."""
    size = shutil.get_terminal_size()
    # The other lines are empty, for the number of the other notes, and for the prompt.
    room = size.lines - _print.lines_printed() - 3
    for number, text in enumerate(notes):
        room -= len(wrap(f"note: {text}", size.columns))
        if room < 0 or number == FEW:
            return number
    return len(notes)


def note(text: str) -> None:
    """Print a note about the run."""
    context = click.get_current_context(silent=True)
    waiting = None if context is None else context.meta.get(_WAITING)
    if waiting is None:
        _print.notify(f"note: {text}")
    else:
        waiting.append(text)


def notices(problems: Iterable[Problem]) -> None:
    """Print notices, each once, and the number of those past the first twenty."""
    listed = list(dict.fromkeys(problems))
    for problem in listed[:MOST_NOTICES]:
        note(str(problem))
    if len(listed) > MOST_NOTICES:
        note(f"… and {sum(problem.count for problem in listed[MOST_NOTICES:])} more")


def remapped_inputs(inputs: Iterable[Coverage], attack_version: str) -> None:
    """Print replaced and inactive techniques of remapped inputs."""
    for each in inputs:
        remapped(each.name, attack_version, each.replaced, each.left_out, own=each.own_attack_version)


def remapped(
    name: str, attack_version: str, replaced: Iterable[ReplacedId], left_out: Iterable[Inactive], *, own: str = ""
) -> None:
    """Print replaced and inactive techniques of a set that was remapped; `own` is the release it was made for."""
    # Most commands print none of these.
    from navlayers.mapping.replacements import changes_of_ids  # noqa: PLC0415

    for heading, items in changes_of_ids(name, attack_version, replaced, left_out, own=own):
        # An answer with its notices has to fit the window.
        shown = items if len(items) <= FEW else items[:1]
        more = f" and {len(items) - 1:,} more (`navlayers upgrade` lists all)" if len(items) > FEW else ""
        note(f"{heading}: {'; '.join(shown)}{more}")
