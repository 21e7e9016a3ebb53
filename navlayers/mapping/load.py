"""Load mapping sets: read each and find its ATT&CK release."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from navlayers import attack
from navlayers.errors import InputError, NavlayersError, OtherFileError, Place, Problem
from navlayers.mapping import formats as readers
from navlayers.mapping.formats import ReadOptions
from navlayers.mapping.model import MappingSet
from navlayers.mapping.remap import Moved, carry_to

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from navlayers.mapping.find import Source

_READING = ReadOptions()


class Prepared(msgspec.Struct, frozen=True):
    """A set with the ATT&CK release of its layers, remapped to that release on request.

    `own_attack_version` is the release that the set says it was made for. `format` is that of its file, a name of
    `navlayers.mapping.formats.FORMATS`; `path` is where it was read from.
    """

    name: str
    set: MappingSet
    own_attack_version: str
    catalogue: attack.Catalogue
    moved: tuple[Moved, ...]
    notices: tuple[Problem, ...]
    format: str = "native"
    path: Path = Path()

    def at(self, catalogue: attack.Catalogue) -> Prepared:
        """The set carried to a release, which may be the one that it is at: ids are revoked within one, too."""
        carried, moved = carry_to(self.set, catalogue, self.catalogue)
        return msgspec.structs.replace(self, set=carried, catalogue=catalogue, moved=(*self.moved, *moved))


class Skipped(msgspec.Struct, frozen=True):
    """A file of a folder that is no mapping set."""

    problem: Problem


def prepare(
    sources: Iterable[Source], attack_version: str | None = None, reading: ReadOptions = _READING
) -> Iterator[Prepared | Skipped]:
    """Read sets and find their releases, one at a time, so that only one is held in memory.

    `attack_version` carries the sets to that release; None leaves each at its own.

    Raises:
        NavlayersError: at the end, with the problems of all sets: a ReleaseError where releases are not at hand, an
            InputError where sets cannot be read, or both kinds of problem come together, or no file is a set.
    """
    problems: list[Problem] = []
    skipped: list[Skipped] = []
    kinds: set[type[NavlayersError]] = set()
    done = 0
    for source in sources:
        try:
            prepared = _prepare_one(source, attack_version, reading)
        except OtherFileError as error:
            if source.origin == "folder":
                skipped.append(Skipped(_skipping(error.problems[0])))
            else:
                problems += error.problems
                kinds.add(InputError)
            continue
        except NavlayersError as error:
            problems += [_placed(problem, source) for problem in error.problems]
            kinds.add(type(error))
            continue
        done += 1
        if not problems:
            yield prepared
    if not (done or problems):
        problems = [one.problem for one in skipped]
    if problems:
        raise (kinds.pop() if len(kinds) == 1 else InputError)(problems)
    yield from skipped


def _skipping(problem: Problem) -> Problem:
    place = problem.place and Place(problem.place.path)
    return Problem(f"passed over, for it is no mapping set: {problem.message}", place, hint=problem.hint)


def _placed(problem: Problem, source: Source) -> Problem:
    """The problem with the set as its place; a shipped set by its name, as users cannot edit its file."""
    if problem.place:
        return problem
    return msgspec.structs.replace(
        problem, place=Place(source.name if source.origin == "shipped" else str(source.path))
    )


def _prepare_one(source: Source, attack_version: str | None, how: ReadOptions) -> Prepared:
    if source.mapping_set is not None:
        return _in_memory(source.name, source.mapping_set, attack_version)
    reading = readers.read(source.path, data=source.data, reading=how)
    mapping_set = reading.mapping_set
    found = _find_release(reading, source, attack_version)
    catalogue = attack.load(found.release)
    moved: tuple[Moved, ...] = ()
    carried = mapping_set
    if attack_version is not None:
        carried, moved = carry_to(mapping_set, catalogue, _own_release(mapping_set))
    notices = [*reading.notices, *((_placed(found.notice, source),) if found.notice else ())]
    own = mapping_set.attack_version
    return Prepared(source.name, carried, own, catalogue, moved, tuple(notices), reading.format, source.path)


def _in_memory(name: str, mapping_set: MappingSet, attack_version: str | None) -> Prepared:
    """A set that was read before, at its own release or at the one given."""
    wanted = mapping_set.attack_version if attack_version is None else attack_version
    found = attack.find(mapping_set.domain, wanted)
    catalogue = attack.load(found.release)
    remapped, moved = mapping_set, tuple[Moved, ...]()
    if attack_version is not None:
        remapped, moved = carry_to(mapping_set, catalogue, _own_release(mapping_set))
    notices = () if found.notice is None else (found.notice,)
    return Prepared(name, remapped, mapping_set.attack_version, catalogue, moved, notices)


def _find_release(reading: readers.Reading, source: Source, attack_version: str | None) -> attack.Found:
    """The requested release, else the set's own; a missing own release is reported where the set names it."""
    domain = reading.mapping_set.domain
    if attack_version is not None or source.origin == "shipped":
        wanted = reading.mapping_set.attack_version if attack_version is None else attack_version
        return attack.find(domain, wanted)
    try:
        return attack.find(domain, reading.mapping_set.attack_version)
    except NavlayersError as error:
        place = reading.place_of("attack_version")
        problems = [msgspec.structs.replace(problem, place=problem.place or place) for problem in error.problems]
        raise type(error)(problems) from None


def _own_release(mapping_set: MappingSet) -> attack.Catalogue | None:
    """The release that the set was made for; None if it is not available."""
    try:
        return attack.load(attack.find(mapping_set.domain, mapping_set.attack_version).release)
    except NavlayersError:
        return None
