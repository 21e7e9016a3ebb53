"""Reader of DeTT&CT technique administration files: how well techniques are detected, and how well they are seen.

The format is that of github.com/rabobank-cdc/DeTTECT, versions 1.0 to 1.2. A set has one overall score for a
technique, and good visibility is no detection: the format dettect takes the scores of detection, dettect-visibility
those of visibility. The other kind comes without score values, with its own score beside it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from navlayers import _text as wording
from navlayers._text import slugs
from navlayers.errors import OtherFileError, Place, Problem
from navlayers.mapping.formats import checks
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.folder_sets import Fields, FolderPlaces
from navlayers.mapping.formats.metadata import make_head
from navlayers.mapping.formats.source import Source, as_text
from navlayers.mapping.formats.yaml_tree import Branch, Node, parse
from navlayers.mapping.formats.yaml_values import kind
from navlayers.mapping.model import Capability, Mapping, MappingSet, MappingType, NonMappable

if TYPE_CHECKING:
    from navlayers.mapping.formats.context import Context
    from navlayers.mapping.formats.source import Folder

Side = Literal["detection", "visibility"]


class _Scale(NamedTuple):
    """The scores of a side: the lowest, which says that there is nothing, and the highest, which is worth 100."""

    nothing: int
    highest: int

    def value(self, score: int) -> str:
        """The score value 0–100."""
        return str(score * 100 // self.highest)


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
"""What stands beside `applicable_to` in files from before the log book: one score and its dates."""

_WHOLE = re.compile(r"[-+]?[0-9]{1,9}")
_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[Tt ].*)?")
_ALL = "all"


class _Score(NamedTuple):
    """The entry of a log book that counts. `date` is year-month-day, "" where there is none."""

    score: int
    node: Node
    date: str
    entry: Branch


def read(source: Source | Folder, context: Context) -> tuple[MappingSet, FolderPlaces]:
    """Read a technique administration file.

    Raises:
        InputError: the text is not YAML, of another file type, or wrong in the places listed.
    """
    if not isinstance(source, Source):
        raise OtherFileError(
            Problem("this is a folder", Place(source.path), "one file of DeTT&CT", code="unreadable")
        )
    findings = context.findings
    source = as_text(source)
    root = parse(source, findings)
    fields = Fields(source.path, findings)
    if not isinstance(root, Branch):
        other = Problem(f"the top level is {kind(root)}", fields.place(root), _FILE_TYPE, code="wrong-shape")
        raise OtherFileError(findings.errors() or other)
    _check_kind(root, fields)
    places = FolderPlaces(source.path)
    reader = _Reader(fields, places, "visibility" if context.options.format == VISIBILITY else "detection")
    fields.unknown(root, _TOP, "the file")
    for entry in fields.branches(root, "techniques", "a technique: technique_id, detection, visibility"):
        reader.technique(entry)
    findings.raise_errors()
    head = _head(root, fields, places, reader, context)
    reader.tell(root)
    findings.raise_errors()
    return reader.finish(head, context), places


def _check_kind(root: Branch, fields: Fields) -> None:
    file_type = fields.text(root, "file_type")
    if file_type and file_type != _FILE_TYPE:
        node = fields.value(root, "file_type") or root
        message = f"the file type is {wording.shown(file_type)}"
        raise OtherFileError(Problem(message, fields.place(node), _FILE_TYPE, code="wrong-shape"))
    if "techniques" not in root.items:
        message = "there are no techniques"
        raise OtherFileError(Problem(message, fields.place(root), '"techniques"', code="wrong-shape"))


def _head(root: Branch, fields: Fields, places: FolderPlaces, reader: _Reader, context: Context) -> MappingSet:
    found = {"framework": "dettect", "title": fields.text(root, "name")}
    # What a file without a domain is about is what DeTT&CT takes it for.
    found["domain"] = fields.text(root, "domain") or "enterprise-attack"
    if reader.dates:
        found |= {"version": max(reader.dates), "created": min(reader.dates), "updated": max(reader.dates)}
    for field, key in (("title", "name"), ("domain", "domain")):
        node = fields.value(root, key)
        if node is not None:
            places.keep_head(field, fields.place(node))
    techniques = (mapping.technique for mapping in reader.mappings)
    return make_head(context, found, techniques, places.head("domain"))


class _Reader:
    def __init__(self, fields: Fields, places: FolderPlaces, scored: Side) -> None:
        self.mappings: list[Mapping] = []
        self.dates: set[str] = set()
        self._fields = fields
        self._places = places
        self._scored = scored
        self._records: list[NonMappable] = []
        self._systems: dict[tuple[Side, str], Branch] = {}
        self._earlier = 0
        self._hidden = 0

    def technique(self, entry: Branch) -> None:
        """Read both sides of one technique."""
        fields = self._fields
        fields.unknown(entry, _TECHNIQUE, "a technique")
        text = fields.text(entry, "technique_id")
        technique, issue = checks.technique(text)
        if technique is None and issue is None:
            issue = Issue("a technique has no id", "a technique_id such as T1059 or T1059.001")
        node = fields.value(entry, "technique_id") or entry
        fields.report(node, issue, "malformed-technique" if technique is None else "blanks")
        for side in _SCALES:
            for part in fields.branches(entry, side, "applicable_to and score_logbook"):
                self._part(entry, technique or text, side, part)

    def _part(self, entry: Branch, technique: str, side: Side, part: Branch) -> None:
        fields = self._fields
        fields.unknown(part, (*_SIDE, *_OLD), side)
        latest = self._latest(part, side)
        if latest is None:
            return
        name = fields.text(entry, "technique_name") or None
        comments = (fields.text(latest.entry, "comment"), fields.text(part, "comment"))
        comment = "\n".join(dict.fromkeys(text for text in comments if text))
        locations = "; ".join(text for text, _ in fields.texts(part, "location"))
        pairs = (
            ("score", str(latest.score)),
            ("date", latest.date),
            ("location", locations),
            ("auto_generated", fields.text(latest.entry, "auto_generated")),
        )
        other = tuple((key, text) for key, text in pairs if text)
        scale = _SCALES[side]
        nothing = latest.score == scale.nothing
        value = scale.value(latest.score) if side == self._scored else None
        for system in self._applicable(part):
            self._systems.setdefault((side, system), part)
            id_ = f"{side} {system}"
            if nothing:
                record = NonMappable(id_, technique, side, comment, technique_name=name, other=other)
                self._records.append(record)
            else:
                # A category without a value would only say again what the type does.
                category: Literal["detect"] | None = "detect" if value is not None and side == "detection" else None
                mapping = Mapping(
                    *(id_, technique, side, category, value, comment), technique_name=name, other=other
                )
                self.mappings.append(mapping)
                self._hidden += value is None
            self._places.keep(
                *(
                    "non_mappable" if nothing else "mapping",
                    fields.path,
                    fields.value(entry, "technique_id") or entry,
                ),
                technique=fields.value(entry, "technique_id"),
                technique_name=fields.value(entry, "technique_name"),
                value=latest.node,
                comment=fields.value(latest.entry, "comment"),
                capability=fields.value(part, "applicable_to"),
            )

    def _applicable(self, part: Branch) -> list[str]:
        """The systems that a score is about; all where the file names none."""
        systems = [text for text, _ in self._fields.texts(part, "applicable_to")]
        return list(dict.fromkeys(_ALL if text.lower() == _ALL else text for text in systems)) or [_ALL]

    def _latest(self, part: Branch, side: Side) -> _Score | None:
        """The newest entry of a log book, the first of several of that day, as DeTT&CT has it."""
        if "score_logbook" in part.items:
            entries = self._fields.branches(part, "score_logbook", "an entry: date, score, comment")
        else:
            entries = [part] if "score" in part.items else []
        read_ = [score for entry in entries if (score := self._entry(entry, side)) is not None]
        if not entries:
            issue = Issue(f"{side} has no score", "score_logbook: date, score, comment", code="wrong-shape")
            self._fields.report(part, issue)
        if not read_:
            return None
        self._earlier += len(read_) - 1
        self.dates |= {score.date for score in read_ if score.date}
        newest = max(score.date for score in read_)
        return next(score for score in read_ if score.date == newest)

    def _entry(self, entry: Branch, side: Side) -> _Score | None:
        fields = self._fields
        if "score_logbook" not in entry.items and "applicable_to" not in entry.items:
            fields.unknown(entry, _ENTRY, "a score")
        node = fields.value(entry, "score") or entry
        text = fields.text(entry, "score")
        scale = _SCALES[side]
        if not _WHOLE.fullmatch(text) or not scale.nothing <= int(text) <= scale.highest:
            what = f"score of {side} {wording.shown(text)}" if text else f"score of {side} is missing"
            tail = " is outside the scale" if _WHOLE.fullmatch(text) else " is not a whole number" if text else ""
            expected = f"a whole number from {scale.nothing} to {scale.highest}"
            fields.report(node, Issue(what + tail, expected, code="unknown-value"))
            return None
        return _Score(int(text), node, self._date(entry), entry)

    def _date(self, entry: Branch) -> str:
        fields = self._fields
        key = next((key for key in ("date", "date_implemented", "date_registered") if fields.text(entry, key)), "")
        if not key:
            return ""
        text = fields.text(entry, key)
        date = _DATE.fullmatch(text)
        if date is None:
            node = fields.value(entry, key) or entry
            expected = "year-month-day, such as 2024-03-31"
            fields.report(node, Issue(f"invalid date {wording.shown(text)}", expected, code="wrong-type"))
            return ""
        return f"{date[1]}-{date[2]:0>2}-{date[3]:0>2}"

    def tell(self, root: Branch) -> None:
        """Tell, once for the file, what is not carried and what has no score value."""
        fields = self._fields
        left = [f"{self._earlier:,} earlier score{'s' * (self._earlier > 1)} in log books"] if self._earlier else []
        platforms = ", ".join(text for text, _ in fields.texts(root, "platform"))
        left += [f"platform {platforms}"] if platforms else []
        left += ["notes"] if fields.text(root, "notes") else []
        if left:
            fields.report(root, Issue(f"not carried over: {'; '.join(left)}", fatal=False, code="not-carried"))
        if self._hidden:
            other, format_ = ("detection", "dettect")
            if self._scored == "detection":
                other, format_ = ("visibility", VISIBILITY)
            hint = f"use --from {format_} to read it the other way round"
            message = f"{other} is kept beside {self._scored}, without score values"
            fields.report(root, Issue(message, hint=hint, fatal=False, code="not-carried"))

    def finish(self, head: MappingSet, context: Context) -> MappingSet:
        """The whole set, its capabilities named by side and system."""
        name_of = context.technique_names(head)
        ids = slugs(f"{side} {system}" for side, system in self._systems)

        def own(row: Mapping | NonMappable) -> dict[str, str | None]:
            known = row.technique_name is not None and row.technique_name == name_of(row.technique or "")
            return {
                "capability": ids[row.capability or ""],
                "technique_name": None if known else row.technique_name,
            }

        for part in self._systems.values():
            node = self._fields.value(part, "applicable_to") or part
            self._places.keep("capability", self._fields.path, node, name=node)
        capabilities = (
            Capability(ids[f"{side} {system}"], f"{_TYPES[side]}: {system}", (side,))
            for side, system in self._systems
        )
        present = {side for side, _ in self._systems}
        return msgspec.structs.replace(
            head,
            groups={side: _TYPES[side] for side in _SCALES if side in present},
            mapping_types=tuple(MappingType(side, side) for side in _SCALES if side in present),
            capabilities=tuple(capabilities),
            mappings=tuple(msgspec.structs.replace(mapping, **own(mapping)) for mapping in self.mappings),
            non_mappable=tuple(msgspec.structs.replace(record, **own(record)) for record in self._records),
        )
