"""Metadata of sets: as read, and for formats that have little of it, from the user, the file, or defaults."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from navlayers import attack
from navlayers._text import wording
from navlayers._text.slugs import slugs
from navlayers._text.spelling import compact
from navlayers._text.wording import and_list, quantity
from navlayers.attack.domains import DOMAIN_NAMES, DOMAINS, Domain
from navlayers.attack.ids import TECHNIQUE, likely_id
from navlayers.errors import Problem, ReleaseError, UsageError
from navlayers.mapping.formats import value_rules
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.model import DETAILS, UNVERSIONED, MappingSet, Role
from navlayers.mapping.nouns import likely_role

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from navlayers.errors import Place
    from navlayers.mapping.formats.context import Context

REQUIRED = {
    "framework": "the id of the framework, such as nist_800_53",
    "version": "the version of the framework, such as rev5",
    "domain": "enterprise, mobile or ics",
    "attack_version": 'the ATT&CK version that the set was made for, such as "16.1"',
}
"""Metadata that every set has, by names of `METADATA` → the expected value, for messages."""


LEAST_SHARE = 0.01
"""A domain of fewer techniques is a mistake in a table: CTID's NIST 800-53 has one mobile id among 566."""


def head_of(texts: Mapping[str, str], report: Callable[[Issue, str], None], **parts: Any) -> MappingSet:
    """A set from its metadata, by names of `METADATA`, and its other parts.

    An unknown domain or role goes to `report`, with the name of the field. A set without a role has that of its
    framework.
    """
    domain: Domain | None = None
    role: Role | None = None
    if "domain" in texts:
        domain, issue = value_rules.domain(texts["domain"])
        if issue is not None:
            report(issue, "domain")
    if "role" in texts:
        role, issue = value_rules.role(texts["role"])
        if issue is not None:
            report(issue, "role")
    return MappingSet(
        framework=texts.get("framework", ""),
        version=texts.get("version", ""),
        domain=domain or "enterprise",
        attack_version=texts.get("attack_version", ""),
        title=texts.get("title", ""),
        source=texts.get("source", ""),
        licence=texts.get("licence", ""),
        role=role or likely_role(texts.get("framework", "")),
        details={field: texts[field] for field in DETAILS if field in texts},
        **parts,
    )


def dated(days: Iterable[str]) -> dict[str, str]:
    """The metadata of a set whose parts have these days: version and dates; nothing without days."""
    days = sorted(days)
    return {"version": days[-1], "created": days[0], "updated": days[-1]} if days else {}


def make_head(
    context: Context, given: Mapping[str, str], techniques: Iterable[str], place: Place, tactics: Iterable[str] = ()
) -> MappingSet:
    """A mapping set that has only metadata.

    Metadata that neither the file nor the user gives is assumed, with one notice: the framework is the file's name,
    the domain that of most technique ids, the ATT&CK version the installed release that fits them and the tactics
    best, the version "unversioned".

    Args:
        context: has the metadata of the user, which comes first.
        given: the metadata of the file, by names of `METADATA`; blank is absent.
        techniques: the technique ids of the file.
        place: the place of notices.
        tactics: the tactics that the file names, by id, name or short name.
    """
    techniques = list(techniques)
    texts = {name: text.strip() for name, text in given.items() if text.strip()}
    texts |= context.options.metadata
    assumed: dict[str, str] = {}
    part = ""
    if "framework" not in texts:
        assumed["framework"] = file_id(place.path)
    if "version" not in texts:
        assumed["version"] = UNVERSIONED
    if "domain" not in texts:
        assumed["domain"] = likely_domain(techniques)
    if "attack_version" not in texts:
        domain, _ = value_rules.domain(texts.get("domain") or assumed["domain"])
        domain = domain or "enterprise"
        assumed["attack_version"] = likely_release(domain, techniques, tactics)
        # Each part of a table of several domains has this notice.
        part = "" if "domain" in assumed else f" for {DOMAIN_NAMES[domain]}"
    if assumed:
        hint = "set it with --meta, such as --meta " + ",".join(f"{name}=…" for name in list(assumed)[:2])
        named = [f"{name.replace('_', ' ')} {wording.bare(text)}" for name, text in assumed.items()]
        message = f"the file lacks metadata; assumed{part}: {', '.join(named)}"
        issue = Issue(message, hint=hint, fatal=False, code="assumed-metadata", assumed=tuple(assumed))
        context.findings.add(issue, place)
    return head_of(texts | assumed, lambda issue, _field: context.findings.add(issue, place))


def naming_release(head: MappingSet) -> attack.Catalogue:
    """The release in which a set's names of techniques are looked up: its own, or the nearest installed one."""
    try:
        return attack.find(head.domain, own=head.attack_version).catalogue
    except ReleaseError:  # reported when the release is needed
        return attack.find(head.domain).catalogue


