"""Shell completion: functions that click calls with the word as far as it is typed.

They are quiet where anything is wrong. Heads and ids are picked out of native YAML without reading all of it.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, NamedTuple

from navlayers import attack
from navlayers.attack.domain import DOMAINS, Domain
from navlayers.errors import NavlayersError
from navlayers.mapping.find import STDIN, Source, here, resolve, shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import click
    from click.shell_completion import CompletionItem


def sets(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Names of sets, then files."""
    return [*_items(set_names(), incomplete), *files(ctx, parameter, incomplete)]


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
    names = ctx.params.get("sets") or ()
    return _items(_things(tuple(map(str, names)), ctx.params.get("kind"), incomplete), incomplete)


def capabilities(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Ids of capabilities of the sets that are named before, or else of all."""
    names = ctx.params.get("sets") or ()
    return _items(_things(tuple(map(str, names)), "capability", incomplete), incomplete)


def threats(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Ids and names of groups, software, campaigns and tactics, then names of sets and files."""
    return [*_items(_threats(incomplete), incomplete), *sets(ctx, parameter, incomplete)]


def releases(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Installed ATT&CK versions, the newest first."""
    return _items(_releases(), incomplete)


def codes(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Codes of findings."""
    return _items(_codes(), incomplete)


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


Candidate = tuple[str, str]
"""A word and what it stands for."""


LARGEST = 20_000_000
"""Larger files are not looked into: nobody waits for them at the key."""


_HEAD = re.compile(r"^(domain|attack_version): \"?([^\"\\\n#]*?)\"?$", re.MULTILINE)


_PART = re.compile(r"^(groups|capabilities):\n((?:(?: .*)?\n)*)", re.MULTILINE)


_KEY = r"(?:\"([^\"\\\n]*)\"|([^\s\"'#&*!|>%@`{}\[\],?:-][^\n]*?))"


_GROUP = re.compile(rf"^  {_KEY}: (.*)$", re.MULTILINE)


_CAPABILITY = re.compile(rf"^  {_KEY}:$(?:\n    name: (.*))?", re.MULTILINE)


_ENTRY = re.compile(r"^ {0,3}\S", re.MULTILINE)


_MARKS = re.compile(r": | #")


_BLOCK = ("|", ">")


class Contents(NamedTuple):
    """What completion wants of a set: its domain and release, and ids → names."""

    domain: Domain
    attack_version: str
    capabilities: dict[str, str]
    groups: dict[str, str]


def set_names() -> list[Candidate]:
    """The sets here and the shipped ones."""
    found = {source.name: source.origin for source in (*shipped(), *here())}
    return sorted(
        (name, "set in mappings/ here" if origin == "here" else "shipped set") for name, origin in found.items()
    )


def _releases() -> list[Candidate]:
    """Installed ATT&CK versions, the newest first, with their domains."""
    domains: dict[str, list[str]] = {}
    for release in attack.releases():
        domains.setdefault(release.version, []).append(release.domain)
    newest = sorted(domains, key=lambda version: [int(part) for part in version.split(".")], reverse=True)
    return [*((version, ", ".join(domains[version])) for version in newest), ("latest", "the newest installed")]


def _codes() -> list[Candidate]:
    """Codes of findings and what they mean."""
    from navlayers.checks.finding import codes as kinds  # noqa: PLC0415 - for one option alone

    return [(code, what.title) for code, what in kinds().items()]


def _things(names: tuple[str, ...], kind: str | None, typed: str) -> list[Candidate]:
    """Ids that `navlayers show` knows in the sets of these names, or in the default ones."""
    contents = list(_contents(names))
    found: list[Candidate] = []
    if _wanted(kind, "tactic", typed, "ta") or _wanted(kind, "technique", typed, "t"):
        found += _of_attack(contents, kind)
    for one in contents:
        if kind in (None, "capability"):
            found += one.capabilities.items()
    for one in contents:
        if kind in (None, "group"):
            found += one.groups.items()
    # A capability and its group may share an id: the first is what `show` takes it for.
    first: dict[str, str] = {}
    for id_, name in found:
        first.setdefault(id_, name)
    return list(first.items())


def _threats(typed: str) -> list[Candidate]:
    """Groups, software, campaigns and tactics of the newest releases: by name, or by id where that is typed."""
    start = typed.casefold()
    found: list[Candidate] = []
    for domain in DOMAINS:
        newest = [one for one in attack.releases() if one.domain == domain and attack.has_threats(one)][-1:]
        for release in newest:
            with contextlib.suppress(NavlayersError):
                known = attack.threats(release)
                catalogue = attack.load(release)
                found += [(one.id, one.name) for one in known.threats.values()]
                found += [(one.name, f"{one.kind} {one.id}") for one in known.threats.values()]
                found += [(one.id, one.name) for one in catalogue.tactics]
                found += [(one.shortname, one.name) for one in catalogue.tactics]
    fitting = [(word, what) for word, what in found if word.casefold().startswith(start)]
    # Of several domains that have one, the first is told.
    return list(dict(reversed(fitting)).items())


def _wanted(kind: str | None, own: str, typed: str, start: str) -> bool:
    """Whether what is typed may become the id of a technique or tactic."""
    return kind in (None, own) and typed[: len(start)].casefold() == start[: len(typed)]


def _of_attack(contents: list[Contents], kind: str | None) -> Iterator[Candidate]:
    releases_ = {(one.domain, one.attack_version) for one in contents}
    catalogues = []
    for domain, version in sorted(releases_):
        with contextlib.suppress(NavlayersError):
            catalogues.append(attack.load(attack.find(domain, version).release))
    if kind != "technique":
        for catalogue in catalogues:
            yield from ((tactic.id, tactic.name) for tactic in catalogue.tactics)
    if kind != "tactic":
        for catalogue in catalogues:
            yield from ((t.id, t.name) for t in catalogue.techniques.values() if t.active)


def _contents(names: tuple[str, ...]) -> Iterator[Contents]:
    try:
        sources = resolve([name for name in names if name != STDIN])
    except NavlayersError:
        return
    for source in sources:
        with contextlib.suppress(NavlayersError, OSError):
            yield scan(source)


def scan(source: Source) -> Contents:
    """Ids and names of one set: picked out of native YAML as navlayers writes it, or else read as a whole.

    Raises:
        NavlayersError: the set cannot be read.
        OSError: the file cannot be looked at.
    """
    native = source.path.suffix in (".yaml", ".yml") and source.path.is_file()
    if native and source.path.stat().st_size <= LARGEST:
        found = _pick(source.path.read_bytes().decode("utf-8", "replace"))
        if found is not None:
            return found
    from navlayers.mapping import formats as readers  # noqa: PLC0415 - slow, and needed for other formats alone

    mapping_set = readers.read(source.path, data=source.data).mapping_set
    capabilities = {capability.id: capability.name for capability in mapping_set.capabilities}
    return Contents(mapping_set.domain, mapping_set.attack_version, capabilities, mapping_set.groups)


def _pick(text: str) -> Contents | None:
    """None where anything stands otherwise than in the files that navlayers writes."""
    parts = {match[1]: match for match in _PART.finditer(text)}
    if "capabilities" not in parts or ("\ngroups:" in text) != ("groups" in parts):
        return None
    head = dict(_HEAD.findall(text, 0, parts["capabilities"].start()))
    domain: Domain | None = next((name for name in DOMAINS if name == head.get("domain")), None)
    capabilities = _pairs(_CAPABILITY, parts["capabilities"][2])
    groups = _pairs(_GROUP, parts["groups"][2]) if "groups" in parts else {}
    if domain is None or capabilities is None or groups is None or "attack_version" not in head:
        return None
    return Contents(domain, head["attack_version"], capabilities, groups)


def _pairs(pattern: re.Pattern[str], text: str) -> dict[str, str] | None:
    """Ids and names, or None where something stands there that the pattern does not know."""
    found = {}
    for quoted, plain, name in pattern.findall(text):
        if _MARKS.search(plain):
            return None
        found[quoted or plain] = "" if name.startswith(_BLOCK) else name.strip("\"'")
    return found if len(found) == len(_ENTRY.findall(text)) else None
