"""What was chosen as a threat, at one release: its members and the weights of their techniques."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers import attack
from navlayers._text import shown
from navlayers.analysis.threats import lookup as words
from navlayers.analysis.threats.lookup import Word
from navlayers.analysis.threats.model import Member, ThreatModel, losses, summed, title_of
from navlayers.analysis.threats.weights_file import Weighted
from navlayers.errors import InputError, NavlayersError, Problem, UsageError
from navlayers.layer.describe import DOMAIN_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.analysis.threats.choose import Chosen
    from navlayers.attack import Catalogue, Threat, Threats
    from navlayers.mapping.remap import Inactive

_TOLD = 5
"""So many ids stand in a notice; all are in the results."""


def model(chosen: Chosen, catalogue: Catalogue) -> ThreatModel:
    """What was chosen, at a release.

    Raises:
        NavlayersError: the release lacks what was chosen, or nothing of it is active there.
    """
    return _At(chosen, catalogue).model()


class _At:
    def __init__(self, chosen: Chosen, catalogue: Catalogue) -> None:
        self._chosen = chosen
        self._catalogue = catalogue
        self._what = f"ATT&CK {DOMAIN_NAMES[catalogue.domain]} {catalogue.version}"
        self._threats: Threats | None = None
        self._notices = list(chosen.notices)
        if chosen.needs_threats:
            self._threats = attack.threats(attack.find(catalogue.domain, catalogue.version).release)

    def model(self) -> ThreatModel:
        members: list[Member] = []
        problems: list[Problem] = []
        threats, software_of = self._named()
        for thing in self._chosen.things:
            try:
                members.append(self._member(thing, threats, software_of))
            except NavlayersError as error:
                problems += error.problems
        if problems:
            raise InputError(problems)
        members = _each_once(members)
        members += [self._software(one) for one in software_of if one not in threats.values()]
        weights = summed(one.weights for one in members)
        self._tell_empty(members, everything=not weights)
        self._tell_added(members)
        self._notices += [notice for member in members for notice in _carried(member, self._catalogue.version)]
        return ThreatModel(
            title_of(members),
            self._catalogue.domain,
            self._catalogue.version,
            tuple(members),
            weights,
            tuple(self._notices),
        )

    def _named(self) -> tuple[dict[str, Threat], tuple[Threat, ...]]:
        """Word → the threat of ATT&CK that it means; and those whose software counts, too."""
        if self._threats is None:
            return {}, ()
        named: dict[str, Threat] = {}
        problems: list[Problem] = []
        for thing in self._chosen.things:
            if isinstance(thing, Word) and not thing.tactic:
                try:
                    named[thing.text] = words.one_threat(thing.text, self._threats)
                except InputError as error:
                    problems += error.problems
        values = self._chosen.software_of
        using: tuple[Threat, ...] = ()
        try:
            using = words.groups_named([value for value in values if value.casefold() != words.ALL], self._threats)
        except InputError as error:
            problems += error.problems
        if problems:
            raise InputError(problems)
        if any(value.casefold() == words.ALL for value in values):
            every = [one for one in named.values() if one.kind != "software"]
            if not every:
                hint = "choose one with --threat, or name it: --software-of=APT29"
                raise UsageError(Problem("--software-of: no group or campaign is chosen", hint=hint))
            using = tuple(dict.fromkeys((*using, *every)))
        self._tell_same(named)
        return named, using

    def _member(self, thing: Word | Weighted, threats: dict[str, Threat], using: tuple[Threat, ...]) -> Member:
        if isinstance(thing, Weighted):
            member, notices = thing.at(self._catalogue)
            self._notices += notices
            return member
        if thing.tactic:
            return self._tactic(thing)
        threat = threats[thing.text]
        weights = dict.fromkeys(threat.techniques, 1.0)
        through = self._through(threat) if threat in using else {}
        weights = dict(sorted((weights | dict.fromkeys(through, 1.0)).items()))
        return Member(threat.kind, threat.id, threat.name, weights, through)

    def _through(self, threat: Threat, *, also_own: bool = False) -> dict[str, tuple[str, ...]]:
        """Techniques that a group or campaign uses by its software alone → the names of that software."""
        found: dict[str, list[str]] = {}
        known = self._threats.threats if self._threats is not None else {}
        for id_ in threat.software:
            software = known.get(id_)
            for technique in software.techniques if software else ():
                if software and (also_own or technique not in threat.techniques):
                    found.setdefault(technique, []).append(software.name)
        if not threat.software:
            self._notices.append(Problem(f"{threat.name} ({threat.id}) uses no software that {self._what} knows"))
        return {technique: tuple(sorted(found[technique])) for technique in sorted(found)}

    def _software(self, threat: Threat) -> Member:
        """The software of a group or campaign that is not chosen itself."""
        through = self._through(threat, also_own=True)
        return Member("software", threat.id, f"software of {threat.name}", dict.fromkeys(through, 1.0))

    def _tactic(self, word: Word) -> Member:
        tactic = words.tactic_named(word.text, self._catalogue)
        if tactic is None:
            names = ", ".join(one.name for one in self._catalogue.tactics)
            raise InputError(Problem(f"{self._what} has no tactic {shown(word.text)}", expected=f"one of {names}"))
        inside = [t.id for t in self._catalogue.techniques.values() if t.active and tactic.shortname in t.tactics]
        return Member("tactic", tactic.id, tactic.name, dict.fromkeys(sorted(inside), 1.0))

    def _tell_same(self, named: dict[str, Threat]) -> None:
        by_id: dict[str, list[str]] = {}
        for text, threat in named.items():
            by_id.setdefault(threat.id, []).append(text)
        for id_, texts in by_id.items():
            if len(texts) > 1:
                same = " and ".join(texts)
                self._notices.append(Problem(f"{same} are the same threat, {id_}, which counts once"))

    def _tell_empty(self, members: Sequence[Member], *, everything: bool) -> None:
        empty = []
        for one in members:
            if one.weights:
                continue
            threat = self._threats.get(one.id) if self._threats is not None and one.of_attack else None
            hint = "--software-of adds what its software does" if threat and threat.software else ""
            uses = f"uses no techniques in {self._what}"
            none = f"none of its techniques has a weight and is active in {self._what}"
            message = f"{one.label}: {uses if one.of_attack else none}"
            empty.append(Problem(message, hint=hint))
        if everything:
            whole = Problem("the threat has no techniques", expected="at least one with a weight above 0")
            raise InputError([*empty, whole] if len(members) > 1 or not empty else empty)
        self._notices += empty

    def _tell_added(self, members: Sequence[Member]) -> None:
        own = [one for one in members if not one.of_attack and one.weights]
        if not own or len(members) < 2:
            return
        parts = ["1 of each group, software, campaign and tactic"] if len(own) < len(members) else []
        parts += [f"up to {max(one.weights.values()):,g} of {one.label}" for one in own]
        message = f"weights are added as they are: {', '.join(parts)}"
        self._notices.append(Problem(message, hint="give the files weights of one scale"))


def _carried(member: Member, version: str) -> Iterator[Problem]:
    """What carrying a set or file to the release changed, and what is not active there."""
    if member.moved:
        ids = [f"{one.id} {one.name} → {one.successor} {one.successor_name}" for one in member.moved]
        yield Problem(f"{member.id}: carried to ATT&CK {version}: {_first(ids)}")
    if member.left_out:
        lost = (
            losses([member], member.weights, version)
            or f"not active in ATT&CK {version} and left out, without a weight"
        )
        yield Problem(f"{member.id}: {lost}: {_first([_left_out(one) for one in member.left_out])}")


def _left_out(one: Inactive) -> str:
    return f"{one.id} {one.name}".rstrip() if one.fate == "unknown" else str(one)


def _first(texts: Sequence[str]) -> str:
    more = len(texts) - _TOLD
    return f"{'; '.join(texts[:_TOLD])}{f'; … and {more:,} more' if more > 0 else ''}"


def _each_once(members: Iterable[Member]) -> list[Member]:
    """The members, those of ATT&CK once though several words mean them."""
    found: dict[object, Member] = {}
    for number, member in enumerate(members):
        found.setdefault((member.kind, member.id) if member.of_attack else number, member)
    return list(found.values())
