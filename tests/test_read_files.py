from __future__ import annotations

import os
from typing import TYPE_CHECKING, NoReturn

import pytest

from navlayers import InputError
from navlayers.mapping import formats as readers
from navlayers.mapping.formats.detect import Sniffed, sniff
from navlayers.mapping.formats.source import Source

if TYPE_CHECKING:
    from pathlib import Path

SET = b'framework: demo\nversion: "1"\ndomain: enterprise\nattack_version: "16.1"\nnon_mappable: {T1078: }\n'


def problem(path: str | Path, data: bytes | None = None, max_bytes: int = readers.MAX_BYTES) -> str:
    with pytest.raises(InputError) as caught:
        readers.read(path, data=data, reading=readers.ReadOptions(max_bytes=max_bytes))
    (only,) = caught.value.problems
    return str(only)


def test_the_content_decides_the_format_not_the_ending(tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    path.write_bytes(SET)
    reading = readers.read(path)
    assert reading.format == "native"
    assert reading.mapping_set.framework == "demo"


@pytest.mark.cpu(2)
def test_the_format_of_200_kb_of_blanks_is_found_in_linear_time() -> None:
    """A pattern of keys without a bound takes minutes."""
    assert sniff(Source("a", b"a" + b" " * 200_000 + b"\n")).format == "native"


def test_only_an_object_of_versions_makes_json_without_techniques_a_layer() -> None:
    assert sniff(Source("a", b'{"domain": "ics-attack", "versions": {}}')) == Sniffed("layer", certain=True)
    assert sniff(Source("a", b'{"domain": "a.org", "versions": ["1"]}')) == Sniffed("mapex-json")


def test_given_bytes_are_read_under_the_given_name() -> None:
    assert readers.read("-", data=SET).mapping_set.framework == "demo"
    assert problem("-", b"- a").startswith("-:1:1: the top level is a list")


def test_a_missing_file_brings_up_files_of_nearly_that_name(tmp_path: Path) -> None:
    (tmp_path / "controls.yaml").write_bytes(SET)
    path = tmp_path / "control.yaml"
    assert problem(path) == f"{path}: no such file (did you mean {tmp_path / 'controls.yaml'}?)"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none" / "set.yaml"
    assert problem(path) == f"{path}: no such file (the folder {tmp_path / 'none'} does not exist either)"


def test_a_folder_is_refused_with_its_content(tmp_path: Path) -> None:
    expected = f"{tmp_path}: this is a folder; expected one file that holds a mapping set"
    assert (
        problem(tmp_path)
        == f"{expected} (it holds no files that end in .yaml, .yml, .json, .csv, .tsv, .xlsx, .xlsm)"
    )
    for name in "abcde":
        (tmp_path / f"{name}.yaml").write_bytes(SET)
    assert problem(tmp_path) == f"{expected} (it holds a.yaml, b.yaml, c.yaml and 2 more)"


def test_a_pipe_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "set.yaml"
    os.mkfifo(path)
    wanted = "this is not a regular file; expected a file that holds a mapping set (use - to read standard input)"
    assert problem(path) == f"{path}: {wanted}"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "set.yaml"
    path.write_bytes(SET)
    path.chmod(0)
    assert problem(path) == f"{path}: the file cannot be read: permission denied (check its permissions)"


def test_an_error_while_reading_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "set.yaml"
    path.write_bytes(SET)

    def refuse(path: str, *_: object, **_options: object) -> NoReturn:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("builtins.open", refuse)
    assert problem(path) == f"{path}: the file cannot be read: permission denied (check its permissions)"


def test_an_impossible_name_is_reported() -> None:
    assert problem("a\0b").endswith("the file cannot be read: embedded null byte")
    assert "the file cannot be read: file name too long" in problem("x" * 5000)


def test_a_file_of_200_mb_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "set.yaml"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    assert problem(path) == (
        f"{path}: the file is 200.0 MB; expected at most 150 MB "
        "(raise the limit with --max-size if this really is a mapping set)"
    )


def test_the_limit_counts_for_given_bytes_and_can_be_raised() -> None:
    assert problem("-", SET, max_bytes=10).startswith("-: the file is 0.0 MB; expected at most 1e-05 MB")
    assert (
        readers.read("-", data=SET, reading=readers.ReadOptions(max_bytes=len(SET))).mapping_set.framework == "demo"
    )


@pytest.mark.parametrize("data", [b"", b" \n\t\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_reported(data: bytes) -> None:
    expected = "a mapping set"
    assert problem("set.yaml", data) == f"set.yaml: the file is empty; expected {expected}"


def test_text_that_is_not_utf_8_is_reported_with_the_place_and_the_byte() -> None:
    text = 'framework: demo\ntitle: Caf\u00e9 "ü"\n'
    advice = "expected UTF-8 (save it as UTF-8, for example with: iconv -f ENCODING -t UTF-8 set.yaml)"
    assert problem("set.yaml", text.encode("latin-1")) == f"set.yaml:2:11: byte 26 (0xe9) is not UTF-8; {advice}"
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        wanted = f"set.yaml:1:1: this is UTF-16 or UTF-32 text; {advice}"
        assert problem("set.yaml", text.encode(encoding)) == wanted


def test_columns_count_characters_not_bytes() -> None:
    assert problem("set.yaml", SET + 'title: "ü€😀" x\n'.encode()).startswith("set.yaml:6:14: this is not YAML")
    assert problem("set.json", '{"ü€😀": x}'.encode()).startswith('set.json:1:9: this is not JSON: unexpected "x}"')


def test_a_second_byte_order_mark_is_reported() -> None:
    for text in (SET, b"{}"):
        assert problem("set", b"\xef\xbb\xbf" * 2 + text) == (
            "set:1:1: a second byte order mark; expected one at most (remove it)"
        )
