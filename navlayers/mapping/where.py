"""Conditions on mappings, as `--where` has them: `level>=high and not (status=deprecated or product=windows)`."""

from __future__ import annotations

import re
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.lines import printable
from navlayers._text.spelling import suggestion
from navlayers._text.wording import comma_list, quoted
from navlayers.errors import InputError, Place, Problem, UsageError
from navlayers.mapping.evidence import DECLARED, LEVELS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from navlayers.mapping.model import Capability, MappingSet
    from navlayers.mapping.model import Mapping as OneMapping

    Test = Callable[[Mapping[str, tuple[str, ...]]], bool]

_LONGEST = 2_000
_DEEPEST = 50
_TOKEN = re.compile(
    r"\s*(?:(?P<mark>[()]|<=|>=|!=|==|=|<|>|~|,)|\"(?P<quoted>[^\"]*)\"|'(?P<single>[^']*)'"
    r"|(?P<word>(?:(?!<=|>=|!=)[^\s()<>=~,\"'])+))"
)
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=", "~", "in", "has")
_LISTS = frozenset({"in", "has"})
_KEYWORDS = frozenset({"and", "or", "not", *_LISTS})

_ORDERS = (
    ("informational", "info", "notice", "low", "minor", "warning", "medium", "error", "high", "major", "critical"),
    ("minimal", "partial", "significant"),
    LEVELS,
    ("unsupported", "deprecated", "experimental", "development", "beta", "test", "stable", "production"),
)
"""Words that have an order, lowest first: levels and priorities; score values; evidence; states of a rule."""

_RANKS = {word: (number, rank) for number, order in enumerate(_ORDERS) for rank, word in enumerate(order)}


_MOST_LISTED = 3
"""Maximum number of values in a hint."""


class Wanted(msgspec.Struct, frozen=True):
    """What a condition asks of a name.

    Attributes:
        name: the name, such as "status".
        values: in lower case; one is enough.
        source: the file that has the values; "" for one value of the condition.
        part: whether they are parts of values.
        negated: whether the condition is about mappings without them.
    """

    name: str
    values: frozenset[str]
    source: str = ""
    part: bool = False
    negated: bool = False


class Condition(msgspec.Struct, frozen=True):
    """A condition.

    Attributes:
        text: as it is written.
        holds: whether values meet it.
        names: each name that it asks for, with its offset in the text.
        place: its place in a file; None: it is that of `--where`.
        wanted: the values that it asks for.
    """

    text: str
    holds: Test
    names: dict[str, int]
    place: Place | None = None
    wanted: tuple[Wanted, ...] = ()


def condition(text: str, folder: Path = Path(), place: Place | None = None) -> Condition:
    """The condition of a text.

    Args:
        text: comparisons `NAME OP VALUE`, and `NAME in LIST` or `NAME has LIST` with values and `@FILE` separated
            by commas, joined by and, or, not and parentheses. OP is =, !=, <, <=, >, >= or ~ (contains). `in` holds
            if all values are in the list, `has` if one is. A name alone asks whether there is a value.
        folder: the folder that each `@FILE` is below.
        place: where the text is in a file; None: it is that of `--where`.

    Raises:
        UsageError: the text is no condition, with a caret below the place.
    """
    return _Parser(text, folder, place).condition()


def list_files(text: str) -> Iterator[str]:
    """The files of each `@FILE` of a condition, right or wrong."""
    unquoted = re.sub(r"\"[^\"]*\"|'[^']*'", " ", text)
    return (word[1:] for word in re.split(r"[\s()<>=~,]+", unquoted) if word.startswith("@"))


def check_names(asked: Condition, known: Iterable[str], of: str) -> None:
    """Check that a set has the names that a condition asks for.

    Args:
        asked: the condition.
        known: the names that the set has.
        of: the name of the set, for messages.

    Raises:
        UsageError: a name is unknown.
    """
    names = sorted({*known})
    for name, offset in asked.names.items():
        if name not in names:
            hint = suggestion(name, names) or f"it has {comma_list(names)}"
            raise _error(asked.text, offset, f"{of} has no {quoted(name)}", "", hint, asked.place)


def absent_values(asked: Condition, known: Mapping[str, Collection[str]]) -> Iterator[Problem]:
    """The notices of values that a condition asks for and no mapping has.

    Args:
        asked: the condition.
        known: name → the values that mappings have.
    """
    for wanted in dict.fromkeys(asked.wanted):
        values = known.get(wanted.name, ())
        found = any(any(map(one.__contains__, wanted.values)) for one in values) if wanted.part else False
        if found or not wanted.values.isdisjoint(values):
            continue
        hint = "" if wanted.source else suggestion(min(wanted.values), values)
        # "not status=deprecated" may well exclude nothing.
        if values and (hint or not wanted.negated):
            start = "" if asked.place else "--where: "
            text = quoted(min(wanted.values))
            if wanted.source:
                message = f"{start}{wanted.source} has no {wanted.name} of a mapping"
            elif wanted.part:
                message = f"{start}no {wanted.name} of a mapping contains {text}"
            else:
                message = f"{start}no mapping has the {wanted.name} {text}"
            some = comma_list([*map(quoted, sorted(values)[:_MOST_LISTED])])
            yield Problem(message, asked.place, hint=hint or ("" if wanted.part else f"other values: {some}"))


