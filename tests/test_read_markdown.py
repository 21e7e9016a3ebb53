"""Tables in Markdown as a mapping set."""

from __future__ import annotations

import pytest

from navlayers import InputError
from navlayers.mapping import formats as readers
from navlayers.mapping.formats import ReadOptions

META = {"framework": "demo", "version": "1", "domain": "enterprise", "attack_version": "18.1"}

MARKDOWN = """\
# Controls

Some text with | a bar and T1003.

## Endpoint

| Capability | Technique | Score | Comment |
|:-----------|-----------|------:|---------|
| **EDR**    | [T1059.001](https://attack.mitre.org/techniques/T1059/001) | significant | blocks `a \\| b` |
| AV         | T1204.002<br>T1105 | partial |  |

```
| Capability | Technique | Score | Comment |
|---|---|---|---|
| Fake | T1110 | minimal | |
```

## Identity

Capability | Technique | Score | Comment
--- | --- | --- | ---
MFA | T1078 | significant | x

## Older

| Tool | TTP |
|---|---|
| Old | T1190 |
"""


def test_tables_of_markdown_with_one_header_are_a_set() -> None:
    reading = readers.read("t.md", data=MARKDOWN.encode(), reading=ReadOptions(metadata=META))
    found = [(m.capability, m.technique, m.value, m.comment) for m in reading.mapping_set.mappings]
    assert reading.format == "markdown"
    assert sorted(found) == [
        ("AV", "T1105", "partial", ""),
        ("AV", "T1204.002", "partial", ""),
        ("EDR", "T1059.001", "significant", "blocks a | b"),
        ("MFA", "T1078", "significant", "x"),
    ]
    assert [notice.message for notice in reading.notices] == [
        'reading only tables "Endpoint" and "Identity": the columns of "Older" differ'
    ]
    index = [m.capability for m in reading.mapping_set.mappings].index("MFA")
    assert str(reading.place(index, field="value")) == "t.md:22:15"


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("significant | x", "signifcant | x", 't.md:22:15: unknown score value "signifcant"'),
        ("| T1078 |", "| T107 |", 't.md:22:7: technique id "T107" is malformed'),
    ],
)
def test_errors_of_markdown_have_line_and_column(old: str, new: str, error: str) -> None:
    with pytest.raises(InputError) as caught:
        readers.read("t.md", data=MARKDOWN.replace(old, new).encode(), reading=ReadOptions(metadata=META))
    assert str(caught.value).startswith(error)


def test_a_table_of_markdown_without_techniques_is_named() -> None:
    text = "# Staff\n\n| Name | Owner |\n|---|---|\n| x | y |\n"
    with pytest.raises(InputError, match=r'no technique column; .* \(table "Staff" has Name, Owner'):
        readers.read("t.md", data=text.encode())
