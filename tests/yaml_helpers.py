"""Native YAML in tests: read as text, with what is wrong in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from navlayers import InputError
from navlayers.mapping import formats as readers

HEAD = 'framework: demo\nversion: "1"\ndomain: enterprise\nattack_version: "16.1"\n'
ROOT = Path(__file__).parent.parent


def read(text: str) -> readers.Reading:
    return readers.read("set.yaml", data=text.encode())


def under(lines: str) -> readers.Reading:
    """A set whose one capability `c` starts in line 6, its first technique in line 8."""
    indented = "".join(f"      {line}\n" for line in lines.splitlines())
    return read(f"{HEAD}capabilities:\n  c:\n    techniques:\n{indented}")


def problems(text: str | bytes) -> list[str]:
    with pytest.raises(InputError) as caught:
        readers.read("set.yaml", data=text if isinstance(text, bytes) else text.encode())
    return [str(problem) for problem in caught.value.problems]


def example() -> str:
    """The worked example of the docs."""
    block = re.search(r"```yaml\n(.*?)```", (ROOT / "docs" / "native-yaml.md").read_text(), re.DOTALL)
    assert block is not None
    return block[1]
