"""What a slide says of a layer: its headline, what the ratios of the tactics count, the names that matter.

The layers of navlayers say in their metadata what they are; of others, it counts what they annotate.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import msgspec

from navlayers._text.lines import single_line
from navlayers._text.numbers import percent_text
from navlayers._text.wording import or_list, quantity, undated
from navlayers.layer import weakest_tactic
from navlayers.layer.colors import LegendItem
from navlayers.layer.matrix import release_columns
from navlayers.layer.ramps import COVERED, NOT_RATED, NOT_RATED_ITEM, UNCOVERED, tells_uncovered
from navlayers.layer.view import TECHNIQUES, Ratios
from navlayers.output.drawing.theme import figure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from navlayers.layer.view import Annotation, View
    from navlayers.layer.weakest_tactic import Hole

    Keys: TypeAlias = Collection[tuple[str, str]]
    Entries: TypeAlias = dict[str, Annotation]

_OF = re.compile(r"(\d+) of (\d+)")
_DIFFERENCE = re.compile(r"difference: (.+) → (.+)")
_SEVERAL = ";"
_MOST_SETS = 3
_COVERING = ("weak", "covered")
_FIGURE = re.compile(r"\d+(\.\d+)?")

# What is covered in a layer of gaps: its reds are what is not, and white squares what the threat does not use.
_COVERED = "#9ecae1"

# The most scores that stand for the names of too many techniques with one score.
_TALLIED = 5


class Row(NamedTuple):
    """A name, the text at its right, and the color of its square, "" for none."""

    name: str
    number: str
    color: str


class Names(NamedTuple):
    """A list.

    Attributes:
        title: of the list, without the number of its rows.
        rows: all of them, the most important first.
        note: the order, if the rows do not show it.
        is_open: the rows are what is not covered.
        tally: in place of rows that have the same number, if there is no room for all.
    """

    title: str
    rows: tuple[Row, ...]
    note: str = ""
    is_open: bool = False
    tally: Names | None = None


class Summary(NamedTuple):
    """What a slide says of a layer.

    Attributes:
        number, words, counts: the headline: "44%", "of Enterprise 16.1 covered", "129 of 203 techniques …".
        word: what the techniques that count are: "covered", "mapped", "annotated", "higher".
        caption: what the ratios of the tactics count: "covered / all".
        hole: the biggest hole; none of what covers nothing.
        view: the layer with these ratios.
        names: the lists.
    """

    number: str
    words: str
    counts: str
    word: str
    caption: str
    hole: Hole
    view: View
    names: tuple[Names, ...]

    @property
    def open_names(self) -> list[str]:
        """The names of the techniques that are not covered."""
        return [row.name for names in self.names if names.is_open for row in names.rows]


def explained(view: View) -> View:
    """A layer of navlayers with what its ratios count and what cells without a color are; others as they are."""
    facts = dict(view.metadata)
    if view.ratios is not None or not facts.get("shows"):
        return view
    summary = summary_of(view)
    if summary.word == "annotated":
        return view
    shown = msgspec.structs.replace(view, ratios=summary.view.ratios, unscored=summary.view.unscored)
    if facts["shows"] != "gap":
        return shown
    # The picture shows what is not covered, so its ratios count that; the headline of a slide is what is covered.
    entries = _enabled(view)
    if "threat" not in facts:
        ratios = Ratios.of(
            view.catalogue, [t.id for t in view.techniques], list(entries), f"{summary.word} by none"
        )
        return msgspec.structs.replace(shown, ratios=_answer(ratios, len(entries), len(view.techniques), summary))
    states = {t: state for t, entry in entries.items() if (state := dict(entry.metadata).get("state"))}
    open_ones = [technique for technique, state in states.items() if state != "covered"]
    what = "not covered, or weak" if "weak" in states.values() else "not covered"
    ratios = Ratios.of(view.catalogue, list(states), open_ones, what)
    return msgspec.structs.replace(shown, ratios=_answer(ratios, len(open_ones), len(states), summary), mark="✓")


def _answer(ratios: Ratios, part: int, whole: int, summary: Summary) -> Ratios:
    """The ratios of what is open with its share and the biggest hole in their sentence."""
    text = summary.hole.text
    hole = f" · {text}" if text and text not in summary.view.description else ""
    return msgspec.structs.replace(ratios, sentence=f"{percent_text(part, whole)}: {ratios.sentence}{hole}")


def summary_of(view: View) -> Summary:
    """What the slide of a layer says, by the kind of layer that its metadata tell."""
    facts = dict(view.metadata)
    difference = _DIFFERENCE.fullmatch(facts.get("shows", ""))
    of_threat = _OF.fullmatch(facts.get("covered", ""))
    if difference:
        return _difference(view, *difference.groups())
    if of_threat and facts.get("threat"):
        return _against_threat(view, facts, *map(int, of_threat.groups()))
    if facts.get("shows") == "plan":
        return _plan(view, facts)
    if facts.get("shows") == "gap" and facts.get("compared"):
        return _gap(view, facts)
    return _release(view, facts)


def _release(view: View, facts: dict[str, str]) -> Summary:
    """A set, or a layer of another tool: how much of the release it covers, is mapped to, or annotates."""
    is_count = facts.get("aggregate") == "count"
    is_threat = facts.get("role") == "threat"
    word = "mapped" if is_count or is_threat else "covered"
    if "framework" not in facts and "compared" not in facts:
        word = "annotated"
    elif facts.get("shows") == "agreement" and not any(
        e.comment.startswith("Mapped") for e in view.entries.values()
    ):
        word = "covered"  # the numbers are those of inputs
    chosen = {
        key
        for key, entry in view.entries.items()
        if (entry.counted if word == "annotated" else _is_on(view, entry))
    }
    entries = _enabled(view)
    names = [_scores(view, entries, is_count=is_count)]
    if tells_uncovered(view.legend):
        names.insert(
            0, _open(view, entries, "Not covered", [t for t, e in entries.items() if e.color == UNCOVERED])
        )
    elif word != "annotated" and not is_threat:
        names.append(_bare(view, {technique for technique, _ in chosen}, word))
    said = _of_release(view, chosen, word, f"{{}} {word}", names, "" if word == "annotated" else f"not {word}")
    # What a threat or another tool leaves out is no hole.
    return said._replace(hole=weakest_tactic.NONE) if is_threat or word == "annotated" else said


def _gap(view: View, facts: dict[str, str]) -> Summary:
    """The techniques that no input covers: the share of the others, as for the inputs themselves."""
    word = next((i.label.removeprefix("not ") for i in view.legend if i.color == UNCOVERED), "covered")
    entries = _enabled(view)
    chosen = {(t.id, tactic) for t in view.techniques if t.id not in entries for tactic in t.tactics}
    # The titles of the inputs have commas between them, which a title could have, too.
    titles = [undated(title) for title in facts["compared"].split(", ")]
    by = or_list(titles) if len(titles) <= _MOST_SETS else "any of them"
    return _of_release(
        view, chosen, word, f"{{}} {word} by {by}", [_open(view, entries, f"Not {word}", entries)], word
    )


def _plan(view: View, facts: dict[str, str]) -> Summary:
    """A plan: the share of its threat, or else of the release, that its capabilities cover."""
    is_count = facts.get("aggregate") == "count"
    word = "mapped" if is_count else "covered"
    entries = _enabled(view)
    chosen = {key for key, entry in view.entries.items() if entry.enabled and not entry.color}
    gaps = [(item.label, [t for t, e in entries.items() if e.color == item.color]) for item in view.legend[-2:]]
    names = [
        *(_open(view, entries, label[:1].upper() + label[1:], rows) for label, rows in gaps if rows),
        _scores(view, entries, is_count=is_count),
    ]
    if "threat" not in facts:
        return _of_release(view, chosen, word, f"{{}} {word} by the plan", names, f"not {word}")
    number = len({technique for technique, _ in chosen})
    return _of_threat(view, facts["threat"], chosen, number, len(entries), f"{word} by the plan", names)


def _against_threat(view: View, facts: dict[str, str], covered: int, total: int) -> Summary:
    """A layer of gaps: the share of the threat's techniques that the inputs cover."""
    states = {technique: dict(entry.metadata).get("state", "") for technique, entry in _enabled(view).items()}
    entries = {technique: entry for technique, entry in _enabled(view).items() if states[technique]}
    chosen = {key for key in view.entries if states.get(key[0]) in _COVERING}
    open_ones = [technique for technique in entries if states[technique] not in _COVERING]
    names = [_open(view, entries, "Not covered", open_ones)]
    if facts.get("shows") == "coverage":
        names.append(_scores(view, {t: e for t, e in entries.items() if t not in open_ones}))
    if facts.get("shows") == "gap":
        view = msgspec.structs.replace(
            view,
            legend=tuple(LegendItem(i.label, _COVERED) if i.color == COVERED else i for i in view.legend),
            entries={
                key: msgspec.structs.replace(entry, color=_COVERED) if states.get(key[0]) == "covered" else entry
                for key, entry in view.entries.items()
            },
        )
    titles = [undated(title) for title in facts.get("covered by", "").split(f"{_SEVERAL} ")]
    by = or_list(titles) if len(titles) <= _MOST_SETS else f"{len(titles)} sets"
    name = "the threats" if _SEVERAL in facts["threat"] else facts["threat"].partition(" (")[0]
    return _of_threat(view, name, chosen, covered, total, f"covered{f' by {by}' if by else ''}", names)


