"""Shell completion: functions that click calls with the word as far as it is typed. Errors complete nothing."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from navlayers import attack
from navlayers._text.lines import printable
from navlayers.attack.domains import DOMAINS
from navlayers.attack.versions import number
from navlayers.errors import NavlayersError
from navlayers.mapping.find import STDIN, here, resolve, shipped
from navlayers.mapping.index import shipped_entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import click
    from click.shell_completion import CompletionItem

    from navlayers.attack.domains import Domain
    from navlayers.mapping.find import Source
    from navlayers.mapping.model import MappingSet

Items: TypeAlias = "list[CompletionItem[str]]"

_ATTACK_ID = re.compile(r"ta?[0-9]", re.IGNORECASE)

LARGEST = 20_000_000
"""Maximum size in bytes of sets that completion reads, so that it answers at once."""


def sets(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """Names of sets, then files."""
    origins = {source.name: source.origin for source in (*shipped(), *here())}
    words = {
        name: "set in mappings/ here" if origins[name] == "here" else "shipped set" for name in sorted(origins)
    }
    return [*_items(words.items(), incomplete), *files(ctx, parameter, incomplete)]


def files(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """Files, which the shell itself lists."""
    return [_item(incomplete, type_="file")]


def folders(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """Folders, which the shell itself lists."""
    return [_item(incomplete, type_="dir")]


def subjects(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """Ids of techniques, tactics, capabilities and groups of the sets that `--set` names, or else of all."""
    kind = ctx.params.get("kind")
    wanted = {kind} if kind else {"tactic", "technique", "capability", "group"}
    sources = _sources(ctx)
    # To read all shipped sets takes a second; none of their own ids is like one of ATT&CK.
    index = shipped_entries() if _ATTACK_ID.match(incomplete) else {}
    whole = [source.name for source in sources if source.origin == "shipped" and not source.part]
    indexed = {name: index[name] for name in whole if name in index}
    mapping_sets = list(_read(source for source in sources if source.name not in indexed))
    words: list[tuple[str, str]] = []
    # Reading releases takes time, and all their ids start with T.
    if incomplete[:1].casefold() in ("", "t"):
        releases = {(each.domain, each.attack_version) for each in mapping_sets}
        releases |= {(each.domain, each.attack_version) for each in indexed.values()}
        words += _attack_ids(releases, wanted)
    if "capability" in wanted:
        words += _capability_ids(mapping_sets)
    if "group" in wanted:
        words += [item for each in mapping_sets for item in each.groups.items()]
    return _items(words, incomplete)


def capabilities(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """Ids of capabilities of the sets that the command line names so far, or else of all."""
    return _items(_capability_ids(_read(_sources(ctx))), incomplete)


def threats(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """Ids and names of groups, software, campaigns and tactics of the newest release, then sets and files."""
    words = [("all-groups", "every group of ATT&CK")]
    for domain in DOMAINS:
        with contextlib.suppress(NavlayersError):
            newest = attack.find(domain)
            known = attack.threats(newest.release).threats.values()
            tactics = newest.catalogue.tactics
            words += [(threat.id, threat.name) for threat in known]
            words += [(threat.name, f"{threat.kind} {threat.id}") for threat in known]
            words += [(tactic.id, tactic.name) for tactic in tactics]
            words += [(tactic.shortname, tactic.name) for tactic in tactics]
    return [*_items(words, incomplete), *sets(ctx, parameter, incomplete)]


def platforms(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """Platforms of the newest releases, with their domains; of a list, the last word."""
    before, comma, last = incomplete.rpartition(",")
    words = []
    for domain in DOMAINS:
        with contextlib.suppress(NavlayersError):
            words += [(name, domain) for name in sorted(attack.find(domain).catalogue.platforms)]
    start = last.casefold()
    return _items(((f"{before}{comma}{w}", d) for w, d in words if w.casefold().startswith(start)), before + comma)


def scopes(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """The scopes, with the YAML files of the folder that may have assets."""
    prefix = "asset:"
    folder = Path(incomplete.removeprefix(prefix)).parent if incomplete.startswith(prefix) else Path()
    with contextlib.suppress(OSError):
        files = sorted(str(path) for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))
        return _items([("detectable", ""), *((prefix + name, "") for name in files)], incomplete)
    return []


def releases(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """Installed ATT&CK versions, the newest first, with their domains."""
    domains: dict[str, list[str]] = {}
    for release in attack.releases():
        domains.setdefault(release.version, []).append(release.domain)
    words = [(version, ", ".join(domains[version])) for version in sorted(domains, key=number, reverse=True)]
    return _items([*words, ("latest", "the newest installed")], incomplete)


def codes(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """Codes of findings."""
    from navlayers.checks.finding import codes as known  # noqa: PLC0415 - for one option alone

    return _items(((code, entry.title) for code, entry in known().items()), incomplete)


def _items(words: Iterable[tuple[str, str]], incomplete: str) -> Items:
    """The words that start with the typed text in any case, each once, with meanings on one line."""
    start = incomplete.casefold()
    meanings: dict[str, str] = {}
    for word, meaning in words:
        if word.casefold().startswith(start) and word.isprintable():
            meanings.setdefault(word, meaning)
    return [_item(word, " ".join(printable(meaning).split())) for word, meaning in meanings.items()]


def _item(word: str, meaning: str = "", type_: str = "plain") -> CompletionItem[str]:
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - for completion alone

    return CompletionItem(word, type=type_, help=meaning or None)


def _sources(ctx: click.Context) -> tuple[Source, ...]:
    """The sets that the command line names so far, or else all."""
    names = [str(name) for name in ctx.params.get("sets") or () if name != STDIN]
    with contextlib.suppress(NavlayersError):
        return resolve(names, distinct=False)
    return ()


def _read(sources: Iterable[Source]) -> Iterator[MappingSet]:
    from navlayers.mapping.formats import ReadOptions, read  # noqa: PLC0415 - slow, and not for every option

    for source in sources:
        with contextlib.suppress(NavlayersError, OSError):
            yield read(source.path, reading=ReadOptions(max_bytes=LARGEST)).mapping_set


def _capability_ids(mapping_sets: Iterable[MappingSet]) -> Iterator[tuple[str, str]]:
    yield from ((capability.id, capability.name) for each in mapping_sets for capability in each.capabilities)


def _attack_ids(at: Iterable[tuple[Domain, str]], wanted: set[str]) -> Iterator[tuple[str, str]]:
    catalogues = []
    for domain, version in sorted(at):
        with contextlib.suppress(NavlayersError):
            catalogues.append(attack.find(domain, version).catalogue)
    if "tactic" in wanted:
        yield from ((tactic.id, tactic.name) for catalogue in catalogues for tactic in catalogue.tactics)
    if "technique" in wanted:
        for catalogue in catalogues:
            yield from ((t.id, t.name) for t in catalogue.techniques.values() if t.active)
