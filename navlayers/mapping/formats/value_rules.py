"""Rules for single values, shared by all formats. Each returns the clean value and an issue, if any."""

from __future__ import annotations

import re
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from navlayers._text.numbers import decimal
from navlayers._text.spelling import Names, suggestion
from navlayers._text.wording import comma_list, or_list, quoted
from navlayers.attack import ids
from navlayers.attack.domains import DOMAIN_NAMES, DOMAINS, Domain
from navlayers.attack.ids import TECHNIQUE, likely_id, may_be_name, possible_id
from navlayers.attack.release import newest
from navlayers.mapping.formats.findings import INPUT, Issue
from navlayers.mapping.model import CATEGORIES, DECIMAL, HUNDRED, ROLES, Range, Role
from navlayers.mapping.ranges import hundred, with_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from navlayers.attack import Catalogue
    from navlayers.mapping.formats.context import ReadOptions

NON_MAPPABLE = "non_mappable"

TECHNIQUE_EXPECTED = "a technique id such as T1059 or T1059.001"

_SIGNED = r"[-+]?[0-9]+(?:\.[0-9]+)?"
NUMBER_LIKE = r"[-+]?(?:\.?[0-9][0-9._]*(?:[eE][-+]?[0-9]+)?|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[nN][aA][nN])"
"""What a scale has no names like, except plain decimal numbers; navlayers.schema.json says the same."""

_DECIMAL_HINT = "write it as a plain decimal number, such as 50 or 72.5"


def identifier(text: str) -> tuple[str | None, Issue | None]:
    """An id without surrounding spaces, None when nothing is left; and the notice of the spaces."""
    clean = text.strip()
    if clean == text:
        return clean or None, None
    if not clean:
        return None, None
    message, hint = f"{quoted(text)} has spaces around it", f"it is read as {quoted(clean)}"
    return clean, Issue(message, hint=hint, fatal=False, code="id-spaces")


def technique(
    text: str, empty: str = "", release: Callable[[], Catalogue] | None = None, domain: str = ""
) -> tuple[str | None, Issue | None]:
    """A technique or sub-technique id, None for an error; other spellings with one reading give a notice.

    Args:
        text: the id, or with `release` the name of one of its techniques.
        empty: the message for an empty text, if that is an error.
        release: gives the release that names are looked up in.
        domain: without `release`, the domain whose technique with that name an error suggests; enterprise for "".
    """
    clean, issue = identifier(text)
    if clean is None and empty:
        return None, Issue(empty, TECHNIQUE_EXPECTED, code="malformed-technique")
    if clean is None or TECHNIQUE.fullmatch(clean):
        return clean, issue
    id_ = likely_id(clean)
    if id_ is not None:
        return id_, respelled(clean, id_)
    if release is not None and may_be_name(clean):
        return named_technique(clean, release())
    possible = possible_id(clean)
    before, brace, _ = clean.partition("{")
    if ids.stands_for_several(clean):
        hint: str | Callable[[], str] = "list every technique, separated by commas"
    elif brace and (entry := likely_id(before)):
        hint = f"a colon is missing after {entry}"
    elif possible:
        hint = f"did you mean {possible}?"
    else:
        hint = partial(technique_named, clean, domain) if may_be_name(clean) else ""
    spelling = (text, possible) if possible else None
    message = f"technique id {quoted(text)} is malformed"
    return None, Issue(message, TECHNIQUE_EXPECTED, hint, code="malformed-technique", spelling=spelling)


def technique_named(name: str, domain: str = "") -> str:
    """The suggestion of the technique with a name at the newest release; "" for none, or for several."""
    known: Domain = next((one for one in DOMAINS if one == domain), "enterprise")
    return ids.suggestion("", newest(known)[0], name)


def respelled(text: str, *ids: str) -> Issue:
    """The notice that a text is read as ids that are written differently."""
    right = " / ".join(ids)
    message = f"technique {quoted(text)} is read as {right}"
    hint = f"correct it with: navlayers check --fix {INPUT}"
    return Issue(message, hint=hint, fatal=False, code="technique-id-spelling", spelling=(text, right))


