"""The subject of the rules: a set with its places, the ATT&CK release to check against, and the other releases."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, cached_property
from typing import TYPE_CHECKING

from navlayers import attack
from navlayers._text.spelling import compact
from navlayers._text.wording import quoted
from navlayers.attack import versions
from navlayers.attack.domains import DOMAINS, Domain
from navlayers.errors import ReleaseError
from navlayers.mapping.formats.context import technique_names
from navlayers.mapping.formats.findings import Assumed
from navlayers.mapping.trust import Trust

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from navlayers.attack import Catalogue, Technique
    from navlayers.checks.source_text import Texts
    from navlayers.errors import Place, Problem
    from navlayers.mapping.formats import Reading
    from navlayers.mapping.formats.context import PartKind
    from navlayers.mapping.model import Mapping, MappingSet, NonMappable

_MARKS = re.compile(r"[\s_\u2010-\u2015-]+")


class Subject:
    """A set with its places and the catalogue of its release.

    `version` is the release that the set, or the user, names; with `assumes_release`, the reader assumed it.
    `catalogue` is None if no installed release fits, and `release_problem` reports that, or which other release is
    used. `newest` gives the newest releases of a domain.
    `as_of` is the day of the check, "" for any, and `trust` says which evidence is too old.
    """

    def __init__(
        self, reading: Reading, texts: Texts, version: str | None = None, as_of: str = "", trust: Trust = Trust()
    ) -> None:
        self.reading = reading
        self._other_names: dict[str, dict[str, str]] = {}
        self.set: MappingSet = reading.mapping_set
        self.texts = texts
        self.as_of = as_of
        self.trust = trust
        self.version = version or self.set.attack_version
        self.assumes_release = version is None and any(
            isinstance(notice, Assumed) and "attack_version" in notice.assumed for notice in reading.notices
        )
        self.catalogue: Catalogue | None = None
        self.newest = cache(attack.newest)
        self.release_problem: Problem | None = None
        try:
            match = attack.find(self.set.domain, version, own=self.set.attack_version)
            self.release_problem = match.notice
            self.catalogue = match.catalogue
        except ReleaseError as error:
            if version is not None:
                raise
            self.release_problem = error.problems[0]

    @cached_property
    def older(self) -> bool:
        """Whether the set is of an older major release that is not installed, so that a newer one is used."""
        own = versions.canonical(self.version)
        return (
            own is not None
            and self.catalogue is not None
            and int(own.partition(".")[0]) < int(self.catalogue.major)
        )

    def place(self, kind: PartKind, index: int, field: str = "") -> Place:
        """The place of a field of a mapping, non-mappable record or capability."""
        return self.reading.place(index, kind, field)

    def own_name(self, technique: str) -> str | None:
        """The name of a technique in the set's own release; None if that is the release to check against."""
        return None if self._own is None else self._own(technique)

    def names_technique(self, kind: PartKind, index: int) -> bool:
        """Whether a row has a separate cell or key for the name of its technique."""
        place = self.place(kind, index, "technique_name")
        return place not in {self.place(kind, index), self.place(kind, index, "technique")}

    @cached_property
    def _own(self) -> Callable[[str], str | None] | None:
        return technique_names(self.set) if self.version != self.set.attack_version else None

    def rows(self) -> Iterator[tuple[PartKind, int, Mapping | NonMappable]]:
        """Every mapping and non-mappable record with a technique."""
        return (row for row in self.everything() if row[2].technique is not None)

    def everything(self) -> Iterator[tuple[PartKind, int, Mapping | NonMappable]]:
        """Every mapping and non-mappable record."""
        for index, mapping in enumerate(self.set.mappings):
            yield "mapping", index, mapping
        for index, record in enumerate(self.set.non_mappable):
            yield "non_mappable", index, record

    @cached_property
    def declared(self) -> tuple[str, ...]:
        """The groups that the set declares. Readers add undeclared ones with a notice, which names them."""
        messages = (notice.message for notice in self.reading.notices if notice.code == "undeclared-group")
        named = {message[message.find('"') : message.rfind('"') + 1] for message in messages}
        return tuple(group for group in self.set.groups if quoted(group) not in named)

    @cached_property
    def by_name(self) -> dict[str, list[Technique]]:
        """The active techniques by the letters of their names."""
        techniques: dict[str, list[Technique]] = {}
        for entry in self.catalogue.techniques.values() if self.catalogue else ():
            if entry.active:
                techniques.setdefault(compact(entry.name), []).append(entry)
        return techniques

    @cached_property
    def former(self) -> dict[tuple[str, str], str]:
        """(letters of a revoked technique's name, id of its replacement) → its own id."""
        ids: dict[tuple[str, str], str] = {}
        for release in (self.catalogue, *self.releases) if self.catalogue else self.releases:
            for old in release.techniques.values():
                if old.status == "revoked":
                    for name in release.spellings(old):
                        ids.setdefault((name, release.resolve(old.id)[-1]), old.id)
        return ids

    @cached_property
    def pairs(self) -> frozenset[tuple[str | None, str | None]]:
        """Capability and technique of every mapping and non-mappable record."""
        return frozenset((row.capability, row.technique) for _, _, row in self.rows())

    @cached_property
    def replaced(self) -> dict[tuple[str | None, str], frozenset[str]]:
        """(capability, technique) → the capability's revoked techniques that this technique replaces."""
        pairs: dict[tuple[str | None, str], set[str]] = {}
        for capability, technique in self.pairs:
            entry = self.catalogue.get(technique) if self.catalogue and technique else None
            if self.catalogue and entry is not None and entry.status == "revoked":
                end = self.catalogue.resolve(entry.id)[-1]
                pairs.setdefault((capability, end), set()).add(entry.id)
        return {pair: frozenset(ids) for pair, ids in pairs.items()}

    @cached_property
    def others(self) -> dict[Domain, Catalogue]:
        """The catalogues of the other domains, at the same release or else the newest."""
        others = (domain for domain in DOMAINS if domain != self.set.domain)
        return {domain: attack.find(domain, own=self.version).catalogue for domain in others}

    @cached_property
    def releases(self) -> tuple[Catalogue, ...]:
        """The other installed releases of the domain, oldest first."""
        of_domain = (release for release in attack.releases() if release.domain == self.set.domain)
        own = self.catalogue.version if self.catalogue else ""
        return tuple(attack.load(release) for release in of_domain if release.version != own)

    def other_names(self, technique: str) -> dict[str, str]:
        """The letters of the names that other releases give a technique → the newest of them."""
        if technique not in self._other_names:
            entries = ((release, release.get(technique)) for release in self.releases)
            self._other_names[technique] = {
                name: release.version for release, entry in entries if entry for name in release.spellings(entry)
            }
        return self._other_names[technique]


def lookalike(text: str) -> str:
    """An id folded so that case, blanks, hyphens and underscores make no difference."""
    return _MARKS.sub("-", unicodedata.normalize("NFKC", text).strip()).casefold()
