"""Metadata for formats that carry little of it: from the user, then the file, then defaults."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePath
from typing import TYPE_CHECKING

from navlayers import _text as wording
from navlayers import attack
from navlayers._text import slugs
from navlayers.attack.domain import DOMAINS, Domain
from navlayers.mapping.formats import checks
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.model import DETAILS, MappingSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from navlayers.errors import Place
    from navlayers.mapping.formats.context import Context

UNVERSIONED = "unversioned"
"""The version of a set that has none."""


def make_head(context: Context, found: Mapping[str, str], techniques: Iterable[str], place: Place) -> MappingSet:
    """A mapping set that has only metadata.

    `found` is what the file says, by names of `METADATA`; blank is nothing. What neither it nor the user says is
    taken from elsewhere, with one notice: the framework from the file's name, the domain from most of the technique
    ids, the ATT&CK version from the newest release at hand, the version is "unversioned".
    """
    texts = {name: text.strip() for name, text in found.items() if text.strip()}
    texts |= context.options.metadata
    assumed: list[str] = []

    def assume(field: str, text: str) -> None:
        texts[field] = text
        assumed.append(f"{field.replace('_', ' ')} {wording.shown(text)[1:-1]}")

    if "framework" not in texts:
        stem = PurePath(place.path).stem
        assume("framework", slugs([stem])[stem] if stem.strip("-") else "stdin")
    if "version" not in texts:
        assume("version", UNVERSIONED)
    domain: Domain | None = None
    if "domain" in texts:
        domain, issue = checks.domain(texts["domain"])
        if issue is not None:
            context.findings.add(issue, place)
    else:
        domain = likely_domain(techniques)
        assume("domain", domain)
    if "attack_version" not in texts:
        assume("attack_version", attack.find(domain or "enterprise", "latest").release.version)
    if assumed:
        hint = "say otherwise with --meta, such as --meta " + ",".join(
            f"{part.rsplit(' ', 1)[0].replace(' ', '_')}=…" for part in assumed[:2]
        )
        message = f"the file does not say everything about the set; taken: {', '.join(assumed)}"
        context.findings.add(Issue(message, hint=hint, fatal=False, code="assumed-metadata"), place)
    return MappingSet(
        framework=texts["framework"],
        version=texts["version"],
        domain=domain or "enterprise",
        attack_version=texts["attack_version"],
        title=texts.get("title", ""),
        source=texts.get("source", ""),
        licence=texts.get("licence", ""),
        details={field: texts[field] for field in DETAILS if field in texts},
    )


def likely_domain(techniques: Iterable[str]) -> Domain:
    """The domain whose newest release knows most of the ids; enterprise where that decides nothing."""
    ids = Counter(techniques)
    known: dict[Domain, int] = {}
    for domain in DOMAINS:
        catalogue = attack.load(attack.find(domain, "latest").release)
        known[domain] = sum(count for id_, count in ids.items() if catalogue.get(id_) is not None)
        if known[domain] == ids.total():
            break
    return max(known, key=lambda domain: known[domain])
