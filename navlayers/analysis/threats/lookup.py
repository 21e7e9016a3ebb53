"""Looking up names of threats: groups, software, campaigns, tactics, sets and files."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from navlayers import attack
from navlayers._text.wording import or_list, quoted
from navlayers.attack.domains import DOMAIN_NAMES, DOMAINS, Domain
from navlayers.attack.versions import number
from navlayers.errors import InputError, Place, Problem, UsageError
from navlayers.mapping.find import STDIN, Source, here, resolve, shipped, whole_of
from navlayers.mapping.formats.source import ENDINGS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from navlayers.attack import Release, Threat, Threats

EXPECTED = "a group, software, campaign or tactic of ATT&CK by id or name, all-groups, a set, or a file of threats"
ALL = "all"
"""Value of `--software-of` for all groups and campaigns of the threat."""

ALL_GROUPS = "all-groups"
"""The word for every group of a release, so that a technique weighs as many groups as use it."""

_SUGGESTED = 3
_LISTED = 6
_SHORTEST = 3
"""Minimum length of a word for suggestions: shorter ones are part of too many names."""
_SET = "the set "
_SIMILARITY = 0.65
"""Minimum ratio of `difflib` for a suggestion: allows a typo in a short name, but no other name."""


def with_threats(domain: Domain) -> tuple[Release, ...]:
    """The releases of a domain with groups, software and campaigns, the newest first."""
    releases = [
        release for release in attack.releases() if release.domain == domain and attack.has_threats(release)
    ]
    return tuple(sorted(releases, key=lambda release: number(release.version), reverse=True))


def is_threat(word: str, domain: Domain) -> bool:
    """Whether a word is `ALL_GROUPS`, or the id, name or alias of a threat in any release of the domain."""
    return word.strip().casefold() == ALL_GROUPS or any(
        attack.threats(release).named(word) for release in with_threats(domain)
    )


def one_threat(word: str, threats: Threats) -> Threat:
    """The threat of that id, name or alias.

    Raises:
        InputError: there is none in this release, or several have the name.
    """
    named = threats.named(word)
    if len(named) == 1:
        return named[0]
    if named:
        names = or_list([f"{threat.id} ({threat.kind} {threat.name})" for threat in named])
        message = f"{quoted(word)} is the name of {len(named)} threats"
        raise InputError(Problem(message, expected=names, hint="use the id"))
    what = f"ATT&CK {DOMAIN_NAMES[threats.domain]} {threats.version}"
    raise InputError(Problem(f"{what} has no group, software or campaign {quoted(word)}"))


def tactic_id(word: str, domain: Domain) -> str | None:
    """The id of the tactic that a word names in the newest release of the domain, or else in an older one.

    Older ones, which take time to load, count only if the word is not the name of a set or file.
    """
    for release in reversed([release for release in attack.releases() if release.domain == domain]):
        tactic = attack.load(release).tactic(word)
        if tactic is not None:
            return tactic.id
        if _is_there(word):
            return None
    return None


def sources_of(word: str, domain: Domain) -> tuple[Source, ...]:
    """The sets or files with this name.

    Raises:
        InputError: there are none.
    """
    if not word.strip():
        raise InputError(Problem("the name of a threat is empty", expected=EXPECTED))
    if word != STDIN and not _is_there(word):
        raise InputError(_unknown(word, domain))
    return resolve([word], distinct=False)


def refuse_files(word: str, domain: Domain, known: Collection[str]) -> None:
    """Refuse a word that could name a file, where only the command line may name files.

    Raises:
        UsageError: the word is no threat or tactic of ATT&CK, and not among the known words.
    """
    if word in known or is_threat(word, domain) or attack.find(domain).catalogue.tactic(word):
        return
    # Those of the current folder are not to be told.
    near = [name for name in suggestions(word, domain) if not name.startswith(_SET)]
    hint = f"did you mean {or_list(near)}?" if near else ""
    expected = "a group, software, campaign or tactic of ATT&CK"
    raise UsageError(Problem(f"no threat {word!r}", expected=expected, hint=hint))


def file_and_part(word: str) -> tuple[str, str]:
    """A file of threats and the name of one of them: FILE#NAME; any other word alone."""
    file, mark, part = word.partition("#")
    try:
        return (file, part) if mark and not Path(word).exists() and Path(file).is_file() else (word, "")
    except (OSError, ValueError):
        return word, ""


