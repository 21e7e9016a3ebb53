"""Conditions of `--where`: what they find, and where they are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import navlayers
from navlayers.errors import UsageError
from navlayers.mapping.scope import absent_in_all, compared_values, where_part
from navlayers.mapping.where import condition

if TYPE_CHECKING:
    from pathlib import Path

    from navlayers import MappingSet

RULES = """\
id,name,technique,level,status,risk_score,since,os
R1,Reverse shell,T1059.004,high,stable,73,2024-05-01,linux
R2,Cron job,T1053.003,critical,test,99,2025-01-15,"linux, macos"
R3,Key added,T1098.004,medium,stable,47,2023-11-30,linux
R4,LSASS dump,T1003.001,critical,deprecated,99,2022-02-02,windows
R5,Login at night,T1078,informational,experimental,5,2025-06-30,
"""


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> MappingSet:
    path = tmp_path_factory.mktemp("rules") / "rules.csv"
    path.write_text(RULES, encoding="utf-8")
    return navlayers.load(path, navlayers.ReadOptions(metadata={"domain": "enterprise", "attack_version": "19.1"}))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("level=HIGH", "1"),
        ("level == high", "1"),
        ("level>=high", "124"),
        ("level<high", "35"),
        ("level != critical", "135"),
        ("level>=high and status=stable", "1"),
        ("level>=high and not (status=deprecated or os=windows)", "12"),
        ("level=medium or level=high and status=stable", "13"),
        ("(level=medium or level=high) and status=stable", "13"),
        ("not level=critical and not level=high", "35"),
        ("status>=test", "123"),
        ("status<experimental", "4"),
        ("risk_score>=73", "124"),
        ('"risk score" < 10', "5"),
        ("since>=2024", "125"),
        ("since < 2024-05-01", "34"),
        ("name ~ shell", "1"),
        ("NAME ~ 'AT night'", "5"),
        ("os=macos", "2"),
        ("os", "1234"),
        ("not os", "5"),
        ("os!=windows", "1235"),
        ("technique ~ t1003", "4"),
        ("technique in T1078,T1003.001", "45"),
        ("id in R1, R5", "15"),
        ("os in linux", "13"),
        ("os in macos,linux", "123"),
        ('os in "linux, macos"', "2"),
        ("os has macos,windows", "24"),
        ("not os in linux,windows", "25"),
        ("id=R9", ""),
        ("level>high", "24"),
        ("risk_score>high", ""),
    ],
)
def test_a_condition_finds(text: str, found: str, rules: MappingSet) -> None:
    part = where_part(rules, text, "rules")
    assert [mapping.capability for mapping in part.mappings] == [f"R{number}" for number in found]
    assert [capability.id for capability in part.capabilities] == [f"R{number}" for number in found]


def test_values_may_be_the_lines_of_a_file(rules: MappingSet, tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("# ours\nr2\n\nR4\n", encoding="utf-8")
    part = where_part(rules, f'id in r1,@{path} and level="critical"', "rules")
    assert [mapping.capability for mapping in part.mappings] == ["R2", "R4"]


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("level>=high and", "the condition ends here; expected a name, such as level", 15),
        ("level>=", 'the condition ends here; expected a value, such as high or "not yet"', 7),
        ("", "the condition ends here; expected a name, such as level", 0),
        ("(level=high", "the condition ends here; expected )", 11),
        ("level=high)", 'unexpected ")"; expected and, or, or the end', 10),
        ("level high", 'unexpected "high"; expected =, !=, <, <=, >, >=, ~, in', 6),
        ("level='high", "a quote is not closed", 6),
        ("level=high status=stable", 'unexpected "status"; expected and, or, or the end', 11),
        (">= 3", 'unexpected ">="; expected a name, such as level', 0),
        ("id in @nowhere.txt", "nowhere.txt cannot be read: no such file; expected a file", 6),
        ("id in @/dev/zero", "/dev/zero cannot be read: this is not a regular file", 6),
        ("level>=nan", '"nan" has no order', 7),
        ("level>=hihg", '"hihg" has no order', 7),
        ("not " * 60 + "level", "the condition is nested too deeply; expected at most 50 levels", 200),
    ],
)
def test_a_wrong_condition_is_an_error_at_its_place(text: str, message: str, column: int) -> None:
    with pytest.raises(UsageError) as error:
        condition(text)
    first, shown, caret, *_ = str(error.value).split("\n")
    assert first.startswith(f"--where: {message}")
    assert shown == f"    {text}"
    assert caret.startswith(f"{' ' * (4 + column)}^")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("levl=high", "did you mean level?"),
        ("owner=us", "it has id, level, name, os, risk score, since, status, technique"),
    ],
)
def test_an_unknown_name_is_an_error_with_those_that_the_set_has(text: str, hint: str, rules: MappingSet) -> None:
    with pytest.raises(UsageError) as error:
        where_part(rules, text, "rules")
    assert str(error.value) == f'--where: rules has no "{text.partition("=")[0]}"\n    {text}\n    ^ ({hint})'


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("status=stabel", ['no mapping has the status "stabel" (did you mean stable?)']),
        (
            "os has windows,plan9",
            ['no mapping has the os "plan9" (other values: "linux", "linux, macos", "macos")'],
        ),
        ("os in @list.txt", ["list.txt has no os of a mapping"]),
        (
            "name~shel and name~zz and id=R1 and id=R9",
            ['no name of a mapping contains "zz"', 'no mapping has the id "r9"'],
        ),
        (
            "not status=removed and level!=hihg and level!=low",
            ['no mapping has the level "hihg" (did you mean high?)'],
        ),
    ],
)
def test_a_value_that_no_mapping_has_is_reported(
    text: str, messages: list[str], rules: MappingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.txt").write_text("plan9\nbeos\n", encoding="utf-8")
    scope = navlayers.Scope(where=text)
    found = [*absent_in_all(scope, [compared_values(rules, scope)])]
    assert all(str(one).startswith(f"--where: {text}") for one, text in zip(found, messages, strict=True)), found


def test_a_very_long_condition_is_an_error() -> None:
    with pytest.raises(UsageError, match="at most 2,000 characters"):
        condition("level=high or " * 200 + "level=low")


@given(st.text(alphabet="level>=<!~()'\",@ andornti5#\n", max_size=40))
def test_any_text_is_a_condition_or_an_error(text: str) -> None:
    try:
        found = condition(text)
    except UsageError:
        return
    assert found.holds({}) in (True, False)


@pytest.mark.parametrize(
    ("content", "message"), [("\n# none\n", "list.txt has no values"), (None, "cannot be read")]
)
def test_a_list_without_values_or_a_path_that_cannot_be_is_an_error(
    content: str | None, message: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "list.txt").write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        condition("id in @list.txt" if content else "id in @a\0b", tmp_path)
