"""ATT&CK releases from STIX 2.0 and 2.1 bundles.

Only the fields that a catalogue needs are decoded, because a bundle has 33 MB and more.
"""

import re
from collections import defaultdict
from pathlib import Path
from typing import NoReturn, get_args
from urllib.parse import urlsplit

import msgspec

from navlayers._text.wording import comma_list, quoted
from navlayers.attack import versions
from navlayers.attack.catalogue import Catalogue, Status, Tactic, Technique, Threat, ThreatKind, Threats
from navlayers.attack.domains import DOMAINS, Domain
from navlayers.attack.files import decode, read_bytes
from navlayers.attack.ids import TECHNIQUE
from navlayers.errors import InputError, Place, Problem, ReleaseError

MAX_BYTES = 1 << 29
"""Maximum size of a bundle: 512 MiB, ten times ATT&CK's largest."""

_SOURCES = frozenset({"mitre-attack", "mitre-mobile-attack", "mitre-ics-attack"})
_KINDS: dict[str, ThreatKind] = {
    "intrusion-set": "group",
    "malware": "software",
    "tool": "software",
    "campaign": "campaign",
}
_STATUS_ORDER: tuple[Status, ...] = get_args(Status)
_VERSION_IN_NAME = re.compile(r"-attack-v?([0-9]+\.[0-9]+)(?![0-9])", re.IGNORECASE)
_VERSION_OF_FOLDER = re.compile(r"(?:.*-)?v([0-9]+\.[0-9]+)", re.IGNORECASE)
_BUNDLE = "an ATT&CK release as a STIX 2.0 or 2.1 bundle"
_HINT = "MITRE publishes one per domain and release, for example enterprise-attack-18.1.json"


class Bundle(msgspec.Struct, frozen=True):
    """The release in a bundle: one version of one domain. `threats` may be empty."""

    catalogue: Catalogue
    threats: Threats


class _Reference(msgspec.Struct, gc=False):
    source_name: str = ""
    url: str | None = None
    external_id: str | None = None


class _Phase(msgspec.Struct, gc=False):
    phase_name: str


class _Object(msgspec.Struct):
    """Any STIX object, with the fields of tactics, techniques, threats, matrices and relationships."""

    type: str
    id: str = ""
    name: str = ""
    description: str | None = None
    revoked: bool | None = None
    x_mitre_deprecated: bool | None = None
    external_references: list[_Reference] | None = None
    kill_chain_phases: list[_Phase] | None = None
    x_mitre_platforms: list[str] | None = None
    x_mitre_shortname: str = ""
    x_mitre_version: str | None = None
    tactic_refs: list[str] | None = None
    aliases: list[str] | None = None
    x_mitre_aliases: list[str] | None = None
    relationship_type: str = ""
    source_ref: str = ""
    target_ref: str = ""

    @property
    def attack_id(self) -> str | None:
        """The ATT&CK id; older mobile and ICS objects have it under a source name of their domain."""
        for reference in self.external_references or ():
            if reference.source_name in _SOURCES and reference.external_id:
                return reference.external_id
        return None

    @property
    def own_page(self) -> str:
        """The address of its page, "" if that is at attack.mitre.org or not stated."""
        for reference in self.external_references or ():
            if reference.source_name in _SOURCES and reference.external_id == self.attack_id and reference.url:
                try:
                    parts = urlsplit(reference.url)
                except ValueError:
                    return ""
                own = parts.scheme in ("http", "https") and parts.hostname not in (None, "attack.mitre.org")
                return reference.url if own else ""
        return ""

    @property
    def status(self) -> Status:
        """The status; an object that is both revoked and deprecated counts as revoked, as in the Navigator."""
        if self.revoked:
            return "revoked"
        return "deprecated" if self.x_mitre_deprecated else "active"


class _Document(msgspec.Struct):
    type: str = ""
    objects: list[_Object] | None = None


class _Objects:
    """The objects of a bundle by type, and its active relationships."""

    def __init__(self, objects: list[_Object]) -> None:
        self.by_type: defaultdict[str, list[_Object]] = defaultdict(list)
        for item in objects:
            self.by_type[item.type].append(item)
        self.relations: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for relation in self.by_type["relationship"]:
            if relation.status == "active":
                self.relations[relation.relationship_type].append((relation.source_ref, relation.target_ref))


