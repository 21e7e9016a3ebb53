"""Load mapping sets: read each and find its ATT&CK release."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers import attack
from navlayers._text.wording import and_list, or_list, quantity
from navlayers.attack.domains import DOMAINS
from navlayers.errors import (
    InputError,
    NavlayersError,
    OtherFileError,
    Place,
    Problem,
    ReleaseError,
    ScopeError,
    UsageError,
)
from navlayers.mapping import find
from navlayers.mapping.find import read
from navlayers.mapping.formats import Idle, ReadOptions, idle_options, without_effect
from navlayers.mapping.model import Mapping, MappingSet
from navlayers.mapping.nouns import likely_role
from navlayers.mapping.replacements import ReplacedId, remap
from navlayers.mapping.scope import (
    absent_controls,
    absent_in_all,
    compared_values,
    names_of,
    scope_notice,
    scope_part,
    selected_mappings,
    with_own_groups,
)
from navlayers.mapping.trust import counted_mappings, evidence_notices, with_scores

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from navlayers.mapping.find import Source
    from navlayers.mapping.formats import Reading

    _Absent = list[tuple[attack.Catalogue, list[Problem]]]
    _Outside = list[tuple[Source, ScopeError]]

MOST_SKIPPED = 3
"""Maximum files listed where nothing in a folder is a mapping set."""


class Origin(msgspec.Struct, frozen=True):
    """Where the mappings of a set come from.

    Attributes:
        read: the mappings as they were read, before replacements of ids and without a scope.
        numbers: of each mapping of the set, the index of its own among these.
        place: the place of one of these by its index; None: the set was in memory.
    """

    read: Sequence[Mapping]
    numbers: Sequence[int]
    place: Callable[[int], Place] | None = None


class Prepared(msgspec.Struct, frozen=True, dict=True):
    """A set, and the ATT&CK release that it is used at.

    Attributes:
        name: the name of its results.
        set: the set, remapped to the release.
        own_attack_version: the release that the set was made for.
        catalogue: the release.
        replaced: the techniques that other ids stand for at the release.
        notices: notices about the file and the release.
        format: a name of `navlayers.mapping.formats.FORMATS`.
        path: the file or folder.
        idle: the reading options that do not matter to it.
        whole: the set with its mappings to techniques that are out of scope; None: without a scope.
        names: what assets may call its capabilities; empty without assets.
        values: what its mappings have of the names that conditions compare.
        origin: where its mappings come from; None unless it was asked for, as it holds the content of the file.
    """

    name: str
    set: MappingSet
    own_attack_version: str
    catalogue: attack.Catalogue
    replaced: tuple[ReplacedId, ...]
    notices: tuple[Problem, ...]
    format: str = "native"
    path: Path = Path()
    idle: tuple[Idle, ...] = ()
    whole: MappingSet | None = None
    names: frozenset[str] = frozenset()
    values: dict[str, frozenset[str]] = {}
    origin: Origin | None = None

    @cached_property
    def results(self) -> dict[object, Any]:
        """What was worked out of the set, by what else it depends on; a server asks for it again and again."""
        return {}

    def at(self, catalogue: attack.Catalogue) -> Prepared:
        """The set remapped to a release, also to its own: ids are revoked within a release, too.

        The scope stays that of the set: of the release, the part in this scope is used.
        """
        there = self.in_scope(catalogue)
        key = "at", there.version
        known = self.results.get(key)
        if known is None or known.catalogue is not there:
            remapped, replaced = remap(self.whole or self.set, there.whole, self.catalogue.whole)
            known = self.results[key] = msgspec.structs.replace(
                self,
                set=scope_part(remapped, there),
                whole=remapped if there.bounds else None,
                catalogue=there,
                replaced=(*self.replaced, *(one for one in replaced if there.is_active(one.successor))),
            )
        return known

    def in_scope(self, catalogue: attack.Catalogue) -> attack.Catalogue:
        """The part of a release that is in the scope of the set."""
        return attack.restricted(catalogue, self.catalogue.bounds.scope if self.catalogue.bounds else None)

    def changed(self, change: Callable[[MappingSet], MappingSet]) -> Prepared:
        """The same with a change of the set."""
        whole = None if self.whole is None else change(self.whole)
        return msgspec.structs.replace(self, set=change(self.set), whole=whole)


def prepare(
    sources: Iterable[Source],
    attack_version: str | None = None,
    reading: ReadOptions = ReadOptions(),
    *,
    origins: bool = False,
) -> Iterator[Prepared | Problem]:
    """Read sets and find their releases, one at a time, so that only one is held in memory.

    Args:
        sources: the sets, as `navlayers.mapping.find.resolve` gives them.
        attack_version: the release to remap the sets to, or the nearest one for sets of a domain without it, with
            one notice; None: each at its own or, where that is not installed, at the nearest one.
        reading: how to read files.
        origins: give the sets their origin.

    Yields:
        The sets, then notices: one for each file of a folder that is not a mapping set.

    Raises:
        NavlayersError: at the end, with the problems of all sets: a ReleaseError if releases are not installed, an
            InputError if sets cannot be read, if there are problems of both kinds, or if no file is a set; a
            ScopeError if no set has a release with what the scope names.
    """
    sources = list(sources)
    if reading.scope is not None:
        from navlayers.mapping.assets import with_files  # noqa: PLC0415 - for a scope alone

        reading = msgspec.structs.replace(reading, scope=with_files(reading.scope))
    problems: list[Problem] = []
    skipped: list[Problem] = []
    kinds: set[type[NavlayersError]] = set()
    absent: _Absent = []
    idle: list[tuple[Idle, ...]] = []
    outside: _Outside = []
    names: set[str] = set()
    values: list[dict[str, frozenset[str]]] = []
    for source in sources:
        try:
            prepared, missing = _prepare_nearest(
                source, attack_version, reading, alone=len(sources) == 1, origins=origins
            )
            absent += [(prepared.catalogue, missing)] if missing else []
        except OtherFileError as error:
            if source.origin == "folder":
                skipped.append(find.skipped(error.problems[0]))
            else:
                problems += error.problems
                kinds.add(InputError)
            continue
        except ScopeError as error:
            outside.append((source, error))
            continue
        except NavlayersError as error:
            if reading.lenient and source.origin == "folder" and isinstance(error, InputError):
                skipped.append(_unread(error, source))
                continue
            problems += [_placed(problem, source) for problem in error.problems]
            kinds.add(type(error))
            continue
        names |= prepared.names
        values.append(prepared.values)
        idle += [prepared.idle] if source.mapping_set is None else []
        # After a problem nothing is built, but the other files are still checked.
        if not problems:
            yield prepared
    for unusable in _unusable(len(values), absent, outside):
        problems += unusable.problems
        kinds.add(type(unusable))
    if not (values or problems):
        problems = [*nothing_read(sources), *skipped[:MOST_SKIPPED]]
    if problems:
        raise (kinds.pop() if len(kinds) == 1 else InputError)(problems)
    yield from skipped
    yield from absent_controls(reading.scope.assets if reading.scope else (), names)
    yield from absent_in_all(reading.scope, values)
    yield from idle_options(idle)
    yield from _without(absent, outside, attack_version)


def _unusable(done: int, absent: _Absent, outside: _Outside) -> Iterator[NavlayersError]:
    """The errors if none of the sets is of a domain that has the release, or none has what the scope names."""
    if absent and len(absent) == done:
        yield ReleaseError([problem for _, missing in absent for problem in missing])
    if outside and not done:
        yield ScopeError([*dict.fromkeys(problem for _, error in outside for problem in error.problems)])


def _without(absent: _Absent, outside: _Outside, attack_version: str | None) -> Iterator[Problem]:
    """The notices of sets that are left out for the scope, or are at another release."""
    yield from (Problem(f"{source.name}: left out: {error.problems[0].message}") for source, error in outside)
    if absent:
        found = {catalogue.domain: f"{catalogue.domain} {catalogue.version}" for catalogue, _ in absent}
        used = {domain: found[domain] for domain in DOMAINS if domain in found}
        message = f"ATT&CK {attack_version} is not installed for {and_list([*used])}"
        yield Problem(f"{message}; using {and_list([*used.values()])}", hint=absent[0][1][0].hint)


def prepare_all(
    sources: Iterable[Source], attack_version: str | None = None, reading: ReadOptions = ReadOptions()
) -> tuple[list[Prepared], list[Problem]]:
    """The sets and the notices of `prepare`, which has the same arguments and errors."""
    read = list(prepare(sources, attack_version, reading))
    return [one for one in read if isinstance(one, Prepared)], [one for one in read if isinstance(one, Problem)]


def nothing_read(sources: Iterable[Source]) -> list[Problem]:
    """For each folder of the sources, the problem that nothing in it is a mapping set."""
    return [find.nothing_in(f) for f in dict.fromkeys(s.path.parent for s in sources if s.origin == "folder")]


def _unread(error: InputError, source: Source) -> Problem:
    """The notice of a file of a folder that is left out for its errors."""
    first, more = error.problems[0], len(error.problems) - 1
    reason = first.message.removeprefix("the file cannot be read: ")
    others = f"; and {quantity(more, 'more problem')}" if more else ""
    message = f"left out, cannot be read: {reason}{others}"
    return msgspec.structs.replace(_placed(first, source), message=message)


def _placed(problem: Problem, source: Source) -> Problem:
    """The problem with the set as its place; a shipped set by its name, as users cannot edit its file."""
    place = problem.place or Place(source.name if source.origin == "shipped" else str(source.path))
    return msgspec.structs.replace(problem, place=place)


def _prepare_nearest(
    source: Source, attack_version: str | None, reading: ReadOptions, *, alone: bool, origins: bool
) -> tuple[Prepared, list[Problem]]:
    """A set at the requested release, or among others at the nearest one of its domain, with the problem."""
    try:
        return _prepare(source, attack_version, reading, origins=origins), []
    except ReleaseError as error:
        if attack_version is None or alone:
            raise
        nearest = _prepare(source, None, reading, nearest_to=attack_version, origins=origins)
        return nearest, [_placed(problem, source) for problem in error.problems]


def _prepare(
    source: Source,
    attack_version: str | None,
    options: ReadOptions,
    *,
    nearest_to: str = "",
    origins: bool = False,
) -> Prepared:
    """A set at the requested release, or else at the nearest one to `nearest_to`, or else to its own."""
    reading = None
    mapping_set = source.mapping_set
    if mapping_set is None:
        reading = read(source, options)
        mapping_set = reading.mapping_set
    own = mapping_set.attack_version
    try:
        match = attack.find(mapping_set.domain, attack_version, own=nearest_to or own)
    except NavlayersError as error:
        if reading is None or attack_version is not None or source.origin == "shipped":
            raise
        place = reading.place_of("attack_version")
        problems = [problem.at(place) for problem in error.problems]
        raise type(error)(problems) from None
    scope = _one_scope(options.scope, source)
    catalogue = attack.restricted(match.catalogue, scope)
    asked = mapping_set
    meant = selected_mappings(asked, scope, source.name)
    mapping_set = counted_mappings(meant, scope)
    # Ids are revoked within a release, too, so a set is remapped to its own as well.
    whole, replaced = remap(mapping_set, match.catalogue, _own_release(mapping_set))
    mapping_set = scope_part(whole, catalogue)
    notices = [match.notice] if match.notice is not None and not nearest_to else []
    in_scope = (
        *scope_notice(asked, mapping_set, catalogue, source.name),
        *evidence_notices(meant, mapping_set, options.scope, source.name, reading.place_in if reading else None),
    )
    prepared = Prepared(
        name=source.name,
        set=mapping_set,
        own_attack_version=own,
        catalogue=catalogue,
        replaced=tuple(one for one in replaced if catalogue.is_active(one.successor)),
        notices=(*source.notices, *notices, *in_scope),
        path=source.path,
        whole=whole if catalogue.bounds else None,
        names=names_of(asked) if scope and scope.assets else frozenset(),
        values=compared_values(asked, scope),
        origin=_origin(asked, mapping_set, scope, match.catalogue, reading) if origins else None,
    )
    if reading is None:
        return prepared
    if source.origin != "shipped":
        # The place takes time to find.
        notices = [notice.at(reading.place_of("attack_version")) for notice in notices]
    notices = [*reading.notices, *(_placed(notice, source) for notice in notices), *in_scope]
    role = mapping_set.role
    if "role" in options.metadata and role != "threat" == likely_role(mapping_set.framework):
        message = f"{source.name} lists what is attacked; it is a set of {role}s by --meta role={role}"
        notices.append(Problem(message))
    idle = without_effect(source.name, options, reading.format, asked)
    return msgspec.structs.replace(
        prepared, notices=tuple(notices), format=reading.format, path=source.path, idle=idle
    )


def _origin(
    asked: MappingSet,
    mapping_set: MappingSet,
    scope: attack.Scope | None,
    catalogue: attack.Catalogue,
    reading: Reading | None,
) -> Origin:
    """Where the mappings of a set come from, which a scope, scores by level and replacements of ids changed."""
    place = None if reading is None else reading.place
    if mapping_set.mappings is asked.mappings:
        return Origin(asked.mappings, range(len(asked.mappings)), place)
    changed = remap(with_scores(asked, scope), catalogue, _own_release(asked))[0]
    numbers: dict[Mapping, list[int]] = {}
    for number in reversed(range(len(changed.mappings))):
        numbers.setdefault(changed.mappings[number], []).append(number)
    # Equal rows are all in scope or all out of it, so the first of them comes first.
    return Origin(asked.mappings, [numbers[mapping].pop() for mapping in mapping_set.mappings], place)


class InScope(msgspec.Struct, frozen=True):
    """The part of a set in a scope, the part of its release, and notices about the two."""

    set: MappingSet
    catalogue: attack.Catalogue
    notices: tuple[Problem, ...]


def _one_scope(asked: attack.Scope | None, source: Source) -> attack.Scope | None:
    """The scope that is asked for, or else that of a set in memory, which lacks what is out of it."""
    if asked and source.scope and asked != source.scope:
        hint = "load the set again with the other scope"
        message = "the set was loaded with another scope"
        raise UsageError(Problem(message, Place(str(source.path)), "one scope", hint))
    return asked or source.scope


def in_scope(mapping_set: MappingSet, scope: attack.Scope, source: Source) -> InScope:
    """The part of a set in a scope at its own release, with its ids as written, and without the groups of others.

    Args:
        mapping_set: the set.
        scope: the scope.
        source: where the set is from.

    Raises:
        NavlayersError: the release is not installed, or lacks what the scope names, or the set does, or nothing of
            it is in scope, or the set has another scope.
    """
    from navlayers.mapping.assets import with_files  # noqa: PLC0415 - for a scope alone

    scope = with_files(scope)
    _one_scope(scope, source)
    name = source.name
    match = attack.find(mapping_set.domain, None, own=mapping_set.attack_version)
    catalogue = attack.restricted(match.catalogue, scope)
    meant = selected_mappings(mapping_set, scope, name)
    counted = counted_mappings(meant, scope)
    part = scope_part(counted, catalogue)
    if not (part.mappings or part.non_mappable):
        message = f"{name}: no mapping is in scope: {catalogue.scope}"
        raise ScopeError(Problem(message, hint=f"leave out {or_list(scope.options)}"))
    notices = [match.notice] if match.notice else []
    notices += absent_controls(scope.assets, names_of(mapping_set))
    notices += absent_in_all(scope, [compared_values(mapping_set, scope)])
    notices += evidence_notices(meant, counted, scope, name)
    return InScope(with_own_groups(part), catalogue, tuple(notices))


def _own_release(mapping_set: MappingSet) -> attack.Catalogue | None:
    """The release that the set was made for; None if it is not installed."""
    try:
        return attack.find(mapping_set.domain, mapping_set.attack_version).catalogue
    except NavlayersError:
        return None
