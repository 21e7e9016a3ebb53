"""Several inputs as the segments of one set: `segments:FOLDER`, or `segments:NAME=INPUT,…`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers._text.numbers import decimal
from navlayers._text.slugs import slug
from navlayers._text.wording import and_list, quantity, quoted
from navlayers.attack.domains import DOMAIN_NAMES
from navlayers.attack.versions import number
from navlayers.errors import Place, Problem, UsageError
from navlayers.mapping import find
from navlayers.mapping.load import prepare_all
from navlayers.mapping.model import DEFAULT_SCALE, SEGMENT, SEGMENT_FIELDS, UNVERSIONED, Capability, MappingSet
from navlayers.mapping.ranges import in_hundred

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from navlayers.mapping.find import Source
    from navlayers.mapping.formats import ReadOptions
    from navlayers.mapping.load import Prepared
    from navlayers.mapping.model import Mapping

    Resolve = Callable[[str], Sequence[Source]]

PREFIX = "segments:"


def segments_source(text: str, reading: ReadOptions, resolve: Resolve) -> Source:
    """The set whose segments are inputs.

    Args:
        text: `segments:FOLDER`, each file and folder of which is a segment, or `segments:NAME=INPUT,…`, where the
            name is by default that of the input.
        reading: how to read files; the scope is that of the whole set.
        resolve: the sources of an input.

    Raises:
        NavlayersError: an input cannot be read, or the inputs have no common domain and role.
    """
    rest = text.removeprefix(PREFIX)
    folder = Path(rest)
    # Unlike that of a Path, this one takes texts that cannot be paths.
    is_folder = bool(rest) and os.path.isdir(rest)  # noqa: PTH112
    inputs = _entries(folder) if is_folder else _named(rest)
    _refuse_same_names(inputs, text)
    options = msgspec.structs.replace(reading, scope=None)
    files = [folder] if is_folder else []
    parts: dict[str, list[Prepared]] = {}
    notices: list[Problem] = []
    for segment, item in inputs:
        sources = resolve(item)
        files += [source.path for source in sources]
        prepared, skipped = prepare_all(sources, None, options)
        parts.setdefault(segment, []).extend(prepared)
        notices += [*skipped, *(notice for each in prepared for notice in each.notices)]
    every = [prepared for each in parts.values() for prepared in each]
    _check(every, text)
    newest = max((prepared.catalogue for prepared in every), key=lambda catalogue: number(catalogue.version))
    at = {segment: [prepared.at(newest).set for prepared in each] for segment, each in parts.items()}
    own = {prepared.catalogue.version for prepared in every} - {newest.version}
    if own:
        older = and_list(sorted(own, key=number))
        notices.append(Problem(f"{text}: segments of ATT&CK {older} are remapped to {newest.version}"))
    name = slug(folder.resolve().name if is_folder else "-".join(at)) or SEGMENT
    return find.Source(
        name,
        folder,
        "segments",
        mapping_set=_merged(name, at, text),
        notices=tuple(dict.fromkeys(notices)),
        files=tuple(files),
    )


def _entries(folder: Path) -> list[tuple[str, str]]:
    """The files and folders of a folder, by name, as segment and input."""
    entries = sorted(folder.iterdir(), key=lambda path: path.name)
    found = [(_name(path.stem), str(path)) for path in entries if find.may_be_set(path) or _is_segment(path)]
    if not found:
        raise UsageError(Problem("no segment in this folder", Place(str(folder)), "a folder or file per segment"))
    return found


def _is_segment(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith(".")


def _named(text: str) -> list[tuple[str, str]]:
    """`NAME=INPUT,…`; without a name, that of the input."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        expected = "segments:FOLDER, or segments:NAME=INPUT,…"
        raise UsageError(Problem(f"{PREFIX} names no inputs", expected=expected))
    pairs = [part.partition("=") for part in parts]
    # The condition after the "@" of a set may have a "=", too.
    named = [
        (name, item) if equals and "@" not in name else ("", part)
        for (name, equals, item), part in zip(pairs, parts, strict=True)
    ]
    return [(_name(name.strip() or Path(item).stem), item.strip()) for name, item in named]


def _refuse_same_names(inputs: Iterable[tuple[str, str]], text: str) -> None:
    items: dict[str, list[tuple[str, str]]] = {}
    for segment, item in inputs:
        items.setdefault(segment.casefold(), []).append((segment, item))
    if same := next((each for each in items.values() if len(each) > 1), None):
        message = f"{text}: several segments {quoted(same[0][0])}: {and_list([item for _, item in same])}"
        hint = f"give each a name, such as {PREFIX}one={same[0][1]},two={same[1][1]}"
        raise UsageError(Problem(message, expected="a name for each segment", hint=hint))


