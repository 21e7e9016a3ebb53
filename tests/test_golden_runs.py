"""What users see of every command, byte for byte: a folder of tests/golden/runs for each case of golden_runs.py.

REWRITE_GOLDEN=1 in the environment writes the folders anew, for review.
"""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import io
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from golden_helpers import GOLDEN, SHARED, Case, Outcome, contents, run
from golden_runs import CASES

if TYPE_CHECKING:
    from pathlib import Path

RUNS = GOLDEN / "runs"

LARGEST = 8_000
"""Files up to this many bytes are kept as they are; of larger ones, a digest."""

LARGEST_TOLD = 40_000
"""The same of text that is taken out of documents, workbooks and PDFs."""

MOST_FILES = 10
"""Of a run that writes more files than these, digests are kept."""

HINT = re.compile(r"`navlayers ([^`]+)`|(?:with|as a threat): navlayers ([^`()\n;]+)")
"""A command in a message."""

POPPLER = shutil.which("pdftotext") is not None


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_run_gives_what_was_reviewed(case: Case, tmp_path: Path) -> None:
    if case.absent:
        pytest.skip(f"{case.absent} is not at ../shared")
    outcome = run(case, tmp_path)
    if not POPPLER and any(map(_is_pdf, (outcome.out, *outcome.files.values()))):
        pytest.skip("pdftotext of poppler-utils is not installed")
    folder = RUNS / case.name
    found = _kept(case, outcome)
    if os.environ.get("REWRITE_GOLDEN"):
        shutil.rmtree(folder, ignore_errors=True)
        for name, data in found.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
    expected = contents(folder)
    differ = [name for name in sorted({*found, *expected}) if found.get(name) != expected.get(name)]
    if differ:
        pytest.fail(
            "\n".join(_difference(name, expected.get(name), found.get(name)) for name in differ), pytrace=False
        )


def _hints() -> dict[str, tuple[str, Case]]:
    """Command with its options → the first line in a message of a run that proposes it, and that run."""
    found: dict[str, tuple[str, Case]] = {}
    for case in CASES:
        kept = RUNS / case.name / "run.txt"
        if case.name.startswith("help/") or case.absent or not kept.exists():
            continue
        for words in HINT.findall(kept.read_text(encoding="utf-8")):
            line = next(filter(None, words))
            shape = " ".join(word for word in line.split() if word.startswith("--") or word == line.split()[0])
            found.setdefault(shape, (line, case))
    return {shape: hint for shape, hint in found.items() if not shape.startswith(("attack", "open", "serve"))}


@pytest.mark.parametrize(("line", "case"), [pytest.param(*hint, id=shape) for shape, hint in _hints().items()])
def test_a_command_in_a_message_runs_as_it_stands(line: str, case: Case, tmp_path: Path) -> None:
    """Not those of "Next:" (test_next_command.py), of examples, and those that need a network."""
    outcome = run(case._replace(line=line), tmp_path)
    # `check` tells of findings with 1.
    assert outcome.code in {0, 1}, outcome.err.decode()


def test_every_folder_is_that_of_a_case() -> None:
    kept = {path.parent.relative_to(RUNS).as_posix() for path in RUNS.rglob("run.txt")}
    if not SHARED.is_dir():
        kept = {name for name in kept if not name.startswith("shared-")}
    assert kept == {case.name for case in CASES if case.name in kept or not case.absent}


def _difference(name: str, old: bytes | None, new: bytes | None) -> str:
    if old is None or new is None:
        return f"{name} is {'new' if old is None else 'gone'}"
    lines = difflib.unified_diff(
        old.decode().splitlines(), new.decode().splitlines(), f"reviewed/{name}", f"now/{name}", lineterm=""
    )
    return "\n".join(lines) or f"{name} differs in its ends of lines"


def _kept(case: Case, outcome: Outcome) -> dict[str, bytes]:
    """Path below the folder of the case → bytes.

    run.txt has the command, the exit code and both streams. files/ has what was written, as far as it is small text
    or can be told as text; files.txt lists the rest.
    """
    found = {}
    listed = [f"gone  {name}" for name in outcome.gone]
    many = len(outcome.files) > MOST_FILES
    for name, data in outcome.files.items():
        text = _text(name, data)
        if name.endswith("/"):
            listed.append(f"empty  {name}")
        elif text is None:
            listed.append(f"not compared  {name}")
        elif many or len(text) > (LARGEST if text == data else LARGEST_TOLD):
            listed.append(f"{_digest(text)}  {name}")
        else:
            found[f"files/{name}{'' if text == data else '.txt'}"] = text
    if listed:
        found["files.txt"] = "".join(f"{line}\n" for line in sorted(listed)).encode()
    parts = [f"$ navlayers {line}\n" for line in (*case.before, case.line)]
    parts.append(f"exit {outcome.code}\n")
    for stream, data in {"standard output": outcome.out, "standard error": outcome.err}.items():
        if data:
            parts += [f"--- {stream}\n", _said(stream, data)]
    return {"run.txt": "".join(parts).encode(), **found}


def _said(stream: str, data: bytes) -> str:
    text = _text(stream, data)
    if text is None:
        return "not compared\n"
    if len(text) > LARGEST:
        return f"{_digest(text)}\n"
    return text.decode() + ("" if text.endswith(b"\n") else "\n(no end of line)\n")


def _digest(text: bytes) -> str:
    return f"sha256 {hashlib.sha256(text).hexdigest()}"


def _is_pdf(data: bytes) -> bool:
    return data.startswith(b"%PDF")


def _text(name: str, data: bytes) -> bytes | None:
    """As text what does not depend on the versions of libraries; None where that is nothing but the name."""
    if _is_pdf(data):
        done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=data, capture_output=True, check=True)
        return done.stdout
    if data.startswith(b"PK\x03\x04"):
        read = {".docx": _docx, ".pptx": _pptx}.get(name[-5:], _xlsx)
        return read(data).encode()
    if data.startswith(b"\x89PNG"):
        return None
    try:
        data.decode()
    except UnicodeDecodeError:
        return None
    # A picture in a page depends on the library that made it.
    return re.sub(rb"(data:image/png;base64,)[A-Za-z0-9+/=]+", rb"\1", data)


def _xlsx(data: bytes) -> str:
    from openpyxl import load_workbook  # noqa: PLC0415 - for workbooks alone

    lines = []
    with contextlib.closing(load_workbook(io.BytesIO(data))) as book:
        for sheet in book.worksheets:
            lines.append(f"[{sheet.title}] {sheet.dimensions}")
            for row in sheet.iter_rows():
                lines += [f"{cell.coordinate} {cell.value!r}" for cell in row if cell.value is not None]
    return "\n".join([*lines, ""])


def _docx(data: bytes) -> str:
    """The text of each paragraph, in tables, fields and boxes as elsewhere."""
    from docx import Document  # noqa: PLC0415 - for documents alone
    from docx.oxml.ns import qn  # noqa: PLC0415

    paragraphs = Document(io.BytesIO(data)).element.body.iter(qn("w:p"))
    lines = ("".join(part.text or "" for part in paragraph.iter(qn("w:t"))) for paragraph in paragraphs)
    return "".join(f"{line}\n" for line in lines if line)


def _pptx(data: bytes) -> str:
    """The text of the shapes and the notes of each slide."""
    from pptx import Presentation  # noqa: PLC0415 - for presentations alone

    lines = []
    for slide in Presentation(io.BytesIO(data)).slides:
        lines += [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]
        lines.append(f"notes: {slide.notes_slide.notes_text_frame.text}")
    return "".join(f"{line}\n" for line in lines if line)
