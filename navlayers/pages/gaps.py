"""The page of gaps: shares per tactic, category and threat, techniques, capabilities; as tables, files and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers._text.wording import first_few
from navlayers.analysis.gaps_layers import layers_of
from navlayers.analysis.gaps_result import covered_by, headline, unscored, used_by
from navlayers.layer.view import Ratios, View
from navlayers.output.document import Figure, Paragraph
from navlayers.pages.results import Field, release_entries, result_folder, table_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.analysis.gaps_result import Gaps, Share, TechniqueGap
    from navlayers.output.document import Block
    from navlayers.output.tables import Cell, Table
    from navlayers.scoring.options import ScoreOptions

BRIEF = 6
"""Maximum number of gaps on a terminal."""

LISTED = 20
"""Maximum number of gaps in a report; of capabilities, half as many."""

NAMED = 5
"""Maximum number of users and of capabilities of a technique in a cell of Markdown."""

_NONE = "–"
"""Text of a cell without a number."""


def tables_of(gaps: Gaps, most: int | None = None) -> list[Table]:
    """All tables, shares first, techniques last; empty ones are omitted.

    `most`: maximum number of users and of capabilities of a technique in a cell.
    """
    tables = [threats(gaps), tactics(gaps), categories(gaps), capabilities(gaps), techniques(gaps, most)]
    return [table for table in tables if table.rows]


def brief(gaps: Gaps) -> Iterator[Block]:
    """The answer for a terminal: shares, the matrix of the threat, the first gaps."""
    yield Paragraph(headline(gaps))
    (layer,) = (layer for _, kind, layer in layers_of(gaps) if kind == "coverage")
    covered = [row.technique for row in gaps.rows if row.covered]
    ratios = Ratios.of(gaps.catalogue, [row.technique for row in gaps.rows], covered, "covered")
    view = View.from_layer(layer, gaps.catalogue)
    yield Figure(msgspec.structs.replace(view, ratios=ratios, unscored="not of the threat"), "", "")
    first = first_gaps(gaps)
    if first.rows:
        yield first


def every(gaps: Gaps) -> Iterator[Block]:
    """The answer with all tables, in columns that fit a terminal."""
    yield Paragraph(headline(gaps))
    yield from short_tables(gaps, None)


def short_tables(gaps: Gaps, most: int | None = LISTED) -> list[Table]:
    """Tables for a report or a terminal: shares, the first gaps, half as many capabilities; None: all."""
    tables = [tactics(gaps, brief=True), categories(gaps, brief=True)]
    tables += [threats(gaps, brief=True)] if len(gaps.members) > 1 else []
    tables += [first_gaps(gaps, most), capabilities(gaps, brief=True, most=most and most // 2)]
    return [table for table in tables if table.rows]


def _shares(gaps: Gaps, shares: Sequence[Share], *, brief: bool) -> list[Field]:
    by_weight = not (brief and gaps.threat.even)
    return [
        Field("total" if brief else "techniques", [share.techniques for share in shares], "number"),
        Field("covered", [share.covered for share in shares], "number"),
        Field("weak", _or_none(share.weak for share in shares), "number"),
        Field("not rated", [share.unrated for share in shares], "number", shown=bool(gaps.total.unrated)),
        Field("weight", [share.weight for share in shares], "number", shown=not brief),
        Field("covered weight", [share.covered_weight for share in shares], "number", shown=not brief),
        Field("weight by score", _or_none(share.scored_weight for share in shares), "number", shown=not brief),
        Field("share", [share.plain for share in shares], "percent"),
        Field("by weight", [share.weighted for share in shares], "percent", shown=by_weight),
        Field("by score", _or_none(share.by_score for share in shares), "percent"),
    ]


def _or_none(numbers: Iterable[float | None]) -> list[Cell]:
    return [_NONE if number is None else number for number in numbers]


def tactics(gaps: Gaps, *, brief: bool = False) -> Table:
    """The coverage of the threat's techniques, per tactic and in total."""
    names = [*(tactic.name for tactic in gaps.tactics), "total (each technique once)"]
    shares = _shares(gaps, [*(tactic.share for tactic in gaps.tactics), gaps.total], brief=brief)
    return table_of("tactics", "Coverage per tactic", [Field("tactic", names), *shares], unscored(gaps))


