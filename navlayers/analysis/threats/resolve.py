"""From what the user names to a threat at a release: techniques with weights, and whose they are."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import msgspec

from navlayers import attack
from navlayers._text.wording import quantity, quoted
from navlayers.analysis.threats import lookup
from navlayers.analysis.threats.model import Member, ThreatModel, losses, summed, title_of
from navlayers.attack.domains import DOMAIN_NAMES, Domain
from navlayers.attack.id_changes import reason
from navlayers.errors import InputError, NavlayersError, OtherFileError, Problem, UsageError
from navlayers.mapping.formats.context import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from navlayers.analysis.inputs import InputSet
    from navlayers.analysis.threats.weights_file import Weighted  # noqa: TC004 - never decoded
    from navlayers.attack import Catalogue, Threat, Threats
    from navlayers.mapping.find import Source

T = TypeVar("T")


_LISTED = 5
"""Maximum ids listed in a notice; the results list all."""


class AttackName(msgspec.Struct, frozen=True):
    """A name of something of ATT&CK; `tactic` is the id of a tactic, "" for groups, software, campaigns."""

    text: str
    tactic: str = ""


_EVERY_GROUP = AttackName(lookup.ALL_GROUPS)


class Chosen(msgspec.Struct, frozen=True):
    """The user's threats, read but not yet at a release.

    Attributes:
        domain: of ATT&CK.
        items: names of ATT&CK's groups, software, campaigns and tactics; sets and files, each once.
        software_of: groups and campaigns whose software counts, too; "all" for every one among the items.
        notices: what to tell the user.
    """

    domain: Domain
    items: tuple[AttackName | Weighted, ...]
    software_of: tuple[str, ...] = ()
    notices: tuple[Problem, ...] = ()

    @property
    def every_group(self) -> bool:
        """Whether all groups of the release are among it."""
        return _EVERY_GROUP in self.items

    @property
    def needs_threats(self) -> bool:
        """Whether groups, software or campaigns of ATT&CK are among it."""
        return bool(self.software_of) or any(isinstance(i, AttackName) and not i.tactic for i in self.items)

    def at(self, catalogue: Catalogue) -> ThreatModel:
        """The threat at a release, in the scope of that.

        Raises:
            NavlayersError: the release lacks what was named, or nothing of it is active and in scope there.
        """
        return self._at_whole(catalogue.whole).within(catalogue)

    def _at_whole(self, catalogue: Catalogue) -> ThreatModel:
        release = catalogue.title
        known = None
        named: dict[str, Threat] = {}
        using: tuple[Threat, ...] = ()
        notices = list(self.notices)
        items = self.items
        if self.needs_threats:
            known = attack.threats(attack.find(catalogue.domain, catalogue.version).release)
            items = tuple(_each_group(items, known))
            named, using = _named(items, self.software_of, known)
            notices += _same(named)
            notices += _from_older(known, release)

        def software(threat: Threat, *, also_own: bool = False) -> dict[str, tuple[str, ...]]:
            if not threat.software:
                notices.append(Problem(f"{release} lists no software of {threat.name} ({threat.id})"))
            return _through_software(threat, known, also_own=also_own) if known else {}

        def member(item: AttackName | Weighted) -> Member:
            if not isinstance(item, AttackName):
                result, more = item.member(catalogue)
                notices.extend(more)
                return result
            if item.tactic:
                return _tactic(item.text, catalogue)
            threat = named[item.text]
            through = software(threat) if threat in using else {}
            weights = dict.fromkeys(sorted({*threat.techniques, *through}), 1.0)
            lost = dict.fromkeys(threat.lost, 1.0)
            return Member(threat.kind, threat.id, threat.name, weights, through, lost=lost)

        members = _each_once(_all(partial(member, item) for item in items))
        for threat in using:
            if threat not in named.values():
                weights = dict.fromkeys(software(threat, also_own=True), 1.0)
                members.append(Member("software", threat.id, f"software of {threat.name}", weights))
        weights = summed(member.weights for member in members)
        notices += _empty(members, known, release, everything=not weights)
        notices += _added(members, counted=self.every_group)
        notices += (notice for threat in members for notice in _remapped(threat, catalogue.version))
        # An alias may be of another threat than the user means: in ATT&CK, CozyBear is malware.
        other = {
            t.id for text, t in named.items() if text.strip().casefold() not in (t.id.casefold(), t.name.casefold())
        }
        title = title_of(
            [
                msgspec.structs.replace(each, name=f"{each.name} ({each.id}, {each.kind})")
                if each.id in other
                else each
                for each in _folded(members, every_group=self.every_group)
            ]
        )
        return ThreatModel(title, catalogue.domain, catalogue.version, tuple(members), weights, tuple(notices))


def _all(calls: Iterable[Callable[[], T]]) -> list[T]:
    """The results of the calls.

    Raises:
        NavlayersError: calls failed; it has the problems of all of them.
    """
    results: list[T] = []
    problems: list[Problem] = []
    kinds: set[type[NavlayersError]] = set()
    for call in calls:
        try:
            results.append(call())
        except NavlayersError as error:
            problems += error.problems
            kinds.add(type(error))
    if problems:
        raise (kinds.pop() if len(kinds) == 1 else InputError)(problems)
    return results


def choose(
    words: Iterable[str | Source],
    domain: Domain,
    *,
    software_of: Iterable[str] = (),
    reading: ReadOptions = ReadOptions(),
) -> Chosen:
    """The meaning of each word, tried in this order: group, software or campaign; tactic; set, file or folder.

    Args:
        words: names, or a `Source` for a file that was found already, such as standard input.
        domain: of ATT&CK.
        software_of: groups and campaigns whose software counts, too; "all": every one among the words.
        reading: of it, the columns and the size count.

    Raises:
        NavlayersError: a word means nothing, or a file cannot be read, is of another domain, or has no weights.
    """
    words, values = list(words), tuple(dict.fromkeys(software_of))
    if not (words or [value for value in values if value.casefold() != lookup.ALL]):
        hint = "name one with --threat, such as --threat APT29"
        raise UsageError(Problem("no threat is given", expected=lookup.EXPECTED, hint=hint))
    items: dict[object, AttackName | Weighted] = {}
    notices: list[Problem] = []

    def add(word: str | Source) -> None:
        for key, item in _meant(word, domain, reading, notices):
            if key in items:
                name = item.text if isinstance(item, AttackName) else item.path
                notices.append(Problem(f"duplicate {name}: counted once"))
            items.setdefault(key, item)

    _all(partial(add, word) for word in words)
    return Chosen(domain, tuple(items.values()), values, tuple(notices))


def _meant(
    word: str | Source, domain: Domain, reading: ReadOptions, notices: list[Problem]
) -> Iterable[tuple[object, AttackName | Weighted]]:
    """The threats of a word, each with a unique key; skipped files go to `notices`."""
    if isinstance(word, str):
        if lookup.is_threat(word, domain):
            return [(word.strip().casefold(), AttackName(word.strip()))]
        tactic = lookup.tactic_id(word, domain)
        if tactic is not None:
            return [(tactic, AttackName(word.strip(), tactic))]
    files: list[tuple[object, Weighted]] = []
    passed: list[Problem] = []
    for source in lookup.sources_of(word, domain) if isinstance(word, str) else (word,):
        try:
            files.append((source.path.resolve(), _read(source, domain, reading)))
        except OtherFileError as error:
            if source.origin != "folder":
                raise
            passed += error.problems
    if passed and not files:
        raise InputError(passed)
    notices += [msgspec.structs.replace(problem, message=f"skipped: {problem.message}") for problem in passed]
    return files


def _read(source: Source, domain: Domain, reading: ReadOptions) -> Weighted:
    # The reader of tables is slow to import.
    from navlayers.analysis.threats.weights_file import read_weighted  # noqa: PLC0415

    weighted = read_weighted(source, domain, reading)
    if weighted.set.domain != domain:
        own, other = DOMAIN_NAMES[weighted.set.domain], DOMAIN_NAMES[domain]
        message = f"{source.name} is for ATT&CK {own}, the sets are for ATT&CK {other}"
        raise UsageError(Problem(message, hint="use a threat and sets of one domain"))
    return weighted


def threat_model(
    words: Iterable[str | Source],
    catalogue: Catalogue,
    *,
    software_of: Iterable[str] = (),
    reading: ReadOptions = ReadOptions(),
) -> ThreatModel:
    """The threat that words name, at a release; the arguments are those of `choose`.

    Raises:
        NavlayersError: a word means nothing, a file cannot be used, the release lacks what was named, or nothing
            of it is active there.
    """
    return choose(words, catalogue.domain, software_of=software_of, reading=reading).at(catalogue)


def with_threat(
    inputs: InputSet,
    words: Iterable[str | Source],
    attack_version: str | None = None,
    *,
    software_of: Iterable[str] = (),
    reading: ReadOptions = ReadOptions(),
) -> tuple[InputSet, ThreatModel]:
    """Inputs and the threat that words name, at one release.

    Args:
        inputs: the sets and layers.
        words: as for `choose`.
        attack_version: the release that the inputs were remapped to; None: remap them to the newest.
        software_of: as for `choose`.
        reading: as for `choose`.

    Raises:
        NavlayersError: as for `threat_model`.
    """
    chosen = choose(words, inputs.catalogue.domain, software_of=software_of, reading=reading)
    if attack_version is None:
        # The newest release, so that a threat is the same for all inputs.
        inputs = inputs.at_release(attack.find(chosen.domain).catalogue)
    return inputs, chosen.at(inputs.catalogue)


def _each_group(items: Iterable[AttackName | Weighted], known: Threats) -> Iterator[AttackName | Weighted]:
    """The items, with each group that uses a technique in place of all groups."""
    for item in items:
        if item == _EVERY_GROUP:
            yield from (AttackName(group.id) for group in known.groups if group.techniques)
        else:
            yield item


def _folded(members: Sequence[Member], *, every_group: bool) -> Sequence[Member]:
    """The members for a title: all groups as one."""
    if not every_group:
        return members
    groups = Member("group", lookup.ALL_GROUPS, "all groups", {})
    return [groups, *(member for member in members if member.kind != "group")]


def _named(
    items: Iterable[AttackName | Weighted], software_of: Sequence[str], known: Threats
) -> tuple[dict[str, Threat], tuple[Threat, ...]]:
    """Name → the threat of ATT&CK that it means; and the groups and campaigns whose software counts, too."""
    names = [item.text for item in items if isinstance(item, AttackName) and not item.tactic]
    groups = [value for value in software_of if value.casefold() != lookup.ALL]
    calls = [
        *(partial(lookup.one_threat, name, known) for name in names),
        *(partial(lookup.group_named, value, known) for value in groups),
    ]
    threats = _all(calls)
    named, using = dict(zip(names, threats, strict=False)), threats[len(names) :]
    if len(groups) < len(software_of):
        every = [threat for threat in named.values() if threat.kind != "software"]
        if not every:
            hint = "choose one with --threat, or name it: --software-of=APT29"
            raise UsageError(Problem("--software-of needs a group or campaign", hint=hint))
        using += every
    return named, tuple(dict.fromkeys(using))


def _same(named: dict[str, Threat]) -> Iterator[Problem]:
    names: dict[str, list[str]] = {}
    for name, threat in named.items():
        names.setdefault(threat.id, []).append(name)
    for id_, texts in names.items():
        if len(texts) > 1:
            yield Problem(f"{' and '.join(texts)} are the same threat ({id_}): counted once")


def _from_older(known: Threats, release: str) -> Iterator[Problem]:
    """The notice that threats were remapped from an older release, and which techniques have no successor."""
    if known.source_version:
        own = attack.find(known.domain, known.source_version).catalogue
        lost = [f"{technique} {own.techniques[technique].name}" for technique in known.lost]
        without = f"; without a successor and left out: {_first(lost)}" if lost else ""
        message = f"{release} has no groups, software or campaigns installed; using those of {known.source_version}"
        yield Problem(f"{message}{without}", hint=f"add them with: navlayers attack add {known.version}")


def _through_software(threat: Threat, known: Threats, *, also_own: bool) -> dict[str, tuple[str, ...]]:
    """Technique id → names of the software by which a group or campaign uses it, unless it does so itself."""
    names: dict[str, list[str]] = {}
    for software in filter(None, map(known.threats.get, threat.software)):
        for technique in software.techniques:
            if also_own or technique not in threat.techniques:
                names.setdefault(technique, []).append(software.name)
    return {technique: tuple(sorted(names[technique])) for technique in sorted(names)}


def _tactic(name: str, catalogue: Catalogue) -> Member:
    tactic = catalogue.tactic(name)
    if tactic is None:
        expected = f"one of {', '.join(tactic.name for tactic in catalogue.tactics)}"
        message = f"{catalogue.title} has no tactic {quoted(name)}"
        raise InputError(Problem(message, expected=expected))
    inside = [t.id for t in catalogue.techniques.values() if t.active and tactic.shortname in t.tactics]
    return Member("tactic", tactic.id, tactic.name, dict.fromkeys(sorted(inside), 1.0))


def _empty(members: Sequence[Member], known: Threats | None, release: str, *, everything: bool) -> list[Problem]:
    """Notices of members without techniques.

    Raises:
        InputError: no member has any.
    """
    empty = []
    for member in members:
        if not member.weights:
            threat = known.get(member.id) if known is not None and member.of_attack else None
            hint = "--software-of adds what its software does" if threat and threat.software else ""
            what = (
                "uses no techniques in"
                if member.of_attack
                else "none of its techniques has a weight and is active in"
            )
            empty.append(Problem(f"{member.label}: {what} {release}", hint=hint))
    if everything:
        whole = Problem("the threat has no techniques", expected="at least one with a weight above 0")
        raise InputError([*empty, whole] if len(members) > 1 or not empty else empty)
    return empty


def _added(members: Sequence[Member], *, counted: bool) -> Iterator[Problem]:
    """The notice of added weights; not where these are `counted` as asked: the number of groups."""
    own = [member for member in members if not member.of_attack and member.weights]
    if own and len(members) > 1:
        parts = ["1 of each group, software, campaign and tactic"] if len(own) < len(members) else []
        parts += [f"up to {max(member.weights.values()):,g} of {member.label}" for member in own]
        message = f"weights are summed without rescaling: {', '.join(parts)}"
        yield Problem(message, hint="use one scale in all files")
    elif not counted and (
        several := sum(times > 1 for times in Counter(t for m in members for t in m.weights).values())
    ):
        yield Problem(f"{quantity(several, 'technique')} of several threats weigh once for each of them")


def _remapped(member: Member, version: str) -> Iterator[Problem]:
    """Changes by remapping a set or file to the release, and its inactive techniques."""
    if member.replaced:
        ids = [f"{one.id} {one.name} → {one.successor} {one.successor_name}" for one in member.replaced]
        yield Problem(f"{member.id}: remapped to ATT&CK {version}: {_first(ids)}")
    if member.left_out:
        bare = f"not active in ATT&CK {version} and left out, without a weight"
        lost = losses([member], member.weights, version) or bare
        left_out = [f"{t.id} {t.name}".rstrip() if t.why == reason("unknown") else str(t) for t in member.left_out]
        yield Problem(f"{member.id}: {lost}: {_first(left_out)}")


def _first(texts: Sequence[str]) -> str:
    more = len(texts) - _LISTED
    return f"{'; '.join(texts[:_LISTED])}{f'; … and {more:,} more' if more > 0 else ''}"


def _each_once(members: Iterable[Member]) -> list[Member]:
    """The members, those of ATT&CK once though several words mean them."""
    once: dict[object, Member] = {}
    for place, member in enumerate(members):
        once.setdefault((member.kind, member.id) if member.of_attack else place, member)
    return list(once.values())
