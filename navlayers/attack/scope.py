"""Scope: the part of a release that results are about, such as the techniques on a platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers._text.spelling import suggestion
from navlayers._text.wording import and_list, or_list, quantity, quoted
from navlayers.attack.domains import DOMAIN_NAMES, DOMAINS
from navlayers.attack.platforms import platforms_named
from navlayers.errors import FURTHER_WORDS, MOST_PROBLEMS, NavlayersError, Place, Problem, ScopeError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from navlayers.attack.catalogue import Catalogue, Technique  # noqa: TC004 - never decoded

    Cells = set[tuple[str, str]]

OPTIONS = (
    *("--platform", "--include", "--exclude", "--scope", "--where", "--segment"),
    *("--evidence", "--max-age", "--discount", "--score-by"),
)

PRESETS = {"detectable": ("reconnaissance", "resource-development")}
"""Name → the tactics that it leaves out: what happens outside of the defender's systems leaves no traces there."""


_EXPECTED = "an id, the name of a tactic, group, software or campaign, or a layer (.json)"


class Listed(msgspec.Struct, frozen=True):
    """The techniques that a layer lists.

    Attributes:
        name: the file.
        domain: its ATT&CK domain.
        techniques: ids, each with its tactic; "" for all of its tactics.
    """

    name: str
    domain: str
    techniques: tuple[tuple[str, str], ...]


class Asset(msgspec.Struct, frozen=True):
    """A group of assets: what attacks on it use, and what protects it.

    Attributes:
        name: for people.
        platforms, include, exclude, where: as in `Scope`.
        controls: ids and names of the capabilities, and of their groups, that are there; () for all.
        folder: the folder of its file, which the files of `where` are below.
        places: text of the file → its place, for messages.
    """

    name: str
    platforms: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    include: tuple[str | Listed, ...] = ()
    exclude: tuple[str | Listed, ...] = ()
    where: str = ""
    folder: str = ""
    places: tuple[tuple[str, Place], ...] = ()

    @property
    def limits(self) -> str:
        """What it has in words: "linux, containers; 12 controls; without execution"."""
        include, exclude = (
            ", ".join(each if isinstance(each, str) else each.name for each in texts)
            for texts in (self.include, self.exclude)
        )
        return "; ".join(
            filter(
                None,
                (
                    ", ".join(self.platforms),
                    quantity(len(self.controls), "control") if self.controls else "",
                    f"only {include}" if include else "",
                    f"without {exclude}" if exclude else "",
                    f"where {self.where}" if self.where else "",
                ),
            )
        )

    def place_of(self, text: str) -> Place | None:
        """The place of a text of the file."""
        return next((place for known, place in self.places if known == text), None)

    def problem(self, message: str, text: str, expected: str = "", hint: str = "") -> Problem:
        """A problem with a text of the file."""
        return Problem(message, self.place_of(text), expected, hint)


class Scope(msgspec.Struct, frozen=True):
    """What results are about; the default is everything.

    Attributes:
        platforms: names of platforms; the techniques on one of them are in scope.
        include: techniques, tactics and threats of ATT&CK by id or name, and layers by path; only they count.
        exclude: those that are not.
        presets: names of `PRESETS`, and files of assets as "asset:FILE"; what is in scope of one asset is in scope.
        where: a condition on mappings, see `navlayers.mapping.where`; "" for none.
        segments: names of segments; only their mappings are in scope.
        evidence: the lowest level of evidence that counts, see `navlayers.mapping.evidence`; "" for all.
        max_age: evidence that is older than this many days counts as declared; None for any age.
        as_of: the day that ages are counted to, such as "2026-01-31"; `max_age` needs it.
        discount: level of evidence → factor 0–1 of the scores of its mappings.
        score_by: "level": mappings without a score value are scored by the severity level of their rule.
        score_table: severity level → score 0–100, in addition to the default ones.
    """

    platforms: tuple[str, ...] = ()
    include: tuple[str | Listed, ...] = ()
    exclude: tuple[str | Listed, ...] = ()
    presets: tuple[str | Asset, ...] = ()
    where: str = ""
    segments: tuple[str, ...] = ()
    evidence: str = ""
    max_age: int | None = None
    as_of: str = ""
    discount: dict[str, float] = {}
    score_by: Literal["", "level"] = ""
    score_table: dict[str, float] = {}

    @property
    def assets(self) -> tuple[Asset, ...]:
        """The assets that were read."""
        return tuple(preset for preset in self.presets if isinstance(preset, Asset))

    @property
    def limits(self) -> bool:
        """Whether anything may be out of scope; evidence may also change scores alone."""
        limits = (self.platforms, self.include, self.exclude, self.presets, self.where, self.segments)
        return any((*limits, self.evidence))

    @property
    def options(self) -> tuple[str, ...]:
        """The options that give it."""
        limits = (self.platforms, self.include, self.exclude, self.presets, self.where, self.segments)
        given = (*limits, self.evidence, self.max_age is not None, self.discount, self.score_by)
        return tuple(option for option, value in zip(OPTIONS, given, strict=True) if value)