def named_technique(text: str, catalogue: Catalogue) -> tuple[str | None, Issue]:
    """The id of the technique with a name; None if the release has none or several.

    Args:
        text: a name, also after that of its parent, as in "Valid Accounts: Cloud Accounts".
        catalogue: the release of the set.
    """
    release = f"ATT&CK {catalogue.version}"
    entries = catalogue.named(text)
    if len(entries) == 1:
        return entries[0].id, respelled(text.strip(), entries[0].id)
    if entries:
        names = or_list([f"{entry.id} ({catalogue.full_name(entry.id)})" for entry in entries])
        message = f"technique name {quoted(text)} has {len(entries)} meanings in {release}"
        return None, Issue(message, f"an id: {names}", code="malformed-technique")
    tactic = catalogue.tactic(text)
    if tactic is not None:
        message = f"{quoted(text)} is the tactic {tactic.id} {tactic.name}, not a technique"
        return None, Issue(message, TECHNIQUE_EXPECTED, code="malformed-technique")
    message = f"{quoted(text)} is neither a technique id nor the name of a technique of {release}"
    return None, Issue(
        message, TECHNIQUE_EXPECTED, partial(_name_meant, text, catalogue), code="malformed-technique"
    )


def _name_meant(text: str, catalogue: Catalogue) -> str:
    """The technique of another domain with a name that the release does not have, or a similar name."""
    for domain in DOMAINS:
        entries = newest(domain)[0].named(text) if domain != catalogue.domain else ()
        if len(entries) == 1:
            return f"it is {entries[0].id} of ATT&CK {DOMAIN_NAMES[domain]}; write the id"
    return catalogue.full_names.suggestion(text)


def kind(text: str) -> tuple[str | None, Issue | None]:
    """A status or mapping type; any spelling of non-mappable becomes `non_mappable`."""
    clean, issue = identifier(text)
    return NON_MAPPABLE if clean is not None and says_non_mappable(clean) else clean, issue


def says_non_mappable(text: str) -> bool:
    """Whether a status or type is non_mappable, in any case and with - or _."""
    return text.lower().replace("-", "_") == NON_MAPPABLE


_CATEGORIES: dict[str, str] = {category: category for category in CATEGORIES}


def category(text: str) -> tuple[str | None, Issue | None]:
    """A score category: protect, detect or respond, in any case."""
    clean = text.strip().lower()
    if not clean or clean in CATEGORIES:
        # Not the text itself: a million rows share three.
        return _CATEGORIES.get(clean), None
    return None, _unknown("score category", text, CATEGORIES, "unknown-category")


_RATINGS: dict[float, tuple[str, ...]] = {
    0: ("no", "none", "false", "absent", "missing", "0"),
    10: ("low", "weak", "minor", "poor", "basic", "limited"),
    50: ("medium", "moderate", "mid", "some", "fair"),
    100: ("high", "strong", "full", "fully", "complete", "yes", "true", "good", "excellent"),
}
"""Number → ratings that probably mean it, in an option to paste and check."""

_LIKELY = {word: number for number, words in _RATINGS.items() for word in words}


_WORD = r"[^\W\d_][^#<>~=,]*"

_LISTED = 20
"""Maximum unknown words in an option to paste."""

_SAME = 0.8
"""Similarity of a word and its misspelling, such as "mediun" of "medium"; "partly" and "partial" have less."""

_MOST_NUMBERS = 101
"""Maximum numbers of a scale in a message that lists all of them."""


class Scale:
    """The names of a scale, indexed for case-insensitive lookup, and the range of its other numbers."""

    def __init__(self, names: Iterable[str], score_range: Range | None = None) -> None:
        self.names = tuple(names)
        self.range = score_range
        self._unknown: dict[str, str] = {}
        self._beyond = (0.0, 0.0)
        self.exact = frozenset(self.names)
        self.lower = {name.lower(): name for name in self.names}
        # With numbers as names, such as 0 to 5, a number that is not among them would be a score on another scale.
        self.numbers = score_range is None and any(map(DECIMAL.fullmatch, self.names))
        low, high = map(decimal, score_range or HUNDRED)
        others = "" if self.numbers else f" or a number from {low} to {high}"
        every = self.numbers and len(self.names) <= _MOST_NUMBERS
        self.expected = f"{or_list(self.names) if every else comma_list(self.names)}{others}"
        self.near = Names(self.names)

    def outside(self, number: float) -> Callable[[], str] | None:
        """The advice about a number outside the range; None where the names are numbers."""
        self._beyond = (min(number, self._beyond[0]), max(number, self._beyond[1]))
        return None if self.numbers else self.wider

    def wider(self) -> str:
        """The option that sets a range with all numbers outside."""
        low, high = self._beyond
        limits = f"{decimal(low)}-{decimal(high or HUNDRED[1])}"
        return f"set the range of the scores, such as --score-range {limits}"

    def hint(self, text: str) -> str:
        """A name that is similar to an unknown word; the words without one are kept for the advice."""
        word = text.strip()
        near = "" if word.lower() in _LIKELY else self.near.suggestion(text)
        # Other texts, such as "#N/A" or ">80", are mistakes in a table rather than words of a scale.
        if not near and re.fullmatch(_WORD, word):
            self._unknown.setdefault(word.lower(), word)
        return near

    def advice(self) -> str:
        """The option that gives the unknown words numbers, ready to paste."""
        if not self._unknown:
            return ""
        sure = Names(_LIKELY.keys() & self._unknown.keys())
        words = (pair for pair in self._unknown.items() if not _misspelled(pair[0], sure))
        pairs = [f"{word}={decimal(_LIKELY.get(key, 50))}" for key, word in islice(words, _LISTED + 1)]
        more = ["…"] if len(pairs) > _LISTED else []
        import shlex  # noqa: PLC0415 - for this hint alone

        option = shlex.quote(",".join([*pairs[:_LISTED], *more]))
        return f"say what the words are worth, 0-100, such as --scale {option}"


