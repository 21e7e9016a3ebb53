"""What the cells of a table of tenants mean, by the rules of mapping sets, once for each distinct text."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import pyarrow as pa
from msgspec.structs import replace

from navlayers import attack
from navlayers._text.numbers import decimal
from navlayers._text.wording import quoted
from navlayers.attack.domains import DOMAIN_NAMES
from navlayers.attack.ids import may_be_name
from navlayers.errors import Problem
from navlayers.fleet.arrow import arrow_table
from navlayers.mapping.formats import value_rules
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.table_content import NO_VALUE, NOT_RATED, TOTALS
from navlayers.mapping.formats.table_values import score as written_score
from navlayers.mapping.formats.table_values import techniques
from navlayers.mapping.formats.value_rules import Scale
from navlayers.mapping.ranges import with_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from navlayers.attack import Catalogue
    from navlayers.attack.domains import Domain
    from navlayers.scoring.options import ScoreOptions

TECHNIQUES = pa.schema(
    [
        ("written", pa.string()),
        ("technique", pa.string()),
        ("domain", pa.string()),
        ("inactive", pa.string()),
        ("wrong", pa.bool_()),
    ]
)
"""A row per technique in a text: the active one that it is or that replaces it, and its domain; or the id of one
that is not active. `wrong`: the text is no technique. A text that says that there is none has no row."""

SCORES = pa.schema([("rating", pa.string()), ("value", pa.float64()), ("wrong", pa.bool_())])
"""A row per text: its number from 0 to 100, null where it is not rated, and whether it is wrong."""


def ids(texts: Iterable[str]) -> list[str]:
    """The distinct ids of techniques in texts; names as they are written."""
    found: dict[str, None] = {}
    for part in (part for text in texts for part in _parts(text)):
        found[value_rules.technique(part)[0] or part.strip()] = None
    return list(found)


def technique_rows(texts: Iterable[str], catalogues: Sequence[Catalogue]) -> pa.Table:
    """The techniques of texts as `TECHNIQUES`.

    Args:
        texts: the distinct texts of a column.
        catalogues: the releases of its domains, restricted to the scope.
    """
    domains = [catalogue.domain for catalogue in catalogues]
    rows: list[tuple[str, str | None, str | None, str | None, bool]] = []
    for text in texts:
        found, issue = _read(text, domains)
        if issue is not None:
            rows.append((text, None, None, None, True))
            continue
        ends = {id_: _end(id_, catalogues) for id_ in found}
        # Two ids of one cell may be one technique today.
        active = dict.fromkeys(end for end in ends.values() if end is not None and end[0] is not None)
        rows += [(text, technique, domain, None, False) for technique, domain in active]
        rows += [(text, None, None, id_, False) for id_, end in ends.items() if end is None]
        if found and not active and None not in ends.values():
            rows.append((text, None, None, None, False))  # out of scope
    return arrow_table(rows, TECHNIQUES)


def _end(id_: str, catalogues: Sequence[Catalogue]) -> tuple[str | None, str] | None:
    """The active technique of an id and its domain: (None, "") if it is out of scope, None if it is inactive."""
    found: tuple[str | None, str] | None = None
    for catalogue in catalogues:
        chain = catalogue.whole.resolve(id_)
        if not chain or not catalogue.whole.is_active(chain[-1]):
            continue
        end = (chain[-1], str(catalogue.domain)) if catalogue.is_active(chain[-1]) else (None, "")
        # A few ids are revoked in one domain and active in another.
        if found is None or chain[-1] == id_:
            found = end
    return found


def _parts(text: str) -> list[str]:
    clean = text.strip().lower()
    if clean in NO_VALUE or clean.rstrip(":") in TOTALS:
        return []
    return [part.id for part in techniques(text)]


def _read(text: str, domains: Sequence[Domain]) -> tuple[list[str], Issue | None]:
    found = []
    for part in _parts(text):
        id_, issue = _named(part, domains) if may_be_name(part) else value_rules.technique(part)
        if id_ is None:
            return [], issue
        found.append(id_)
    return found, None


def _named(name: str, domains: Sequence[Domain]) -> tuple[str | None, Issue | None]:
    """The id of the technique with a name, in the newest release of each domain that has it."""
    found: dict[str, Domain] = {}
    first: Issue | None = None
    for domain in domains:
        for catalogue in _releases(domain):
            id_, issue = value_rules.named_technique(name, catalogue)
            if id_ is not None:
                found.setdefault(id_, domain)
                break
            first = first or issue
    if len(found) < 2:
        return next(iter(found), None), first
    meanings = " or ".join(f"{id_} of ATT&CK {DOMAIN_NAMES[domain]}" for id_, domain in found.items())
    message = f"technique name {quoted(name)} has {len(found)} meanings"
    return None, Issue(message, f"an id: {meanings}", code="malformed-technique")


def _releases(domain: Domain) -> Iterator[Catalogue]:
    """The releases of a domain, the newest first."""
    yield from attack.newest(domain)
    yield from (attack.load(each) for each in reversed(attack.releases()) if each.domain == domain)


def scale_of(options: ScoreOptions) -> Scale:
    """The scale of a table."""
    return Scale(with_words({}, options.scale))


def score_rows(texts: Iterable[str], options: ScoreOptions) -> pa.Table:
    """The scores of texts as `SCORES`."""
    scale, worth = scale_of(options), with_words({}, options.scale)
    rows = []
    for text in texts:
        value, issue = _score(text, scale)
        number = None if value is None else worth[value] if value in worth else float(value)
        rows.append((text, number, issue is not None))
    return arrow_table(rows, SCORES)


def _score(text: str, scale: Scale) -> tuple[str | None, Issue | None]:
    clean = text.strip()
    if clean.lower() in NOT_RATED and clean.lower() not in scale.lower:
        return None, None
    return value_rules.score_value(written_score(text), scale)


def fault(cells: Mapping[str, object], domains: Sequence[Domain], options: ScoreOptions) -> Problem | None:
    """What is wrong with a row; None if nothing is.

    Args:
        cells: capability, technique, category and score of the row, None where there is no text.
        domains: the domains of the table.
        options: has the scale.
    """
    texts = {
        name: decimal(cell) if isinstance(cell, float) and isfinite(cell) else str(cell)
        for name, cell in cells.items()
        if cell is not None
    }
    if not texts.get("capability", "").strip():
        return Problem("this row has a score but names no capability", expected="a capability")
    scale = scale_of(options)
    issues = (
        _read(texts.get("technique", ""), domains)[1],
        value_rules.category(texts.get("category", ""))[1],
        _score(texts.get("score", ""), scale)[1],
    )
    issue = next((each for each in issues if each is not None and each.fatal), None)
    if issue is None:
        return None
    found = problem(issue)
    # Other advice is about --score-range, which tables do not take.
    return replace(found, hint=scale.advice()) if issue.advice == scale.advice and not found.hint else found


def problem(issue: Issue) -> Problem:
    """An issue as a problem without a place."""
    hint = issue.hint if isinstance(issue.hint, str) else issue.hint()
    return Problem(issue.message, expected=issue.expected, hint=hint)
