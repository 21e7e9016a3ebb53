"""From what the user names to a threat at a release: techniques with weights, and whose they are."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import msgspec

from navlayers import attack
from navlayers._text.wording import quantity, quoted
from navlayers.analysis.threats import lookup
from navlayers.analysis.threats import notices as notices_of
from navlayers.analysis.threats.model import Member, ThreatModel, summed, title_of
from navlayers.attack.domains import DOMAIN_NAMES, Domain
from navlayers.errors import InputError, NavlayersError, OtherFileError, Problem, UsageError
from navlayers.mapping.formats.context import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from navlayers.analysis.inputs import InputSet
    from navlayers.analysis.threats.weighted import Weighted  # noqa: TC004 - never decoded
    from navlayers.attack import Catalogue, Threat, Threats
    from navlayers.mapping.find import Source

T = TypeVar("T")


class AttackName(msgspec.Struct, frozen=True):
    """A name of something of ATT&CK; `tactic` is the id of a tactic, "" for groups, software, campaigns."""

    text: str
    tactic: str = ""


_FAR_AHEAD = timedelta(days=366)

_MOST_NAMED = 3
"""Maximum number of threats of a file that a title names."""

_EVERY_GROUP = AttackName(lookup.ALL_GROUPS)


class Chosen(msgspec.Struct, frozen=True):
    """The user's threats, read but not yet at a release.

    Attributes:
        domain: of ATT&CK.
        items: names of ATT&CK's groups, software, campaigns and tactics; sets and files, each once.
        software_of: groups and campaigns whose software counts, too; "all" for every one among the items.
        notices: what to tell the user.
        half_life: days in which the weights of files with dates halve; None: they do not fade.
        as_of: the day at which they count in full; "": the newest day of the files.
        today: the day of the run; "": no day has yet to come.
    """

    domain: Domain
    items: tuple[AttackName | Weighted, ...]
    software_of: tuple[str, ...] = ()
    notices: tuple[Problem, ...] = ()
    half_life: float | None = None
    as_of: str = ""
    today: str = ""

    @property
    def decay(self) -> str:
        """How weights fade, in words; "": they do not."""
        if self.half_life is None:
            return ""
        days = "every day" if self.half_life == 1 else f"every {self.half_life:g} days"
        return f"weights of sightings halve {days} before {self.until}"

    @property
    def until(self) -> str:
        """The day at which weights count in full.

        Raises:
            UsageError: weights are to fade, and no file has dates.
        """
        days = self._days
        if not days:
            hint = "use a table with a column of dates, or a file of threats with dates"
            raise UsageError(Problem("--half-life: no threat has dates", hint=hint))
        return self.as_of or days[-1]

    @property
    def _days(self) -> list[str]:
        """The days of sightings, each once, the first first."""
        return sorted({d for item in self.items if not isinstance(item, AttackName) for d in item.days if d})

    def _far_ahead(self) -> Iterator[Problem]:
        """The notice of days that have yet to come, or of one long after all others: the others fade before it."""
        *others, newest = self._days
        if not self.as_of and self.today and newest > self.today:
            for item in self.items:
                if not isinstance(item, AttackName) and (coming := sum(day > self.today for day in item.days)):
                    message = f"{item.name}: {quantity(coming, 'sighting')} after today, {self.today}"
                    hint = f"correct the dates, or leave them out with --as-of {self.today}"
                    halved = f"{message}, up to {max(item.days)}; weights halve before {newest}"
                    yield Problem(halved, item.newest and item.newest(), hint=hint)
            return
        if self.as_of or not others or date.fromisoformat(newest) - date.fromisoformat(others[-1]) <= _FAR_AHEAD:
            return
        place = next(i.newest for i in self.items if not isinstance(i, AttackName) and newest in i.days)
        message = f"{newest} is more than a year after all other dates, and weights halve before it"
        yield Problem(
            message, place and place(), hint=f"if it is a mistake, correct it, or use --as-of {others[-1]}"
        )

    def _refuse_later(self) -> None:
        days = self._days
        if days[0] > self.as_of:
            raise InputError(Problem(f"--as-of {self.as_of}: all sightings are later, from {days[0]} on"))

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
        paths: dict[str, str] = {}
        using: tuple[Threat, ...] = ()
        notices = list(self.notices)
        items = self.items
        if self.half_life is not None:
            faded = partial(_faded, half_life=self.half_life, until=self.until)
            items = tuple(map(faded, items))
            notices += self._far_ahead()
        if self.needs_threats:
            known = attack.threats(attack.find(catalogue.domain, catalogue.version).release)
            items = tuple(_each_group(items, known))
            named, using = _named(items, self.software_of, known)
            notices += notices_of.same(named)
            notices += notices_of.from_older(known, release)

        def software(threat: Threat, *, also_own: bool = False) -> dict[str, tuple[str, ...]]:
            if not threat.software:
                notices.append(Problem(f"{release} lists no software of {threat.name} ({threat.id})"))
            return _through_software(threat, known, also_own=also_own) if known else {}

        def member(item: AttackName | Weighted) -> Member:
            if not isinstance(item, AttackName):
                result, more = item.member(catalogue)
                notices.extend(more)
                paths[result.id] = item.path
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
        if not weights and self.as_of and self.half_life is not None:
            self._refuse_later()
        notices += notices_of.empty(members, known, release, paths, everything=not weights)
        notices += notices_of.added(members, counted=self.every_group, fading=self.half_life is not None)
        notices += (notice for threat in members for notice in notices_of.remapped(threat, catalogue.version))
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
        return ThreatModel(
            title,
            catalogue.domain,
            catalogue.version,
            tuple(members),
            weights,
            tuple(notices),
            decay=self.decay,
        )


def _faded(item: AttackName | Weighted, half_life: float, until: str) -> AttackName | Weighted:
    return item if isinstance(item, AttackName) else item.faded(half_life, until)


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
        reading: of it, the columns, the size and the half-life count.

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
    return Chosen(
        domain, tuple(items.values()), values, tuple(notices), reading.half_life, reading.as_of, reading.today
    )


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
    part = ""
    if isinstance(word, str):
        word, part = lookup.file_and_part(word)
    files: list[tuple[object, Weighted]] = []
    passed: list[Problem] = []
    for source in lookup.sources_of(word, domain) if isinstance(word, str) else (word,):
        try:
            threats = _read(source, domain, reading, part)
            files += (((source.path.resolve(), source.part, threat.name), threat) for threat in threats)
        except OtherFileError as error:
            if source.origin != "folder":
                raise
            passed += error.problems
    if passed and not files:
        raise InputError(passed)
    notices += [msgspec.structs.replace(problem, message=f"skipped: {problem.message}") for problem in passed]
    return files


def _read(source: Source, domain: Domain, reading: ReadOptions, part: str) -> tuple[Weighted, ...]:
    # The reader of tables is slow to import.
    from navlayers.analysis.threats.weights_file import read_weighted  # noqa: PLC0415

    weighted = read_weighted(source, domain, reading, part)
    of_file = weighted[0].set.domain
    if of_file != domain:
        own, other = DOMAIN_NAMES[of_file], DOMAIN_NAMES[domain]
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
    """The members for a title: all groups as one, and so are many of one file."""
    folded: dict[object, Member] = {}
    times = Counter(member.file.partition("#")[0] for member in members)
    for number, member in enumerate(members):
        file = member.file.partition("#")[0]
        if every_group and member.of_attack and member.kind == "group":
            folded.setdefault("group", msgspec.structs.replace(member, name="all groups", through={}))
        elif file and times[file] > _MOST_NAMED:
            folded.setdefault(file, msgspec.structs.replace(member, name=f"{times[file]} threats of {file}"))
        else:
            folded[number] = member
    return list(folded.values())


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


def _each_once(members: Iterable[Member]) -> list[Member]:
    """The members, those of ATT&CK once though several words mean them."""
    once: dict[object, Member] = {}
    for place, member in enumerate(members):
        once.setdefault((member.kind, member.id) if member.of_attack else place, member)
    return list(once.values())