def _misspelled(word: str, sure: Names) -> bool:
    """Whether a word is probably a misspelling of one of the others, such as "hgih" of "high"."""
    close = sure.closest(word)
    if close is None or close == word or re.sub(r"\W", "", word) == close or abs(len(close) - len(word)) > 1:
        return False
    return sorted(close) == sorted(word) or sure.closest(word, _SAME) is not None


def scale_of(own: dict[str, float], options: ReadOptions) -> Scale:
    """The scale of an input: its own or the default one, with the names and the range that the user gives."""
    return Scale(with_words(own, options.scale), options.score_range)


def score_value(text: str, scale: Scale) -> tuple[str | None, Issue | None]:
    """A score value: a name of the scale in any case, or a number of its range, as a number from 0 to 100.

    Where names are numbers, there are no others.
    """
    clean = text.strip()
    if not clean:
        return None, None
    if text in scale.exact:
        return text, None
    if clean.lower() in scale.lower:
        return scale.lower[clean.lower()], None
    if scale.range is not None and re.fullmatch(_SIGNED, clean):
        low, high = scale.range
        if low <= float(clean) <= high:
            return decimal(hundred(float(clean), scale.range)), None
    decimal_number = DECIMAL.fullmatch(clean)
    if decimal_number and float(clean) <= 100 and not scale.numbers and scale.range is None:
        return clean, None
    if decimal_number or (re.fullmatch(_SIGNED, clean) and clean.startswith("-")):
        message = f"score value {quoted(text)} is outside the scale"
        advice = scale.outside(float(clean))
        return None, Issue(message, scale.expected, code="unknown-value", advice=advice)
    if numeric(clean) or re.match(r"[-+]?\.?[0-9]", clean):
        message = f"score value {quoted(text)} is not a decimal number"
        return None, Issue(message, scale.expected, _DECIMAL_HINT, code="unknown-value")
    message, near = f"unknown score value {quoted(text)}", partial(scale.hint, text)
    return None, Issue(message, scale.expected, near, code="unknown-value", advice=scale.advice)


def scale_name(name: str) -> Issue | None:
    """The error of a name of a scale that is nearly a number, and could be mistaken for one."""
    if DECIMAL.fullmatch(name) or not re.fullmatch(NUMBER_LIKE, name):
        return None
    message = f"score value {quoted(name)} is not a plain decimal number"
    return Issue(message, "a word, or a number such as 3 or 2.5", code="wrong-type")


def numeric(text: str) -> bool:
    """Whether a text parses as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def domain(text: str) -> tuple[Domain | None, Issue | None]:
    """An ATT&CK domain: enterprise, mobile or ics, also as enterprise-attack and in any case."""
    clean = text.strip().lower().removesuffix("-attack")
    for known in DOMAINS:
        if clean == known:
            return known, None
    return None, _unknown("ATT&CK domain", text, DOMAINS, "unknown-domain")


def role(text: str) -> tuple[Role | None, Issue | None]:
    """The role of a set: control, detection or threat, in any case."""
    clean = text.strip().lower()
    for known in ROLES:
        if clean == known:
            return known, None
    return None, _unknown("role", text, ROLES, "unknown-role")


def _unknown(what: str, text: str, known: Sequence[str], code: str) -> Issue:
    return Issue(f"unknown {what} {quoted(text)}", or_list(known), partial(suggestion, text, known), code=code)
