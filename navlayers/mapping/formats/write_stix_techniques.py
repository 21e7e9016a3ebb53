"""ATT&CK's own STIX ids of the techniques that a set names."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from navlayers import attack
from navlayers._text import listed, shown
from navlayers.errors import Problem, ReleaseError
from navlayers.mapping.formats.write_stix_objects import identify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.attack import Catalogue
    from navlayers.mapping.model import MappingSet


class Techniques:
    """The STIX ids of techniques: those of the set's own release, else of the newest that knows the technique.

    `unknown` are those that no release at hand knows, with the names that the set gives them.
    """

    def __init__(self, mapping_set: MappingSet) -> None:
        self._set = mapping_set
        self._refs: dict[str, str] = {}
        self._elsewhere: defaultdict[str, list[str]] = defaultdict(list)
        self._notices: list[Problem] = []
        self._own = self._own_release()
        self._others: list[Catalogue] | None = None
        self.unknown: dict[str, str | None] = {}

    def ref(self, technique: str, name: str | None) -> str:
        """The id of the attack-pattern of a technique; `name` is what the set calls it, if not what ATT&CK does."""
        ref = self._refs.get(technique)
        if ref is None:
            known = self._own.get(technique) if self._own is not None else None
            ref = self._refs[technique] = known.stix_id if known is not None else self._found(technique, name)
        return ref

    def notices(self) -> Iterator[Problem]:
        """What a reader of the bundle should know of its technique ids."""
        yield from self._notices
        for release, techniques in self._elsewhere.items():
            verb = "has its STIX id" if len(techniques) == 1 else "have their STIX ids"
            message = f"{listed(techniques)}: not in ATT&CK {self._set.domain} {self._set.attack_version}"
            yield Problem(f"{message}; {verb} from ATT&CK {release}", hint="navlayers check tells more")
        if self.unknown:
            message = f"{listed(sorted(self.unknown))}: no ATT&CK release at hand has a STIX id"
            yield Problem(message, hint="the bundle holds an attack-pattern of its own for each")

    def _own_release(self) -> Catalogue | None:
        wanted = self._set.attack_version
        try:
            found = attack.find(self._set.domain, wanted)
        except ReleaseError:
            message = f"ATT&CK {self._set.domain} {shown(wanted)[1:-1]} is not at hand"
            self._notices.append(
                Problem(f"{message}; STIX ids are those of the newest release that knows a technique")
            )
            return None
        if found.notice is not None:
            self._notices.append(found.notice)
        return attack.load(found.release)

    def _found(self, technique: str, name: str | None) -> str:
        if self._others is None:
            newest = list(reversed(attack.releases()))
            own = [release for release in newest if release.domain == self._set.domain]
            rest = [release for release in newest if release.domain != self._set.domain]
            self._others = [attack.load(release) for release in (*own, *rest)]
        for catalogue in self._others:
            known = catalogue.get(technique)
            if known is not None:
                if self._own is not None:
                    self._elsewhere[f"{catalogue.domain} {catalogue.version}"].append(technique)
                return known.stix_id
        self.unknown[technique] = name
        return identify("attack-pattern", "technique", self._set.domain, technique)
