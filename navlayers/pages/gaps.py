"""The page of gaps: shares per tactic, category and threat, techniques, capabilities; as tables, files and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.analysis.gaps import covered_by, first, headline, unscored, used_by
from navlayers.analysis.gaps_layers import layers_of
from navlayers.layer.document import encode_layer, encode_layers
from navlayers.output.tables import Column, Table, columns
from navlayers.pages.results import folder_of, layer_files, table_files

if TYPE_CHECKING:
    from navlayers.analysis.gaps import Gaps, Share, TechniqueGap
    from navlayers.output.tables import Cell
    from navlayers.scoring.options import ScoreOptions

BRIEF = 20
"""So many gaps stand on a terminal, and half as many capabilities."""

_NONE = "–"
"""Stands where there is no figure."""


def tables_of(gaps: Gaps, most: int | None = None) -> list[Table]:
    """All tables, what sums up first, the one of techniques last; empty ones are left out.

    `most`: so many users and capabilities of a technique stand in a cell.
    """
    made = [threats(gaps), tactics(gaps), categories(gaps), capabilities(gaps), techniques(gaps, most)]
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


def _share_columns(gaps: Gaps, *, brief: bool) -> tuple[Column, ...]:
    weights = () if brief else columns("weight", "covered weight", "weight by score", kind="number")
    counts = columns("in all" if brief else "techniques", "covered", "weak", kind="number")
    by_weight = () if brief and gaps.threat.even else ("by weight",)
    return (*counts, *weights, *columns("share", *by_weight, "by score", kind="percent"))


def _share_cells(gaps: Gaps, share: Share, *, brief: bool) -> tuple[Cell, ...]:
    weights = () if brief else (share.weight, share.covered_weight, _or_none(share.scored_weight))
    by_weight = () if brief and gaps.threat.even else (share.weighted,)
    counts = (share.techniques, share.covered, _or_none(share.weak))
    return (*counts, *weights, share.plain, *by_weight, _or_none(share.by_score))


def _or_none(number: float | None) -> Cell:
    """A figure, or that there is none."""
    return _NONE if number is None else number


def tactics(gaps: Gaps, *, brief: bool = False) -> Table:
    """Per tactic, and in total: how much is covered of the threat's techniques."""
    rows: list[tuple[Cell, ...]] = [(one.name, *_share_cells(gaps, one.share, brief=brief)) for one in gaps.tactics]
    rows.append(("in total, each once", *_share_cells(gaps, gaps.total, brief=brief)))
    found = (Column("tactic"), *_share_columns(gaps, brief=brief))
    return Table("tactics", "Covered per tactic", found, tuple(rows), unscored(gaps))


def categories(gaps: Gaps, *, brief: bool = False) -> Table:
    """Per category that any input has: how much is covered of the threat in it."""
    rows = tuple((name, *_share_cells(gaps, share, brief=brief)) for name, share in gaps.categories.items())
    found = (Column("category"), *_share_columns(gaps, brief=brief))
    without = [one.name for one in gaps.inputs if not one.categories]
    note = f"{', '.join(without)}: without categories, and no part of this table" if without else ""
    return Table("categories", "Covered per category", found, rows, note)


def threats(gaps: Gaps, *, brief: bool = False) -> Table:
    """Per group, software, campaign, tactic or file of the threat: how much of it is covered."""
    rows = tuple(
        (member.name, *(() if brief else (member.id, member.kind)), *_share_cells(gaps, share, brief=brief))
        for member, share in zip(gaps.threat.members, gaps.members, strict=True)
    )
    found = (Column("threat"), *(() if brief else columns("id", "kind")), *_share_columns(gaps, brief=brief))
    note = "; ".join(text for text in (gaps.threat.losses, "" if brief else unscored(gaps)) if text)
    return Table("threats", "Covered per threat", found, rows, note)