def read_bundle(path: Path, *, version: str | None = None, descriptions: bool = True) -> Bundle:
    """The ATT&CK release in a STIX bundle.

    The domain is that of the matrix. The version is that of the collection object, which STIX 2.1 releases have; or
    else `version`; or else the one in the name of the file (`enterprise-attack-18.1.json`) or of its folder
    (`v18.1/enterprise-attack.json`, as mitreattack-python stores bundles).

    Args:
        path: the file.
        version: the version, if the bundle does not state it.
        descriptions: whether to keep the descriptions of techniques.

    Raises:
        InputError: the file is not such a bundle.
        ReleaseError: the version is unknown, or differs from `version`.
    """
    data = read_bytes(path, MAX_BYTES)
    document = decode(data, _Document, path, expected=_BUNDLE, hint=_HINT)
    if document.type != "bundle" or document.objects is None:
        _refuse(path, "this JSON file is not a STIX bundle")
    del data
    objects = _Objects(document.objects)
    domain = _domain(objects, path)
    number = _version(objects, path, version)
    tactics = _tactics(objects, path)
    techniques = _techniques(objects, tactics, path, descriptions=descriptions)
    by_id = _by_id(techniques)
    threats = _threats(objects, {t.stix_id: t.id for t in techniques if t.active})
    return Bundle(Catalogue(domain, number, tactics, by_id), Threats(domain, number, threats))


def _refuse(path: Path, message: str) -> NoReturn:
    raise InputError(Problem(message, Place(str(path)), expected=_BUNDLE, hint=_HINT))


def _domain(objects: _Objects, path: Path) -> Domain:
    """The domain of the matrix: "enterprise" of its external id "enterprise-attack"."""
    names = sorted({matrix.attack_id or "" for matrix in objects.by_type["x-mitre-matrix"]})
    if not names:
        _refuse(path, "the bundle has no ATT&CK matrix (x-mitre-matrix)")
    if len(names) > 1:
        _refuse(path, f"the bundle has more than one domain: {comma_list(names)}")
    for domain in DOMAINS:
        if names[0] == f"{domain}-attack":
            return domain
    known = ", ".join(f"{domain}-attack" for domain in DOMAINS)
    message = f"the matrix has the unknown domain {quoted(names[0])}"
    raise InputError(Problem(message, Place(str(path)), expected=f"one of {known}", hint=_HINT))


def _version(objects: _Objects, path: Path, requested: str | None) -> str:
    """The release's number as "major.minor"."""
    collections = {collection.x_mitre_version or "" for collection in objects.by_type["x-mitre-collection"]}
    stated = versions.canonical(collections.pop()) if len(collections) == 1 else None
    if requested is not None:
        wanted = versions.canonical(requested)
        if wanted is None:
            raise ReleaseError(
                Problem(f"{quoted(requested)} is not an ATT&CK version", expected="a number such as 18.1")
            )
        if stated and stated != wanted:
            message = f"the bundle is ATT&CK {stated}, not {wanted}"
            raise ReleaseError(Problem(message, Place(str(path)), hint="omit the version"))
        return wanted
    if stated:
        return stated
    named = _VERSION_IN_NAME.search(path.name) or _VERSION_OF_FOLDER.fullmatch(path.absolute().parent.name)
    if named and (number := versions.canonical(named[1])):
        return number
    raise ReleaseError(
        Problem(
            "neither the bundle nor its file name states the ATT&CK version",
            Place(str(path)),
            expected="a file name such as enterprise-attack-18.1.json",
            hint="give the version: --version 18.1",
        )
    )


def _tactics(objects: _Objects, path: Path) -> tuple[Tactic, ...]:
    """The columns, left to right, of the matrices that are not deprecated."""
    known = {tactic.id: tactic for tactic in objects.by_type["x-mitre-tactic"]}
    tactics: dict[str, Tactic] = {}
    for matrix in objects.by_type["x-mitre-matrix"]:
        for ref in (matrix.tactic_refs or ()) if matrix.status == "active" else ():
            tactic = known.get(ref)
            if tactic is None or not tactic.attack_id or not tactic.x_mitre_shortname:
                _refuse(
                    path,
                    f"the matrix {quoted(matrix.name)} refers to a tactic that is not in the bundle: {quoted(ref)}",
                )
            tactics[ref] = Tactic(tactic.attack_id, tactic.x_mitre_shortname, tactic.name)
    if not tactics:
        _refuse(path, "the bundle has no ATT&CK matrix with tactics")
    return tuple(tactics.values())


