"""From what the user wrote to a threat at a release: techniques with weights, and whose they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers import attack
from navlayers._text import shown
from navlayers.analysis.threats import lookup as words
from navlayers.analysis.threats.lookup import Word
from navlayers.analysis.threats.model import Member, ThreatModel, losses, summed, title_of
from navlayers.analysis.threats.weights_file import Weighted, read_weighted
from navlayers.attack.domain import Domain
from navlayers.attack.versions import number
from navlayers.errors import InputError, NavlayersError, OtherFileError, Problem, ReleaseError, UsageError
from navlayers.layer.describe import DOMAIN_NAMES
from navlayers.mapping.formats.context import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.analysis.inputs import InputSet
    from navlayers.attack import Catalogue, Threat, Threats
    from navlayers.mapping.find import Source
    from navlayers.mapping.remap import Inactive


_READING = ReadOptions()


class Chosen(msgspec.Struct, frozen=True):
    """What was chosen, read, and not yet at a release."""

    domain: Domain
    things: tuple[words.Word | Weighted, ...]
    software_of: tuple[str, ...] = ()
    notices: tuple[Problem, ...] = ()

    @property
    def needs_threats(self) -> bool:
        """Whether groups, software or campaigns of ATT&CK are among it."""
        return bool(self.software_of) or any(isinstance(one, words.Word) and not one.tactic for one in self.things)

    def release(self, newest: Catalogue) -> Catalogue:
        """The release to work at: the newest at hand, so that a threat is the same whatever stands beside it.

        Where groups, software or campaigns are chosen, it is the newest release that has them and is not older than
        the inputs, `newest` being the newest of the sets'.

        Raises:
            ReleaseError: there is no such release at hand.
        """
        of_files = [own for one in self.things if isinstance(one, Weighted) and (own := one.own_release())]
        newest = max((newest, *of_files), key=lambda catalogue: number(catalogue.version))
        if not self.needs_threats:
            latest = attack.load(attack.find(self.domain, "latest").release)
            return max((newest, latest), key=lambda catalogue: number(catalogue.version))
        found = words.with_threats(self.domain)
        if found and number(found[0].version) >= number(newest.version):
            return attack.load(found[0])
        expected = f"one of {', '.join(one.version for one in found)}" if found else ""
        what = f"ATT&CK {DOMAIN_NAMES[self.domain]} {newest.version}"
        message = f"groups, software and campaigns of {what}, or of a newer release, are not at hand"
        hint = f"add them with: navlayers attack add {newest.version}"
        hint += f", or carry the sets back: --attack {found[0].version}" if found else ""
        raise ReleaseError(Problem(message, expected=expected, hint=hint))

    def at(self, catalogue: Catalogue) -> ThreatModel:
        """The threat at a release.

        Raises:
            NavlayersError: the release lacks what was chosen, or nothing of it is active there.
        """
        return _At(self, catalogue).model()


def choose(
    texts: Iterable[str | Source],
    domain: Domain,
    *,
    software_of: Iterable[str] = (),
    reading: ReadOptions = _READING,
) -> Chosen:
    """What the words mean, in this order: a group, software or campaign; a tactic; a set, file or folder.

    A `Source` is a file that was found already, such as standard input. `software_of` names groups and campaigns
    whose software counts, too ("all": every one that is chosen). Of `reading`, the columns and the size count.

    Raises:
        NavlayersError: a word means nothing, or a file cannot be read, is of another domain, or has no weights.
    """
    texts, values = list(texts), tuple(dict.fromkeys(software_of))
    if not (texts or [value for value in values if value.casefold() != words.ALL]):
        hint = "name one with --threat, such as --threat APT29"
        raise UsageError(Problem("no threat is given", expected=words.EXPECTED, hint=hint))
    things: dict[object, words.Word | Weighted] = {}
    notices: list[Problem] = []
    problems: list[Problem] = []
    kinds: set[type[NavlayersError]] = set()
    for text in texts:
        try:
            for key, thing in _meant(text, domain, reading, notices):
                if key in things:
                    name = thing.path if isinstance(thing, Weighted) else thing.text
                    notices.append(Problem(f"{name} is given twice, and counts once"))
                things.setdefault(key, thing)
        except NavlayersError as error:
            problems += error.problems
            kinds.add(type(error))
    if problems:
        raise (kinds.pop() if len(kinds) == 1 else InputError)(problems)
    return Chosen(domain, tuple(things.values()), values, tuple(notices))


def _meant(
    text: str | Source, domain: Domain, reading: ReadOptions, notices: list[Problem]
) -> Iterable[tuple[object, words.Word | Weighted]]:
    """What a word means, each with what tells it from others; files that are passed over go to `notices`."""
    if isinstance(text, str):
        if words.is_threat(text, domain):
            return [(text.strip().casefold(), words.Word(text.strip()))]
        tactic = words.tactic_id(text, domain)
        if tactic is not None:
            return [(tactic, words.Word(text.strip(), tactic))]
        sources = words.sources_of(text, domain)
    else:
        sources = (text,)
    found: list[tuple[object, words.Word | Weighted]] = []
    passed: list[Problem] = []
    for source in sources:
        try:
            found.append((source.path.resolve(), _read(source, domain, reading)))
        except OtherFileError as error:
            if source.origin != "folder":
                raise
            passed += error.problems
    if passed and not found:
        raise InputError(passed)
    notices += [msgspec.structs.replace(one, message=f"passed over: {one.message}") for one in passed]
    return found


def _read(source: Source, domain: Domain, reading: ReadOptions) -> Weighted:
    one = read_weighted(source, domain, reading)
    if one.set.domain != domain:
        own, other = DOMAIN_NAMES[one.set.domain], DOMAIN_NAMES[domain]
        message = f"{source.name} is of ATT&CK {own}, the sets are of {other}"
        raise UsageError(Problem(message, hint="a threat and what covers it are of one domain"))
    return one


def threat_model(
    texts: Iterable[str | Source],
    catalogue: Catalogue,
    *,
    software_of: Iterable[str] = (),
    reading: ReadOptions = _READING,
) -> ThreatModel:
    """The threat that words mean, at a release: `choose` and `Chosen.at` in one.

    Raises:
        NavlayersError: a word means nothing, a file cannot be used, the release lacks what was chosen, or nothing
            of it is active there.
    """
    return choose(texts, catalogue.domain, software_of=software_of, reading=reading).at(catalogue)


def with_threat(
    together: InputSet,
    texts: Iterable[str | Source],
    attack_version: str | None = None,
    *,
    software_of: Iterable[str] = (),
    reading: ReadOptions = _READING,
) -> tuple[InputSet, ThreatModel]:
    """Inputs and the threat that words mean, at one release: `attack_version` if it is given.

    Raises:
        NavlayersError: as for `threat_model`, or there is no release for the threat at hand.
    """
    chosen = choose(texts, together.catalogue.domain, software_of=software_of, reading=reading)
    if attack_version is None:
        together = together.at_release(chosen.release(together.catalogue))
    return together, chosen.at(together.catalogue)


_TOLD = 5
"""So many ids stand in a notice; all are in the results."""


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
    for place, member in enumerate(members):
        found.setdefault((member.kind, member.id) if member.of_attack else place, member)
    return list(found.values())
