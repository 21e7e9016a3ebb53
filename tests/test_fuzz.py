"""Any input gives a result or one error with its place, and what is written or fixed can be read.

Each test has a few cases here, and 10,000 with `--hypothesis-profile=full`, those that typeset or draw fewer.
"""

from __future__ import annotations

import contextlib
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fuzz_documents
import msgspec
import pytest
from fuzz_mutations import anything, as_csv, as_xlsx, changed
from fuzz_outcomes import bounded, check_places, command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from navlayers.errors import InputError, NavlayersError, OutputError
from navlayers.mapping import formats
from navlayers.mapping.convert import encode_and_read
from navlayers.mapping.formats import ReadOptions
from navlayers.mapping.model import canonical
from navlayers.mapping.ranges import in_hundred

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.mapping.model import MappingSet

FULL = settings.default is not None and settings.default.max_examples >= 1000


def cases(full: int, fast: int) -> settings:
    """The number of cases in the full profile, and in the others."""
    checks = list(HealthCheck)
    return settings(max_examples=full if FULL else fast, suppress_health_check=checks, print_blob=True)


@pytest.fixture(scope="module", autouse=True)
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A folder of its own, with a small set and no releases but the built-in ones."""
    folder = tmp_path_factory.mktemp("fuzz")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir(folder)
        monkeypatch.setenv("NAVLAYERS_DATA_DIR", str(folder / "data"))
        Path("set.csv").write_text(as_csv(fuzz_documents.ROWS), encoding="utf-8")
        yield


def read(path: Path, data: bytes, format_: str | None) -> formats.Reading | None:
    try:
        return formats.read(path, data=data, reading=ReadOptions(format=format_))
    except InputError as error:
        check_places(error, path, data)
        return None


@pytest.mark.parametrize("name", fuzz_documents.SETS)
def test_a_set_is_read_or_refused_with_its_place(name: str) -> None:
    documents = fuzz_documents.SETS[name]

    @cases(10_000, 12)
    @given(anything(documents), st.booleans())
    def run(data: bytes, known: bool) -> None:
        bounded(lambda: read(Path("set.in"), data, name if known else None), len(data), memory=FULL)

    run()


@pytest.mark.parametrize("name", fuzz_documents.OTHERS)
def test_another_file_is_read_or_refused(name: str) -> None:
    other = fuzz_documents.OTHERS[name]
    path = Path(other.name)
    lines = other.words.replace("FILE", other.name).replace("SET", "set.csv").split(";")

    def act(data: bytes) -> None:
        path.write_bytes(data)
        for line in lines:
            errors = command(*shlex.split(line)).errors
            for error in errors:
                check_places(error, path, data, whole=True)
            if errors:
                break
        shutil.rmtree("data", ignore_errors=True)

    @cases(10_000 if name != "logo" else 300, 8 if name != "logo" else 3)
    @given(anything(other.documents))
    def run(data: bytes) -> None:
        bounded(lambda: act(data), len(data), memory=FULL)

    run()


ENDINGS = {
    "native": "yaml",
    "mapex-yaml": "yaml",
    "csv": "csv",
    "xlsx": "xlsx",
    "security-stack": "yaml",
    "sigma": "yml",
}
MANY = ("native", "mapex-json", "mapex-yaml", "csv", "xlsx", "stix", "layer", "security-stack", "sigma")
"""Formats whose content comes through every command."""


@st.composite
def files(draw: st.DrawFn) -> tuple[str, bytes]:
    """A file that most often can be read, with odd texts: its format and bytes."""
    name = draw(st.sampled_from(MANY))
    return name, draw(changed(fuzz_documents.SETS[name], mild=True))


def put(name: str, data: bytes) -> Path:
    path = Path(f"in.{ENDINGS.get(name, 'json')}")
    path.write_bytes(data)
    return path


LOSSLESS = ("native", "mapex-json", "mapex-yaml", "stix")


@cases(10_000, 30)
@given(files())
def test_what_is_converted_can_be_read_and_is_the_same(file: tuple[str, bytes]) -> None:
    """Where the format has no room for something, that is told, and the rest can be read."""
    path = put(*file)
    reading = read(path, file[1], None)
    if reading is not None:
        bounded(lambda: convert(reading.mapping_set), len(file[1]), memory=FULL)


def convert(mapping_set: MappingSet) -> None:
    for to in formats.WRITABLE:
        try:
            written = formats.encode(mapping_set, to)
        except OutputError:
            continue
        if to == "oscal":  # results of an assessment are not read
            continue
        assert encode_and_read(mapping_set, to) == written
        again = formats.read(f"set.{ENDINGS.get(to, 'json')}", data=written.data)
        assert again.format == to
        if to in LOSSLESS and not any(notice.code == "not-carried" for notice in written.notices):
            assert differences(again.mapping_set, mapping_set) == []


def differences(found: MappingSet, wanted: MappingSet) -> list[Any]:
    """The fields that differ, each with the first difference; scores of a layer are written as those of a set."""
    if wanted.range is not None:
        wanted = msgspec.structs.replace(in_hundred(wanted), range=None, scale=found.scale)
    found, wanted = canonical(found), canonical(wanted)
    pairs = {field: (getattr(found, field), getattr(wanted, field)) for field in found.__struct_fields__}
    return [
        (field, *next((pair for pair in zip(a, b, strict=False) if pair[0] != pair[1]), (a, b)))
        if isinstance(a, tuple)
        else (field, a, b)
        for field, (a, b) in pairs.items()
        if a != b
    ]


@cases(10_000, 40)
@given(files())
def test_what_is_fixed_can_be_read(file: tuple[str, bytes]) -> None:
    path = put(*file)
    sound = read(path, file[1], None) is not None
    bounded(lambda: command("check", str(path), "--fix", "--as-of", "2026-01-01"), len(file[1]), memory=FULL)
    data = path.read_bytes()
    assert not sound or read(path, data, None) is not None
    if not sound:
        with contextlib.suppress(InputError):
            formats.read(path, data=data, reading=ReadOptions(lenient=True))


def _to(command: str, endings: str, full: int, fast: int) -> dict[str, tuple[int, int, str]]:
    return {f"{command} {to}": (full, fast, f"{command} FILE --force -o out.{to}") for to in endings.split()}


COMMANDS: dict[str, tuple[int, int, str]] = {
    "check as SARIF": (3_000, 6, "check FILE --format sarif --as-of 2026-01-01"),
    "stats": (3_000, 6, "stats FILE"),
    "show": (3_000, 6, "show T1078 --set FILE --format html -o -"),
    "compare": (3_000, 6, "compare FILE set.csv"),
    "diff": (3_000, 6, "diff FILE set.csv"),
    "build": (3_000, 6, "build FILE -o layers"),
    "upgrade": (3_000, 6, "upgrade FILE --attack 18.1 -o out.yaml --force"),
    "upgrade in place": (3_000, 6, "upgrade FILE --attack 18.1 --in-place --force"),
    "gaps": (1_000, 3, "gaps FILE --threat APT29"),
    "plan": (1_000, 3, "plan FILE --budget 1"),
    **_to("render", "svg html md csv", 3_000, 5),
    **_to("render", "xlsx png pdf pptx", 300, 1),
    **_to("report", "md html", 3_000, 3),
    **_to("report", "docx pdf", 300, 1),
    "compare in files": (100, 1, "compare FILE set.csv -o compared"),
    "site": (50, 1, "site FILE -o pages"),
}
"""Name → cases of the full profile, of the others, and the arguments."""


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_gives_a_result_or_an_error(name: str) -> None:
    full, fast, words = COMMANDS[name]

    def act(path: Path, data: bytes) -> None:
        for error in command(*words.replace("FILE", str(path)).split()).errors:
            check_places(error, path, data, whole=True)
        for folder in ("layers", "compared", "pages"):
            shutil.rmtree(folder, ignore_errors=True)

    @cases(full, fast)
    @given(files())
    def run(file: tuple[str, bytes]) -> None:
        path = put(*file)
        bounded(lambda: act(path, file[1]), len(file[1]), memory=FULL)

    run()


def test_reading_ends_after_many_errors() -> None:
    data = b'{"metadata": {}, "mapping_objects": [' + b"1," * 100_000 + b"1]}"
    with pytest.raises(InputError) as caught:
        formats.read("a.json", data=data)
    assert len(caught.value.problems) == 1_001
    assert caught.value.problems[-1].message == "… and at least 19,000 more problems"


def test_many_unknown_words_of_a_file_are_not_all_looked_up() -> None:
    """With 100,000, each of which was compared with all names, commands took hours."""
    left = "further words were not looked up"
    Path("words.yaml").write_text(f"include: [{', '.join(f'Tx{n}' for n in range(1_200))}]", encoding="utf-8")
    (error,) = command("stats", "set.csv", "--scope", "asset:words.yaml").errors
    assert (len(error.problems), str(error.problems[-1])) == (1_001, f"words.yaml:1:6901: {left}")
    Path("words.txt").write_text("nothing\n" * 1_200, encoding="utf-8")
    (error,) = command("plan", "set.csv", "--have", "@words.txt", "--budget", "1").errors
    assert (len(error.problems), str(error.problems[-1])) == (1_001, f"words.txt:1001:1: {left}")


def test_numbers_of_a_workbook_are_written_to_every_format() -> None:
    """In all columns but those of scores, they are text."""
    head = ["capability", "technique", "score", "type", "comment", "references", "segment", "2025", "other"]
    data = as_xlsx([head, [1, "T1078", 50, 4, 5, 6, 7, 8, 9.5]])
    mapping_set = formats.read("numbers.xlsx", data=data).mapping_set
    (mapping,) = mapping_set.mappings
    assert (mapping.comment, mapping.references) == ("5", ("6",))
    assert mapping.other == (("segment", "7"), ("2025", "8"), ("other", "9.5"))
    convert(mapping_set)


@pytest.mark.parametrize(
    ("name", "data", "place"),
    [
        ("native", "framework: a\u2028version: &b c\n", "a.in:1:23: anchor"),
        ("native", "framework: a\x85\u2029version: [\n", "a.in:1:25: this is not YAML"),
        (
            "markdown",
            "# A\x1e\x85\n\n| Technique | Score |\n|---|---|\n| T1078 | x\x0c |\n| T0 | 1 |\n",
            "a.in:6:3: technique id",
        ),
    ],
)
def test_lines_are_counted_as_editors_count_them(name: str, data: str, place: str) -> None:
    with pytest.raises(NavlayersError) as caught:
        formats.read("a.in", data=data.encode(), reading=ReadOptions(format=name))
    assert place in str(caught.value)