def _difference(view: View, first: str, second: str) -> Summary:
    """The difference of two: on how many techniques the one that is higher on more of them is higher."""
    legend = {item.label: item.color for item in view.legend}
    more = "has more" if f"{first} more" in legend or f"{second} more" in legend else "scores higher"
    entries = _enabled(view)
    higher = {
        first: {technique for technique, entry in entries.items() if (entry.score or 0) < 0},
        second: {technique for technique, entry in entries.items() if (entry.score or 0) > 0},
    }
    leader, other = sorted((second, first), key=lambda name: -len(higher[name]))
    equal = len(entries) - len(higher[first]) - len(higher[second])
    total = len(view.techniques)
    subs = " with sub-techniques" if any(t.parent for t in view.techniques) else ""
    part = f"of {total}{subs}; {other} on {len(higher[other])}, equal on {equal}, {total - len(entries)} in neither"
    counts = f"{part} · {single_line(view.release).removeprefix('ATT&CK ')}"
    chosen = {key for key in view.entries if key[0] in higher[leader]}
    names = []
    for name in (leader, other):
        color = legend.get(f"only {name}", "")
        alone = [technique for technique in higher[name] if entries[technique].color == color]
        names.append(_open(view, entries, f"Only {name}", alone)._replace(is_open=False))
    words = f"{'technique' if len(higher[leader]) == 1 else 'techniques'} on which {leader} {more}"
    sentence = f"{leader} {more} on {len(higher[leader])} {part}"
    counted = f"techniques on which {leader} {more}"
    shown = _ratios(view, chosen, entries, counted, sentence, "in neither", whole="compared")
    return Summary(
        str(len(higher[leader])),
        words,
        counts,
        "higher",
        f"{leader} {'more' if more == 'has more' else 'higher'} / compared",
        weakest_tactic.NONE,
        shown,
        tuple(names),
    )