def values_of(
    mapping_set: MappingSet, mapping: OneMapping, capability: Capability | None
) -> dict[str, tuple[str, ...]]:
    """What a condition may ask of a mapping, by name.

    Args:
        mapping_set: its set.
        mapping: the mapping.
        capability: its capability.
    """
    capability_groups = capability.groups if capability else ()
    groups = (*((mapping.group,) if mapping.group else ()), *capability_groups)
    texts = {
        "id": (mapping.capability,),
        "name": (mapping.capability_name or (capability.name if capability else ""),),
        "group": (*groups, *(mapping_set.groups.get(group, "") for group in groups)),
        "technique": (mapping.technique,),
        "category": (mapping.category or "",),
        "value": (mapping.value or "",),
        "type": (mapping.type or "",),
        **{_plain(name): (text, *text.split(", ")) for name, text in mapping.other},
        "evidence": (mapping.evidence.level if mapping.evidence else DECLARED,),
        "evidence date": (mapping.evidence.date if mapping.evidence else "",),
        "robustness": (str(mapping.robustness or ""),),
    }
    # The groups of rules are values of their fields: "Product: windows".
    for title, colon, text in (mapping_set.groups.get(group, "").partition(": ") for group in capability_groups):
        if colon and mapping_set.role != "control":
            texts[_plain(title)] = (*texts.get(_plain(title), ()), text)
    return {name: tuple(text.casefold() for text in found if text) for name, found in texts.items()}


class _Token(msgspec.Struct, frozen=True):
    text: str
    offset: int
    quoted: bool = False

    def is_word(self, *words: str) -> bool:
        return not self.quoted and self.text.lower() in words


