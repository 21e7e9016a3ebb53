"""Printing: results on standard output, notes and everything else about the run on standard error."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from navlayers._text.lines import printable, wrap
from navlayers._text.wording import quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from click._termui_impl import ProgressBar

    from navlayers.errors import Problem
    from navlayers.mapping.replacements import Inactive, ReplacedId
    from navlayers.output.document import Block
    from navlayers.output.tables import Cell
    from navlayers.output.terminal import Terminal
    from navlayers.scoring.coverage import Coverage


STDOUT = "-"

_LINES = "navlayers.lines"
"""The key of the number of printed lines, in the metadata of a context."""

_STARTS = {"navlayers:": "bad", "note:": "accent", "wrote": "good", "written to": "good"}
"""Starts of messages → their tone on a terminal."""

LISTED = 10

_BAR = 36
"""The columns of a progress bar."""

_DRAWN = 500
"""How often it is drawn at most."""

_LEAST_SECONDS = 0.5
"""Before they have passed, a speed is chance."""


def echo_table(headers: Sequence[str], rows: Iterable[tuple[Cell, ...]], right: Collection[int]) -> None:
    """Print a table on standard output, fitted to a terminal, which never cuts the first column.

    `right` holds the indexes of columns of numbers.
    """
    # Most commands print no table.
    from navlayers.output.tables import Column, Table  # noqa: PLC0415

    columns = tuple(Column(head, "number" if i in right else "text", whole=not i) for i, head in enumerate(headers))
    echo_blocks([Table("", "", columns, tuple(rows))])


def echo_blocks(blocks: Iterable[Block]) -> None:
    """Print blocks of a document on standard output, an empty line between them, a line per row of a table."""
    echo(text_of(blocks))


def text_of(blocks: Iterable[Block]) -> str:
    """Blocks of a document as `echo_blocks` prints them."""
    from navlayers.output.document import Document  # noqa: PLC0415
    from navlayers.output.text import render  # noqa: PLC0415

    return render(Document("", blocks=tuple(blocks)), terminal(), cut=True)


def terminal() -> Terminal:
    """The terminal that is standard output, or a file or a pipe; `--color` overrides what it says of itself."""
    from navlayers.output.terminal import terminal_of  # noqa: PLC0415

    return terminal_of(os.environ, width=window(), color=_color(), tty=sys.stdout.isatty())


def echo(text: str) -> None:
    """Print a result; through the pager, as git does, if it is higher than the terminal."""
    count(text.count("\n"))
    answers = sys.stdin is not None and sys.stdin.isatty()
    if sys.stdout.isatty() and answers and text.count("\n") >= window_size().lines:
        # Git's defaults: quit if it fits, keep colors, leave the text on the screen.
        os.environ.setdefault("LESS", "FRX")
        click.echo_via_pager(text.rstrip("\n"), color=True)
    else:
        # Colors were decided by `terminal`; click would remove them from a pipe.
        click.echo(without_commands(text), nl=False, color=True)


def data(content: str | bytes, *, err: bool = False) -> None:
    """Print what another program may read, as it is; on a terminal without the control characters of the input."""
    if (sys.stderr if err else sys.stdout).isatty():
        text = content if isinstance(content, str) else content.decode("utf-8", "replace")
        content = "\n".join(map(printable, text.split("\n")))
    click.echo(content, nl=False, err=err)


def without_commands(text: str) -> str:
    """Text that the log of GitHub Actions or Azure Pipelines shows: both take some of its lines for commands.

    The runner of GitHub looks for `::name` at the start of a line and for `##[name]` anywhere, that of Azure for
    `##vso[`.
    """
    if not (os.environ.get("GITHUB_ACTIONS") or os.environ.get("TF_BUILD")):
        return text
    text = text.replace("##[", "# #[").replace("##vso[", "# #vso[")
    if "::" not in text:
        return text
    return "\n".join(
        line.replace("::", ": :", 1) if line.lstrip().startswith("::") else line for line in text.split("\n")
    )


def window_size() -> os.terminal_size:
    """The columns and lines of the terminal."""
    import shutil  # noqa: PLC0415 - for terminals alone

    return shutil.get_terminal_size()


def window() -> int | None:
    """The width of the terminal that is standard output, in columns; None for a file or a pipe."""
    return window_size().columns if sys.stdout.isatty() else None


def put(content: str | bytes, output: str, *, force: bool, quiet: bool, keep: Path | Sequence[Path] = ()) -> None:
    """Print a result, or write it to a file, which must not be one of those to keep."""
    if output == STDOUT:
        data(content)
        return
    from navlayers.output import files  # noqa: PLC0415 - for files alone

    content = content.encode("utf-8", "replace") if isinstance(content, str) else content
    changed = files.write(content, output, force=force, keep=keep)
    if not quiet:
        written([output] if changed else [], [] if changed else [output])


def echo_json(value: object) -> None:
    """Print a result as indented JSON."""
    from navlayers._text.json_text import json_text  # noqa: PLC0415 - for `--json` alone

    click.echo(json_text(value), nl=False)


def notify(text: str) -> None:
    """Print a message about the run on standard error, in lines that fit if that is a terminal.

    A closed standard error is not an error of the run.
    """
    from navlayers.output.terminal import terminal_of  # noqa: PLC0415

    text = printable(text)
    with contextlib.suppress(OSError):
        if on_terminal() and text:
            text = "\n".join(wrap(text, window_size().columns))
        count(text.count("\n") + 1)
        start = next((word for word in _STARTS if text.startswith(word)), "")
        toned = terminal_of(os.environ, color=_color(), tty=on_terminal()).tone(start, _STARTS.get(start, ""))
        click.echo(without_commands(toned + text[len(start) :]), err=True, color=True)


def lines_printed() -> int:
    """The number of lines that this run printed so far, on both streams."""
    context = click.get_current_context(silent=True)
    return 0 if context is None else context.meta.get(_LINES, 0)


def count(lines: int) -> None:
    """Count lines that are printed, now or at the end."""
    context = click.get_current_context(silent=True)
    if context is not None:
        context.meta[_LINES] = lines_printed() + lines


def _color() -> bool | None:
    """The choice of `--color`."""
    context = click.get_current_context(silent=True)
    return None if context is None else context.color


def folder_written(output: str, removed: int) -> None:
    """Print the output folder, and the number of removed files of an earlier run."""
    if removed:
        notify(f"note: removed {quantity(removed, 'file')} of an earlier run")
    notify(f"written to {output}")


def written(paths: Sequence[Path | str], unchanged: Sequence[Path | str]) -> None:
    """Print the written files and the number of unchanged files."""
    for path in paths[:LISTED]:
        notify(f"wrote {path}")
    if len(paths) > LISTED:
        notify(f"… and {len(paths) - LISTED:,} more files")
    if unchanged:
        notify(f"{unchanged[0]} is up to date" if len(unchanged) == 1 else f"{len(unchanged)} files are up to date")


@contextlib.contextmanager
def progress(label: str, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error if it is a terminal; yields a function to call with the total."""
    with stages("", quiet=quiet) as show:
        done = itertools.count(1)
        yield lambda total: show(label, next(done), total, 0)