def _of_release(view: View, chosen: Keys, word: str, words: str, names: Iterable[Names], unscored: str) -> Summary:
    """The share of all techniques of the release, on the layer's platforms if it has any."""
    active = view.techniques
    ids = {technique for technique, _ in chosen}
    bases, subs = [t for t in active if not t.parent], [t for t in active if t.parent]
    counts = f"{sum(t.id in ids for t in bases)} of {len(bases)} techniques"
    if subs:
        counts += f" and {sum(t.id in ids for t in subs)} of {len(subs)} sub-techniques"
    sentence = f"{counts} {word}"
    if view.platforms:
        counts += f" · platforms: {single_line(', '.join(view.platforms))}"
    number = percent_text(sum(t.id in ids for t in active), len(active))
    words = words.format(f"of {single_line(view.release).removeprefix('ATT&CK ')}")
    counted = f"{TECHNIQUES} {word}"
    view = _ratios(view, chosen, {t.id for t in active}, counted, sentence, unscored)
    hole = weakest_tactic.weakest(_shares(view), word)
    return Summary(number, words, counts, word, f"{word} / all", hole, view, tuple(names))


def _of_threat(
    view: View, name: str, chosen: Keys, covered: int, total: int, words: str, names: Iterable[Names]
) -> Summary:
    """The share of the techniques of a threat, which are the enabled ones."""
    word = words.partition(" ")[0]
    part = f"{covered} of the {quantity(total, 'technique')} of {name}"
    counts = f"{part} · {single_line(view.release)}"
    used = {technique for technique, entry in _enabled(view).items() if entry.annotated}
    view = _ratios(view, chosen, used, f"techniques of {name} {word}", f"{part} {words}", "not used")
    hole = weakest_tactic.most_open(_shares(view), word)
    return Summary(
        percent_text(covered, total), f"of {name} {words}", counts, word, f"{word} / used", hole, view, tuple(names)
    )


def _shares(view: View) -> list[tuple[str, int, int]]:
    """The ratios of the tactics that have one, with their names."""
    ratios = view.ratios.tactics if view.ratios else {}
    every = [(single_line(tactic.name), ratios.get(tactic.shortname)) for tactic in view.catalogue.tactics]
    return [(name, *ratio) for name, ratio in every if ratio]


