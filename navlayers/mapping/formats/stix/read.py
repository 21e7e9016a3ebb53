"""Reader of STIX bundles, 2.0 and 2.1: relationships from capabilities to attack-patterns.

What navlayers wrote comes back whole, by its property extension; bundles of others are read as far as they say the
same things. docs/formats.md tells which objects count as capabilities.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

import msgspec

from navlayers import _text as wording
from navlayers.errors import OtherFileError, Place, Problem
from navlayers.mapping.formats import checks
from navlayers.mapping.formats.context import Places
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.source import as_text
from navlayers.mapping.formats.stix.bundle import EXPECTED, ObjectLocator, load
from navlayers.mapping.formats.stix.graph import OWN, Capabilities, Graph, links
from navlayers.mapping.formats.stix.head import Heads
from navlayers.mapping.model import DEFAULT_SCALE, Mapping, MappingSet, MappingType

if TYPE_CHECKING:
    from navlayers.mapping.formats._locate import Path
    from navlayers.mapping.formats.context import Context, Kind
    from navlayers.mapping.formats.rows import Pairs
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.formats.stix.graph import Link
    from navlayers.mapping.formats.stix.objects import Properties
    from navlayers.mapping.model import Category

_MAPPING: dict[str, Path] = {
    "capability": ("source_ref",),
    "comment": ("description",),
    "references": ("external_references",),
    "technique": (*OWN, "technique_id"),
    "type": (*OWN, "mapping_type"),
    "category": (*OWN, "score_category"),
    "value": (*OWN, "score_value"),
    "group": (*OWN, "group_id"),
    "technique_name": (*OWN, "technique_name"),
    "capability_name": (*OWN, "capability_name"),
    "other": (*OWN, "other_fields"),
}
_FOREIGN: dict[str, Path] = {**_MAPPING, "technique": ("target_ref",), "type": ("relationship_type",)}
_RECORD = {"capability": "capability_id", "technique": "technique_id", "type": "mapping_type", "group": "group_id"}
_RECORD |= {"other": "other_fields"}
_BOOKKEEPING = frozenset(
    {
        *("type", "spec_version", "id", "created_by_ref", "created", "modified", "revoked", "lang", "extensions"),
        *("relationship_type", "description", "source_ref", "target_ref", "external_references"),
        *("object_marking_refs", "granular_markings"),
    }
)
"""Properties of a relationship that are read, or that only say which version of which object it is."""


def read(source: Source, context: Context) -> tuple[MappingSet, Places]:
    """Read a STIX bundle.

    Raises:
        InputError: the text is not JSON, or wrong in the places listed.
        OtherFileError: it is no STIX bundle, or one without mappings.
    """
    source, findings = as_text(source), context.findings
    locator = ObjectLocator(source)
    bundle = load(source, findings, locator)
    graph = Graph(bundle, findings, locator)
    heads = Heads(graph, context, locator)
    if not graph.links and heads.number is None:
        findings.raise_errors()
        message = "no relationship in this bundle maps a capability to an ATT&CK technique"
        raise OtherFileError(Problem(message, locator.place(), EXPECTED, _why_none(graph), code="empty-set"))
    capabilities = Capabilities(graph, findings, locator)
    head = heads.read(capabilities, {link.technique for link in graph.links})
    rows = _Rows(graph, head, capabilities, context, locator)
    mappings = tuple(rows.mapping(link, bytes(bundle.raws[link.relationship])) for link in graph.links)
    for number in graph.broken:
        rows.check(number)
    types = head.mapping_types or tuple(MappingType(type_) for type_ in rows.types)
    mapping_set = msgspec.structs.replace(
        head,
        groups=capabilities.groups(head.groups),
        capabilities=tuple(capabilities.list),
        mappings=mappings,
        mapping_types=types,
        non_mappable=heads.non_mappable(),
    )
    if not mappings and not mapping_set.non_mappable:
        findings.add(Issue("the set has no mappings", fatal=False, code="empty-set"), locator.place())
    _tell(graph, context, locator.place())
    findings.raise_errors()
    numbers = {"mapping": [link.relationship for link in graph.links], "capability": capabilities.numbers}
    foreign = frozenset(rows.foreign)

    def part(kind: Kind, index: int, field: str) -> Place:
        if kind == "non_mappable":
            step = (_RECORD.get(field, field),) if field else ()
            return locator.at(heads.number or 0, (*OWN, "non_mappable", index, *step))
        number = numbers[kind][index]
        paths = capabilities.paths[index] if kind == "capability" else _FOREIGN if number in foreign else _MAPPING
        return locator.at(number, paths.get(field, ()))

    return mapping_set, Places(part, heads.place)


def _why_none(graph: Graph) -> str:
    if graph.foreign:
        return f"{graph.foreign:,} relationships lead to attack-patterns that are not ATT&CK's"
    return "capabilities are courses of action, infrastructure, tools, vulnerabilities and custom objects"


def _tell(graph: Graph, context: Context, place: Place) -> None:
    """Say what of the bundle is left out."""

    def say(message: str) -> None:
        context.findings.add(Issue(message, fatal=False, code="not-carried"), place)

    def many(count: int) -> str:
        return f"{count:,} relationship{'' if count == 1 else 's'}"

    if graph.gone:
        say(f"{many(graph.gone)} left out: revoked or deprecated, or the capability or technique is")
    if graph.foreign:
        say(f"{many(graph.foreign)} left out: the attack-patterns are not ATT&CK's")
    if graph.left:
        kinds = [f"{count:,} × {kind} {type_}" for (kind, type_), count in sorted(graph.left.items())]
        say(f"{many(graph.left.total())} left out that map no capability: {wording.listed(kinds)}")


class _Rows:
    """Makes mappings of relationships.

    `types` are the mapping types found, `foreign` the relationships that others wrote.
    """

    def __init__(
        self, graph: Graph, head: MappingSet, capabilities: Capabilities, context: Context, locator: ObjectLocator
    ) -> None:
        self._graph = graph
        self._capabilities = capabilities
        self._findings = context.findings
        self._locator = locator
        self._scale = checks.Scale(head.scale or DEFAULT_SCALE)
        self._release_name = context.technique_names(head)
        self._links: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.types: dict[str, None] = {}
        self.foreign: list[int] = []

    def mapping(self, link: Link, raw: bytes) -> Mapping:
        thing = self._graph.things[link.relationship]
        capability = self._capabilities.of(link.source)
        comment = thing.description or ""
        if thing.own is not None and thing.own.technique_id is not None:
            own = thing.own
            category, value = self._score(link.relationship, own)
            references = links(thing, own=True)
            return Mapping(
                capability.id,
                link.technique,
                own.mapping_type,
                category,
                value,
                comment,
                self._links.setdefault(references, references),
                own.group_id,
                own.technique_name,
                own.capability_name,
                tuple((part.name, part.value) for part in own.other_fields),
            )
        self.foreign.append(link.relationship)
        type_ = thing.relationship_type or ""
        self.types[type_] = None
        references = tuple(dict.fromkeys((*capability.references, *links(thing, own=False))))
        pattern = self._graph.thing(thing.target_ref)
        name = pattern.name if pattern is not None else None
        return Mapping(
            capability.id,
            link.technique,
            type_,
            comment=comment,
            references=self._links.setdefault(references, references),
            technique_name=None if name == self._release_name(link.technique) else name,
            other=_other(raw),
        )

    def check(self, number: int) -> None:
        """Tell what else is wrong in a relationship that gives no mapping."""
        own = self._graph.things[number].own
        if own is not None:
            self._score(number, own)

    def _score(self, number: int, own: Properties) -> tuple[Category | None, str | None]:
        category, value = own.score_category, own.score_value
        if category is not None:
            category, issue = checks.category(category)
            if issue is not None:
                self._report(number, "score_category", issue)
        if value is not None:
            value, issue = checks.score_value(value, self._scale)
            if issue is not None:
                self._report(number, "score_value", issue)
        return cast("Category | None", category), value

    def _report(self, number: int, name: str, issue: Issue) -> None:
        self._findings.add(issue, partial(self._locator.at, number, (*OWN, name)))


_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


def _other(raw: bytes) -> Pairs:
    """Properties of a relationship that have no meaning here: text as it stands, all else as JSON."""
    found: Pairs = ()
    for key, value in _members.decode(raw).items():
        if key not in _BOOKKEEPING and not key.startswith("x_mitre_"):
            text = bytes(value)
            found += ((key, msgspec.json.decode(text) if text.startswith(b'"') else text.decode()),)
    return found
