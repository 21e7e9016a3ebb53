"""Reader of DeTT&CT technique administration files: scores of detection and of visibility.

The format is that of github.com/rabobank-cdc/DeTTECT, versions 1.0 to 1.2. A set has one overall score for a
technique, and good visibility is not detection. So the format dettect reads the scores of detection, and the format
dettect-visibility those of visibility. The other side gets mappings that are not rated; `other` has its scores.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from navlayers._text.dates import day
from navlayers._text.slugs import slugs
from navlayers._text.wording import quantity, quoted
from navlayers.errors import OtherFileError, Place, Problem
from navlayers.mapping.formats import value_rules
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.metadata import dated, make_head
from navlayers.mapping.formats.source import Source
from navlayers.mapping.formats.yaml_fields import Fields, Parts, read_top
from navlayers.mapping.model import Capability, Mapping, MappingSet, MappingType

if TYPE_CHECKING:
    from navlayers.mapping.formats.context import Context, Places
    from navlayers.mapping.formats.source import Folder

Side = Literal["detection", "visibility"]


class _Scale(NamedTuple):
    """The scores of a side: the lowest, which means none, and the highest, which is worth 100."""

    none: int
    highest: int

    def numbers(self) -> dict[str, float]:
        """Score as text → number 0–100; without −1, which means that nothing is known of detection."""
        return {str(score): score * 100 / self.highest for score in range(self.highest + 1)}


VISIBILITY = "dettect-visibility"
"""The name of the format whose score values are those of visibility."""

_SCALES: dict[Side, _Scale] = {"detection": _Scale(-1, 5), "visibility": _Scale(0, 4)}
_TYPES = {"detection": "Detection", "visibility": "Visibility"}
_FILE_TYPE = "technique-administration"
_TOP = ("version", "file_type", "name", "domain", "platform", "techniques", "notes")
_TECHNIQUE = ("technique_id", "technique_name", *_SCALES)
_SIDE = ("applicable_to", "location", "comment", "score_logbook")
_ENTRY = ("date", "score", "comment", "auto_generated")
_OLD = ("date_registered", "date_implemented", "score", "auto_generated")
"""Keys of a side in files older than the log book: one score and its dates."""

_WHOLE = re.compile(r"[-+]?[0-9]{1,9}")
_ALL = "all"


class _Score(NamedTuple):
    """The entry of a log book that counts. `date` is year-month-day, "" for none."""

    score: int
    date: str
    entry: Fields


def read(source: Source | Folder, context: Context) -> tuple[MappingSet, Places]:
    """Read a technique administration file.

    Raises:
        InputError: the text is not YAML, of another file type, or wrong in the places listed.
    """
    if not isinstance(source, Source):
        problem = Problem("this is a folder", Place(source.path), "one file of DeTT&CT", code="unreadable")
        raise OtherFileError(problem)
    findings = context.findings
    top = read_top(source, findings, _FILE_TYPE)
    file_type = top.text("file_type")
    if file_type and file_type != _FILE_TYPE:
        message = f"the file type is {quoted(file_type)}"
        raise OtherFileError(Problem(message, top.place("file_type"), _FILE_TYPE, code="wrong-shape"))
    if "techniques" not in top:
        problem = Problem("there are no techniques", top.place(), '"techniques"', code="wrong-shape")
        raise OtherFileError(problem)
    scored: Side = "visibility" if context.options.format == VISIBILITY else "detection"
    reader = _Reader(Parts(source.path, findings), scored, top.text("domain"))
    top.unknown(_TOP, "the file")
    for entry in top.children("techniques", "a technique: technique_id, detection, visibility"):
        with reader.parts.left_out_with_errors("entry"):
            reader.technique(entry)
    findings.raise_errors()
    head = reader.head(top, context)
    reader.report_omitted(top)
    return reader.finish(head), reader.parts.places


class _Reader:
    def __init__(self, parts: Parts, scored: Side, domain: str) -> None:
        self.parts = parts
        self._domain = domain.removesuffix("-attack")
        self._scored = scored
        self._dates: set[str] = set()
        self._systems: dict[tuple[Side, str], Fields] = {}
        self._earlier = 0

    def technique(self, entry: Fields) -> None:
        """Read both sides of one technique."""
        entry.unknown(_TECHNIQUE, "a technique")
        text = entry.text("technique_id")
        technique, issue = value_rules.technique(text, "a technique has no id", domain=self._domain)
        entry.report(issue, "technique_id")
        for side in _SCALES:
            for part in entry.children(side, "applicable_to and score_logbook"):
                part.unknown((*_SIDE, *_OLD), side)
                latest = self._latest(part, side)
                if latest is not None:
                    self._part(entry, technique or text, side, part, latest)

    def _part(self, entry: Fields, technique: str, side: Side, part: Fields, latest: _Score) -> None:
        name = entry.text("technique_name") or None
        comments = (latest.entry.text("comment"), part.text("comment"))
        comment = "\n".join(dict.fromkeys(text for text in comments if text))
        pairs = (
            ("score", str(latest.score)),
            ("date", latest.date),
            ("location", "; ".join(text for text, _ in part.texts("location"))),
            ("auto_generated", latest.entry.text("auto_generated")),
        )
        other = tuple((key, text) for key, text in pairs if text)
        if side != self._scored and latest.score == _SCALES[side].none:
            return
        value = str(latest.score) if side == self._scored and latest.score >= 0 else None
        # On the other side, a category would say that detection is not rated, which it is.
        category: Literal["detect"] | None = "detect" if side == self._scored == "detection" else None
        texts = [text for text, _ in part.texts("applicable_to")]
        systems = dict.fromkeys(_ALL if text.lower() == _ALL else text for text in texts)
        for system in systems or (_ALL,):
            self._systems.setdefault((side, system), part)
            id_ = f"{side} {system}"
            about = (side, category, value, comment)
            self.parts.add(
                Mapping(id_, technique, *about, technique_name=name, other=other),
                entry,
                "technique_id",
                technique="technique_id",
                technique_name="technique_name",
                value=latest.entry.node("score"),
                comment=latest.entry.branch.get("comment"),
                capability=part.branch.get("applicable_to"),
            )

    def _latest(self, part: Fields, side: Side) -> _Score | None:
        """The newest entry of a log book, the first of several of that day, as in DeTT&CT."""
        if "score_logbook" in part:
            entries = part.children("score_logbook", "an entry: date, score, comment")
        else:
            entries = [part] if "score" in part else []
        if not entries:
            part.report(Issue(f"{side} has no score", "score_logbook: date, score, comment", code="wrong-shape"))
        scores = [score for entry in entries if (score := self._score(entry, side)) is not None]
        if not scores:
            return None
        self._earlier += len(scores) - 1
        self._dates |= {score.date for score in scores if score.date}
        # `max` gives the first of equal dates, as DeTT&CT does.
        return max(scores, key=lambda score: score.date)

    def _score(self, entry: Fields, side: Side) -> _Score | None:
        if "score_logbook" not in entry and "applicable_to" not in entry:
            entry.unknown(_ENTRY, "a score")
        text = entry.text("score")
        scale = _SCALES[side]
        whole = _WHOLE.fullmatch(text)
        if not whole or not scale.none <= int(text) <= scale.highest:
            problem = "outside the scale" if whole else "not a whole number"
            message = f"score of {side} {quoted(text)} is {problem}" if text else f"score of {side} is missing"
            expected = f"a whole number from {scale.none} to {scale.highest}"
            entry.report(Issue(message, expected, code="unknown-value"), "score")
            return None
        return _Score(int(text), self._date(entry), entry)

    @staticmethod
    def _date(entry: Fields) -> str:
        for key in ("date", "date_implemented", "date_registered"):
            text = entry.text(key)
            if text:
                date = day(text)
                if date is not None:
                    return date
                expected = "year-month-day, such as 2024-03-31"
                entry.report(Issue(f"invalid date {quoted(text)}", expected, code="wrong-type"), key)
                break
        return ""

    def head(self, top: Fields, context: Context) -> MappingSet:
        """The metadata of the set. DeTT&CT takes a file without a domain for the enterprise domain."""
        metadata = {"framework": "dettect", "role": "detection", "title": top.text("name")}
        metadata["domain"] = top.text("domain") or "enterprise-attack"
        metadata |= dated(self._dates)
        for field, key in (("title", "name"), ("domain", "domain")):
            if key in top:
                self.parts.keep_head(field, top.place(key))
        techniques = (mapping.technique for mapping in self.parts.mappings)
        return make_head(context, metadata, techniques, self.parts.places.head("domain"))

    def report_omitted(self, top: Fields) -> None:
        """Report, once for the file, fields that are not carried over and the side without score values."""
        losses = [f"{quantity(self._earlier, 'earlier score')} in log books"] if self._earlier else []
        platforms = ", ".join(text for text, _ in top.texts("platform"))
        losses += [f"platform {platforms}"] if platforms else []
        losses += ["notes"] if top.text("notes") else []
        if losses:
            top.report(Issue(f"not carried over: {'; '.join(losses)}", fatal=False, code="not-carried"))
        if any(mapping.type != self._scored for mapping in self.parts.mappings):
            other, format_ = ("detection", "dettect")
            if self._scored == "detection":
                other, format_ = ("visibility", VISIBILITY)
            hint = f"use --from {format_} to score {other} instead of {self._scored}"
            message = f"{other} is read without score values"
            top.report(Issue(message, hint=hint, fatal=False, code="not-carried"))

    def finish(self, head: MappingSet) -> MappingSet:
        """The whole set, its capabilities named by side and system."""
        ids = slugs(f"{side} {system}" for side, system in self._systems)
        for (side, system), part in self._systems.items():
            capability = Capability(ids[f"{side} {system}"], f"{_TYPES[side]}: {system}", (side,))
            self.parts.add(capability, part, "applicable_to", name="applicable_to")
        mappings = self.parts.mappings
        mappings[:] = (msgspec.structs.replace(m, capability=ids[m.capability]) for m in mappings)
        sides = [side for side in _SCALES if any(side == other for other, _ in self._systems)]
        return self.parts.in_set(
            head,
            groups={side: _TYPES[side] for side in sides},
            mapping_types=tuple(MappingType(side, side) for side in sides),
            scale=_SCALES[self._scored].numbers(),
        )
