"""From what the user wrote to a threat at a release: techniques with weights, and whose they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers import attack
from navlayers.analysis.threats import lookup as words
from navlayers.analysis.threats import resolve as at
from navlayers.analysis.threats.weights_file import Weighted, read_weighted
from navlayers.attack.domain import Domain
from navlayers.attack.versions import number
from navlayers.errors import InputError, NavlayersError, OtherFileError, Problem, ReleaseError, UsageError
from navlayers.layer.describe import DOMAIN_NAMES
from navlayers.mapping.formats.context import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.analysis.inputs import Together
    from navlayers.analysis.threats.model import ThreatModel
    from navlayers.attack import Catalogue
    from navlayers.mapping.find import Source

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
        return at.model(self, catalogue)


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


def threat_of(
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


def against(
    together: Together,
    texts: Iterable[str | Source],
    attack_version: str | None = None,
    *,
    software_of: Iterable[str] = (),
    reading: ReadOptions = _READING,
) -> tuple[Together, ThreatModel]:
    """Inputs and the threat that words mean, at one release: `attack_version` if it is given.

    Raises:
        NavlayersError: as for `threat_of`, or there is no release for the threat at hand.
    """
    chosen = choose(texts, together.catalogue.domain, software_of=software_of, reading=reading)
    if attack_version is None:
        together = together.at(chosen.release(together.catalogue))
    return together, chosen.at(together.catalogue)
