"""Gaps as tables: techniques, tactics, categories, the threat's members, capabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.gaps.telling import covered_by, headline, used_by
from navlayers.tables import Column, Table, columns

if TYPE_CHECKING:
    from navlayers.gaps.model import Gaps, Row
    from navlayers.gaps.shares import Share
    from navlayers.tables import Cell

BRIEF = 20
"""So many gaps stand on a terminal, and half as many capabilities."""


def tables_of(gaps: Gaps) -> list[Table]:
    """All tables in the order of the sheets, the one of techniques first; empty ones are left out."""
    made = [techniques(gaps), tactics(gaps), categories(gaps), threats(gaps), capabilities(gaps)]
    return [table for table in made if table.rows]


def brief_tables(gaps: Gaps) -> list[Table]:
    """What a terminal shows: shares, the first gaps, the first capabilities."""
    made = [tactics(gaps, brief=True)]
    if gaps.categories:
        made.append(categories(gaps, brief=True))
    if len(gaps.members) > 1:
        made.append(threats(gaps, brief=True))
    if gaps.open:
        made.append(_open(gaps))
    if gaps.capabilities:
        made.append(capabilities(gaps, brief=True))
    return made


def _share_columns(*, brief: bool) -> tuple[Column, ...]:
    weights = () if brief else columns("weight", "covered weight", "weight by score", kind="number")
    counts = columns("in all" if brief else "techniques", "covered", "weak", kind="number")
    return (*counts, *weights, *columns("share", "by weight", "by score", kind="percent"))


def _share_cells(share: Share, *, brief: bool) -> tuple[Cell, ...]:
    weights = (share.weight, share.covered_weight, share.scored_weight)
    shares = (share.plain, share.weighted, share.by_score)
    return (share.techniques, share.covered, share.weak, *(() if brief else weights), *shares)


def tactics(gaps: Gaps, *, brief: bool = False) -> Table:
    """Per tactic, and in total: how much is covered of the threat's techniques."""
    rows: list[tuple[Cell, ...]] = [(one.name, *_share_cells(one.share, brief=brief)) for one in gaps.tactics]
    rows.append(("in total, each once", *_share_cells(gaps.total, brief=brief)))
    found = (Column("tactic"), *_share_columns(brief=brief))
    return Table("tactics", "Covered per tactic", found, tuple(rows), "" if brief else headline(gaps))


def categories(gaps: Gaps, *, brief: bool = False) -> Table:
    """Per category that any input has: how much is covered of the threat in it."""
    rows = tuple((name, *_share_cells(share, brief=brief)) for name, share in gaps.categories.items())
    found = (Column("category"), *_share_columns(brief=brief))
    without = [one.name for one in gaps.inputs if not one.categories]
    note = f"{', '.join(without)}: without categories, and no part of this table" if without else ""
    return Table("categories", "Covered per category", found, rows, note)


def threats(gaps: Gaps, *, brief: bool = False) -> Table:
    """Per group, software, campaign, tactic or file of the threat: how much of it is covered."""
    rows = tuple(
        (member.name, *(() if brief else (member.id, member.kind)), *_share_cells(share, brief=brief))
        for member, share in zip(gaps.threat.members, gaps.members, strict=True)
    )
    found = (Column("threat"), *(() if brief else columns("id", "kind")), *_share_columns(brief=brief))
    return Table("threats", "Covered per threat", found, rows)


def capabilities(gaps: Gaps, *, brief: bool = False) -> Table:
    """Which capabilities cover what is covered, by the weight of it."""
    several = len(gaps.inputs) > 1
    found = (*columns(*(("input",) if several else ()), *(() if brief else ("id",)), "capability"),)
    found += columns("techniques", "only it", "weight", "by score", kind="number")
    rows = []
    shown = gaps.capabilities[: BRIEF // 2] if brief else gaps.capabilities
    for one in shown:
        first: tuple[Cell, ...] = (gaps.inputs[one.input].name,) if several else ()
        first += () if brief else (one.capability,)
        rows.append((*first, one.label, one.techniques, one.only, one.weight, one.by_score))
    title = "Capabilities that cover the rest, by the weight that each covers"
    return Table("capabilities", title, found, tuple(rows), _more(len(gaps.capabilities) - len(shown)))


def _more(number: int) -> str:
    return f"… and {number:,} more, in the files of -o" if number > 0 else ""


def _open(gaps: Gaps) -> Table:
    """The first gaps, as narrow as a terminal is."""
    found = [Column("technique", "technique"), Column("name")]
    found += columns("weight", "score", "gap", kind="number")
    hints = any(row.hint for row in gaps.open[:BRIEF])
    rows = tuple(
        (row.technique, row.name, row.weight, _score(row), row.gap, *((row.hint,) if hints else ()))
        for row in gaps.open[:BRIEF]
    )
    title = f"Uncovered, or weak (below {gaps.weak:g}), the largest gap first: weight × missing score"
    found += [Column("but")] if hints else []
    return Table("gaps", title, tuple(found), rows, _more(len(gaps.open) - BRIEF))


def _score(row: Row) -> Cell:
    return row.score if row.state != "not rated" else "not rated"


def techniques(gaps: Gaps) -> Table:
    """Every technique of the threat, the largest gap first: weight, users, score, capabilities, what is missing."""
    found = [Column("technique", "technique"), *columns("name", "tactics"), Column("weight", "number")]
    found += [*columns("used by", "state"), Column("score", "number"), Column("best by")]
    found += [*columns("missing", "gap", kind="number"), *columns(*gaps.categories, kind="number")]
    found += columns("capabilities", "but")
    rows = tuple(_technique(gaps, row) for row in gaps.ranked)
    about = "" if gaps.category is None else f", {gaps.category} only"
    title = f"Techniques of the threat, the largest gap first{about}"
    return Table("techniques", title, tuple(found), rows)


def _technique(gaps: Gaps, row: Row) -> tuple[Cell, ...]:
    tactics_of = gaps.catalogue.techniques[row.technique].tactics
    scores = [_category(row.categories, name) for name in gaps.categories]
    return (
        row.technique,
        row.name,
        ", ".join(tactics_of),
        row.weight,
        "; ".join(used_by(gaps, row)),
        row.state,
        _score(row),
        gaps.names(row.best_by),
        row.missing,
        row.gap,
        *scores,
        "; ".join(covered_by(gaps, row)),
        row.hint,
    )


def _category(scores: dict[str, float | None], name: str) -> Cell:
    if name not in scores:
        return None
    score = scores[name]
    return "not rated" if score is None else score
