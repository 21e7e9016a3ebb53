"""Read the metadata of a mapping set from a STIX bundle: its grouping, ATT&CK's objects, the file name."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from navlayers._text import shown, slug
from navlayers.attack import versions
from navlayers.attack.domain import DOMAINS, Domain
from navlayers.mapping.formats import checks
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.metadata import make_head
from navlayers.mapping.formats.stix.graph import ATTACK_SOURCES, DETECTIONS, OWN, attack_id
from navlayers.mapping.formats.stix.objects import DETAILS
from navlayers.mapping.model import MappingSet, MappingType, NonMappable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.errors import Place
    from navlayers.mapping.formats._locate import Path
    from navlayers.mapping.formats.context import Context
    from navlayers.mapping.formats.stix.bundle import ObjectLocator
    from navlayers.mapping.formats.stix.graph import Capabilities, Graph
    from navlayers.mapping.formats.stix.objects import Properties

_REQUIRED = {
    "framework": 'the id of the framework, such as "nist_800_53"',
    "version": 'the version of the framework, such as "rev5"',
    "domain": "enterprise, mobile or ics",
    "attack_version": 'the ATT&CK version that the set was made for, such as "16.1"',
}
_FIELDS = {"version": "framework_version", "groups": "capability_groups", **DETAILS}
"""Name in the model → property of the extension, where they differ."""

_VERSION_IN_NAME = re.compile(r"-attack-v?([0-9]+\.[0-9]+)(?:[^0-9].*)?\.json", re.IGNORECASE)
_VERSION_OF_FOLDER = re.compile(r"(?:.*-)?v([0-9]+\.[0-9]+)", re.IGNORECASE)


class Heads:
    """Reads the metadata of a set. `number` is that of the grouping that navlayers wrote, if any."""

    def __init__(self, graph: Graph, context: Context, locator: ObjectLocator) -> None:
        self._graph = graph
        self._context = context
        self._locator = locator
        found = [
            number
            for number, thing in enumerate(graph.things)
            if thing.own is not None and thing.own.framework is not None and graph.thing(thing.id) in (None, thing)
        ]
        self.number = found[0] if found else None
        for number in found[1:]:
            first = locator.at(found[0])
            message = f"a second mapping set; the first is in line {first.line}, column {first.column}"
            hint = "put each mapping set into a bundle of its own"
            context.findings.add(Issue(message, "one in a bundle", hint, code="wrong-shape"), locator.at(number))

    def place(self, field: str) -> Place:
        """The place of the value of a field of the set itself; of the bundle where it is not written."""
        if self.number is None:
            return self._locator.place()
        return self._locator.at(self.number, (*OWN, _FIELDS.get(field, field)))

    def read(self, capabilities: Capabilities, techniques: Iterable[str]) -> MappingSet:
        """A mapping set that has only metadata."""
        own = self._graph.things[self.number].own if self.number is not None else None
        return self._written(own) if own is not None else self._likely(capabilities, techniques)

    def non_mappable(self) -> tuple[NonMappable, ...]:
        """The records of what was looked at and cannot be mapped."""
        own = self._graph.things[self.number].own if self.number is not None else None
        records = []
        for index, record in enumerate(own.non_mappable if own is not None else ()):
            path: Path = (*OWN, "non_mappable", index)
            technique = record.technique_id
            if technique is not None:
                technique, issue = checks.technique(technique)
                if issue is not None:
                    self._report((*path, "technique_id"), issue)
            if record.capability_id is None and record.technique_id is None:
                message = "this record names neither a capability nor a technique"
                self._report(path, Issue(message, "a capability_id, a technique_id, or both", code="no-capability"))
            records.append(
                NonMappable(
                    record.capability_id,
                    technique,
                    record.mapping_type,
                    record.comment,
                    record.references,
                    record.group_id,
                    record.technique_name,
                    record.capability_name,
                    tuple((part.name, part.value) for part in record.other_fields),
                )
            )
        return tuple(records)

    def _report(self, path: Path, issue: Issue) -> None:
        self._context.findings.add(issue, partial(self._locator.at, self.number or 0, path))

    def _written(self, own: Properties) -> MappingSet:
        """Metadata written by navlayers; the user's metadata overrides it."""
        said = self._context.options.metadata
        texts = {name: getattr(own, _FIELDS.get(name, name)) or "" for name in (*_REQUIRED, *DETAILS)} | said
        for name, expected in _REQUIRED.items():
            if not texts[name].strip():
                field = _FIELDS.get(name, name)
                self._report((*OWN, field), Issue(f"{field} is missing", expected, code="missing-metadata"))
        domain: Domain | None = None
        if texts["domain"].strip():
            domain, issue = checks.domain(texts["domain"])
            if issue is not None:
                self._report((*OWN, "domain"), issue)
        for index, step in enumerate(own.scale):
            if not 0 <= step.score <= 100:
                message = f"the number of {shown(step.value)} is outside the scale"
                path: Path = (*OWN, "scale", index, "score")
                self._report(path, Issue(message, "a number from 0 to 100", code="unknown-value"))
        return MappingSet(
            framework=texts["framework"],
            version=texts["version"],
            domain=domain or "enterprise",
            attack_version=texts["attack_version"],
            title=said.get("title", own.title),
            source=said.get("source", own.source),
            licence=said.get("licence", own.licence),
            groups={group.group_id: group.name for group in own.capability_groups},
            mapping_types=tuple(
                MappingType(kind.type_id, kind.name, kind.description) for kind in own.mapping_types
            ),
            scale={step.value: step.score for step in own.scale},
            details={name: texts[name] for name in DETAILS if texts.get(name)},
        )

    def _likely(self, capabilities: Capabilities, techniques: Iterable[str]) -> MappingSet:
        """What ATT&CK's objects, the ids of the capabilities, and the file's name say."""
        found = self._release()
        names = {name for name, _ in capabilities.sources}
        kinds = {kind for _, kind in capabilities.sources}
        if names and names <= set(ATTACK_SOURCES):
            what = "mitigations" if kinds == {"course-of-action"} else "detections" if kinds <= DETECTIONS else ""
            found["framework"] = f"attack-{what}" if what else "attack"
            found["title"] = f"ATT&CK {what}" if what else "ATT&CK"
            if "attack_version" in found:
                found["version"] = found["attack_version"]
        elif len(names) == 1 and slug(min(names)):
            found["framework"] = slug(min(names))
            found["title"] = min(names)
        return make_head(self._context, found, techniques, self._locator.place())

    def _release(self) -> dict[str, str]:
        """The domain of the bundle's matrix, the version of its collection, or that in the names of files."""
        found: dict[str, str] = {}
        matrices = {attack_id(thing) for thing in self._graph.things if thing.type == "x-mitre-matrix"}
        domains = [domain for domain in DOMAINS if f"{domain}-attack" in matrices]
        if len(domains) == 1:
            found["domain"] = domains[0]
        said = {thing.x_mitre_version or "" for thing in self._graph.things if thing.type == "x-mitre-collection"}
        number = versions.canonical(said.pop()) if len(said) == 1 else None
        path = FilePath(self._locator.place().path)
        if number is None and matrices:
            named = _VERSION_IN_NAME.search(path.name) or _VERSION_OF_FOLDER.fullmatch(path.parent.name)
            number = versions.canonical(named[1]) if named else None
        if number is not None:
            found["attack_version"] = number
        return found