@contextlib.contextmanager
def stages(unit: str, *, quiet: bool) -> Iterator[Callable[[str, int, int, int], None]]:
    """Progress bars on standard error if it is a terminal, one for each stage of a run.

    Args:
        unit: what is shown as a speed; "" for the time that is left.
        quiet: show nothing.

    Yields:
        A function to call with the label of the stage, how many are done of how many, and the number of units done.
    """
    with contextlib.ExitStack() as stack:
        bars: list[ProgressBar[int]] = []

        def show(label: str, done: int, total: int, units: int) -> None:
            if quiet or total < 2 or not on_terminal():
                return
            # A stage may begin again, such as the reading of tenants at another release.
            if not bars or bars[-1].label != label or done < bars[-1].pos:
                stack.close()
                bars.append(stack.enter_context(_bar(label, total, unit)))
            steps = done - bars[-1].pos
            if done == total or steps > total // _DRAWN:
                bars[-1].update(steps, units)

        yield show


def _bar(label: str, total: int, unit: str) -> ProgressBar[int]:
    def speed(units: int | None) -> str | None:
        seconds = time.time() - bar.start
        return f"{units / seconds:,.0f} {unit}/s" if units and seconds > _LEAST_SECONDS else None

    beside = len(f"{label}  []  {total}/{total}  ") + len(f"9,999,999 {unit}/s" if unit else "00:00:00")
    bar: ProgressBar[int] = click.progressbar(
        length=total,
        label=label,
        file=sys.stderr,
        width=max(min(_BAR, window_size().columns - beside - 1), 1),
        show_pos=True,
        show_eta=not unit,
        item_show_func=speed,
    )
    return bar


