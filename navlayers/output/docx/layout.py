"""Tables that hold a layout: figures beside each other, names with what there is to say; what all tables have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text import plain
from navlayers.output.docx.xml import escaped, paragraph, run, said, sized, twips
from navlayers.output.drawing.font import ems

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.output.document import Number, Numbers

_APART = '<w:spacing w:after="200"/>'
_MOST_BESIDE = 4
_NUMBER, _BOLD = 22.0, 1.1
_FACT, _WIDEST_NAME, _FACT_GAP = 9.5, 150.0, 20.0
_LONGEST_CAPTION = 255


def framed(style: str, wide: Sequence[float], rows: Sequence[str], title: str = "", *, head: bool = True) -> str:
    """A table of rows that are XML; widths in points. `title` is for those who hear it."""
    grid = "".join(f'<w:gridCol w:w="{twips(width)}"/>' for width in wide)
    told = f'<w:tblCaption w:val="{escaped(" ".join(title.split())[:_LONGEST_CAPTION])}"/>' if title else ""
    look = (
        f'<w:tblLook w:val="{"0020" if head else "0000"}" w:firstRow="{head:d}" w:lastRow="0" w:firstColumn="0" '
        'w:lastColumn="0" w:noHBand="0" w:noVBand="0"/>'
    )
    total = sum(map(twips, wide))
    return (
        f'<w:tbl><w:tblPr><w:tblStyle w:val="{style}"/><w:tblW w:w="{total}" w:type="dxa"/>'
        f'<w:tblLayout w:type="fixed"/>{look}{told}</w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def numbers_of(block: Numbers, room: float) -> Iterator[str]:
    """Figures beside each other, in rows of about as many."""
    items = block.items
    lines = -(-len(items) // _MOST_BESIDE)
    beside = -(-len(items) // lines) if lines else 0
    if not beside:
        return
    widest = max(ems(plain(one.value)) for one in items)
    size = max(min(_NUMBER, (room / beside - _FACT_GAP) / max(_BOLD * widest, 1)), _FACT)
    rows = []
    for start in range(0, len(items), beside):
        cells = [_number(one, size) for one in items[start : start + beside]]
        cells += [paragraph("NumberNote", "")] * (beside - len(cells))
        rows.append(_row([room / beside] * beside, cells))
    yield framed("Plain", [room / beside] * beside, rows, head=False)
    yield paragraph("Gap", "")


def _number(one: Number, size: float) -> str:
    value = paragraph("NumberValue", run(one.value, sized(size)))
    label = said("NumberLabel", one.label, "" if one.note else _APART)
    return f"{value}{label}{said('NumberNote', one.note, _APART) if one.note else ''}"


def facts_of(items: Sequence[tuple[str, str]], room: float) -> Iterator[str]:
    """Names and what there is to say of each."""
    if not items:
        return
    widest = max(ems(plain(name)) for name, _ in items) * _FACT
    first = min(widest, _WIDEST_NAME) + _FACT_GAP
    wide = [first, room - first]
    yield framed(
        "Plain",
        wide,
        [_row(wide, [said("FactName", name), said("FactText", text)]) for name, text in items],
        head=False,
    )
    yield paragraph("Gap", "")


def _row(wide: Sequence[float], cells: Sequence[str]) -> str:
    made = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{twips(width)}" w:type="dxa"/></w:tcPr>{cell}</w:tc>'
        for width, cell in zip(wide, cells, strict=True)
    )
    return f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{made}</w:tr>"
