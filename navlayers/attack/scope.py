"""Scope: the part of a release that results are about, such as the techniques on a platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers._text.spelling import suggestion
from navlayers._text.wording import and_list, or_list, quoted
from navlayers.attack.domains import DOMAINS
from navlayers.attack.platforms import platforms_named, platforms_of
from navlayers.errors import NavlayersError, Problem, ScopeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.attack.catalogue import Catalogue, Technique  # noqa: TC004 - never decoded

    Cells = set[tuple[str, str]]

OPTIONS = ("--platform", "--include", "--exclude", "--scope", "--where")

PRESETS = {"detectable": ("reconnaissance", "resource-development")}
"""Name → the tactics that it leaves out: what happens outside of the defender's systems leaves no traces there."""


_EXPECTED = "an id, or the name of a tactic, group, software or campaign"


class Scope(msgspec.Struct, frozen=True):
    """What results are about; the default is everything.

    Attributes:
        platforms: names of platforms; the techniques on one of them are in scope.
        include: techniques, tactics and threats of ATT&CK by id or name; only they are in scope.
        exclude: those that are not.
        preset: a name of `PRESETS`; "" for none.
        where: a condition on mappings, see `navlayers.mapping.where`; "" for none.
    """

    platforms: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    preset: str = ""
    where: str = ""

    @property
    def options(self) -> tuple[str, ...]:
        """The options that give it."""
        given = (self.platforms, self.include, self.exclude, self.preset, self.where)
        return tuple(option for option, value in zip(OPTIONS, given, strict=True) if value)


class Bounds(msgspec.Struct, frozen=True):
    """The limits of a release in scope.

    Attributes:
        scope: what was asked.
        words: the scope in words.
        platforms: the platforms in the names of the release; () for all.
        whole: the whole release.
    """

    scope: Scope
    words: str
    platforms: tuple[str, ...]
    whole: Catalogue


def restricted(catalogue: Catalogue, scope: Scope | None) -> Catalogue:
    """The part of a release that is in scope, the same object for the same release and scope.

    It has the active techniques in scope, those with a sub-technique in scope, and all inactive ones, as ids are
    replaced through them. A tactic that is out of scope is neither a tactic of it nor of its techniques.

    Args:
        catalogue: the release; of one that is restricted already, the whole release counts.
        scope: the scope; None for everything.

    Raises:
        ScopeError: the release lacks what the scope names, or nothing is in scope.
    """
    whole = catalogue.whole
    if scope is None or scope == Scope():
        return whole
    if scope not in whole.in_scope:
        whole.in_scope[scope] = _restricted(whole, scope)
    return whole.in_scope[scope]


def named_by_attack(text: str) -> bool:
    """Whether the newest release of any domain has a technique, tactic or threat of this id or name."""
    from navlayers.attack import release  # noqa: PLC0415 - it imports the catalogue, which has scopes

    newest = (catalogue for domain in DOMAINS for catalogue in release.newest(domain))
    return any(_techniques(text, c) or _tactic(text, c) or _threat(text, c) for c in newest)


def _restricted(whole: Catalogue, scope: Scope) -> Catalogue:
    active = [technique for technique in whole.techniques.values() if technique.active]
    platforms = _platforms(scope, whole)
    words = [and_list(platforms)] if platforms else []
    cells = {cell for t in active if not platforms or {*platforms} & {*t.platforms} for cell in _cells(t)}
    if scope.include:
        included, names = _meant(scope.include, "--include", whole)
        cells &= included
        words.append(f"only {and_list(names)}")
    preset = [name for name in PRESETS.get(scope.preset, ()) if whole.tactic(name)]
    if scope.exclude or preset:
        excluded, names = _meant((*preset, *scope.exclude), "--exclude", whole)
        cells -= excluded
        words.append(f"without {and_list(names)}")
    if scope.where:
        words.append(f"where {' '.join(scope.where.split())}")
    if not cells:
        message = f"no technique of {whole.title} is in scope: {', '.join(words)}"
        raise ScopeError(Problem(message, hint=f"leave out {or_list(scope.options)}"))
    tactics: dict[str, set[str]] = {}
    for id_, tactic in cells:
        tactics.setdefault(id_, set()).add(tactic)
    for technique in active:
        if technique.parent and technique.id in tactics:
            tactics.setdefault(technique.parent, {*tactics[technique.id]})
    techniques = {
        id_: msgspec.structs.replace(t, tactics=tuple(n for n in t.tactics if n in tactics[id_])) if t.active else t
        for id_, t in whole.techniques.items()
        if not t.active or id_ in tactics
    }
    shown = {name for names in tactics.values() for name in names}
    return msgspec.structs.replace(
        whole,
        tactics=tuple(tactic for tactic in whole.tactics if tactic.shortname in shown),
        techniques=techniques,
        bounds=Bounds(scope, ", ".join(words), platforms, whole),
    )


def _cells(technique: Technique) -> Iterable[tuple[str, str]]:
    """The technique under each of its tactics."""
    return ((technique.id, tactic) for tactic in technique.tactics or ("",))


def _platforms(scope: Scope, whole: Catalogue) -> tuple[str, ...]:
    names: dict[str, None] = {}
    problems = []
    known = sorted(platforms_of(whole), key=str.casefold)
    for text in scope.platforms:
        found = platforms_named(text, whole)
        names.update(dict.fromkeys(found))
        if not found:
            message = f"--platform: {whole.title} has no platform {quoted(text)}"
            problems.append(Problem(message, expected=", ".join(known), hint=suggestion(text, known)))
    if problems:
        raise ScopeError(problems)
    return tuple(names)


def _meant(texts: Iterable[str], option: str, whole: Catalogue) -> tuple[Cells, list[str]]:
    """The cells that ids and names mean, and the names for people."""
    cells: Cells = set()
    names: dict[str, None] = {}
    problems = []
    for text in texts:
        found = _techniques(text, whole) or _tactic(text, whole) or _threat(text, whole)
        if found is None:
            message = f"{option}: {whole.title} has no technique, tactic or threat {quoted(text)}"
            hint = suggestion(text, [name for t in whole.tactics for name in (t.name, t.shortname)])
            problems.append(Problem(message, expected=_EXPECTED, hint=hint))
        else:
            cells |= found[0]
            names[found[1]] = None
    if problems:
        raise ScopeError(problems)
    return cells, [*names]


def _techniques(text: str, whole: Catalogue) -> tuple[Cells, str] | None:
    """A technique with its sub-techniques; an id that was revoked means its successor."""
    chain = whole.resolve(text.strip().upper())
    technique = whole.get(chain[-1]) if chain else None
    if technique is None or not technique.active:
        return None
    family = (technique, *whole.subtechniques(technique.id))
    return {cell for member in family for cell in _cells(member)}, technique.id


def _tactic(text: str, whole: Catalogue) -> tuple[Cells, str] | None:
    tactic = whole.tactic(text)
    if tactic is None:
        return None
    return {
        (t.id, tactic.shortname) for t in whole.techniques.values() if tactic.shortname in t.tactics
    }, tactic.name


def _threat(text: str, whole: Catalogue) -> tuple[Cells, str] | None:
    from navlayers.attack import release  # noqa: PLC0415 - for names of threats alone

    try:
        known = release.threats(release.find(whole.domain, whole.version).release)
    except NavlayersError:
        return None
    found = known.named(text)
    used = [whole.techniques[id_] for threat in found for id_ in threat.techniques if whole.is_active(id_)]
    return ({cell for technique in used for cell in _cells(technique)}, found[0].name) if found else None