class Bounds(msgspec.Struct, frozen=True):
    """The limits of a release in scope.

    Attributes:
        scope: what was asked.
        words: the scope in words.
        platforms: the platforms in the names of the release; () for all.
        whole: the whole release.
        assets: of each asset of the scope, the ids of its techniques.
    """

    scope: Scope
    words: str
    platforms: tuple[str, ...]
    whole: Catalogue
    assets: tuple[frozenset[str], ...] = ()


def restricted(catalogue: Catalogue, scope: Scope | None) -> Catalogue:
    """The part of a release that is in scope, the same object for the same release and scope.

    It has the active techniques in scope, the headings of sub-techniques in scope, and all inactive ones, as ids
    are replaced through them. A tactic that is out of scope is neither a tactic of it nor of its techniques.

    Args:
        catalogue: the release; of one that is restricted already, the whole release counts.
        scope: the scope; None for everything.

    Raises:
        ScopeError: the release lacks what the scope names, or nothing is in scope.
    """
    whole = catalogue.whole
    if scope is None or scope == Scope():
        return whole
    key = msgspec.json.encode(scope)
    if key not in whole.in_scope:
        whole.in_scope[key] = _restricted(whole, scope)
    return whole.in_scope[key]


def is_layer_file(text: str) -> bool:
    """Whether a word of `Scope.include` is the path of a layer."""
    return text.lower().endswith(".json")


def named_by_attack(text: str) -> bool:
    """Whether a word is a layer, or a technique, tactic or threat of the newest release of any domain."""
    if is_layer_file(text):
        return True
    from navlayers.attack import release  # noqa: PLC0415 - it imports the catalogue, which has scopes

    newest = (catalogue for domain in DOMAINS for catalogue in release.newest(domain))
    return any(_techniques(text, c) or _tactic(text, c) or _threat(text, c) for c in newest)


def _restricted(whole: Catalogue, scope: Scope) -> Catalogue:
    active = [technique for technique in whole.techniques.values() if technique.active]
    platforms = _platforms(scope.platforms, whole)
    of_assets = [_of_asset(asset, active, whole) for asset in scope.assets]
    assets = [asset.name for asset in scope.assets]
    words = [f"{'assets' if len(assets) > 1 else 'asset'} {and_list(assets)}"] if assets else []
    words += [and_list(platforms)] if platforms else []
    cells = _on(platforms, active)
    if of_assets:
        cells &= set().union(*of_assets)
    if scope.include:
        included, names = _meant(scope.include, "--include", whole)
        cells &= included
        words.append(f"only {and_list(names)}")
    preset = [name for text in scope.presets for name in PRESETS.get(str(text), ()) if whole.tactic(name)]
    if scope.exclude or preset:
        excluded, names = _meant((*preset, *scope.exclude), "--exclude", whole)
        cells -= excluded
        words.append(f"without {and_list(names)}")
    if scope.segments:
        words.append(f"{'segment' if len(scope.segments) == 1 else 'segments'} {and_list(scope.segments)}")
    if scope.where:
        words.append(f"where {' '.join(scope.where.split())}")
    words += _evidence(scope)
    if not cells:
        message = f"no technique of {whole.title} is in scope: {', '.join(words)}"
        raise ScopeError(Problem(message, hint=f"leave out {or_list(scope.options)}"))
    tactics: dict[str, set[str]] = {}
    for id_, tactic in cells:
        tactics.setdefault(id_, set()).add(tactic)
    below: dict[str, set[str]] = {}
    for technique in active:
        if technique.parent and technique.id in tactics:
            below.setdefault(technique.parent, set()).update(tactics[technique.id])
    techniques = {}
    for id_, technique in whole.techniques.items():
        if not technique.active:
            techniques[id_] = technique
            continue
        own, of_subs = tactics.get(id_, set()), below.get(id_, set())
        headings = tuple(name for name in technique.tactics if name in of_subs - own)
        if own or headings:
            mine = tuple(name for name in technique.tactics if name in own)
            techniques[id_] = msgspec.structs.replace(technique, tactics=mine, heading_tactics=headings)
    shown = {name for names in tactics.values() for name in names}
    return msgspec.structs.replace(
        whole,
        tactics=tuple(tactic for tactic in whole.tactics if tactic.shortname in shown),
        techniques=techniques,
        bounds=Bounds(scope, ", ".join(words), platforms, whole, tuple(frozenset(_ids(one)) for one in of_assets)),
    )


