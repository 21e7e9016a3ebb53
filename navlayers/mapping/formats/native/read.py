"""Reader of native YAML: metadata, and techniques grouped by capability. docs/native-yaml.md tells the format."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from navlayers import _text as wording
from navlayers.errors import OtherFileError, Place, Problem
from navlayers.mapping.formats import checks
from navlayers.mapping.formats.context import Places
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.native.entries import Entries, Spot
from navlayers.mapping.formats.source import as_text
from navlayers.mapping.formats.yaml_tree import Branch, Listing, Node, Scalar, parse
from navlayers.mapping.formats.yaml_values import Values, kind
from navlayers.mapping.model import DETAILS, Capability, MappingSet, MappingType

if TYPE_CHECKING:
    from navlayers.attack.domain import Domain
    from navlayers.mapping.formats.context import Context, Kind
    from navlayers.mapping.formats.source import Source

REQUIRED = {
    "framework": "the id of the framework, such as nist_800_53",
    "version": "the version of the framework, such as rev5",
    "domain": "enterprise, mobile or ics",
    "attack_version": 'the ATT&CK version that the set was made for, such as "16.1"',
}
TOP_KEYS = (
    *("framework", "title", "version", "domain", "attack_version", "source", "licence", "license"),
    *DETAILS,
    *("mapping_types", "scale", "groups", "capabilities", "non_mappable"),
)
"""Keys of a native mapping set."""

CAPABILITY_KEYS = ("name", "groups", "references", "techniques", "non_mappable")

_CAPABILITIES = "a mapping of capability id → name, techniques and so on"
_TOP = "a mapping set: framework, version, domain, attack_version, capabilities"


def read(source: Source, context: Context) -> tuple[MappingSet, Places]:
    """Read native YAML.

    Raises:
        InputError: the text is not YAML, not a native mapping set, or wrong in the places listed.
    """
    source, findings = as_text(source), context.findings
    root = parse(source, findings)
    values = Values(source.path, findings)
    if not isinstance(root, Branch):
        other = Problem(
            f"the top level is {kind(root)}", values.place(root), _TOP, _other_format(root), code="wrong-shape"
        )
        raise OtherFileError(findings.errors() or other)
    if not root.items.keys() & {"framework", "capabilities"}:
        other = Problem(
            'there is neither "framework" nor "capabilities"', values.place(root), _TOP, code="wrong-shape"
        )
        raise OtherFileError(findings.errors() or other)
    top = values.known(root, "the mapping set", TOP_KEYS, _TOP)
    head = _head(root, top, values, context.options.metadata)
    entries = Entries(head, values, context.technique_names(head))
    capabilities = _capabilities(top, head, entries, values)
    if "non_mappable" in top:
        items = values.items(top["non_mappable"], "non_mappable", "a mapping of technique id → comment, type …")
        for key, node in items.values():
            entries.technique(None, key, node)
    findings.raise_errors()
    if not capabilities:
        at = root.items["capabilities"][0] if "capabilities" in root.items else root
        issue = Issue(
            "the set has no capabilities",
            _CAPABILITIES,
            fatal=not entries.count,
            code="wrong-shape" if not entries.count else "empty-set",
        )
        values.report(at, issue)
        findings.raise_errors()
    found = entries.found
    mapping_set = msgspec.structs.replace(
        head,
        groups=_with_undeclared(head, capabilities, found.spots["capability"], values),
        capabilities=tuple(capabilities),
        mappings=tuple(found.mappings),
        non_mappable=tuple(found.non_mappable),
    )
    return mapping_set, _places(values, top, found.spots)


def _places(values: Values, top: dict[str, Node], spots: dict[Kind, list[Spot]]) -> Places:
    def part(kind_: Kind, index: int, field: str) -> Place:
        where, entry, technique = spots[kind_][index]
        node = where
        if field == "technique":
            node = technique or where
        elif isinstance(entry, Branch):
            pair = entry.items.get("name" if field == "technique_name" else field)
            if pair is None and field == "value":
                # A mapping with a category stands at the key of that, and its value behind it.
                pair = next((pair for pair in entry.items.values() if pair[0] is where), None)
            node = pair[1] if pair else where
        elif field == "value":
            node = entry
        return values.place(node)

    def head(field: str) -> Place:
        node = top.get(field) or (top.get("license") if field == "licence" else None)
        return values.place(node) if node else Place(values.path, 1, 1)

    return Places(part, head)


def _other_format(root: Node) -> str:
    if isinstance(root, Scalar) and root.text.startswith("<"):
        return "this looks like XML or HTML"
    if isinstance(root, Scalar) and "," in root.text:
        return "this looks like CSV"
    return ""


def _head(root: Branch, top: dict[str, Node], values: Values, said: dict[str, str]) -> MappingSet:
    texts: dict[str, str] = {}
    if "licence" in top and "license" in top:
        values.wrong(
            top["license"], '"license" says again what "licence" says', "one of the two", code="duplicate-key"
        )
    for field in (*REQUIRED, "title", "source", "licence", "license", *DETAILS):
        if field not in top:
            if field in REQUIRED and field not in said:
                values.wrong(root, f'"{field}" is missing', REQUIRED[field], code="missing-metadata")
            continue
        text = values.text(top[field], field)
        if text is not None and text.strip():
            texts[field] = text
        elif field in REQUIRED and field not in said and isinstance(top[field], Scalar):
            values.wrong(top[field], f'"{field}" is empty', REQUIRED[field], code="missing-metadata")
    texts |= said
    domain: Domain | None = None
    if "domain" in texts:
        domain, issue = checks.domain(texts["domain"])
        values.report(top.get("domain", root), issue)
    return MappingSet(
        framework=texts.get("framework", ""),
        version=texts.get("version", ""),
        domain=domain or "enterprise",
        attack_version=texts.get("attack_version", ""),
        title=texts.get("title", ""),
        groups=_groups(top, values),
        mapping_types=_mapping_types(top, values),
        scale=_scale(top, values),
        source=texts.get("source", ""),
        licence=said.get("licence", texts.get("licence", texts.get("license", ""))),
        details={field: texts[field] for field in DETAILS if field in texts},
    )


def _groups(top: dict[str, Node], values: Values) -> dict[str, str]:
    groups = {}
    if "groups" in top:
        items = values.items(top["groups"], "groups", "a mapping of group id → name").values()
        for id_, _, node in values.ids(items, "group"):
            groups[id_] = values.text(node, f"the name of group {wording.shown(id_)}") or id_
    return groups


def _mapping_types(top: dict[str, Node], values: Values) -> tuple[MappingType, ...]:
    node = top.get("mapping_types")
    if node is None:
        return ()
    if isinstance(node, Listing):
        return tuple(MappingType(id_, id_) for id_ in values.texts(node, "mapping_types"))
    types = []
    for key, value in values.items(node, "mapping_types", "a mapping of mapping type id → name").values():
        values.warn(key)
        name, description = "", ""
        what = f"mapping type {wording.shown(key.text)}"
        if isinstance(value, Branch):
            fields = values.known(value, what, ("name", "description"), "name and description")
            name = (values.text(fields["name"], f"the name of {what}") or "") if "name" in fields else ""
            if "description" in fields:
                description = values.text(fields["description"], f"the description of {what}") or ""
        else:
            name = values.text(value, f"the name of {what}") or ""
        types.append(MappingType(key.text, name, description))
    return tuple(types)


def _scale(top: dict[str, Node], values: Values) -> dict[str, float]:
    scale = {}
    if "scale" in top:
        expected = "a mapping of score value → number from 0 to 100"
        for id_, key, node in values.ids(
            values.items(top["scale"], "scale", expected).values(), "score value", str.lower
        ):
            number = values.number(node, f"the number of score value {wording.shown(key.text)}")
            if checks.numeric(id_):
                message = f"score value {wording.shown(id_)} is a number"
                values.wrong(
                    key, message, "a word as the name of a score value", "numbers are scores as they stand"
                )
            elif number is not None:
                scale[id_] = number
    return scale


def _capabilities(top: dict[str, Node], head: MappingSet, entries: Entries, values: Values) -> list[Capability]:
    capabilities: list[Capability] = []
    seen: set[str] = set()
    if "capabilities" not in top:
        return capabilities
    for key, node in values.items(top["capabilities"], "capabilities", _CAPABILITIES).values():
        id_ = values.identifier(key, "a capability")
        if id_ is None:
            continue
        what = f"capability {wording.shown(id_)}"
        if id_ in seen:
            values.wrong(key, f"{what} stands twice", "each capability once", "merge the two", code="duplicate-id")
        seen.add(id_)
        fields = values.known(node, what, CAPABILITY_KEYS, "name, groups, references, techniques")
        name = values.text(fields["name"], f"the name of {what}") if "name" in fields else None
        groups = _member_of(fields, what, values)
        references = values.texts(fields["references"], f"references of {what}") if "references" in fields else ()
        capability = Capability(id_, name if name and name.strip() else id_, groups, references)
        capabilities.append(capability)
        entries.found.spots["capability"].append(Spot(key, node))
        before = entries.count
        _techniques(capability, key, fields, entries, values)
        if entries.count == before and isinstance(node, (Branch, Scalar)):
            hint = "name its techniques, or say non_mappable: true"
            values.report(
                key, Issue(f"{what} has no techniques", hint=hint, fatal=False, code="capability-without-mapping")
            )
    return capabilities


def _member_of(fields: dict[str, Node], what: str, values: Values) -> tuple[str, ...]:
    """The ids of a capability's groups, each once."""
    if "groups" not in fields:
        return ()
    ids = (values.trimmed(fields["groups"], text) for text in values.texts(fields["groups"], f"groups of {what}"))
    return tuple(dict.fromkeys(id_ for id_ in ids if id_ is not None))


def _techniques(
    capability: Capability, key: Scalar, fields: dict[str, Node], entries: Entries, values: Values
) -> None:
    if "non_mappable" in fields:
        node = fields["non_mappable"]
        for entry in node.items if isinstance(node, Listing) else [node]:
            entries.record(capability, None, key, entry)
    if "techniques" in fields:
        what = f"techniques of capability {wording.shown(capability.id)}"
        for technique, node in values.items(
            fields["techniques"], what, "a mapping of technique id → entry"
        ).values():
            entries.technique(capability, technique, node)


def _with_undeclared(
    head: MappingSet, capabilities: list[Capability], spots: list[Spot], values: Values
) -> dict[str, str]:
    groups = dict(head.groups)
    names = wording.Names(head.groups)

    def hint(group: str) -> str:
        return names.question(group) or "declare it under groups to give it a name"

    for capability, spot in zip(capabilities, spots, strict=True):
        for group in capability.groups:
            if group not in groups:
                groups[group] = group
                message = f"capability group {wording.shown(group)} is not declared"
                issue = Issue(message, hint=partial(hint, group), fatal=False, code="undeclared-group")
                values.report(spot.where, issue)
    return groups