def on_terminal() -> bool:
    """Whether standard error is a terminal."""
    return sys.stderr is not None and sys.stderr.isatty()


_WAITING = "navlayers.notes"
"""The key of the notes that wait for the answer, in the metadata of a context."""

_CHECK = "navlayers check "
MOST_NOTICES = 20

FEW = 2
"""Maximum number of replaced or inactive ids that a notice names (of more, it names the first); also of notes below
an answer on a terminal."""


@contextlib.contextmanager
def after_answer(context: click.Context) -> Iterator[None]:
    """Print notes after the answer if both are for a terminal: at most two that fit, unless all are wanted."""
    if not (on_terminal() and sys.stdout.isatty()):
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
        if notes and 0 < lines_printed() < window_size().lines - 2:
            notify("")
        for text in notes[:shown]:
            note(text)
        if shown < len(notes):
            name = {"every": "--all", "full": "--full"}[option]
            note(f"{name} prints {quantity(len(notes) - shown, 'more note' if shown else 'note')}")


def _fitting(notes: list[str]) -> int:
    """How many of the first notes fit below the answer."""
    size = window_size()
    # The other lines are empty, for the number of the other notes, and for the prompt.
    room = size.lines - lines_printed() - 3
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
        notify(f"note: {text}")
    else:
        waiting.append(text)


def notices(problems: Iterable[Problem]) -> None:
    """Print notices, each once, and the number of those past the first twenty."""
    listed = list(dict.fromkeys(map(_with_options, problems)))
    for problem in listed[:MOST_NOTICES]:
        note(str(problem))
    if len(listed) > MOST_NOTICES:
        note(f"… and {sum(problem.count for problem in listed[MOST_NOTICES:]):,} more")


def _with_options(notice: Problem) -> Problem:
    """The notice; a command of `check` in its hint gets the options of this run, to find the same."""
    if _CHECK not in notice.hint or notice.place is None:
        return notice
    import shlex  # noqa: PLC0415 - for few notices

    from msgspec.structs import replace  # noqa: PLC0415 - help does without it

    from navlayers.cli._next import command_line  # noqa: PLC0415 - imports this module

    path = shlex.quote(notice.place.path)
    options = command_line("check", notice.place.path).removeprefix(f"{_CHECK}{path}")
    return replace(notice, hint=notice.hint.replace(path, f"{path}{options}"))


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
        more = f" and {len(items) - 1:,} more" if len(items) > FEW else ""
        note(f"{heading}: {'; '.join(shown)}{more}{_lists_all(name, attack_version, own) if more else ''}")


def _lists_all(name: str, attack_version: str, own: str) -> str:
    """The command that lists all changes of ids of an input; "" for a part of one."""
    from navlayers.cli._next import ARGUMENTS, command_line  # noqa: PLC0415 - imports this module
    from navlayers.mapping.find import source_name  # noqa: PLC0415 - for few inputs

    words: Sequence[str] = click.get_current_context().meta[ARGUMENTS]
    word = next((each for each in words if each == name or source_name(Path(each)) == name), None)
    if word is None:
        return ""
    command = ("check", word) if own == attack_version else ("upgrade", word, "--attack", attack_version, "--all")
    return f" (`{command_line(*command)}` lists all)"