def _name(text: str) -> str:
    """The name of a segment, without what separates several."""
    return text.replace(",", " ").replace(";", " ")


def _check(every: Sequence[Prepared], text: str) -> None:
    domains = sorted({prepared.set.domain for prepared in every})
    if len(domains) > 1:
        names = and_list([DOMAIN_NAMES[domain] for domain in domains])
        message = f"{text}: segments of several ATT&CK domains: {names}"
        raise UsageError(
            Problem(message, expected="segments of one domain", hint="join those of each by themselves")
        )
    if len({prepared.set.role == "threat" for prepared in every}) > 1:
        threats = and_list(sorted(prepared.name for prepared in every if prepared.set.role == "threat"))
        raise UsageError(Problem(f"{text}: {threats} lists what is attacked", expected="sets that cover"))


def _merged(name: str, parts: dict[str, list[MappingSet]], text: str) -> MappingSet:
    sets = [mapping_set for each in parts.values() for mapping_set in each]
    if len({(s.range, *sorted((s.scale or DEFAULT_SCALE).items())) for s in sets}) > 1:
        parts = {segment: list(map(_in_numbers, each)) for segment, each in parts.items()}
        sets = [mapping_set for each in parts.values() for mapping_set in each]
    frameworks: dict[str, set[str]] = {}
    for each in sets:
        for capability in each.capabilities:
            frameworks.setdefault(capability.id, set()).add(each.framework)

    def id_of(id_: str, framework: str) -> str:
        # The same id is the same capability within a framework only.
        return id_ if len(frameworks.get(id_, ())) < 2 else f"{framework}:{id_}"

    capabilities: dict[str, Capability] = {}
    mappings: list[Mapping] = []
    for segment, members in parts.items():
        for each in members:
            for capability in each.capabilities:
                id_ = id_of(capability.id, each.framework)
                known = capabilities.get(id_, capability)
                groups = tuple(dict.fromkeys((*known.groups, *capability.groups)))
                capabilities[id_] = msgspec.structs.replace(known, id=id_, groups=groups)
            for mapping in each.mappings:
                other = tuple(pair for pair in mapping.other if pair[0].casefold() not in SEGMENT_FIELDS)
                id_ = id_of(mapping.capability, each.framework)
                mappings.append(
                    msgspec.structs.replace(mapping, capability=id_, other=((SEGMENT, segment), *other))
                )
    records = [
        msgspec.structs.replace(record, capability=record.capability and id_of(record.capability, each.framework))
        for each in sets
        for record in each.non_mappable
    ]
    return MappingSet(
        framework=_common((s.framework for s in sets), name),
        version=_common((s.version for s in sets), UNVERSIONED),
        domain=sets[0].domain,
        attack_version=sets[0].attack_version,
        title=f"{_common((s.name for s in sets), name)} in {quantity(len(parts), 'segment')}",
        groups={id_: label for each in reversed(sets) for id_, label in each.groups.items()},
        mapping_types=tuple({kind.id: kind for each in reversed(sets) for kind in each.mapping_types}.values()),
        capabilities=tuple(capabilities.values()),
        mappings=tuple(mappings),
        non_mappable=tuple(dict.fromkeys(records)),
        scale=dict(_common((tuple(s.scale.items()) for s in sets), ())),
        source=_common((s.source for s in sets), ""),
        licence=_common((s.licence for s in sets), ""),
        role=_common((s.role for s in sets), "control"),
        range=sets[0].range,
        segments=tuple(parts),
    )


def _common(values: Iterable[Any], otherwise: Any) -> Any:
    """The value that all have, or else another one."""
    found = dict.fromkeys(values)
    return next(iter(found)) if len(found) == 1 else otherwise


def _in_numbers(mapping_set: MappingSet) -> MappingSet:
    """The set with scores as numbers 0–100 instead of names on its scale."""
    scale = {name: decimal(value) for name, value in (mapping_set.scale or DEFAULT_SCALE).items()}
    plain = in_hundred(mapping_set)
    mappings = tuple(
        msgspec.structs.replace(m, value=scale.get(m.value, m.value)) if m.value is not None else m
        for m in plain.mappings
    )
    return msgspec.structs.replace(plain, mappings=mappings, scale={}, range=None)
