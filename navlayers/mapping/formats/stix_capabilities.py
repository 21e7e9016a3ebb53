"""Capabilities from the objects of a STIX bundle that map to techniques."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from navlayers._text import shown
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.stix_graph import ATTACK_SOURCES, OWN
from navlayers.mapping.model import Capability
from navlayers.mapping.redact import LONGEST_NAME

if TYPE_CHECKING:
    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.stix_bundle import Path, Properties, Reference, Spots, Thing
    from navlayers.mapping.formats.stix_graph import Graph


class Capabilities:
    """The capabilities of a bundle in its order: those that map to a technique, and those that navlayers wrote.

    `list`, `numbers` (of their objects) and `paths` (to the values of their fields) go side by side. `sources` are
    who gave them their ids, with the types of their objects.
    """

    def __init__(self, graph: Graph, findings: Findings, spots: Spots) -> None:
        self.list: list[Capability] = []
        self.numbers: list[int] = []
        self.paths: list[dict[str, Path]] = []
        self.sources: set[tuple[str, str]] = set()
        self._findings = findings
        self._spots = spots
        self._of: dict[int, int] = {}
        self._by_id: dict[str, int] = {}
        self._labels: dict[str, None] = {}
        self._described = 0
        used = {link.source for link in graph.links}
        for number, thing in enumerate(graph.things):
            own = thing.own if thing.own is not None and thing.own.capability_id is not None else None
            if number in used or (own is not None and not thing.gone and graph.thing(thing.id) is thing):
                self._add(number, thing, own)
        if self._described:
            what = "description is" if self._described == 1 else "descriptions are"
            message = f"{self._described:,} {what} left out: a capability has a name only"
            self._findings.add(Issue(message, fatal=False, code="not-carried"), spots.top())

    def of(self, number: int) -> Capability:
        """The capability that an object stands for."""
        return self.list[self._of[number]]

    def groups(self, declared: dict[str, str]) -> dict[str, str]:
        """The groups that are declared, then those that only capabilities name."""
        groups = dict(declared)
        for index, capability in enumerate(self.list):
            for group in capability.groups:
                if group not in groups:
                    groups[group] = group
                    if group not in self._labels:
                        hint = "it is named by its id; declare it in the grouping to give it a name"
                        issue = Issue(
                            f"capability group {shown(group)} is not declared",
                            hint=hint,
                            fatal=False,
                            code="undeclared-group",
                        )
                        path = self.paths[index]["groups"]
                        self._findings.add(issue, partial(self._spots.at, self.numbers[index], path))
        return groups

    def _add(self, number: int, thing: Thing, own: Properties | None) -> None:
        capability, paths = _written(thing, own) if own is not None else self._read(number, thing)
        first = self._by_id.setdefault(capability.id, len(self.list))
        self._of[number] = first
        if first == len(self.list):
            self.list.append(capability)
            self.numbers.append(number)
            self.paths.append(paths)
            return
        at = self._spots.at(self.numbers[first])
        message = f"this object has the id {shown(capability.id)} of another, in line {at.line}, column {at.column}"
        issue = Issue(message, hint="the two are read as one capability", fatal=False, code="duplicate-key")
        self._findings.add(issue, partial(self._spots.at, number))
        kept = self.list[first]
        groups = tuple(dict.fromkeys((*kept.groups, *capability.groups)))
        self.list[first] = msgspec.structs.replace(kept, groups=groups)

    def _read(self, number: int, thing: Thing) -> tuple[Capability, dict[str, Path]]:
        """The capability of an object that others wrote: by its external id, else its name, else its STIX id."""
        at, reference = _identified(thing)
        name = (thing.name or "").strip()
        description = (thing.description or "").strip()
        path: Path = ("name",) if name else ("id",)
        id_ = name or thing.id
        if reference is not None and reference.external_id:
            id_, path = reference.external_id.strip(), ("external_references", at, "external_id")
            self.sources.add((reference.source_name or "", thing.type))
        name_path: Path = ("name",)
        if name in ("", id_) and description and len(description) <= LONGEST_NAME and "\n" not in description:
            name, name_path = description, ("description",)
        elif description:
            self._described += 1
        groups = [thing.x_mitre_family or "", *(thing.labels or ())]
        groups = list(dict.fromkeys(group.strip() for group in groups if group.strip()))
        self._labels.update(dict.fromkeys(groups))
        paths: dict[str, Path] = {"id": path, "name": name_path, "groups": ("labels",)}
        paths["references"] = ("external_references",)
        return Capability(id_, name or id_, tuple(groups), tuple(dict.fromkeys(links(thing, own=False)))), paths


def _written(thing: Thing, own: Properties) -> tuple[Capability, dict[str, Path]]:
    id_ = own.capability_id or thing.id
    paths: dict[str, Path] = {"id": (*OWN, "capability_id"), "name": ("name",), "groups": (*OWN, "group_ids")}
    paths["references"] = ("external_references",)
    return Capability(id_, thing.name or id_, own.group_ids, links(thing, own=True)), paths


def _identified(thing: Thing) -> tuple[int, Reference | None]:
    """The external reference that gives an object its id: ATT&CK's, else the first that has one."""
    references = thing.external_references or ()
    found = [(at, r) for at, r in enumerate(references) if (r.external_id or "").strip()]
    return min(found, key=lambda pair: pair[1].source_name not in ATTACK_SOURCES) if found else (0, None)


def links(thing: Thing, *, own: bool) -> tuple[str, ...]:
    """The references of an object: addresses, else texts. Of what navlayers wrote, not that of the id."""
    found = thing.external_references
    if not found:
        return ()
    if own:
        return tuple(r.url if r.url is not None else r.description or "" for r in found if r.external_id is None)
    texts = (r.url or ("" if r.external_id else r.description or r.source_name or "") for r in found)
    return tuple(text for text in texts if text)
