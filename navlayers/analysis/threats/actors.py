"""Files of threat intelligence: which groups, campaigns, software, plans and flows use which techniques.

Read are group administrations of DeTT&CT, threats of SCYTHE, STIX bundles in which something *uses* a technique,
and Attack Flows, also as the Attack Flow Builder saves them.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from navlayers._text.dates import day, iso_day, wrong_day
from navlayers._text.wording import quantity, quoted
from navlayers.mapping.formats._json import JsonLocator, loads
from navlayers.mapping.formats.detect import json_keys, yaml_keys
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.source import as_text
from navlayers.mapping.formats.stix.bundle import ATTACK_SOURCES, EXTENSION
from navlayers.mapping.formats.yaml_fields import read_top
from navlayers.mapping.formats.yaml_tree import Branch, Listing, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from navlayers.analysis.threats.model import MemberKind
    from navlayers.errors import Place
    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.formats.yaml_fields import Fields

_HEAD = 1 << 16
_OFF = ("false", "no", "off")
_SCYTHE_TAG = re.compile(r"att&ck-technique:(.+)", re.IGNORECASE)
"""What is no id is reported as a technique that ATT&CK does not have."""

_USING: dict[str, MemberKind] = {
    "intrusion-set": "group",
    "threat-actor": "group",
    "campaign": "campaign",
    "incident": "campaign",
    "malware": "software",
    "tool": "software",
}
"""Type of a STIX object that uses techniques → its kind."""


class Use(NamedTuple):
    """A technique as it is written, its weight, the day of the use as 2025-01-31 ("": unknown), and its place."""

    technique: str
    place: Callable[[], Place]
    weight: float = 1
    day: str = ""


class Actor(NamedTuple):
    """Who or what uses techniques.

    Attributes:
        kind: its kind.
        name: its name; "" for the one of a file without names.
        uses: each use of a technique.
        first, last: the days on which it was first and last seen; "": unknown.
        enabled: False: the file says that it does not count.
        aliases: other names and ids.
    """

    kind: MemberKind
    name: str
    uses: list[Use]
    first: str = ""
    last: str = ""
    enabled: bool = True
    aliases: tuple[str, ...] = ()


class Intelligence(NamedTuple):
    """The format of a file, its actors, and the domain of ATT&CK that it names ("": none)."""

    format: str
    actors: list[Actor]
    domain: str = ""


def intelligence(source: Source, findings: Findings) -> Intelligence | None:
    """The actors of a file of threat intelligence; None for any other file.

    Args:
        source: the file.
        findings: where problems go.

    Raises:
        InputError: a file of groups is not YAML, or a file is not UTF-8.
    """
    start = source.data[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start.startswith(b"{"):
        return _dettect(source, findings) if yaml_keys(start) >= {"file_type", "groups"} else None
    source = as_text(source)
    try:
        keys = json_keys(source.data)
        if "threat" in keys:
            return _scythe(source)
        if "objects" not in keys:
            return None
        return _builder(source) if b'"attack_flow' in start and "schema" in keys else _stix(source, findings)
    except (msgspec.DecodeError, RecursionError):
        # The readers of mapping sets have the words for that.
        return None


def _dettect(source: Source, findings: Findings) -> Intelligence | None:
    top = read_top(source, findings, "group-administration")
    if top.text("file_type") != "group-administration":
        return None
    actors = []
    for group in top.children("groups", "a group: group_name, technique_id"):
        name = ": ".join(filter(None, (group.text("group_name"), group.text("campaign"))))
        seen = _day(group, "date")
        enabled = group.text("enabled").casefold()
        if enabled not in ("", "true", "yes", "on", *_OFF):
            group.wrong("enabled", f"enabled is {quoted(enabled)}", "true or false")
        uses = [*_group_uses(group, seen)]
        if not uses:
            message = f"{name or 'the group'} uses no technique"
            group.report(Issue(message, "technique_id", fatal=False, code="not-carried"), "group_name")
        actors.append(Actor("group", name, uses, seen, seen, enabled not in _OFF))
    return Intelligence("DeTT&CT groups", actors, top.text("domain").removesuffix("-attack") or "enterprise")


def _group_uses(group: Fields, seen: str) -> Iterator[Use]:
    """The techniques of a group: a list, or a mapping of ids to weights."""
    node = group.branch.get("technique_id")
    if isinstance(node, Branch):
        for id_, (key, value) in node.items.items():
            weight = _weight(value.text if isinstance(value, Scalar) else "")
            if weight is None:
                group.wrong(value, f"the weight of {id_} is not a number", "a number of 0 or more")
            yield Use(id_, partial(group.place, key), weight or 0, seen)
        return
    for item in node.items if isinstance(node, Listing) else [node] if node is not None else []:
        if isinstance(item, Scalar) and item.text.strip():
            yield Use(item.text, partial(group.place, item), 1, seen)


def _weight(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[0-9]{1,12}(?:\.[0-9]{1,10})?", text.strip()) else None


def _day(group: Fields, key: str) -> str:
    text = group.text(key)
    if text and iso_day(text) is None:
        issue = Issue(
            f"date {quoted(text)} {wrong_day(text)}", "year-month-day, such as 2024-03-31", code="wrong-type"
        )
        group.report(issue, key)
    return iso_day(text) or ""


def _scythe(source: Source) -> Intelligence | None:
    threat = loads(source.data)["threat"]
    script = threat.get("script") if isinstance(threat, dict) else None
    if not isinstance(script, dict):
        return None
    locator = JsonLocator(source)
    uses = []
    for key, step in script.items():
        tags = step.get("rtags") if isinstance(step, dict) else None
        for number, tag in enumerate(tags if isinstance(tags, list) else ()):
            if isinstance(tag, str) and (match := _SCYTHE_TAG.fullmatch(tag.strip())):
                uses.append(Use(match[1], partial(locator.place, ("threat", "script", key, "rtags", number))))
    name = threat.get("display_name") or threat.get("name")
    return Intelligence("SCYTHE threat", [Actor("emulation", name if isinstance(name, str) else "", uses)])


def _builder(source: Source) -> Intelligence:
    """The flow in a file of the Attack Flow Builder (.afb), whose properties are pairs."""
    locator = JsonLocator(source)
    uses, name = [], ""
    objects = loads(source.data)["objects"]
    for number, item in enumerate(objects if isinstance(objects, list) else ()):
        if not isinstance(item, dict):
            continue
        properties = _pairs(item.get("properties"))
        if item.get("id") == "flow":
            name = _text(properties.get("name"))
        elif item.get("id") == "action" and (id_ := _technique_of_action(properties)):
            uses.append(
                Use(id_, partial(locator.place, ("objects", number, "properties")), 1, _of_action(properties))
            )
    return Intelligence("Attack Flow", [_dated("flow", name, uses)])


def _pairs(value: Any) -> dict[str, Any]:
    pairs = value if isinstance(value, list) else ()
    return {pair[0]: pair[1] for pair in pairs if isinstance(pair, list) and len(pair) == 2 and _text(pair[0])}


def _technique_of_action(properties: dict[str, Any]) -> str:
    return _text(properties.get("technique_id")) or _text(_pairs(properties.get("ttp")).get("technique"))


def _of_action(properties: dict[str, Any]) -> str:
    return _as_day(properties.get("execution_end")) or _as_day(properties.get("execution_start"))


def _keys(value: Any) -> Iterable[str]:
    return value if isinstance(value, dict) else ()


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _as_day(value: Any) -> str:
    return day(_text(value)) or ""


def _dated(kind: MemberKind, name: str, uses: list[Use]) -> Actor:
    """An actor that was seen when its techniques were used."""
    days = sorted(use.day for use in uses if use.day)
    return Actor(kind, name, uses, *((days[0], days[-1]) if days else ()))


def _stix(source: Source, findings: Findings) -> Intelligence | None:
    """The actors of a STIX bundle; None if nothing in it uses techniques, or it is a mapping set."""
    data = source.data
    if not any(word in data for word in (b'"attack-action"', b'"uses"', b'"report"')):
        return None
    every = loads(data).get("objects")
    items: list[dict[str, Any]] = (
        [item for item in every if isinstance(item, dict)] if isinstance(every, list) else []
    )
    if any(EXTENSION in _keys(item.get("extensions")) for item in items if item.get("type") == "grouping"):
        return None
    locator = JsonLocator(source)
    numbers = {id(item): number for number, item in enumerate(every if isinstance(every, list) else ())}
    by_id = {_text(item.get("id")): item for item in items}

    def place(item: dict[str, Any]) -> Callable[[], Place]:
        return partial(locator.place, ("objects", numbers[id(item)]))

    if any(item.get("type") == "attack-action" for item in items):
        return Intelligence("Attack Flow", [_flow(items, by_id, place)])
    uses: dict[str, dict[str, Use]] = {}
    unnamed: dict[str, Callable[[], Place]] = {}
    for item in items:
        user, target = _text(item.get("source_ref")), _text(item.get("target_ref"))
        kind, known = user.partition("--")[0], by_id.get(target, {})
        if (
            item.get("relationship_type") != "uses"
            or kind not in _USING
            or not target.startswith("attack-pattern--")
        ):
            continue
        if any(_retired(each) for each in (item, by_id.get(user, {}))):
            continue
        technique = _attack_id(known)
        if technique:
            day_ = _as_day(item.get("stop_time")) or _as_day(item.get("start_time"))
            uses.setdefault(user, {}).setdefault(technique, Use(technique, place(item), 1, day_))
        else:
            unnamed.setdefault(target, place(item))
    if unnamed:
        message = f"left out {quantity(len(unnamed), 'attack pattern')} without a technique id of ATT&CK"
        findings.add(Issue(message, fatal=False, code="not-carried"), next(iter(unnamed.values())))
    actors = [_actor(user, by_id.get(user, {}), [*used.values()]) for user, used in uses.items()]
    # A report that lists techniques and has no relationships is a threat by itself.
    actors = actors or [*_reports(items, by_id, place)]
    return Intelligence("STIX bundle", actors) if actors else None


def _reports(
    items: Iterable[dict[str, Any]],
    by_id: dict[str, dict[str, Any]],
    place: Callable[[dict[str, Any]], Callable[[], Place]],
) -> Iterator[Actor]:
    """The reports of a bundle that refer to techniques."""
    for item in items:
        refs = item.get("object_refs") if item.get("type") == "report" and not _retired(item) else None
        patterns = [by_id.get(_text(ref), {}) for ref in refs] if isinstance(refs, list) else []
        ids = [_attack_id(each) for each in patterns if each.get("type") == "attack-pattern"]
        if any(ids):
            seen = _as_day(item.get("published"))
            uses = [Use(id_, place(item), 1, seen) for id_ in dict.fromkeys(filter(None, ids))]
            yield Actor("report", _text(item.get("name")), uses, seen, seen)


def _flow(
    items: Iterable[dict[str, Any]],
    by_id: dict[str, dict[str, Any]],
    place: Callable[[dict[str, Any]], Callable[[], Place]],
) -> Actor:
    """The flow of a bundle with actions."""
    uses, name = [], ""
    for item in items:
        if item.get("type") == "attack-flow":
            name = name or _text(item.get("name"))
        elif item.get("type") == "attack-action":
            pattern = by_id.get(_text(item.get("technique_ref")), {})
            if id_ := _text(item.get("technique_id")) or _attack_id(pattern):
                uses.append(Use(id_, place(item), 1, _of_action(item)))
    return _dated("flow", name, uses)


def _actor(ref: str, item: dict[str, Any], uses: list[Use]) -> Actor:
    aliases = item.get("aliases") or item.get("x_mitre_aliases") or ()
    names = [_text(alias) for alias in aliases] if isinstance(aliases, list) else []
    seen = _as_day(item.get("first_seen")), _as_day(item.get("last_seen"))
    kind = _USING[ref.partition("--")[0]]
    return Actor(kind, _text(item.get("name")) or ref, uses, *seen, aliases=(*names, _attack_id(item), ref))


def _retired(item: dict[str, Any]) -> bool:
    return bool(item.get("revoked") or item.get("x_mitre_deprecated"))


def _attack_id(item: dict[str, Any]) -> str:
    """The id that ATT&CK gives an object."""
    references = item.get("external_references")
    for reference in references if isinstance(references, list) else ():
        if isinstance(reference, dict) and reference.get("source_name") in ATTACK_SOURCES:
            return _text(reference.get("external_id"))
    return ""