def categories(gaps: Gaps, *, brief: bool = False) -> Table:
    """The coverage of the threat per category that any input has."""
    shares = _shares(gaps, list(gaps.categories.values()), brief=brief)
    without = [coverage.name for coverage in gaps.inputs if not coverage.categories]
    note = f"{', '.join(without)}: no categories, not included" if without else ""
    return table_of("categories", "Coverage per category", [Field("category", gaps.categories), *shares], note)


def threats(gaps: Gaps, *, brief: bool = False) -> Table:
    """The coverage of each group, software, campaign, tactic or file of the threat."""
    members = gaps.threat.members
    fields = [
        Field("threat", [member.name for member in members]),
        Field("id", [member.id for member in members], shown=not brief),
        Field("kind", [member.kind for member in members], shown=not brief),
        Field("first seen", [member.first_seen for member in members], shown=any(m.first_seen for m in members)),
        Field("last seen", [member.last_seen for member in members], shown=any(m.last_seen for m in members)),
        *_shares(gaps, gaps.members, brief=brief),
    ]
    note = "; ".join(text for text in (*gaps.threat.remarks, "" if brief else unscored(gaps)) if text)
    return table_of("threats", "Coverage per threat", fields, note)


def capabilities(gaps: Gaps, *, brief: bool = False, most: int | None = None) -> Table:
    """The capabilities that cover the threat, by covered weight; at most `most`."""
    rows = gaps.capabilities[:most]
    fields = [
        Field("input", [capability.input for capability in rows], shown=len(gaps.inputs) > 1),
        Field("id", [capability.id for capability in rows], shown=not brief),
        Field(gaps.noun.singular if brief else "capability", [capability.name for capability in rows]),
        Field("techniques", [capability.techniques for capability in rows], "number"),
        Field("unique", [capability.only for capability in rows], "number"),
        Field(
            "weight", [capability.weight for capability in rows], "number", shown=not (brief and gaps.threat.even)
        ),
        Field("by score", _or_none(capability.by_score for capability in rows), "number"),
    ]
    title = f"{gaps.noun.plural.capitalize()} that cover the threat, by covered weight"
    return table_of("capabilities", title, fields, _more(len(gaps.capabilities) - len(rows)))


def _more(number: int) -> str:
    return f"… and {number:,} more; --all lists them" if number > 0 else ""


def first_gaps(gaps: Gaps, most: int | None = BRIEF) -> Table:
    """The first gaps, without columns that are the same in every row."""
    rows = gaps.open[:most]
    even, groups = gaps.threat.even, any(row.groups is not None for row in rows)
    fields = [
        Field("technique", [row.technique for row in rows], "technique"),
        Field("name", [row.name for row in rows]),
        Field("weight", [row.weight for row in rows], "number", shown=not even),
        Field("score", map(_score, rows), "number", shown=gaps.scored),
        Field("gap", [row.gap for row in rows], "number", shown=gaps.scored and not even),
        Field("groups", [row.groups for row in rows], "number", shown=even and groups),
        Field("related", [row.hint for row in rows], shown=any(row.hint for row in rows)),
    ]
    return table_of("gaps", _order(gaps, groups=groups), fields, _more(len(gaps.open) - len(rows)))


def _order(gaps: Gaps, *, groups: bool) -> str:
    """The title of the first gaps: their kind and order."""
    what = f"Top gaps (not covered, or below {gaps.weak:g})" if gaps.scored else "Top gaps (not covered)"
    if not gaps.threat.even:
        by = "largest gap (weight × missing score) first" if gaps.scored else "largest weight first"
        return f"{what}, {by}"
    if not gaps.scored:
        return f"{what}, used by most groups first" if groups else what
    return f"{what}, lowest score first{', then most groups' if groups else ''}"


def _score(row: TechniqueGap) -> Cell:
    return row.score if row.state != "not rated" else "not rated"


def techniques(gaps: Gaps, most: int | None = None) -> Table:
    """Every technique of the threat, the largest gap first: weight, users, score, capabilities, gap.

    `most`: maximum number of users and of capabilities in a cell.
    """
    rows = gaps.ranked

    def category(row: TechniqueGap, name: str) -> Cell:
        score = row.categories.get(name)
        return "not rated" if name in row.categories and score is None else score

    fields = [
        Field("technique", [row.technique for row in rows], "technique"),
        Field("name", [row.name for row in rows]),
        Field("tactics", [", ".join(row.tactics) for row in rows]),
        Field("weight", [row.weight for row in rows], "number"),
        Field("groups", [row.groups for row in rows], "number"),
        Field("used by", [first_few(used_by(gaps, row), most, "; ") for row in rows]),
        Field("state", [row.state for row in rows]),
        Field("score", map(_score, rows), "number"),
        Field("best by", [", ".join(row.best_by) for row in rows]),
        Field("missing", [row.missing for row in rows], "number"),
        Field("gap", [row.gap for row in rows], "number"),
        *(Field(name, [category(row, name) for row in rows], "number") for name in gaps.categories),
        Field("capabilities", [first_few(covered_by(gaps, row), most, "; ") for row in rows]),
        Field("non-mappable in", [", ".join(row.non_mappable) for row in rows]),
        Field("related", [row.hint for row in rows]),
    ]
    about = "" if gaps.category is None else f", {gaps.category} only"
    note = (
        "groups: number of ATT&CK groups that use the technique"
        if any(row.groups is not None for row in rows)
        else ""
    )
    return table_of("techniques", f"Techniques of the threat, largest gap first{about}", fields, note)


