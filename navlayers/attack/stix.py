"""Reading an ATT&CK release from its STIX bundle, 2.0 or 2.1.

Only the fields that a catalogue needs are decoded: the rest of a 33 MB bundle never becomes a Python object.
"""

import re
from collections import defaultdict
from pathlib import Path
from typing import NoReturn, get_args

import msgspec

from navlayers._text import listed, shown
from navlayers.attack import versions
from navlayers.attack.catalogue import Catalogue, Kind, Status, Tactic, Technique, Threat, Threats
from navlayers.attack.domain import DOMAINS, Domain
from navlayers.attack.files import decode, read_bytes
from navlayers.errors import InputError, Place, Problem, ReleaseError

MAX_BYTES = 1 << 29
"""The largest file read as a bundle: 512 MiB, ten times ATT&CK's largest."""

_SOURCES = frozenset({"mitre-attack", "mitre-mobile-attack", "mitre-ics-attack"})
_KINDS: dict[str, Kind] = {
    "intrusion-set": "group",
    "malware": "software",
    "tool": "software",
    "campaign": "campaign",
}
_STATUS_ORDER: tuple[Status, ...] = get_args(Status)
_VERSION_IN_NAME = re.compile(r"-attack-v?([0-9]+\.[0-9]+)(?:[^0-9].*)?\.json", re.IGNORECASE)
_VERSION_OF_FOLDER = re.compile(r"(?:.*-)?v([0-9]+\.[0-9]+)", re.IGNORECASE)
_BUNDLE = "an ATT&CK release as a STIX 2.0 or 2.1 bundle"
_HINT = "MITRE publishes one per domain and release, for example enterprise-attack-18.1.json"


class Bundle(msgspec.Struct, frozen=True):
    """What a bundle holds: one release of one domain. `threats` has no entries in a bundle without any."""

    catalogue: Catalogue
    threats: Threats


class _Reference(msgspec.Struct, gc=False):
    source_name: str = ""
    external_id: str | None = None


class _Phase(msgspec.Struct, gc=False):
    phase_name: str


class _Object(msgspec.Struct):
    """Any STIX object: the fields that tactics, techniques, threats, matrices or relationships have."""

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
        """The id that ATT&CK gives the object; older mobile and ICS objects name a source of their own."""
        for reference in self.external_references or ():
            if reference.source_name in _SOURCES and reference.external_id:
                return reference.external_id
        return None

    @property
    def status(self) -> Status:
        """Revoked before deprecated, as the Navigator treats an object that is both."""
        if self.revoked:
            return "revoked"
        return "deprecated" if self.x_mitre_deprecated else "active"


class _Document(msgspec.Struct):
    type: str = ""
    objects: list[_Object] | None = None


class _Objects:
    """The objects of a bundle by type, with what relates them."""

    def __init__(self, objects: list[_Object]) -> None:
        self.by_type: defaultdict[str, list[_Object]] = defaultdict(list)
        for thing in objects:
            self.by_type[thing.type].append(thing)
        self.relations: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for relation in self.by_type["relationship"]:
            if relation.status == "active":
                self.relations[relation.relationship_type].append((relation.source_ref, relation.target_ref))


