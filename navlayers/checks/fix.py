"""Mending inputs in place: the edits of findings, made in the text, and proved by reading it again."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, cast

import msgspec

from navlayers.checks.finding import Finding
from navlayers.checks.run import TABLES
from navlayers.checks.subject import lookalike
from navlayers.checks.texts import Texts
from navlayers.errors import InputError, Place
from navlayers.mapping import formats as readers
from navlayers.mapping.formats import Findings, ReadOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from collections.abc import Mapping as Dict

    from navlayers.checks.finding import Edit, Report
    from navlayers.checks.texts import Text
    from navlayers.mapping.model import Mapping, MappingSet, NonMappable

_CONTEXT = 1
_NEVER = frozenset({"shipped"})
_DEFAULT = ReadOptions()
_NO_DATA: dict[str, bytes | None] = {}


class Mended(msgspec.Struct, frozen=True):
    """A file before and after, and the findings that are gone."""

    path: str
    before: bytes
    after: bytes
    findings: tuple[Finding, ...]

    @property
    def diff(self) -> str:
        """The unified diff; lines are neither added nor removed, so that they are compared one by one."""
        one, two = (data.decode("utf-8", "replace").splitlines(keepends=True) for data in (self.before, self.after))
        changed = [at for at, (a, b) in enumerate(zip(one, two, strict=True)) if a != b]
        path = Place(self.path)
        lines = [f"--- {path}\n", f"+++ {path}\n"]
        while changed:
            count = next((n for n in range(1, len(changed)) if changed[n] > changed[n - 1] + 2 * _CONTEXT), None)
            hunk, changed = changed[:count], changed[count:] if count else []
            lines += _hunk(one, two, hunk)
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _hunk(one: list[str], two: list[str], changed: list[int]) -> Iterator[str]:
    start, end = max(changed[0] - _CONTEXT, 0), min(changed[-1] + _CONTEXT + 1, len(one))
    where = f"{start + 1},{end - start}"
    yield f"@@ -{where} +{where} @@\n"
    at = start
    while at < end:
        stop = next((n for n in range(at, end) if one[n] == two[n]), end)
        yield from (f"-{line}" for line in one[at:stop])
        yield from (f"+{line}" for line in two[at:stop])
        at = max(stop, at)
        if at < end:
            yield f" {one[at]}"
            at += 1


def mend(
    report: Report, data: Dict[str, bytes | None] = _NO_DATA, reading: ReadOptions = _DEFAULT
) -> tuple[Mended, ...]:
    """The files of a report, mended as far as there is one right answer; nothing is written.

    Every edit is made only where its old text stands, and a file is only mended if it then reads as the same set
    but for the mended values. Shipped sets are left alone. `data` holds, by path, what does not come from files.
    """
    texts = Texts(data, [checked.path for checked in report.checked if checked.format in TABLES])
    formats = {checked.path: checked for checked in report.checked}
    by_path: dict[str, list[Finding]] = {}
    for finding in report.findings:
        if finding.fix:
            by_path.setdefault(finding.place.path, []).append(finding)
    mended = []
    for path, findings in by_path.items():
        owner = formats.get(path) or next((c for c in report.checked if path.startswith(c.path)), None)
        text, before = texts.of(path), texts.data(path)
        if owner is None or owner.origin in _NEVER or text is None or before is None:
            continue
        options = msgspec.structs.replace(reading, format=owner.format or reading.format)
        made = [finding for finding in findings if all(map(text.takes, finding.fix))]
        after, done = _tried(text, before, made, options)
        if after != before:
            mended.append(Mended(path, before, after, tuple(done)))
    return tuple(mended)


def _tried(
    text: Text, before: bytes, findings: Sequence[Finding], options: ReadOptions
) -> tuple[bytes, list[Finding]]:
    """All fixes at once, or else as many as can be made together."""
    after = _made(text, before, findings, options) if findings else before
    if after is not None:
        return after, list(findings)
    done: list[Finding] = []
    best = before

    def add(some: Sequence[Finding]) -> None:
        nonlocal best
        now = _made(text, before, [*done, *some], options)
        if now is not None:
            best = now
            done.extend(some)
        elif len(some) > 1:
            add(some[: len(some) // 2])
            add(some[len(some) // 2 :])

    add(findings[: len(findings) // 2])
    add(findings[len(findings) // 2 :])
    return best, done


def _made(text: Text, before: bytes, findings: Iterable[Finding], options: ReadOptions) -> bytes | None:
    edits = list(dict.fromkeys(edit for finding in findings for edit in finding.fix))
    after = text.mended(edits)
    return after if after is not None and _same(text.path, before, after, edits, options) else None


def _same(path: str, before: bytes, after: bytes, edits: Sequence[Edit], options: ReadOptions) -> bool:
    """Whether both texts read as the same set but for the edits."""
    changed = {edit.old: edit.new for edit in edits}
    try:
        one, two = (
            readers.read(path, data=data, reading=options, findings=Findings(lenient=True)).mapping_set
            for data in (before, after)
        )
    except InputError:
        return False
    return _plain(one, changed) == _plain(two, changed)


def _plain(mapping_set: MappingSet, changed: dict[str, str]) -> object:
    """What of a set edits leave as it is, and what they change as it is to be."""

    def id_(text: str | None) -> str:
        return lookalike(changed.get(text or "", text or ""))

    def links(references: tuple[str, ...]) -> list[str]:
        return [link.strip() for link in references]

    rows = [
        msgspec.structs.replace(
            row,
            technique=changed.get(row.technique or "", row.technique) or "",
            technique_name=None,
            references=tuple(links(row.references)),
            group=id_(row.group),
            type=id_(row.type),
        )
        for row in cast("Iterator[Mapping | NonMappable]", chain(mapping_set.mappings, mapping_set.non_mappable))
    ]
    capabilities = [(c.id, c.name, sorted({id_(group) for group in c.groups})) for c in mapping_set.capabilities]
    head = msgspec.structs.replace(mapping_set, mappings=(), non_mappable=(), capabilities=(), groups={})
    return rows, capabilities, {id_(group) for group in mapping_set.groups}, head
