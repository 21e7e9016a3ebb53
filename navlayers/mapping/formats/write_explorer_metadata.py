"""The metadata of the Mappings Explorer formats, as their published JSON Schema asks for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from navlayers._text import listed, shown
from navlayers.errors import Problem
from navlayers.mapping.formats.context import lost
from navlayers.mapping.formats.explorer_metadata import NO_DATE

if TYPE_CHECKING:
    from navlayers.mapping.model import MappingSet

_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})((?:[Tt ].*)?)")
_AMERICAN = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")

Metadata = dict[str, str | dict[str, str] | dict[str, dict[str, str]] | None]


def metadata_of(mapping_set: MappingSet) -> tuple[Metadata, list[Problem]]:
    """The metadata object of a set, its keys in the order of the published files, and what it has no room for."""
    notices = []
    details = mapping_set.details
    created, notice = _date(details, "created")
    notices += notice
    updated, notice = _date(details, "updated")
    notices += notice
    if created is None and "created" not in details:
        notices.append(_made_up("the set does not say when it was created"))
    fields: Metadata = {
        "mapping_version": details.get("mapping_version", ""),
        "technology_domain": mapping_set.domain,
        "attack_version": mapping_set.attack_version,
        "mapping_framework": mapping_set.framework,
        "mapping_framework_version": mapping_set.version,
        "author": details.get("author"),
        "contact": details.get("contact"),
        "organization": details.get("organization"),
        "creation_date": created or NO_DATE,
    }
    if updated is not None:
        fields["last_update"] = updated
    fields["mapping_types"] = {
        kind.id: {"name": kind.name, "description": kind.description} for kind in mapping_set.mapping_types
    }
    fields["capability_groups"] = dict(mapping_set.groups)
    nowhere = {
        "title": mapping_set.title,
        "source": mapping_set.source,
        "licence": mapping_set.licence,
        "scale": mapping_set.scale,
    }
    named = [field for field, value in nowhere.items() if value]
    if named:
        notices.append(lost(listed(named), "Mappings Explorer files have no room for it"))
    return fields, notices


def _date(details: dict[str, str], field: str) -> tuple[str | None, list[Problem]]:
    """A date as MM/DD/YYYY; None where there is none, or none that can be told."""
    text = details.get(field)
    if text is None:
        return None, []
    written = text.strip()
    american, iso = _AMERICAN.fullmatch(written), _ISO.fullmatch(written)
    if american:
        return f"{american[1]:0>2}/{american[2]:0>2}/{american[3]}", []
    if iso:
        date = f"{iso[2]:0>2}/{iso[3]:0>2}/{iso[1]}"
        return date, [lost(f"the time of {field} {shown(text)}", f"it is written as {date}")] if iso[4] else []
    hint = "write it as 2025-01-31"
    if field == "created":
        return None, [_made_up(f"created {shown(text)} is no date", hint)]
    return None, [lost(f"{field} {shown(text)}", "it is no date", hint=hint)]


def _made_up(why: str, hint: str = "say it with --meta created=2025-01-31") -> Problem:
    return Problem(f"{why}: creation_date is written as {NO_DATE}", hint=hint, code="not-carried")