def read_bundle(path: Path, *, version: str | None = None, descriptions: bool = True) -> Bundle:
    """Read the ATT&CK release that a STIX bundle holds.

    The domain is that of the matrix. The version is that of the collection object, which STIX 2.1 releases
    have; else `version`; else the one in the file's name (`enterprise-attack-18.1.json`) or its folder's
    (`v18.1/enterprise-attack.json`, as mitreattack-python stores them).

    Raises InputError where the file is no such bundle, ReleaseError where its version is not to be found or is
    another one than `version`.
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
    threats = _threats(objects, {found.stix_id: found.id for found in techniques if found.active})
    return Bundle(Catalogue(domain, number, tactics, by_id), Threats(domain, number, threats))


def _refuse(path: Path, message: str) -> NoReturn:
    raise InputError(Problem(message, Place(str(path)), expected=_BUNDLE, hint=_HINT))


def _domain(objects: _Objects, path: Path) -> Domain:
    """The domain of the matrix: "enterprise" of its external id "enterprise-attack"."""
    found = sorted({matrix.attack_id or "" for matrix in objects.by_type["x-mitre-matrix"]})
    if not found:
        _refuse(path, "the bundle has no ATT&CK matrix (x-mitre-matrix)")
    if len(found) > 1:
        _refuse(path, f"the bundle holds more than one domain: {listed(found)}")
    for domain in DOMAINS:
        if found[0] == f"{domain}-attack":
            return domain
    known = ", ".join(f"{domain}-attack" for domain in DOMAINS)
    message = f"the matrix belongs to the domain {shown(found[0])}"
    raise InputError(Problem(message, Place(str(path)), expected=f"one of {known}", hint=_HINT))


def _version(objects: _Objects, path: Path, asked: str | None) -> str:
    """The release's number as "major.minor"."""
    said = {collection.x_mitre_version or "" for collection in objects.by_type["x-mitre-collection"]}
    stated = versions.canonical(said.pop()) if len(said) == 1 else None
    if asked is not None:
        wanted = versions.canonical(asked)
        if wanted is None:
            raise ReleaseError(
                Problem(f"{shown(asked)} is not an ATT&CK version", expected="a number such as 18.1")
            )
        if stated and stated != wanted:
            message = f"the bundle says that it is ATT&CK {stated}, not {wanted}"
            raise ReleaseError(Problem(message, Place(str(path)), hint="leave the version out"))
        return wanted
    if stated:
        return stated
    named = _VERSION_IN_NAME.search(path.name) or _VERSION_OF_FOLDER.fullmatch(path.absolute().parent.name)
    if named and (number := versions.canonical(named[1])):
        return number
    raise ReleaseError(
        Problem(
            "neither the bundle nor its name says which ATT&CK version it is",
            Place(str(path)),
            expected="a name such as enterprise-attack-18.1.json",
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
                    f"the matrix {shown(matrix.name)} names a tactic that the bundle does not hold: {shown(ref)}",
                )
            tactics[ref] = Tactic(tactic.attack_id, tactic.x_mitre_shortname, tactic.name)
    if not tactics:
        _refuse(path, "the bundle has no ATT&CK matrix with tactics")
    return tuple(tactics.values())


def _techniques(
    objects: _Objects, tactics: tuple[Tactic, ...], path: Path, *, descriptions: bool
) -> list[Technique]:
    """Every attack pattern that has an ATT&CK id, in the order of the bundle."""
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
        # The id tells the parent: some revoked sub-techniques have lost their subtechnique-of relationship.
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
                description=(pattern.description or "") if descriptions else "",
            )
        )
    return techniques


def _by_id(techniques: list[Technique]) -> dict[str, Technique]:
    """In id order; where two have one id, the active one, else the deprecated one."""
    ranked = sorted(techniques, key=lambda found: (found.id, _STATUS_ORDER.index(found.status), found.stix_id))
    by_id: dict[str, Technique] = {}
    for technique in ranked:
        by_id.setdefault(technique.id, technique)
    return by_id


def _threats(objects: _Objects, techniques: dict[str, str]) -> dict[str, Threat]:
    """The active threats by id; `techniques` maps the STIX ids of active techniques to their ids."""
    active = {
        thing.id: thing
        for kind in _KINDS
        for thing in objects.by_type[kind]
        if thing.status == "active" and thing.attack_id
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
            kind=_KINDS[thing.type],
            id=thing.attack_id or "",
            stix_id=stix_id,
            name=thing.name,
            aliases=tuple(
                alias
                for alias in dict.fromkeys((thing.aliases or []) + (thing.x_mitre_aliases or []))
                if alias != thing.name
            ),
            techniques=tuple(sorted(used[stix_id])),
            software=tuple(sorted(software[stix_id])),
            groups=tuple(sorted(groups[stix_id])),
        )
        for stix_id, thing in active.items()
    ]
    return {threat.id: threat for threat in sorted(threats, key=lambda threat: threat.id)}
