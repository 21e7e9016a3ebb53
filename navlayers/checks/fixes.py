"""Fixing inputs in place: the edits of findings, applied to the text and verified by reading it again."""

from __future__ import annotations

import difflib
import io
from itertools import chain, pairwise
from typing import TYPE_CHECKING, cast

import msgspec

from navlayers.checks.finding import Finding
from navlayers.checks.run import KEPT, MOST, reading_key, texts_of
from navlayers.checks.source_text import decoded
from navlayers.checks.subject import lookalike
from navlayers.errors import InputError, Place
from navlayers.mapping import formats as readers
from navlayers.mapping.formats import Findings, ReadOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from collections.abc import Mapping as Dict

    from navlayers.checks.finding import Report
    from navlayers.checks.run import Readings
    from navlayers.checks.source_text import Text
    from navlayers.mapping.formats import Reading
    from navlayers.mapping.model import Mapping, MappingSet, NonMappable

    _Read = list[tuple[Reading, Findings]]

# Edits are short: one line around them shows where they are.
_CONTEXT = 1
_MOST_READ = 2_000_000
"""Bytes that are read again to find out which fixes are valid together."""

_LEAST_TRIES = 2
_NO_DATA: dict[str, bytes | None] = {}


class FixedFile(msgspec.Struct, frozen=True):
    """The content of a file before and after its fixes, and the fixed findings."""

    path: str
    before: bytes
    after: bytes
    findings: tuple[Finding, ...]

    @property
    def diff(self) -> str:
        """The unified diff."""
        old, new = (_lines(decoded(data)[0]) for data in (self.before, self.after))
        path = str(Place(self.path))
        if len(old) != len(new):  # a fixed cell had a line break before or after its value
            lines = list(difflib.unified_diff(old, new, path, path, n=_CONTEXT))
        else:
            lines = [f"--- {path}\n", f"+++ {path}\n"]
            changed = [line for line, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
            starts = [n for n in range(1, len(changed)) if changed[n] > changed[n - 1] + 2 * _CONTEXT]
            for start, end in pairwise([0, *starts, len(changed)] if changed else []):
                lines += _hunk(old, new, changed[start:end])
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    """The lines as diff and patch count them: only a line feed ends one."""
    return io.StringIO(text, newline="\n").readlines()


def _hunk(old: list[str], new: list[str], changed: list[int]) -> Iterator[str]:
    start, end = max(changed[0] - _CONTEXT, 0), min(changed[-1] + _CONTEXT + 1, len(old))
    where = f"{start + 1},{end - start}"
    yield f"@@ -{where} +{where} @@\n"
    line = start
    while line < end:
        stop = next((n for n in range(line, end) if old[n] == new[n]), end)
        yield from (f"-{text}" for text in old[line:stop])
        yield from (f"+{text}" for text in new[line:stop])
        line = max(stop, line)
        if line < end:
            yield f" {old[line]}"
            line += 1


def fix(
    report: Report,
    data: Dict[str, bytes | None] = _NO_DATA,
    reading: ReadOptions = ReadOptions(),
    readings: Readings | None = None,
) -> tuple[FixedFile, ...]:
    """The files of a report with their fixes applied; nothing is written.

    An edit is applied only where its old text is found, and a file is changed only if it then reads as the same set
    except for the fixed values. Shipped sets are never changed.

    Args:
        report: the findings.
        data: path → content of inputs that are not files, such as standard input.
        reading: the options the inputs were read with.
        readings: of the inputs; those of files that change are replaced.

    Returns:
        The files that change.
    """
    texts = texts_of(report.inputs, data)
    formats = {checked.path: checked for checked in report.inputs}
    by_path: dict[str, list[Finding]] = {}
    for finding in report.findings:
        if finding.fix:
            by_path.setdefault(finding.place.path, []).append(finding)
    files = []
    for path, findings in by_path.items():
        owner = formats.get(path) or next((c for c in report.inputs if path.startswith(c.path)), None)
        text, before = texts.get(path), texts.data(path)
        if owner is None or owner.origin in KEPT or text is None or before is None:
            continue
        # A table of several domains is a set for each.
        parts = [each.part for each in report.inputs if each.path == path and each.part is not None]
        options = [msgspec.structs.replace(each, format=owner.format or each.format) for each in parts or [reading]]
        keys = [reading_key(path, each) for each in options]
        known = [readings[key] for key in keys if key in readings] if readings is not None else []
        old = known if len(known) == len(keys) else _read(path, before, options)
        if not old:
            continue
        after, fixed, now = _fixed(text, before, findings, options, old)
        if readings is not None:
            readings.update(zip(keys, now, strict=True))
        if after != before:
            files.append(FixedFile(path, before, after, tuple(fixed)))
    return tuple(files)


def _fixed(
    text: Text, before: bytes, findings: Sequence[Finding], options: Sequence[ReadOptions], old: _Read
) -> tuple[bytes, list[Finding], _Read]:
    """The content with all fixes applied, or with as many as are valid together, and its readings.

    Those in lines with errors that they cause are tried apart, by bisection: first the others, if there are any.
    """
    after, now, valid = _edited(text, old, findings, options)
    if valid and after is not None:
        return after, list(findings), now
    pair = [old, now]
    if after is not None and _count(now) > MOST:  # the readers kept some of the errors alone
        pair = [_read(text.path, data, options, len(findings)) for data in (before, after)]
    faults = _error_lines(pair[1]) - _error_lines(pair[0])
    fixed: list[Finding] = []
    best, tries, best_read = before, max(_LEAST_TRIES, _MOST_READ // len(before)), old

    def add(some: Sequence[Finding]) -> None:
        nonlocal best, tries, best_read
        if not some or not tries:
            return
        tries -= 1
        data, now, valid = _edited(text, old, [*fixed, *some], options)
        if valid and data is not None:
            best, best_read = data, now
            fixed.extend(some)
        elif len(some) > 1:
            add(some[: len(some) // 2])
            add(some[len(some) // 2 :])

    sound = [each for each in findings if not any(edit.place.line in faults for edit in each.fix)]
    if 0 < len(sound) < len(findings):
        add(sound)
    known = set(map(id, fixed))
    rest = [each for each in findings if id(each) not in known]
    add(rest[: len(rest) // 2])
    add(rest[len(rest) // 2 :])
    known = set(map(id, fixed))
    return best, [each for each in findings if id(each) in known], best_read


def _read(path: str, data: bytes, options: Sequence[ReadOptions], most: int = MOST) -> _Read:
    """The readings of a text, one for each of the options, with their errors; none if it cannot be read."""
    found = [Findings(max(most, MOST), lenient=True) for _ in options]
    try:
        reads = (readers.read(path, data=data, reading=o, findings=f) for o, f in zip(options, found, strict=True))
        return [*zip(reads, found, strict=True)]
    except InputError:
        return []


def _count(read: _Read) -> int:
    return sum(found.count for _, found in read)


def _error_lines(read: _Read) -> set[int]:
    return {each.place.line for _, found in read for each in found.errors() if each.place}


def _edited(
    text: Text, old: _Read, findings: Iterable[Finding], options: Sequence[ReadOptions]
) -> tuple[bytes | None, _Read, bool]:
    """The content with fixes applied, None if they overlap, its readings, and whether they are valid together."""
    edits = list(dict.fromkeys(edit for finding in findings for edit in finding.fix))
    after = text.edited(edits)
    new = _read(text.path, after, options) if after is not None else []
    if not new or _count(new) > _count(old):
        return after, new, False
    # It reads as the same sets except for the edits, and without further errors.
    changed = {edit.old: edit.new for edit in edits}
    pairs = [(a.mapping_set, b.mapping_set) for (a, _), (b, _) in zip(old, new, strict=True)]
    return after, new, all(_comparable(a, changed) == _comparable(b, changed) for a, b in pairs)


def _comparable(mapping_set: MappingSet, changed: dict[str, str]) -> object:
    """The content of a set with the edits applied to its values, ready to compare."""

    def id_(text: str | None) -> str:
        return lookalike(changed.get(text or "", text or ""))

    def links(references: tuple[str, ...]) -> list[str]:
        return [link.strip() for link in references]

    names = {capability.id: capability.name for capability in mapping_set.capabilities}
    rows = [
        msgspec.structs.replace(
            row,
            technique=changed.get(row.technique or "", row.technique) or "",
            # A fix of an id changes the name, too, or whether it is that of the release.
            technique_name=None,
            # In a table, one cell can be the id and the name, whose spaces go with those of the id.
            capability_name=(row.capability_name or names.get(row.capability or "", "")).strip(),
            references=tuple(links(row.references)),
            group=id_(row.group),
            type=id_(row.type),
        )
        for row in cast("Iterator[Mapping | NonMappable]", chain(mapping_set.mappings, mapping_set.non_mappable))
    ]
    capabilities = [
        (c.id, c.name.strip(), sorted({id_(group) for group in c.groups})) for c in mapping_set.capabilities
    ]
    head = msgspec.structs.replace(mapping_set, mappings=(), non_mappable=(), capabilities=(), groups={})
    return rows, capabilities, {id_(group) for group in mapping_set.groups}, head