def _techniques(
    objects: _Objects, tactics: tuple[Tactic, ...], path: Path, *, descriptions: bool
) -> list[Technique]:
    """Every attack pattern with an ATT&CK id, in the order of the bundle."""
    order = {tactic.shortname: position for position, tactic in enumerate(tactics)}
    patterns = {pattern.id: pattern for pattern in objects.by_type["attack-pattern"] if pattern.attack_id}
    if not patterns:
        _refuse(path, "the bundle has no ATT&CK techniques (attack-pattern)")
    successors = {
        source: patterns[target].attack_id
        for source, target in objects.relations["revoked-by"]
        if source in patterns and target in patterns
    }
    ids = {pattern.attack_id for pattern in patterns.values()}
    techniques = []
    for stix_id, pattern in patterns.items():
        identifier = pattern.attack_id or ""
        if TECHNIQUE.fullmatch(identifier) is None:
            _refuse(path, f"technique {quoted(pattern.name)} ({stix_id}) has the malformed id {quoted(identifier)}")
        # The parent comes from the id: some revoked sub-techniques lost their subtechnique-of relationship.
        parent, dot, _ = identifier.partition(".")
        phases = {phase.phase_name for phase in pattern.kill_chain_phases or ()}
        techniques.append(
            Technique(
                id=identifier,
                stix_id=stix_id,
                name=pattern.name,
                tactics=tuple(sorted(phases & order.keys(), key=order.__getitem__)),
                platforms=tuple(dict.fromkeys(pattern.x_mitre_platforms or ())),
                parent=parent if dot and parent in ids else None,
                status=pattern.status,
                successor=successors.get(stix_id) if pattern.status == "revoked" else None,
                version=pattern.x_mitre_version or "",
                description=(pattern.description or "") if descriptions else "",
                page=pattern.own_page,
            )
        )
    return techniques


def _by_id(techniques: list[Technique]) -> dict[str, Technique]:
    """Techniques in id order; of two with the same id, the active one, or else the deprecated one."""
    ranked = sorted(techniques, key=lambda t: (t.id, _STATUS_ORDER.index(t.status), t.stix_id))
    by_id: dict[str, Technique] = {}
    for technique in ranked:
        by_id.setdefault(technique.id, technique)
    return by_id


def _threats(objects: _Objects, techniques: dict[str, str]) -> dict[str, Threat]:
    """The active threats by id; `techniques` maps the STIX ids of active techniques to their ids."""
    active = {
        item.id: item
        for kind in _KINDS
        for item in objects.by_type[kind]
        if item.status == "active" and item.attack_id
    }
    used: defaultdict[str, set[str]] = defaultdict(set)
    software: defaultdict[str, set[str]] = defaultdict(set)
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for source, target in objects.relations["uses"]:
        if target in techniques:
            used[source].add(techniques[target])
        elif target in active and _KINDS[active[target].type] == "software":
            software[source].add(active[target].attack_id or "")
    for source, target in objects.relations["attributed-to"]:
        if target in active and _KINDS[active[target].type] == "group":
            groups[source].add(active[target].attack_id or "")
    threats = [
        Threat(
            kind=_KINDS[item.type],
            id=item.attack_id or "",
            stix_id=stix_id,
            name=item.name,
            aliases=tuple(
                alias
                for alias in dict.fromkeys((item.aliases or []) + (item.x_mitre_aliases or []))
                if alias != item.name
            ),
            techniques=tuple(sorted(used[stix_id])),
            software=tuple(sorted(software[stix_id])),
            groups=tuple(sorted(groups[stix_id])),
        )
        for stix_id, item in active.items()
    ]
    return {threat.id: threat for threat in sorted(threats, key=lambda threat: threat.id)}
