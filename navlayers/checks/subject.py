"""What the rules look at: a reading, the ATT&CK release that it is checked against, and those around it."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property
from typing import TYPE_CHECKING

from navlayers import attack
from navlayers._text import shown
from navlayers.attack.domain import DOMAINS, Domain
from navlayers.errors import ReleaseError
from navlayers.mapping.formats.context import technique_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from navlayers.attack import Catalogue, Technique
    from navlayers.checks.texts import Texts
    from navlayers.errors import Place, Problem
    from navlayers.mapping.formats import Reading
    from navlayers.mapping.formats.context import Kind
    from navlayers.mapping.model import Mapping, MappingSet, NonMappable

_MARKS = re.compile(r"[\s_\u2010-\u2015-]+")
_WORDS = re.compile(r"[\W_]+")


class Subject:
    """A reading with the catalogue of its release; None where no release at hand will do.

    `version` is what the set, or the user, says of its release; `doubt` what is to be said about the one that was
    found for it.
    """

    def __init__(self, reading: Reading, texts: Texts, version: str | None = None) -> None:
        self.reading = reading
        self.set: MappingSet = reading.mapping_set
        self.texts = texts
        self.version = version or self.set.attack_version
        self.catalogue: Catalogue | None = None
        self.doubt: Problem | None = None
        try:
            found = attack.find(self.set.domain, self.version)
            self.doubt = found.notice
            self.catalogue = attack.load(found.release)
        except ReleaseError as error:
            if version is not None:
                raise
            self.doubt = error.problems[0]

    def place(self, kind: Kind, index: int, field: str = "") -> Place:
        """Where a field of a mapping, non-mappable or capability stands."""
        return self.reading.place(index, kind, field)

    def own_name(self, technique: str) -> str | None:
        """The name that the set's own release gives a technique; None where that is the release in question."""
        return None if self._own is None else self._own(technique)

    def names_technique(self, kind: Kind, index: int) -> bool:
        """Whether a row spells out the name of its technique."""
        place = self.place(kind, index, "technique_name")
        return place not in {self.place(kind, index), self.place(kind, index, "technique")}

    @cached_property
    def _own(self) -> Callable[[str], str | None] | None:
        return technique_names(self.set) if self.version != self.set.attack_version else None

    def rows(self) -> Iterator[tuple[Kind, int, Mapping | NonMappable]]:
        """Every mapping and record that names a technique."""
        return (row for row in self.everything() if row[2].technique is not None)

    def everything(self) -> Iterator[tuple[Kind, int, Mapping | NonMappable]]:
        """Every mapping and record."""
        for index, mapping in enumerate(self.set.mappings):
            yield "mapping", index, mapping
        for index, record in enumerate(self.set.non_mappable):
            yield "non_mappable", index, record

    @cached_property
    def declared(self) -> tuple[str, ...]:
        """The groups that the set declares; readers add those that it only names, and say so."""
        said = (notice.message for notice in self.reading.notices if notice.code == "undeclared-group")
        named = {message[message.find('"') : message.rfind('"') + 1] for message in said}
        return tuple(group for group in self.set.groups if shown(group) not in named)

    @cached_property
    def called(self) -> dict[str, list[Technique]]:
        """The techniques in use by the letters of their names."""
        found: dict[str, list[Technique]] = {}
        for entry in self.catalogue.techniques.values() if self.catalogue else ():
            if entry.active:
                found.setdefault(letters(entry.name), []).append(entry)
        return found

    @cached_property
    def former(self) -> dict[tuple[str, str], str]:
        """The letters of a revoked technique's name, and the id of what took its place → its own id."""
        found: dict[tuple[str, str], str] = {}
        for release in (self.catalogue, *self.releases) if self.catalogue else self.releases:
            for old in release.techniques.values():
                if old.status == "revoked":
                    for name in spellings(old, release):
                        found.setdefault((name, release.resolve(old.id)[-1]), old.id)
        return found

    @cached_property
    def pairs(self) -> frozenset[tuple[str | None, str | None]]:
        """Capability and technique of every mapping and record."""
        return frozenset((row.capability, row.technique) for _, _, row in self.rows())

    @cached_property
    def replaced(self) -> dict[tuple[str | None, str], frozenset[str]]:
        """Capability and technique → the revoked techniques of that capability that it took the place of."""
        found: dict[tuple[str | None, str], set[str]] = {}
        for capability, technique in self.pairs:
            entry = self.catalogue.get(technique) if self.catalogue and technique else None
            if self.catalogue and entry is not None and entry.status == "revoked":
                end = self.catalogue.resolve(entry.id)[-1]
                found.setdefault((capability, end), set()).add(entry.id)
        return {pair: frozenset(ids) for pair, ids in found.items()}

    @cached_property
    def others(self) -> dict[Domain, Catalogue]:
        """The catalogue of every other domain, of the same release or, failing that, of the newest."""
        found = {}
        for domain in DOMAINS:
            if domain != self.set.domain:
                try:
                    release = attack.find(domain, self.version).release
                except ReleaseError:
                    release = attack.find(domain, "latest").release
                found[domain] = attack.load(release)
        return found

    @cached_property
    def releases(self) -> tuple[Catalogue, ...]:
        """The other releases of the domain at hand, oldest first."""
        of_domain = (release for release in attack.releases() if release.domain == self.set.domain)
        own = self.catalogue.version if self.catalogue else ""
        return tuple(attack.load(release) for release in of_domain if release.version != own)


def lookalike(text: str) -> str:
    """What two ids have in common that differ only in case, blanks, hyphens and underscores."""
    return _MARKS.sub("-", unicodedata.normalize("NFKC", text).strip()).casefold()


def spellings(entry: Technique, release: Catalogue) -> set[str]:
    """The letters of a technique's name, alone and behind that of its parent."""
    parent = release.get(entry.parent) if entry.parent else None
    names = {letters(entry.name)}
    return names | {letters(f"{parent.name}{entry.name}")} if parent else names


def letters(text: str) -> str:
    """A name without case, blanks and marks."""
    return _WORDS.sub("", unicodedata.normalize("NFKC", text)).casefold()