def gaps_folder(gaps: Gaps, options: ScoreOptions, *, ranked: bool = False) -> dict[str, bytes]:
    """Path → bytes of every file, the index included.

    Args:
        gaps: The gaps.
        options: The scoring options of the inputs.
        ranked: Whether the ranking of the members is a table, too, in a file of its own.
    """
    ranks = []
    if ranked:
        from navlayers.pages.ranking import ranking  # noqa: PLC0415 - for one option alone

        ranks = [ranking(gaps)]
    threat = [
        {
            "kind": member.kind,
            "id": member.id,
            "name": member.name,
            "techniques": len(member.weights),
            "by_software_alone": len(member.through),
            "replaced": member.replaced,
            "left_out": member.left_out,
            "left_out_weights": member.lost,
        }
        for member in gaps.threat.members
    ]
    return result_folder(
        "gaps",
        gaps.catalogue,
        gaps.inputs,
        {
            "threat": threat,
            **({"decay": gaps.threat.decay} if gaps.threat.decay else {}),
            "scores": options,
            "category": gaps.category,
            "weak": gaps.weak,
        },
        layers=layers_of(gaps),
        tables_name="gaps",
        heading=f"Gaps of {', '.join(gaps.titles)} against {gaps.threat.title}",
        workbook=[*ranks, *tables_of(gaps)],
        main=techniques(gaps),
        # As a table of weights, this file can be a threat, so its name should tell its content.
        main_name="techniques",
        lead=headline(gaps),
        short=[*ranks, *tables_of(gaps, NAMED)],
        more=ranks,
    )


def as_json(gaps: Gaps) -> dict[str, object]:
    """All numbers, inputs by their names, techniques with the largest gap first."""
    threat = gaps.threat
    return {
        **release_entries(gaps.catalogue),
        "summary": headline(gaps),
        "category": gaps.category,
        "weak_below": gaps.weak,
        "scored": gaps.scored,
        "threat": {
            "title": threat.title,
            "weight": threat.total,
            **({"decay": threat.decay} if threat.decay else {}),
            **(
                {}
                if threat.whole is None
                else {"techniques_in_scope": len(threat.weights), "techniques": threat.whole}
            ),
            "left_out": {"weights": threat.lost, "percent_of_weight": round(threat.lost_share, 4)},
        },
        "inputs": {
            coverage.name: {
                "title": coverage.title,
                "role": coverage.set.role,
                "attack_version": coverage.own_attack_version,
                "counts": coverage.counts,
                "replaced": coverage.replaced,
                "left_out": coverage.left_out,
            }
            for coverage in gaps.inputs
        },
        "total": _share(gaps.total),
        "tactics": {tactic.tactic: {"name": tactic.name, **_share(tactic.share)} for tactic in gaps.tactics},
        "categories": {name: _share(share) for name, share in gaps.categories.items()},
        "threats": [
            {
                "kind": member.kind,
                "id": member.id,
                "name": member.name,
                **({"first_seen": member.first_seen} if member.first_seen else {}),
                **({"last_seen": member.last_seen} if member.last_seen else {}),
                "by_software_alone": member.through,
                "replaced": member.replaced,
                "left_out": member.left_out,
                **_share(share),
            }
            for member, share in zip(threat.members, gaps.members, strict=True)
        ],
        "techniques": gaps.ranked,
        "capabilities": gaps.capabilities,
    }


def _share(share: Share) -> dict[str, object]:
    shares = {"plain": share.plain, "by_weight": share.weighted, "by_score": share.by_score}
    percent = {name: None if number is None else round(number, 4) for name, number in shares.items()}
    return {**msgspec.structs.asdict(share), "percent": percent}