def _on(platforms: Collection[str], active: Iterable[Technique]) -> Cells:
    """The techniques on platforms; all for none."""
    return {cell for t in active if not platforms or {*platforms} & {*t.platforms} for cell in _cells(t)}


def _of_asset(asset: Asset, active: Iterable[Technique], whole: Catalogue) -> Cells:
    cells = _on(_platforms(asset.platforms, whole, asset), active)
    if asset.include:
        cells &= _meant(asset.include, "include", whole, asset)[0]
    return cells - _meant(asset.exclude, "exclude", whole, asset)[0]


def _evidence(scope: Scope) -> Iterable[str]:
    """Which evidence counts, and what scores depend on, in words."""
    if scope.evidence:
        yield f"evidence {scope.evidence} or better"
    if scope.max_age is not None:
        yield f"evidence of at most {scope.max_age} days before {scope.as_of}"
    if scope.discount:
        yield f"scores by evidence ({_numbers(scope.discount, '×')})"
    if scope.score_by:
        table = f" ({_numbers(scope.score_table, '')})" if scope.score_table else ""
        yield f"scores by {scope.score_by}{table}"


def _numbers(numbers: dict[str, float], sign: str) -> str:
    return ", ".join(f"{name} {sign}{number:g}" for name, number in sorted(numbers.items()))


def _cells(technique: Technique) -> Iterable[tuple[str, str]]:
    """The technique under each of its tactics."""
    return ((technique.id, tactic) for tactic in technique.tactics or ("",))


def _platforms(texts: Iterable[str], whole: Catalogue, asset: Asset | None = None) -> tuple[str, ...]:
    names: dict[str, None] = {}
    problems: list[Problem] = []
    known = sorted(whole.platforms, key=str.casefold)
    for text in texts:
        if len(problems) == MOST_PROBLEMS:
            problems.append(_further_words("--platform", text, asset))
            break
        found = platforms_named(text, whole)
        names.update(dict.fromkeys(found))
        if not found:
            message = f"{whole.title} has no platform {quoted(text)}"
            problems.append(_problem("--platform", message, text, asset, ", ".join(known), suggestion(text, known)))
    if problems:
        raise ScopeError(problems)
    return tuple(names)


def _problem(option: str, message: str, text: str, asset: Asset | None, expected: str, hint: str = "") -> Problem:
    """A problem with a word of an option, or of an asset."""
    if asset is not None:
        return asset.problem(message, text, expected, hint)
    return Problem(f"{option}: {message}", expected=expected, hint=hint)


def _further_words(option: str, text: str, asset: Asset | None) -> Problem:
    """The remark that words from `text` on were not looked up."""
    return msgspec.structs.replace(_problem(option, FURTHER_WORDS, text, asset, ""), count=0)


def _meant(
    texts: Iterable[str | Listed], option: str, whole: Catalogue, asset: Asset | None = None
) -> tuple[Cells, list[str]]:
    """The cells that ids, names and layers mean, and the names for people."""
    cells: Cells = set()
    names: dict[str, None] = {}
    problems: list[Problem] = []
    for text in texts:
        if len(problems) == MOST_PROBLEMS:
            problems.append(_further_words(option, text.name if isinstance(text, Listed) else text, asset))
            break
        if isinstance(text, Listed):
            listed = _listed(text, whole)
            if not listed:
                other = f"is a layer of {DOMAIN_NAMES.get(text.domain, text.domain)}"
                why = "lists no technique of it" if text.domain == whole.domain else other
                message = f"{text.name} {why}"
                problems.append(_problem(option, message, text.name, asset, f"techniques of {whole.title}"))
            cells |= listed
            names[f"the {quantity(len(_ids(listed)), 'technique')} of {text.name}"] = None
            continue
        found = _techniques(text, whole) or _tactic(text, whole) or _threat(text, whole)
        if found is None:
            message = f"{whole.title} has no technique, tactic or threat {quoted(text)}"
            hint = suggestion(text, [name for t in whole.tactics for name in (t.name, t.shortname)])
            problems.append(_problem(option, message, text, asset, _EXPECTED, hint))
        else:
            cells |= found[0]
            names[found[1]] = None
    if problems:
        raise ScopeError(problems)
    return cells, [*names]


def _ids(cells: Cells) -> set[str]:
    return {id_ for id_, _ in cells}


def _listed(layer: Listed, whole: Catalogue) -> Cells:
    """The techniques of a layer, under the tactics that it names; ids of other releases mean their successors."""
    cells: Cells = set()
    for id_, tactic in layer.techniques if layer.domain == whole.domain else ():
        chain = whole.resolve(id_)
        technique = whole.get(chain[-1]) if chain else None
        if technique is not None and technique.active:
            cells |= {cell for cell in _cells(technique) if tactic in ("", cell[1])}
    return cells


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
