"""Rules about technique names in mappings."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, NamedTuple

from navlayers import _text
from navlayers.checks.finding import Edit, finding
from navlayers.checks.rules.techniques import fits, named
from navlayers.checks.subject import letters, spellings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.attack import Catalogue, Technique
    from navlayers.checks.finding import Finding
    from navlayers.checks.subject import Subject

# Smallest similarity (difflib ratio) of a name to the right one that counts as a typo.
_TYPO = 0.85


class _Verdict(NamedTuple):
    code: str
    message: str
    hint: str
    fixed: bool


def technique_names(subject: Subject) -> Iterator[Finding]:
    """Names that differ from the release's: renamed, misspelled, or of another technique."""
    catalogue = subject.catalogue
    if catalogue is None:
        return
    verdicts: dict[tuple[str, str], _Verdict | None] = {}
    for kind, index, row in subject.rows():
        entry = catalogue.get(row.technique or "")
        if entry is None:
            continue
        name = row.technique_name
        if not entry.active:
            if name is not None and not fits(name, (entry.id, catalogue.resolve(entry.id)[-1]), subject):
                message = f"{entry.id} is named {_text.quoted(name)}, but {_text.quoted(entry.name)} in ATT&CK"
                place = subject.place(kind, index, "technique_name")
                yield finding("technique-name", place, message, hint="is the id or the name wrong?")
            continue
        if name is None:
            # Readers drop the name of the set's own release; it may differ from this release's.
            name = subject.own_name(entry.id)
            if name is None or name == entry.name or not subject.names_technique(kind, index):
                continue
        key = (entry.id, name)
        if key not in verdicts:
            verdicts[key] = _verdict(entry, name, catalogue, subject)
        verdict = verdicts[key]
        if verdict is not None:
            place = subject.place(kind, index, "technique_name")
            fix = (Edit(place, name.strip(), entry.name),) if verdict.fixed else ()
            yield finding(verdict.code, place, verdict.message, hint=verdict.hint, fix=fix)


def _verdict(entry: Technique, name: str, catalogue: Catalogue, subject: Subject) -> _Verdict | None:
    parent = catalogue.get(entry.parent) if entry.parent else None
    full = {entry.name, f"{parent.name}: {entry.name}"} if parent else {entry.name}
    if name in full:
        return None
    written, right = _text.quoted(name), _text.quoted(entry.name)
    release = f"ATT&CK {catalogue.version}"
    if letters(name) in {letters(text) for text in full}:
        message = f"{entry.id} is named {written}, but {right} in {release}"
        return _Verdict("technique-spelling", message, "use the release's name", fixed=True)
    when = _elsewhere(entry.id, name, subject)
    if when:
        message = f"{entry.id} is named {written}, as in {when}, but {right} in {release}"
        return _Verdict("technique-renamed", message, "use the release's name", fixed=True)
    others = subject.by_name.get(letters(name), [])
    message = f"{entry.id} is named {written}, but {right} in {release}"
    if others:
        hint = f"{written} is the name of {_text.comma_list([named(other, catalogue) for other in others])}"
        return _Verdict("technique-name", message, f"{hint}; is the id or the name wrong?", fixed=False)
    close = max(difflib.SequenceMatcher(None, letters(name), letters(text)).ratio() for text in full)
    if close >= _TYPO:
        return _Verdict("technique-spelling", message, "did you mean the release's name?", fixed=False)
    return _Verdict("technique-name", message, "is the id or the name wrong?", fixed=False)


def _elsewhere(id_: str, name: str, subject: Subject) -> str:
    """The release in which the technique, or one that it replaced, has that name."""
    plain = letters(name)
    for release in reversed(subject.releases):
        entry = release.get(id_)
        if entry is not None and plain in spellings(entry, release):
            return f"ATT&CK {release.version}"
    old = subject.former.get((plain, id_))
    return f"{old}, which it replaced" if old else ""
