"""What the shell completes: functions that click calls with the word as far as it is typed.

They are quiet where anything is wrong, and load what they need only when they are called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click
    from click.shell_completion import CompletionItem


def sets(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Names of sets, then files."""
    from navlayers.cli import candidates  # noqa: PLC0415 - for completion alone

    return [*_items(candidates.set_names(), incomplete), *files(ctx, parameter, incomplete)]


def files(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Files, which the shell itself lists."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415

    return [CompletionItem(incomplete, type="file")]


def folders(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Folders, which the shell itself lists."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415

    return [CompletionItem(incomplete, type="dir")]


def things(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Ids of techniques, tactics, capabilities and groups of the sets that `--set` names, or else of all."""
    from navlayers.cli import candidates  # noqa: PLC0415

    names = ctx.params.get("sets") or ()
    return _items(candidates.things(tuple(map(str, names)), ctx.params.get("kind"), incomplete), incomplete)


def capabilities(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Ids of capabilities of the sets that are named before, or else of all."""
    from navlayers.cli import candidates  # noqa: PLC0415

    names = ctx.params.get("sets") or ()
    return _items(candidates.things(tuple(map(str, names)), "capability", incomplete), incomplete)


def threats(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Ids and names of groups, software, campaigns and tactics, then names of sets and files."""
    from navlayers.cli import candidates  # noqa: PLC0415

    return [*_items(candidates.threats(incomplete), incomplete), *sets(ctx, parameter, incomplete)]


def releases(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """ATT&CK versions at hand, the newest first."""
    from navlayers.cli import candidates  # noqa: PLC0415

    return _items(candidates.releases(), incomplete)


def codes(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Codes of findings."""
    from navlayers.cli import candidates  # noqa: PLC0415

    return _items(candidates.codes(), incomplete)


def _items(found: Iterable[tuple[str, str]], incomplete: str) -> list[CompletionItem[str]]:
    """Those that start as typed, in any case; each on one line, as shells take them."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415

    from navlayers._text import plain  # noqa: PLC0415

    start = incomplete.casefold()
    return [
        CompletionItem(value, help=" ".join(plain(text).split()) or None)
        for value, text in dict(found).items()
        if value.casefold().startswith(start) and value.isprintable()
    ]