def _is_there(word: str) -> bool:
    """Whether a word is the name of a set or file, or looks like a path."""
    path = Path(word)
    known = {source.name for source in (*shipped(), *here())}
    if path.suffix.lower() in ENDINGS or len(path.parts) > 1 or word in known or whole_of(word, known):
        return True
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _unknown(word: str, domain: Domain) -> Problem:
    for other in DOMAINS:
        if other != domain and (is_threat(word, other) or tactic_id(word, other)):
            message = (
                f"{quoted(word)} is in ATT&CK {DOMAIN_NAMES[other]}, the sets are for ATT&CK {DOMAIN_NAMES[domain]}"
            )
            hint = f"of a table of several domains, --meta domain={other} reads all rows as one set"
            return Problem(message, expected=f"a threat of ATT&CK {DOMAIN_NAMES[domain]}", hint=hint)
    if Path(word).suffix:
        return Problem("no such file, and not the name of a threat", Place(word), EXPECTED, _meant(word, domain))
    return Problem(f"no threat {quoted(word)}", expected=EXPECTED, hint=_meant(word, domain))


def _meant(word: str, domain: Domain) -> str:
    """A hint with similar names, or with all names that contain the word."""
    text = word.strip().casefold()
    names = {what: name for name, what in _names(domain) if len(text) >= _SHORTEST and text in name.casefold()}
    if len(names) < 2:
        near = suggestions(word, domain)
        return f"did you mean {or_list(near)}?" if near else ""
    several = sorted(names, key=lambda what: (not names[what].casefold().startswith(text), what))
    more = f" and {len(several) - _LISTED} more" if len(several) > _LISTED else ""
    quoted = (f'"{names[what]}"' if " " in names[what] else names[what] for what in several[:2])
    both = " ".join(f"--threat {name}" for name in quoted)
    return f"it matches {len(several)} names: {', '.join(several[:_LISTED])}{more}; to choose several: {both}"


def suggestions(word: str, domain: Domain) -> list[str]:
    """Similar names with their ids, the most similar first."""
    text = word.strip().casefold()
    known: dict[str, str] = {}
    for name, what in _names(domain):
        known.setdefault(name.casefold(), what)
    # People leave out words such as Group and Team.
    for name, what in list(known.items()):
        if " " in name and len(name.split()[0]) >= _SHORTEST:
            known.setdefault(name.split()[0], what)
    begin = sorted((name for name in known if len(text) >= _SHORTEST and name.startswith(text)), key=len)
    close = [*begin[:_SUGGESTED], *difflib.get_close_matches(text, known, 2 * _SUGGESTED, _SIMILARITY)]
    return list(dict.fromkeys(known[name] for name in close))[:_SUGGESTED]


def _names(domain: Domain) -> Iterator[tuple[str, str]]:
    """Ids, names and aliases of threats and tactics, and names of sets, each with its wording in a hint."""
    for release in with_threats(domain)[:1]:
        for threat in attack.threats(release).threats.values():
            yield threat.name, f"{threat.name} ({threat.id})"
            yield threat.id, f"{threat.id} ({threat.name})"
            for alias in threat.aliases:
                yield alias, f"{alias} ({threat.id})"
    for tactic in attack.find(domain).catalogue.tactics:
        for name in (tactic.name, tactic.shortname, tactic.id):
            yield name, f"{name} ({tactic.id})" if name != tactic.id else f"{name} ({tactic.name})"
    for source in (*here(), *shipped()):
        yield source.name, f"{_SET}{source.name}"


def group_named(word: str, threats: Threats) -> Threat:
    """The group or campaign of a value of `--software-of`; software of the same name does not count.

    Raises:
        InputError: it names no group or campaign, or several.
    """
    named = threats.named(word)
    using = [threat for threat in named if threat.kind != "software"]
    if len(using) == 1:
        return using[0]
    if using:
        return one_threat(word, threats)
    expected = "a group or campaign"
    if named:
        message = f"--software-of: {named[0].name} ({named[0].id}) is software"
        raise InputError(Problem(message, expected=expected, hint="choose it with --threat"))
    if _is_there(word):
        message = f"--software-of: {quoted(word)} is a set, not a group or campaign"
        hint = "write the sets before the option, or name the group: --software-of=APT29 (or all)"
        raise InputError(Problem(message, expected=f"{expected} of ATT&CK", hint=hint))
    near = [name for name in suggestions(word, threats.domain) if "(G" in name or "(C" in name or name[0] in "GC"]
    hint = f"did you mean {or_list(near)}?" if near else ""
    message = f"--software-of: no group or campaign {quoted(word)}"
    raise InputError(Problem(message, expected=f"{expected} of ATT&CK by id or name, or all", hint=hint))
