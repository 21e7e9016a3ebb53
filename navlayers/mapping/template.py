"""First mapping files: short examples to replace, with comments where the format has room for them."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, NamedTuple

from navlayers import attack
from navlayers.mapping.formats.native.write import EDITORS
from navlayers.mapping.formats.xlsx_table import CREATED
from navlayers.mapping.model import CATEGORIES, DEFAULT_SCALE

if TYPE_CHECKING:
    from navlayers.attack.domains import Domain
    from navlayers.mapping.model import Category


class _Example(NamedTuple):
    capability: str
    technique: str
    category: Category
    value: str
    comment: str = ""


_NAMES = {"mfa": "Multi-factor authentication", "edr": "Endpoint detection", "policy": "Acceptable use policy"}
_EXAMPLES: dict[Domain, tuple[_Example, ...]] = {
    "enterprise": (
        _Example("mfa", "T1078", "protect", "significant", "All staff and service accounts"),
        _Example("mfa", "T1110", "protect", "partial"),
        _Example("edr", "T1059.001", "detect", "significant", "Script block logging"),
        _Example("edr", "T1059.001", "respond", "minimal"),
    ),
    "mobile": (
        _Example("mfa", "T1660", "protect", "partial", "Staff accounts"),
        _Example("edr", "T1417.001", "detect", "significant"),
    ),
    "ics": (
        _Example("mfa", "T0859", "protect", "significant", "Engineering workstations"),
        _Example("edr", "T0807", "detect", "partial"),
    ),
}
_YAML = """\
# A mapping set: which of your controls addresses which ATT&CK technique, and how well.
# Replace the examples. Find mistakes: navlayers check {file}. See the heatmap: navlayers open {file}.

framework: {framework}
title: {title}
version: "1"
# enterprise, mobile or ics
domain: {domain}
# The ATT&CK release of the technique ids
attack_version: "{release}"
# What the capabilities are: control, or detection for rules that detect
role: control

# A block per control: an id of yours, its name, its techniques.
capabilities:
{capabilities}
  # Examined, but no technique fits
  policy:
    name: Acceptable use policy
    non_mappable: {{comment: No technical control}}
"""
_FIRST = "      # protect, detect or respond: minimal (10), partial (50), significant (100) or a number\n"
_CATEGORY, _SCORE = 2, 3
"""The columns of words."""

_ROWS = 5_000
"""Rows below the header that have lists to choose from."""


def template(framework: str, file: str, format_: str, domain: Domain, attack_version: str = "latest") -> bytes:
    """An example set in a format.

    Args:
        framework: The id of the set.
        file: The name of the file, for its comments.
        format_: native, csv or xlsx.
        domain: The ATT&CK domain.
        attack_version: Its release.

    Raises:
        ReleaseError: The release is not installed.
    """
    release = attack.find(domain, attack_version).catalogue.version
    title = framework.replace("-", " ").replace("_", " ").capitalize()
    if format_ == "csv":
        return _csv(domain)
    if format_ == "xlsx":
        return _xlsx(domain)
    lines = _YAML.format(
        file=file, framework=framework, title=title, domain=domain, release=release, capabilities=_blocks(domain)
    )
    return (EDITORS + lines).encode()


def _blocks(domain: Domain) -> str:
    """The capabilities of the example as YAML, each technique with its categories."""
    text = ""
    for capability in dict.fromkeys(example.capability for example in _EXAMPLES[domain]):
        text += f"  {capability}:\n    name: {_NAMES[capability]}\n    techniques:\n{'' if text else _FIRST}"
        own = [example for example in _EXAMPLES[domain] if example.capability == capability]
        for technique in dict.fromkeys(example.technique for example in own):
            rows = [example for example in own if example.technique == technique]
            values = [f"{row.category}: {row.value}" for row in rows]
            values += [f"comment: {row.comment}" for row in rows if row.comment]
            text += f"      {technique}: {{{', '.join(values)}}}\n"
    return text.rstrip("\n")


def _rows(domain: Domain) -> list[tuple[str, ...]]:
    """The example as a table."""
    rows = [
        (_NAMES[row.capability], row.technique, row.category, row.value, row.comment) for row in _EXAMPLES[domain]
    ]
    return [("control", "technique", "category", "score", "comment"), *rows]


def _csv(domain: Domain) -> bytes:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(_rows(domain))
    return stream.getvalue().encode()


def _xlsx(domain: Domain) -> bytes:
    """A sheet with lists to choose from, so that the words of categories and scores are right."""
    from navlayers._engines.workbooks import workbook  # noqa: PLC0415 - slow, and for workbooks alone

    stream = io.BytesIO()
    with workbook(stream) as book:
        book.set_properties({"created": CREATED})
        sheet = book.add_worksheet("mappings")
        for number, row in enumerate(_rows(domain)):
            sheet.write_row(number, 0, row, book.add_format({"bold": not number}))
        sheet.freeze_panes(1, 0)
        for column, width in enumerate((30, 12, 12, 14, 50)):
            sheet.set_column(column, column, width)
        choices = {_CATEGORY: CATEGORIES, _SCORE: tuple(DEFAULT_SCALE)}
        for column, words in choices.items():
            choice = {"validate": "list", "source": list(words), "error_type": "warning"}
            sheet.data_validation(1, column, _ROWS, column, choice)
    return stream.getvalue()