def _ratios(
    view: View,
    chosen: Keys,
    every: Collection[str],
    counted: str,
    sentence: str,
    unscored: str,
    *,
    whole: str = "all",
) -> View:
    """The layer with the number of the chosen ones and of all per tactic, and a name for cells without a color."""
    tactics: dict[str, tuple[int, int] | None] = {}
    for column in release_columns(view.catalogue):
        keys = [(t.id, column.tactic.shortname) for t in column.techniques if t.id in every]
        tactics[column.tactic.shortname] = (sum(key in chosen for key in keys), len(keys)) if keys else None
    ratios = view.ratios or Ratios(tactics, sentence, counted, whole)
    return msgspec.structs.replace(view, ratios=ratios, unscored=view.unscored or unscored)


def _enabled(view: View) -> Entries:
    active = {t.id for t in view.techniques}
    return {technique: e for (technique, _), e in view.entries.items() if e.enabled and technique in active}


def _is_on(view: View, entry: Annotation) -> bool:
    # The gray of what is not rated is also that of ties in layers of the strongest.
    off = (NOT_RATED, UNCOVERED) if NOT_RATED_ITEM in view.legend else (UNCOVERED,)
    if not entry.enabled or entry.color in off:
        return False
    return entry.score > 0 if entry.score is not None else bool(entry.color)


def _techniques(view: View, count: int) -> str:
    if count == 1:
        return "technique or sub-technique" if view.has_subtechniques else "technique"
    return TECHNIQUES if view.has_subtechniques else "techniques"


def _open(view: View, entries: Entries, title: str, chosen: Iterable[str]) -> Names:
    """Techniques in the order of `navlayers gaps`: by weight, then by groups that use them, then by id.

    Where a layer notes no groups, those with the most sub-techniques come first.
    """
    groups = _noted(entries, "groups that use it")
    weights = _noted(entries, "weight")
    known = view.catalogue.techniques

    def priority(technique: str) -> tuple[float, float, int, str]:
        subs = 0 if any(groups.values()) else len(view.catalogue.subtechniques(technique))
        return -weights[technique], -groups[technique], -subs, technique

    rows = [(technique, entries[technique]) for technique in sorted(chosen, key=priority)]
    note = ""
    if len({weights[technique] for technique, _ in rows}) > 1:
        note = "largest weight first"
    elif any(groups[technique] for technique, _ in rows):
        note = "used by most groups first"
    return Names(title, tuple(Row(known[t].name, t, view.color(e, e.score)) for t, e in rows), note, is_open=True)


def _noted(entries: Entries, label: str) -> dict[str, float]:
    """The number that each entry notes under a label; 0 for none."""
    texts = {technique: dict(e.metadata).get(label, "").replace(",", "") for technique, e in entries.items()}
    return {technique: float(text) if _FIGURE.fullmatch(text) else 0.0 for technique, text in texts.items()}


def _scores(view: View, entries: Entries, *, is_count: bool = False) -> Names:
    """The techniques with the highest scores, or how many there are of each score."""
    subs: dict[str, int] = {}
    for technique in entries:
        subs[technique.partition(".")[0]] = subs.get(technique.partition(".")[0], 0) + ("." in technique)
    scored = {t: (e.score, e) for t, e in entries.items() if e.score is not None and e.score > 0}
    if tells_uncovered(view.legend):
        scored = {technique: pair for technique, pair in scored.items() if pair[1].color != UNCOVERED}
    order = sorted(scored, key=lambda technique: (-scored[technique][0], -subs.get(technique, 0), technique))
    rows = []
    numbers: dict[str, tuple[int, str]] = {}
    for technique in order:
        score, entry = scored[technique]
        row = Row(view.catalogue.techniques[technique].name, figure(score), view.color(entry, score))
        rows.append(row)
        numbers[row.number] = (numbers.get(row.number, (0, ""))[0] + 1, row.color)
    tally = [
        Row(f"{count:,} {_techniques(view, count)}", number, color) for number, (count, color) in numbers.items()
    ]
    what = "number" if is_count else "score"
    by_score = Names(f"By {what}", tuple(tally[:_TALLIED])) if len(tally) > 1 else None
    return Names(f"Highest {what}s", tuple(rows), tally=by_score)


def _bare(view: View, chosen: set[str], word: str) -> Names:
    """The techniques without their sub-techniques that are not covered, those without any covered part first."""
    rows = []
    for technique in view.techniques:
        if technique.parent or technique.id in chosen:
            continue
        subs = view.catalogue.subtechniques(technique.id)
        covered = sum(sub.id in chosen for sub in subs)
        number = f"{covered} of {quantity(len(subs), 'sub')}" if subs else ""
        rows.append((covered > 0, -len(subs), technique.id, Row(technique.name, number, "")))
    return Names(f"Techniques not {word}", tuple(row for *_, row in sorted(rows)), is_open=True)