def capabilities(gaps: Gaps, *, brief: bool = False) -> Table:
    """Which capabilities cover what is covered, by the weight of it."""
    several = len(gaps.inputs) > 1
    weight = () if brief and gaps.threat.even else ("weight",)
    found = (*columns(*(("input",) if several else ()), *(() if brief else ("id",)), "capability"),)
    found += columns("techniques", "only it", *weight, "by score", kind="number")
    rows = []
    shown = gaps.capabilities[: BRIEF // 2] if brief else gaps.capabilities
    for one in shown:
        cells: list[Cell] = [gaps.inputs[one.input].name] if several else []
        cells += [] if brief else [one.capability]
        cells += [one.label, one.techniques, one.only, *((one.weight,) if weight else ()), _or_none(one.by_score)]
        rows.append(tuple(cells))
    title = "Capabilities that cover the threat, by the weight that each covers"
    return Table("capabilities", title, found, tuple(rows), _more(len(gaps.capabilities) - len(shown)))


def _more(number: int) -> str:
    return f"… and {number:,} more, in the files of -o" if number > 0 else ""


def _open(gaps: Gaps) -> Table:
    """The first gaps, as narrow as a terminal is; what is the same in every row is left out."""
    rows = gaps.open[:BRIEF]
    even, groups = gaps.threat.even, any(row.groups is not None for row in rows)
    found: list[tuple[Column, list[Cell]]] = [
        (Column("technique", "technique"), [row.technique for row in rows]),
        (Column("name"), [row.name for row in rows]),
    ]
    if not even:
        found.append((Column("weight", "number"), [row.weight for row in rows]))
    if gaps.scored:
        found.append((Column("score", "number"), [_score(row) for row in rows]))
        if not even:
            found.append((Column("gap", "number"), [row.gap for row in rows]))
    if even and groups:
        found.append((Column("groups", "number"), [row.groups for row in rows]))
    if any(row.hint for row in rows):
        found.append((Column("related"), [row.hint for row in rows]))
    heads, cells = zip(*found, strict=True)
    return Table(
        "gaps", _order(gaps, groups=groups), heads, tuple(zip(*cells, strict=True)), _more(len(gaps.open) - BRIEF)
    )


def _order(gaps: Gaps, *, groups: bool) -> str:
    """What the first gaps are, and how they are ranked."""
    what = f"Uncovered, or weak (below {gaps.weak:g})" if gaps.scored else "Uncovered"
    if not gaps.threat.even:
        by = "the largest gap first: weight × missing score" if gaps.scored else "the largest weight first"
        return f"{what}, {by}"
    if not gaps.scored:
        return f"{what}, what most groups use first" if groups else what
    return f"{what}, the lowest score first{', then what most groups use' if groups else ''}"


def _score(row: TechniqueGap) -> Cell:
    return row.score if row.state != "not rated" else "not rated"


def techniques(gaps: Gaps, most: int | None = None) -> Table:
    """Every technique of the threat, the largest gap first: weight, users, score, capabilities, what is missing.

    `most`: so many users and capabilities stand in a cell.
    """
    found = [Column("technique", "technique"), *columns("name", "tactics"), Column("weight", "number")]
    found += [Column("groups", "number"), *columns("used by", "state"), Column("score", "number")]
    found += [Column("best by"), *columns("missing", "gap", kind="number")]
    found += [*columns(*gaps.categories, kind="number"), *columns("capabilities", "related")]
    rows = tuple(_technique(gaps, row, most) for row in gaps.ranked)
    about = "" if gaps.category is None else f", {gaps.category} only"
    title = f"Techniques of the threat, the largest gap first{about}"
    note = "groups: how many groups of ATT&CK use it" if any(row.groups is not None for row in gaps.rows) else ""
    return Table("techniques", title, tuple(found), rows, note)


def _technique(gaps: Gaps, row: TechniqueGap, most: int | None) -> tuple[Cell, ...]:
    tactics_of = gaps.catalogue.techniques[row.technique].tactics
    scores = [_category(row.categories, name) for name in gaps.categories]
    users, covering = used_by(gaps, row), covered_by(gaps, row)
    return (
        row.technique,
        row.name,
        ", ".join(tactics_of),
        row.weight,
        row.groups,
        first(users, most or len(users)),
        row.state,
        _score(row),
        gaps.names(row.best_by),
        row.missing,
        row.gap,
        *scores,
        first(covering, most or len(covering)),
        row.hint,
    )


def _category(scores: dict[str, float | None], name: str) -> Cell:
    if name not in scores:
        return None
    score = scores[name]
    return "not rated" if score is None else score


NAMED = 5
"""So many users and capabilities of a technique stand in a cell of Markdown."""


def gaps_folder(gaps: Gaps, options: ScoreOptions) -> dict[str, bytes]:
    """Path → bytes of every file, the index included; `options` are those that the inputs were scored with."""
    threat = [
        {
            "kind": member.kind,
            "id": member.id,
            "name": member.name,
            "techniques": len(member.weights),
            "by_software_alone": len(member.through),
            "carried": member.moved,
            "left_out": member.left_out,
            "left_out_weights": member.lost,
        }
        for member in gaps.threat.members
    ]
    # The techniques go by that name, for they can be a threat again.
    files = table_files(
        "gaps",
        f"Gaps of {', '.join(gaps.titles)} against {gaps.threat.title}",
        tables_of(gaps),
        techniques(gaps),
        main_name="techniques",
        lead=headline(gaps),
        short=tables_of(gaps, NAMED),
    )
    return folder_of(
        [*layer_files(layers_of(gaps)), *files],
        command="gaps",
        domain=gaps.catalogue.domain,
        attack_version=gaps.catalogue.version,
        options={"threat": threat, "scores": options, "category": gaps.category, "weak": gaps.weak},
        inputs=gaps.inputs,
    )


def gaps_document(gaps: Gaps) -> bytes:
    """All layers as one list, which the Navigator opens as tabs in reading order."""
    return encode_layers(encode_layer(layer) for _, _, layer in layers_of(gaps))


def as_json(gaps: Gaps) -> dict[str, object]:
    """All numbers, inputs by their names, techniques with the largest gap first."""
    return {
        "domain": gaps.catalogue.domain,
        "attack_version": gaps.catalogue.version,
        "summary": headline(gaps),
        "category": gaps.category,
        "weak_below": gaps.weak,
        "scored": gaps.scored,
        "threat": {
            "title": gaps.threat.title,
            "weight": gaps.threat.total,
            "left_out": {"weights": gaps.threat.lost, "percent_of_weight": round(gaps.threat.lost_share, 4)},
        },
        "inputs": {
            one.name: {
                "title": one.title,
                "attack_version": one.own_attack_version,
                "counts": one.counts,
                "carried": one.moved,
                "left_out": one.left_out,
            }
            for one in gaps.inputs
        },
        "total": _share(gaps.total),
        "tactics": {one.tactic: {"name": one.name, **_share(one.share)} for one in gaps.tactics},
        "categories": {name: _share(share) for name, share in gaps.categories.items()},
        "threats": [
            {
                "kind": member.kind,
                "id": member.id,
                "name": member.name,
                "by_software_alone": member.through,
                "carried": member.moved,
                "left_out": member.left_out,
                **_share(share),
            }
            for member, share in zip(gaps.threat.members, gaps.members, strict=True)
        ],
        "techniques": [_row(gaps, row) for row in gaps.ranked],
        "capabilities": [
            {
                "input": gaps.inputs[one.input].name,
                "id": one.capability,
                "name": one.label,
                "techniques": one.techniques,
                "only": one.only,
                "weight": one.weight,
                "by_score": one.by_score,
            }
            for one in gaps.capabilities
        ],
    }


def _share(share: Share) -> dict[str, object]:
    return {
        "techniques": share.techniques,
        "covered": share.covered,
        "weak": share.weak,
        "weight": share.weight,
        "covered_weight": share.covered_weight,
        "scored_weight": share.scored_weight,
        "percent": {
            "plain": round(share.plain, 4),
            "by_weight": round(share.weighted, 4),
            "by_score": None if share.by_score is None else round(share.by_score, 4),
        },
    }


def _row(gaps: Gaps, row: TechniqueGap) -> dict[str, object]:
    return {
        "id": row.technique,
        "name": row.name,
        "tactics": gaps.catalogue.techniques[row.technique].tactics,
        "weight": row.weight,
        "state": row.state,
        "score": row.score,
        "categories": row.categories,
        "missing": row.missing,
        "gap": row.gap,
        "best_by": [gaps.inputs[number].name for number in row.best_by],
        "used_by": {member.id: member.weights[row.technique] for member in gaps.threat.users(row.technique)},
        "covered_by": [
            {
                "input": gaps.inputs[contributor.input].name,
                "capability": contributor.capability,
                "score": contributor.score,
            }
            for contributor in row.contributors
        ],
        "groups": row.groups,
        "related": row.related,
        "newer_than_inputs": row.newer,
    }