def file_id(path: str) -> str:
    """An id derived from the name of a file; "stdin" for standard input, which goes by the name "-"."""
    # Of a file in git, REVISION:PATH, from the path alone.
    stem = PurePath(path.rpartition(":")[2]).stem
    return slugs([stem])[stem] if stem.strip("-") else "stdin"


def likely_release(domain: Domain, techniques: Iterable[str], tactics: Iterable[str] = ()) -> str:
    """The newest installed version of those in which most of the ids, or names, are active or replaced.

    Of those that know as many ids, it is the one with most of the tactics, by id, name or short name.
    """
    ids, named = Counter(techniques), Counter(tactics)
    names: dict[str, list[str]] = {}
    for id_ in ids:
        names.setdefault(compact(id_), []).append(id_)
    best, most = "", (-1, -1)
    for release in reversed([release for release in attack.releases() if release.domain == domain]):
        catalogue = attack.load(release)
        own = ids.keys() & catalogue.techniques.keys()
        known = sum(ids[id_] for id_ in own if catalogue.is_active(catalogue.resolve(id_)[-1]))
        by_name = (id_ for name in names.keys() & catalogue.names.keys() for id_ in names[name])
        known += sum(ids[id_] for id_ in by_name if id_ not in own)
        there = sum(count for tactic, count in named.items() if catalogue.tactic(tactic))
        if (known, there) > most:
            best, most = release.version, (known, there)
        if (known, there) == (ids.total(), named.total()):
            break
    return best


def likely_domain(techniques: Iterable[str]) -> Domain:
    """The domain whose newest releases know most of the ids or names; enterprise where that decides nothing.

    Args:
        techniques: ids or names of techniques; one that is repeated counts as often.
    """
    counts = domain_counts(techniques)
    return max(counts, key=lambda domain: counts[domain], default="enterprise")


def refuse_other_domain(domain: Domain, techniques: Collection[str], place: Place | None = None) -> None:
    """Refuse the domain that the user gives, if it has nearly none of the ids or names that are known.

    Raises:
        UsageError: with the domains that have them.
    """
    counts = domain_counts(techniques)
    newest = attack.newest(domain)
    own = sum(_has(newest, technique, compact(technique)) for technique in techniques)
    others = {other: count for other, count in counts.items() if other != domain}
    if own >= max(LEAST_SHARE * sum(counts.values()), 1) or not others:
        return
    names = and_list([f"ATT&CK {DOMAIN_NAMES[other]}" for other in others])
    few = f"only {own:,} of {quantity(len(techniques), 'technique')}" if own else "no technique"
    known = sum(others.values())
    message = f"{few} is of ATT&CK {DOMAIN_NAMES[domain]}; {known:,} {'is' if known == 1 else 'are'} of {names}"
    raise UsageError(Problem(message, place, hint=f"omit --meta domain={domain}"))


def domain_counts(techniques: Iterable[str]) -> dict[Domain, int]:
    """The domains of ids or names, in the order of `DOMAINS`, and the number of those of each."""
    times = Counter(techniques)
    counts: dict[Domain, int] = {}
    for id_, domain in domains_of(times).items():
        counts[domain] = counts.get(domain, 0) + times[id_]
    return counts


def domains_of(techniques: Iterable[str]) -> dict[str, Domain]:
    """Id or name → the first domain whose newest releases have it, those of each domain together."""
    rest = {id_: compact(id_) for id_ in techniques}
    domains: dict[str, Domain] = {}
    for domain in DOMAINS:
        if not rest:
            break
        newest = attack.newest(domain)
        domains |= {id_: domain for id_, name in rest.items() if _has(newest, id_, name)}
        rest = {id_: name for id_, name in rest.items() if id_ not in domains}
    return domains


def owner(part: str, parts: Sequence[Domain]) -> Callable[[str], bool]:
    """A test whether a technique, by its id or name, is of one domain of several; without `parts`, every one is.

    Args:
        part: the domain.
        parts: all of them; techniques that are of none belong to the first.
    """
    newest = {domain: attack.newest(domain) for domain in DOMAINS} if parts else {}

    @cache
    def owns(technique: str) -> bool:
        id_ = technique_id(technique)
        name = compact(id_)
        domain = next((each for each in DOMAINS if _has(newest[each], id_, name)), None)
        return part == (domain if domain in parts else parts[0])

    return owns if parts else lambda _: True


def technique_id(text: str) -> str:
    """The technique id that a text holds or spells in another way; the text itself for a name."""
    return found[0] if (found := TECHNIQUE.search(text)) else likely_id(text) or text


def _has(releases: Iterable[attack.Catalogue], id_: str, name: str) -> bool:
    return any(id_ in release.techniques or name in release.names for release in releases)
