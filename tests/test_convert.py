from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import contents, row, set_of

import navlayers
from navlayers import OutputError, UsageError
from navlayers.api.mapping_set import own
from navlayers.mapping import formats as readers
from navlayers.mapping.convert import format_for
from navlayers.mapping.formats import ReadOptions
from navlayers.mapping.model import MappingSet, NonMappable, canonical
from navlayers.output import files

if TYPE_CHECKING:
    from conftest import Run

NATIVE = """\
# yaml-language-server: $schema=navlayers.schema.json
framework: demo
version: "1"
domain: enterprise
attack_version: "16.1"
capabilities:
  AC-2:
    techniques:
      T1078: {protect: partial, comment: Words.}
"""
EXPLORER = json.dumps(
    {
        "metadata": {
            "mapping_framework": "demo",
            "mapping_framework_version": "1",
            "technology_domain": "enterprise",
            "attack_version": "16.1",
        },
        "mapping_objects": [
            {
                "capability_id": "AC-2",
                "attack_object_id": "T1078",
                "score_category": "protect",
                "score_value": "partial",
                "comments": "Words.",
                "status": "complete",
            }
        ],
    }
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "demo.json"
    path.write_text(EXPLORER)
    return path


def test_json_becomes_native_yaml_on_standard_output(run: Run, source: Path) -> None:
    assert run("convert", source) == (0, NATIVE, "")


def test_standard_input_is_read_and_native_yaml_stays_as_it_is(run: Run) -> None:
    assert run("convert", "-", stdin=NATIVE.encode()) == (0, NATIVE, "")


def test_a_shipped_set_is_written_as_it_ships(run: Run) -> None:
    shipped = Path(__file__).parent.parent / "mappings" / "gcp.yaml"
    assert run("convert", "gcp", "-o", "out/gcp.yaml") == (0, "", "wrote out/gcp.yaml\n")
    assert Path("out/gcp.yaml").read_bytes() == shipped.read_bytes()


def test_title_source_and_licence_are_set_and_facts_drop_the_comment(run: Run, source: Path) -> None:
    result = run("convert", source, "--facts", "--title", "Demo", "--source", "https://a.org", "--licence", "MIT")
    assert result.code == 0
    assert result.out == NATIVE.replace("version: \"1\"", "title: Demo\nversion: \"1\"", 1).replace(
        "capabilities:", "source: https://a.org\nlicence: MIT\ncapabilities:"
    ).replace(", comment: Words.", "")  # fmt: skip


def test_the_ending_of_the_output_chooses_the_format_unless_to_does(run: Run, source: Path) -> None:
    assert run("convert", source, "-o", "a.json", "-q").code == 0
    assert json.loads(Path("a.json").read_bytes())["mapping_objects"][0]["comments"] == "Words."
    assert run("convert", source, "-o", "a.YML", "-q").code == 0
    assert run("convert", source, "-o", "noending", "-q").code == 0
    assert Path("a.YML").read_text() == Path("noending").read_text() == NATIVE
    assert run("convert", source, "-o", "b.json", "-q", "--format", "native").code == 0
    assert Path("b.json").read_text() == NATIVE
    assert run("convert", source, "-o", "b.yaml", "-q", "--format", "mapex-yaml").code == 0
    assert readers.read("b.yaml").format == "mapex-yaml"
    endings = (".csv", ".xlsx", ".JSON", ".yaml", ".yml", "")
    formats = ["csv", "xlsx", "mapex-json", "native", "native", "native"]
    assert [format_for(f"out{ending}") for ending in endings] == formats


def test_a_workbook_is_not_sent_to_a_terminal(run: Run, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("sys.stdout.isatty", lambda: True, raising=False)
        result = run("convert", source, "--format", "xlsx")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "navlayers: XLSX is binary, and standard output is a terminal "
        "(name a file, such as -o demo.xlsx, or pipe the output)\n"
    )


def test_losses_of_the_format_are_reported_on_standard_error(run: Run) -> None:
    result = run("convert", "gcp", "--format", "mapex-json")
    assert json.loads(result.out)["metadata"]["creation_date"] == "03/06/2025"
    assert result.err == "note: title, source, licence left out: no such field in Mappings Explorer files\n"
    assert run("convert", "gcp", "--format", "mapex-json", "-q").err == ""


def test_the_library_converts_what_the_command_does(run: Run, source: Path) -> None:
    metadata = {"title": "Demo", "licence": "MIT"}
    converted = navlayers.convert(source, "native", reading=ReadOptions(metadata=metadata))
    by_command = run("convert", source, "--title", "Demo", "--licence", "MIT")
    assert converted.decode() == by_command.out
    assert navlayers.convert("gcp") == (Path(__file__).parent.parent / "mappings" / "gcp.yaml").read_bytes()


def test_a_file_that_holds_something_else_is_overwritten_only_by_force(run: Run, source: Path) -> None:
    target = Path("demo.yaml")
    target.write_text("mine")
    refused = run("convert", source, "-o", target)
    assert refused == (
        2,
        "",
        "navlayers: demo.yaml: the file exists and holds something else "
        "(choose another name, or overwrite it with --force)\nNothing was written.\n",
    )
    assert target.read_text() == "mine"
    assert run("convert", source, "-o", target, "--force") == (0, "", "wrote demo.yaml\n")
    assert target.read_text() == NATIVE
    assert run("convert", source, "-o", target) == (0, "", "demo.yaml is up to date\n")
    assert run("convert", source, "-o", target, "-q") == (0, "", "")
    assert [path.name for path in Path().iterdir()] == ["demo.yaml"]


def test_the_input_is_never_overwritten_not_even_by_force(run: Run, source: Path) -> None:
    result = run("convert", source, "--format", "native", "-o", source, "--force")
    assert result.code == 2
    assert result.err == (
        f"navlayers: {source}: this is the input; expected another file (choose another name with -o)\n"
        "Nothing was written.\n"
    )
    assert source.read_text() == EXPLORER


def test_no_file_of_a_folder_that_is_the_input_is_overwritten_not_even_by_force(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    rule = "title: A\nid: a\nlogsource: {}\ndetection: {}\ntags: [attack.t1078]\n"
    (folder / "a.yml").write_text(rule)
    result = run("convert", folder, "-o", folder / "a.yml", "--force")
    assert result.code == 2
    refusal = (
        "a.yml: this is the input; expected another file (choose another name with -o)\nNothing was written.\n"
    )
    assert result.err.endswith(refusal)
    assert (folder / "a.yml").read_text() == rule
    assert run("convert", folder, "-o", tmp_path / "rules.yaml").code == 0


def test_all_problems_are_printed_and_nothing_is_written(run: Run) -> None:
    text = NATIVE.replace("partial", "partal").replace("T1078", "t107")
    result = run("convert", "-", "-o", "out.yaml", stdin=text.encode())
    assert result.code == 2
    assert [line.split(";")[0] for line in result.err.splitlines()] == [
        'navlayers: -:9:7: technique id "t107" is malformed',
        'navlayers: -:9:23: unknown score value "partal"',
        "Nothing was written.",
    ]
    assert not Path("out.yaml").exists()


def test_notices_go_to_standard_error(run: Run) -> None:
    result = run("convert", "-", stdin=NATIVE.replace("AC-2", "no").encode())
    assert result.code == 0
    assert "-:7:3: no is read as the text" in result.err
    assert '  "no":\n' in result.out


def test_a_folder_of_several_files_is_refused(run: Run, source: Path) -> None:
    source.with_name("other.json").write_text(EXPLORER)
    result = run("convert", source.parent)
    assert result.code == 2
    assert "is a folder of 2 sets; expected one set or layer" in result.err


def test_a_larger_file_is_read_when_the_limit_is_raised(run: Run, source: Path) -> None:
    source.write_text(EXPLORER + " " * 1_100_000)
    assert "1.1 MB; expected at most 1 MB" in run("convert", source, "--max-size", "1").err
    assert run("convert", source, "--max-size", "2").code == 0


def test_a_place_that_cannot_be_written_is_reported(run: Run, source: Path) -> None:
    Path("file").write_text("x")
    Path("folder").mkdir()
    assert "file: this is a file; expected a folder" in run("convert", source, "-o", "file/out.yaml").err
    assert "folder: this is a folder; expected the name of a file" in run("convert", source, "-o", "folder").err


def test_a_half_written_file_never_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OutputError, match="no space left on device"):
        files.write(b"text", tmp_path / "a.yaml")
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_written_through_and_the_file_keeps_its_mode(tmp_path: Path) -> None:
    target, link = tmp_path / "target.yaml", tmp_path / "link.yaml"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    assert files.write(b"new", link, force=True)
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o640


def test_the_library_writes_and_reads_by_the_same_names() -> None:
    mapping_set = MappingSet("demo", "1", "mobile", "16.1", non_mappable=(NonMappable("c"),))
    mapping_set = canonical(mapping_set)
    assert readers.read("-", data=readers.encode(mapping_set).data).mapping_set == mapping_set
    with pytest.raises(UsageError, match='unknown format "word"; expected native'):
        readers.encode(mapping_set, "word")


def test_a_set_that_cannot_be_written_is_reported_with_its_input(run: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"Technique,Control\n")
    result = run("convert", empty)
    assert (result.code, result.out) == (2, "")
    assert result.err == f"navlayers: {empty}: the set has no capabilities; expected a set that maps something\n"


@pytest.mark.parametrize("name", ["set.yaml", "set.json", "set.csv", "set.xlsx", "set.stix.json"])
def test_what_could_not_be_read_is_not_written(name: str, tmp_path: Path) -> None:
    odd = set_of([row("a", "T1")])
    with pytest.raises(OutputError, match=r'could not be read: technique id "T1" .* .nothing was written'):
        own(navlayers.MappingSet, odd).save(tmp_path / name)
    assert contents(tmp_path) == {}


def test_a_result_with_fewer_rows_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that loses a row."""
    whole, part = set_of([row("a", "T1078"), row("b", "T1078")]), set_of([row("a", "T1078")])
    written = readers.encode(part, "native")
    monkeypatch.setattr(readers, "encode", lambda *_: written)
    with pytest.raises(OutputError, match="native YAML would have 1 row instead of 2"):
        own(navlayers.MappingSet, whole).save(tmp_path / "set.yaml")
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("name", ["set.xls", "set.tsv", "set.stix", "set.md"])
def test_an_unknown_ending_is_refused_and_nothing_is_written(run: Run, source: Path, name: str) -> None:
    done = run("convert", source, "-o", name)
    assert (done.code, done.out) == (2, "")
    assert f'the ending of "{name}" does not name a format' in done.err
    assert "--format" in done.err
    assert not Path(name).exists()
    assert run("convert", source, "-o", name, "--format", "csv").code == 0


def test_an_empty_output_is_refused(run: Run, source: Path) -> None:
    done = run("convert", source, "-o", "")
    assert done.code == 2
    assert "-o is empty" in done.err


def test_the_ending_stix_json_means_stix(run: Run, tiny: Path) -> None:
    assert run("convert", tiny, "-o", "tiny.stix.json").code == 0
    assert json.loads(Path("tiny.stix.json").read_bytes())["type"] == "bundle"
