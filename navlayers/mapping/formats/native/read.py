"""Read native YAML: metadata, and techniques grouped by capability. docs/native-yaml.md describes the format."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.spelling import Names
from navlayers._text.wording import bare, quoted
from navlayers.errors import OtherFileError, Place, Problem
from navlayers.mapping.formats import value_rules
from navlayers.mapping.formats.findings import FIRST_FILE, Issue
from navlayers.mapping.formats.metadata import REQUIRED, head_of
from navlayers.mapping.formats.native.entries import Entries
from navlayers.mapping.formats.yaml_fields import Fields, is_null, is_number, kind, read_top
from navlayers.mapping.formats.yaml_tree import Branch, Listing, Node, Scalar
from navlayers.mapping.model import DECIMAL, DETAILS, Capability, MappingType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from navlayers.mapping.formats.context import Context, Places
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.model import MappingSet

TOP_KEYS = (
    *("framework", "title", "version", "domain", "attack_version", "source", "licence", "license", "role"),
    *DETAILS,
    *("mapping_types", "scale", "segments", "groups", "capabilities", "non_mappable"),
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
    findings = context.findings
    top = read_top(source, findings, _TOP, strict=True)
    if not top.branch.items.keys() & {"framework", "capabilities"}:
        message = 'there is neither "framework" nor "capabilities"'
        other = Problem(message, top.place(), _TOP, FIRST_FILE, code="wrong-shape")
        raise OtherFileError(findings.errors() or other)
    top.unknown(TOP_KEYS, "the mapping set")
    head = _head(top, context.options.metadata)
    entries = Entries(head, top, context.options)
    capabilities = list(_capabilities(top, entries))
    for key, node in top.child("non_mappable", "a mapping of technique id → comment, type …").branch.items.values():
        entries.technique(None, key, node)
    findings.raise_errors()
    if not capabilities:
        empty = not entries.count
        code = "wrong-shape" if empty else "empty-set"
        issue = Issue("the set has no capabilities", _CAPABILITIES, fatal=empty, code=code)
        top.report(issue, top.branch.items["capabilities"][0] if "capabilities" in top else "")
    places = msgspec.structs.replace(entries.parts.places, head=partial(_place_of_field, top))
    groups = _with_undeclared(head.groups, capabilities, places, top)
    declared = tuple(text for text, _ in top.texts("segments"))
    found = entries.parts.in_set(head, groups=groups, capabilities=tuple(capabilities))
    if declared:
        used = (name for mapping in found.mappings for name in mapping.segments)
        found = msgspec.structs.replace(found, segments=tuple(dict.fromkeys((*declared, *used))))
    return found, places


def _place_of_field(top: Fields, field: str) -> Place:
    key = "license" if field == "licence" and field not in top else field
    return top.place(key) if key in top else Place(top.path, 1, 1)


def _head(top: Fields, by_user: dict[str, str]) -> MappingSet:
    """The metadata of the set; that of the user overrides that of the file."""
    texts: dict[str, str] = {}
    if "licence" in top and "license" in top:
        top.wrong("license", 'both "licence" and "license" are given', "one of them", code="duplicate-key")
    for field in (*REQUIRED, "title", "source", "licence", "license", "role", *DETAILS):
        text = top.text(field)
        if text.strip():
            texts[field] = text
        elif field in REQUIRED and field not in by_user and isinstance(top.branch.get(field), Scalar | None):
            what = "empty" if field in top else "missing"
            top.wrong(field, f'"{field}" is {what}', REQUIRED[field], code="missing-metadata")
    texts |= by_user
    if "license" in texts:
        texts.setdefault("licence", texts["license"])
    groups = top.child("groups", "a mapping of group id → name")
    return head_of(
        texts,
        top.report,
        groups={id_: groups.text(key.text) or id_ for id_, key, _ in _ids(groups, "group")},
        mapping_types=tuple(_mapping_types(top)),
        scale=_scale(top.child("scale", "a mapping of score value → number from 0 to 100")),
    )


def _ids(fields: Fields, what: str, fold: Callable[[str], str] = str) -> Iterator[tuple[str, Scalar, Node]]:
    """The keys of a mapping as ids, with key and value; ids with equal `fold` are the same, and an error."""
    seen: dict[str, Scalar] = {}
    for key, node in fields.branch.items.values():
        fields.warn(key)
        id_ = fields.identifier(key.text, key)
        if id_ is None:
            fields.wrong(key, f"the id of a {what} is empty", "text")
            continue
        first = seen.setdefault(fold(id_), key)
        if first is not key:
            earlier = f"{quoted(first.text)} in {fields.place(first).position}"
            message = f"{what} {quoted(key.text)} is the same as {earlier}"
            hint = "ids are compared without spaces around them"
            fields.wrong(key, message, "each id once", hint, "duplicate-id")
        yield id_, key, node


def _mapping_types(top: Fields) -> Iterator[MappingType]:
    if isinstance(top.branch.get("mapping_types"), Listing):
        yield from (MappingType(id_, id_) for id_, _ in top.texts("mapping_types"))
        return
    types = top.child("mapping_types", "a mapping of mapping type id → name")
    for id_, (key, node) in types.branch.items.items():
        types.warn(key)
        if isinstance(node, Branch):
            fields = types.inner(node)
            fields.unknown(("name", "description"), f"mapping type {quoted(id_)}")
            yield MappingType(id_, fields.text("name"), fields.text("description"))
        else:
            yield MappingType(id_, types.text(id_))


def _scale(fields: Fields) -> dict[str, float]:
    scale = {}
    for id_, key, node in _ids(fields, "score value", str.lower):
        number = _number(node, f"the number of score value {quoted(key.text)}", fields)
        if issue := value_rules.scale_name(id_):
            fields.report(issue, key)
        elif number is not None:
            scale[id_] = number
    return scale


def _number(node: Node, what: str, fields: Fields) -> float | None:
    """A number from 0 to 100 in plain decimal digits."""
    expected = "a number from 0 to 100 in plain decimal digits, such as 50 or 72.5"
    if not isinstance(node, Scalar):
        fields.wrong(node, f"{what} is {kind(node)}", expected)
    elif not DECIMAL.fullmatch(node.text):
        hint = "YAML tools do not agree on which number this is" if is_number(node.text) else ""
        fields.wrong(node, f"{what} is {quoted(node.text)}", expected, hint)
    elif float(node.text) > 100:
        fields.wrong(node, f"{what} is {bare(node.text)}, outside the scale", expected)
    else:
        return float(node.text)
    return None


def _capabilities(top: Fields, entries: Entries) -> Iterator[Capability]:
    for id_, key, node in _ids(top.child("capabilities", _CAPABILITIES), "capability"):
        what = f"capability {quoted(id_)}"
        if not isinstance(node, Branch) and not is_null(node):
            top.wrong(node, f"{what} is {kind(node)}", "name, groups, references, techniques")
        fields = top.inner(node if isinstance(node, Branch) else Branch({}, node.line, node.column))
        fields.unknown(CAPABILITY_KEYS, what)
        name = fields.text("name")
        groups = dict.fromkeys(fields.identifier(text, "groups") for text, _ in fields.texts("groups"))
        capability = Capability(
            id_,
            name if name.strip() else id_,
            tuple(group for group in groups if group is not None),
            tuple(text for text, _ in fields.texts("references")),
        )
        entries.parts.add(capability, fields, key)
        before = entries.count
        if "non_mappable" in fields:
            record = fields.node("non_mappable")
            for entry in record.items if isinstance(record, Listing) else [record]:
                entries.record(capability, None, key, entry)
        techniques = fields.child(
            "techniques", "a mapping of technique id → entry, such as T1078: {protect: partial}"
        )
        for technique, entry in techniques.branch.items.values():
            entries.technique(capability, technique, entry)
        written = fields.branch.get("techniques")
        if entries.count == before and not isinstance(node, Listing) and not isinstance(written, Listing):
            hint = "list its techniques, or add non_mappable: true"
            issue = Issue(f"{what} has no techniques", hint=hint, fatal=False, code="capability-without-mapping")
            top.report(issue, key)
        yield capability


def _with_undeclared(
    declared: dict[str, str], capabilities: list[Capability], places: Places, top: Fields
) -> dict[str, str]:
    groups = dict(declared)
    names = Names(declared)

    def hint(group: str) -> str:
        return names.suggestion(group) or "declare it under groups to give it a name"

    for number, capability in enumerate(capabilities):
        for group in capability.groups:
            if group not in groups:
                groups[group] = group
                message = f"capability group {quoted(group)} is not declared"
                issue = Issue(message, hint=partial(hint, group), fatal=False, code="undeclared-group")
                top.findings.add(issue, places.part("capability", number, ""))
    return groups
