"""Read native YAML: metadata, and techniques grouped by capability. docs/native-yaml.md describes the format."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from navlayers import _text as wording
from navlayers.errors import OtherFileError, Place, Problem
from navlayers.mapping.formats import checks
from navlayers.mapping.formats.context import Places
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.metadata import head_of
from navlayers.mapping.formats.native.entries import Entries, Spot
from navlayers.mapping.formats.source import as_text
from navlayers.mapping.formats.yaml_tree import Branch, Listing, Node, Scalar, parse
from navlayers.mapping.formats.yaml_values import Values, is_number, kind
from navlayers.mapping.model import DECIMAL, DETAILS, Capability, MappingType

if TYPE_CHECKING:
    from navlayers.mapping.formats.context import Context, Kind
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.model import MappingSet

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
    if not isinstance(root, Branch) or not root.items.keys() & {"framework", "capabilities"}:
        message, hint = 'there is neither "framework" nor "capabilities"', ""
        if not isinstance(root, Branch):
            message, hint = f"the top level is {kind(root)}", _other_format(root)
        other = Problem(message, values.place(root), _TOP, hint, code="wrong-shape")
        raise OtherFileError(findings.errors() or other)
    top = values.known(root, "the mapping set", TOP_KEYS, _TOP)
    head = _head(root, top, values, context.options.metadata)
    entries = Entries(head, values)
    capabilities = _capabilities(top.get("capabilities"), entries, values)
    outside = values.items(top.get("non_mappable"), "non_mappable", "a mapping of technique id → comment, type …")
    for key, node in outside.values():
        entries.technique(None, key, node)
    findings.raise_errors()
    if not capabilities:
        empty = not entries.count
        issue = Issue(
            "the set has no capabilities",
            _CAPABILITIES,
            fatal=empty,
            code="wrong-shape" if empty else "empty-set",
        )
        values.report(root.items["capabilities"][0] if "capabilities" in root.items else root, issue)
        findings.raise_errors()
    mapping_set = msgspec.structs.replace(
        head,
        groups=_with_undeclared(head.groups, capabilities, entries.spots["capability"], values),
        capabilities=tuple(capabilities),
        mappings=tuple(entries.mappings),
        non_mappable=tuple(entries.non_mappable),
    )
    return mapping_set, _places(values, top, entries.spots)


def _places(values: Values, top: dict[str, Node], spots: dict[Kind, list[Spot]]) -> Places:
    def part(kind_: Kind, index: int, field: str) -> Place:
        start, entry, technique = spots[kind_][index]
        node = start
        if field == "technique":
            node = technique or start
        elif isinstance(entry, Branch):
            pair = entry.items.get("name" if field == "technique_name" else field)
            if pair is None and field == "value":
                # A mapping with a category starts at the key of its category, and its value follows.
                pair = next((pair for pair in entry.items.values() if pair[0] is start), None)
            node = pair[1] if pair else start
        elif field == "value":
            node = entry
        return values.place(node)

    def head(field: str) -> Place:
        node = top.get(field) or (top.get("license") if field == "licence" else None)
        return values.place(node) if node else Place(values.path, 1, 1)

    return Places(part, head)


def _other_format(root: Node) -> str:
    text = root.text if isinstance(root, Scalar) else ""
    if text.startswith("<"):
        return "this looks like XML or HTML"
    return "this looks like CSV" if "," in text else ""


def _head(root: Branch, top: dict[str, Node], values: Values, by_user: dict[str, str]) -> MappingSet:
    """The metadata of the set; that of the user overrides that of the file."""
    texts: dict[str, str] = {}
    if "licence" in top and "license" in top:
        values.wrong(top["license"], 'both "licence" and "license" are given', "one of them", code="duplicate-key")
    for field in (*REQUIRED, "title", "source", "licence", "license", *DETAILS):
        node = top.get(field)
        text = values.text(node, field)
        if text and text.strip():
            texts[field] = text
        elif field in REQUIRED and field not in by_user and (node is None or isinstance(node, Scalar)):
            what = "missing" if node is None else "empty"
            values.wrong(node or root, f'"{field}" is {what}', REQUIRED[field], code="missing-metadata")
    texts |= by_user
    if "license" in texts:
        texts.setdefault("licence", texts["license"])
    return head_of(
        texts,
        partial(values.report, top.get("domain", root)),
        groups=_groups(top.get("groups"), values),
        mapping_types=_mapping_types(top.get("mapping_types"), values),
        scale=_scale(top.get("scale"), values),
    )


def _groups(node: Node | None, values: Values) -> dict[str, str]:
    return {
        id_: values.text(name, f"the name of group {wording.shown(id_)}") or id_
        for id_, _, name in values.ids(values.items(node, "groups", "a mapping of group id → name"), "group")
    }


def _mapping_types(node: Node | None, values: Values) -> tuple[MappingType, ...]:
    if isinstance(node, Listing):
        return tuple(MappingType(id_, id_) for id_ in values.texts(node, "mapping_types"))
    types = []
    for key, value in values.items(node, "mapping_types", "a mapping of mapping type id → name").values():
        values.warn(key)
        what = f"mapping type {wording.shown(key.text)}"
        fields: dict[str, Node] = {"name": value}
        if isinstance(value, Branch):
            fields = values.known(value, what, ("name", "description"), "name and description")
        name, description = (
            values.text(fields.get(field), f"the {field} of {what}") or "" for field in ("name", "description")
        )
        types.append(MappingType(key.text, name, description))
    return tuple(types)


def _scale(node: Node | None, values: Values) -> dict[str, float]:
    scale = {}
    items = values.items(node, "scale", "a mapping of score value → number from 0 to 100")
    for id_, key, value in values.ids(items, "score value", str.lower):
        number = _number(value, f"the number of score value {wording.shown(key.text)}", values)
        if checks.numeric(id_):
            message, expected = (
                f"score value {wording.shown(id_)} is a number",
                "a word as the name of a score value",
            )
            values.wrong(key, message, expected, "a number is a score already")
        elif number is not None:
            scale[id_] = number
    return scale


def _number(node: Node, what: str, values: Values) -> float | None:
    """A number from 0 to 100 in plain decimal digits."""
    expected = "a number from 0 to 100 in plain decimal digits, such as 50 or 72.5"
    if not isinstance(node, Scalar):
        values.wrong(node, f"{what} is {kind(node)}", expected)
    elif not DECIMAL.fullmatch(node.text):
        hint = "YAML tools do not agree on which number this is" if is_number(node.text) else ""
        values.wrong(node, f"{what} is {wording.shown(node.text)}", expected, hint)
    elif float(node.text) > 100:
        values.wrong(node, f"{what} is {wording.shown(node.text)[1:-1]}, outside the scale", expected)
    else:
        return float(node.text)
    return None


def _capabilities(top: Node | None, entries: Entries, values: Values) -> list[Capability]:
    capabilities: list[Capability] = []
    seen: set[str] = set()
    for key, node in values.items(top, "capabilities", _CAPABILITIES).values():
        id_ = values.identifier(key, "a capability")
        if id_ is None:
            continue
        what = f"capability {wording.shown(id_)}"
        if id_ in seen:
            values.wrong(key, f"duplicate {what}", "each capability once", "merge them", code="duplicate-id")
        seen.add(id_)
        fields = values.known(node, what, CAPABILITY_KEYS, "name, groups, references, techniques")
        name = values.text(fields.get("name"), f"the name of {what}")
        # Members of a group, each once.
        groups = dict.fromkeys(
            values.trimmed(fields["groups"], text)
            for text in values.texts(fields.get("groups"), f"groups of {what}")
        )
        capability = Capability(
            id_,
            name if name and name.strip() else id_,
            tuple(group for group in groups if group is not None),
            values.texts(fields.get("references"), f"references of {what}"),
        )
        capabilities.append(capability)
        entries.spots["capability"].append(Spot(key, node))
        before = entries.count
        if "non_mappable" in fields:
            record = fields["non_mappable"]
            for entry in record.items if isinstance(record, Listing) else [record]:
                entries.record(capability, None, key, entry)
        techniques = values.items(
            fields.get("techniques"), f"techniques of {what}", "a mapping of technique id → entry"
        )
        for technique, entry in techniques.values():
            entries.technique(capability, technique, entry)
        if entries.count == before and isinstance(node, (Branch, Scalar)):
            hint = "list its techniques, or add non_mappable: true"
            values.report(
                key, Issue(f"{what} has no techniques", hint=hint, fatal=False, code="capability-without-mapping")
            )
    return capabilities


def _with_undeclared(
    declared: dict[str, str], capabilities: list[Capability], spots: list[Spot], values: Values
) -> dict[str, str]:
    groups = dict(declared)
    names = wording.Names(declared)

    def hint(group: str) -> str:
        return names.question(group) or "declare it under groups to give it a name"

    for capability, spot in zip(capabilities, spots, strict=True):
        for group in capability.groups:
            if group not in groups:
                groups[group] = group
                message = f"capability group {wording.shown(group)} is not declared"
                issue = Issue(message, hint=partial(hint, group), fatal=False, code="undeclared-group")
                values.report(spot.start, issue)
    return groups