class _Parser:
    """A parser by recursive descent; each method takes the tokens of what it returns."""

    def __init__(self, text: str, folder: Path, place: Place | None) -> None:
        if len(text) > _LONGEST:
            message = f"{'the condition' if place else '--where'} is too long"
            raise UsageError(Problem(message, place, f"at most {_LONGEST:,} characters"))
        self._text = text
        self._folder = folder
        self._place = place
        self._names: dict[str, int] = {}
        self._tokens = self._split()
        self._next = 0
        self._depth = 0
        self._negated = False
        self._wanted: list[Wanted] = []

    def condition(self) -> Condition:
        holds = self._any()
        if (token := self._peek()) is not None:
            raise self._wrong(token, "and, or, or the end")
        return Condition(self._text, holds, self._names, self._place, tuple(self._wanted))

    def _split(self) -> list[_Token]:
        tokens = []
        offset = 0
        end = len(self._text.rstrip())
        while offset < end:
            match = _TOKEN.match(self._text, offset)
            if match is None:
                place = offset + len(self._text[offset:]) - len(self._text[offset:].lstrip())
                raise self._error(place, "a quote is not closed", "", "add the second one")
            kind = match.lastgroup or ""
            start = match.start(kind) - (kind in {"quoted", "single"})
            tokens.append(_Token(match[kind], start, kind in {"quoted", "single"}))
            offset = match.end()
        return tokens

    def _error(self, offset: int, message: str, expected: str, hint: str = "") -> UsageError:
        return _error(self._text, offset, message, expected, hint, self._place)

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _takes(self, *words: str) -> bool:
        token = self._peek()
        found = token is not None and token.is_word(*words)
        self._next += found
        return found

    def _wrong(self, token: _Token | None, expected: str) -> UsageError:
        if token is None:
            return self._error(len(self._text), "the condition ends here", expected)
        return self._error(token.offset, f"unexpected {quoted(token.text)}", expected)

    def _any(self) -> Test:
        parts = [self._all()]
        while self._takes("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else lambda values: any(part(values) for part in parts)

    def _all(self) -> Test:
        parts = [self._not()]
        while self._takes("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else lambda values: all(part(values) for part in parts)

    def _not(self) -> Test:
        start = self._peek()
        self._depth += 1
        if self._depth > _DEEPEST and start is not None:
            raise self._error(start.offset, "the condition is nested too deeply", f"at most {_DEEPEST} levels")
        if self._takes("not"):
            self._negated = not self._negated
            inner = self._not()
            self._negated = not self._negated
            found: Test = lambda values: not inner(values)  # noqa: E731
        elif self._takes("("):
            found = self._any()
            if not self._takes(")"):
                raise self._wrong(self._peek(), ")")
        else:
            found = self._comparison()
        self._depth -= 1
        return found

    def _comparison(self) -> Test:
        token = self._peek()
        if token is None or (not token.quoted and (token.text.lower() in _KEYWORDS or not token.text[0].isalnum())):
            raise self._wrong(token, "a name, such as level")
        self._next += 1
        name = _plain(token.text)
        self._names.setdefault(name, token.offset)
        following = self._peek()
        if following is None or following.is_word("and", "or", ")"):
            return lambda values: bool(values.get(name))
        if not following.is_word("==", *_COMPARISONS):
            raise self._wrong(following, comma_list(_COMPARISONS))
        self._next += 1
        operator = following.text.lower().replace("==", "=")
        value = self._peek()
        wanted = self._list(name) if operator in _LISTS else (self._value(),)
        if operator in ("=", "!=", "~"):
            negated = self._negated != (operator == "!=")
            self._wanted.append(Wanted(name, frozenset(wanted), part=operator == "~", negated=negated))
        if operator[0] in "<>" and value is not None:
            self._check_order(value)
        if operator == "in" and name != "group":
            return lambda values: _all_in(values.get(name, ()), wanted)
        # A capability is in a group, whatever other ones it is in.
        operator = operator.replace("in", "has")
        return lambda values: _compare(operator, values.get(name, ()), wanted)

    def _check_order(self, token: _Token) -> None:
        if _rank(token.text.casefold())[0] == "text" and not token.text[:1].isdecimal():
            expected = "a number, a date, or a word such as high or stable"
            hint = suggestion(token.text, [f"'{word}'" if " " in word else word for word in _RANKS])
            raise self._error(token.offset, f"{quoted(token.text)} has no order", expected, hint)

    def _value(self) -> str:
        token = self._peek()
        if token is None or token.is_word("(", ")", ",", "=", *_COMPARISONS, "and", "or", "not"):
            raise self._wrong(token, 'a value, such as high or "not yet"')
        self._next += 1
        return token.text.casefold()

    def _list(self, name: str) -> frozenset[str]:
        wanted: list[str] = []
        first = True
        while first or self._takes(","):
            first = False
            token = self._peek()
            if token is not None and not token.quoted and token.text.startswith("@"):
                self._next += 1
                found, source = self._lines(token), token.text[1:]
            else:
                found, source = [self._value()], ""
            self._wanted.append(Wanted(name, frozenset(found), source, negated=self._negated))
            wanted += found
        return frozenset(wanted)

    def _lines(self, token: _Token) -> list[str]:
        from navlayers.mapping.formats.source import MAX_BYTES, as_text, load, text_lines  # noqa: PLC0415

        try:
            text = as_text(load(self._folder / token.text[1:], None, MAX_BYTES)).data.decode()
        except InputError as error:
            message = f"{token.text[1:]} cannot be read: {error.problems[0].message}"
            raise self._error(token.offset, message, "a file with a value in each line") from None
        lines = [line.strip().casefold() for line in text_lines(text)]
        values = [line for line in lines if line and not line.startswith("#")]
        if not values:
            raise self._error(token.offset, f"{token.text[1:]} has no values", "a value in each line")
        return values


def _plain(name: str) -> str:
    return name.strip().casefold().replace("_", " ")


def _all_in(values: tuple[str, ...], wanted: Collection[str]) -> bool:
    """Whether a text is in a list, or all of its parts are, which follow it."""
    return bool(values) and (values[0] in wanted or (len(values) > 1 and all(v in wanted for v in values[1:])))


def _compare(operator: str, values: tuple[str, ...], wanted: Collection[str]) -> bool:
    if operator in {"=", "has"}:
        return any(value in wanted for value in values)
    (one,) = wanted
    if operator == "!=":
        return one not in values
    if operator == "~":
        return any(one in value for value in values)
    return any(_in_order(operator, value, one) for value in values)


def _in_order(operator: str, value: str, wanted: str) -> bool:
    """Whether two values of one kind are in an order: numbers, words with ranks, or texts such as dates."""
    one, other = _rank(value), _rank(wanted)
    if one[0] != other[0]:
        # A year is a number, and a day is not.
        if not (value[:1].isdecimal() and wanted[:1].isdecimal()):
            return False
        one, other = ("text", 0, value), ("text", 0, wanted)
    left, right = one[1:], other[1:]
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator]


def _rank(text: str) -> tuple[str, float, str]:
    if text in _RANKS:
        number, rank = _RANKS[text]
        return f"order {number}", rank, ""
    try:
        found = float(text)
    except ValueError:
        return "text", 0, text
    # "nan" and "inf" are words.
    return ("number", found, "") if isfinite(found) else ("text", 0, text)


def _error(
    text: str, offset: int, message: str, expected: str, hint: str = "", place: Place | None = None
) -> UsageError:
    wanted = f"; expected {expected}" if expected else ""
    option = "" if place else "--where: "
    shown = f"{printable(text)}\n    {' ' * offset}^"
    return UsageError(Problem(f"{option}{message}{wanted}\n    {shown}", place, hint=hint))
