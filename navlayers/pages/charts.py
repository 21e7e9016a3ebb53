"""Charts of results: shares per tactic of two or more inputs, the flow from capabilities to tactics of one."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from navlayers._text.numbers import percent_text
from navlayers._text.wording import and_list, quantity
from navlayers.layer.ramps import ANY_SCORE, ONLY_FIRST, ONLY_SECOND, SEVERAL, UNCOVERED, WINNERS, ramp_of
from navlayers.mapping.model import groups_of
from navlayers.output.document import Chart, Flow, Shares
from navlayers.pages.results import Field, table_of
from navlayers.scoring.comments import capability_labels, labels

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Mapping as Mapping_

    from navlayers.analysis.compare_result import Comparison
    from navlayers.analysis.gaps_result import Gaps
    from navlayers.attack import Catalogue
    from navlayers.layer.weakest_tactic import Hole
    from navlayers.mapping.model import Mapping, MappingSet
    from navlayers.mapping.nouns import Noun
    from navlayers.output.tables import Table

_SOURCES = 12
"""The most sources of a flow; the rest is one more."""

_FEWEST, _FEWEST_TECHNIQUES = 3, 10
"""Of fewer sources, tactics or techniques, a table says as much as a picture."""

_COLORS = tuple(WINNERS[number] for number in (4, 0, 2, 6, 1, 5))
"""Colors of the first sources of a flow, gray for the others: more hues would not be distinguishable."""


def shares_chart(comparison: Comparison) -> Chart | None:
    """The covered share of each tactic by each input.

    Args:
        comparison: the inputs and their numbers per tactic.

    Returns:
        The chart; None of one input, or if fewer than three tactics are covered.
    """
    tactics = [tactic for tactic in comparison.tactics if tactic.total]
    count = len(comparison.inputs)
    if count == 1 or sum(tactic.any > 0 for tactic in tactics) < _FEWEST:
        return None
    ramp = ramp_of(comparison.role, "count" if comparison.counts else comparison.category or "overall")
    plot = Shares(
        comparison.names,
        (ONLY_FIRST, ONLY_SECOND) if count == 2 else (ramp[-1],) * count,
        tuple((each.name, each.total, tuple(total.covered for total in each.inputs)) for each in tactics),
    )
    title = f"Share of each tactic that is {comparison.noun.covered}"
    bold = " The largest share of each tactic is bold." if count > 2 else ""
    return Chart(plot, title, f"{_leaders(plot, comparison.noun)}{bold}")


def tactic_chart(comparison: Comparison, gaps: Gaps | None, hole: Hole) -> Chart | None:
    """The covered share of each tactic by all inputs together: of a threat's techniques if there are gaps.

    Args:
        comparison: the inputs and their numbers per tactic.
        gaps: the numbers against a threat.
        hole: the biggest hole.

    Returns:
        The chart, with the biggest hole marked; None if fewer than three tactics have techniques.
    """
    word = comparison.noun.covered
    if gaps is not None:
        word = "covered"
        rows = [(each.name, each.share.techniques, each.share.covered) for each in gaps.tactics]
        whole = f"{gaps.threat.title}'s techniques"
    else:
        rows = [(each.name, each.total, each.any) for each in comparison.tactics]
        whole = "the techniques and sub-techniques"
    if len(rows := [row for row in rows if row[1]]) < _FEWEST:
        return None
    # As in the matrix beside: against a threat, what is not covered is red; else it has no color.
    rest = (f"not {word}", UNCOVERED if gaps is not None else "")
    mark = hole.label[:1].lower() + hole.label[1:].removesuffix(" in")
    shares = tuple((name, total, (part,)) for name, total, part in rows)
    caption = f"Share of {whole} of each tactic that is {word}.{f' {hole.text}.' if hole.text else ''}"
    return Chart(
        Shares((word,), (ANY_SCORE,), shares, rest, hole.tactics, mark), f"{word.capitalize()} per tactic", caption
    )


def _leaders(plot: Shares, noun: Noun) -> str:
    """Which series has the largest share of how many rows; of two, where they are furthest apart."""
    covered_rows = [row for row in plot.rows if any(row[2])]
    wins = [0] * len(plot.series)
    for _, _, parts in covered_rows:
        if parts.count(max(parts)) == 1:
            wins[parts.index(max(parts))] += 1
    none = len(plot.rows) - len(covered_rows)
    verb = "has" if none == 1 else "have"
    without = f"; {quantity(none, 'tactic')} {verb} no {noun.covered} technique" if none else ""
    two = len(plot.series) == 2
    (most, first), *others = sorted(
        ((won, number) for number, won in enumerate(wins)), key=lambda pair: (-pair[0], pair[1])
    )
    if not most:
        return f"No input has a larger share of a tactic than the others{without}."
    texts = [
        f"{plot.series[first]} has the {'larger' if two else 'largest'} share in {quantity(most, 'tactic')}",
        *(f"{plot.series[number]} in {won}" for won, number in others if won),
    ]
    ties = len(covered_rows) - sum(wins)
    equal = f"; {'they are equal' if two else 'several have the largest'} in {ties}" if ties else ""
    sentence = f"{', '.join(texts)}{equal}{without}."
    if not two:
        return sentence
    name, whole, parts = max(plot.rows, key=lambda row: Fraction(abs(row[2][0] - row[2][1]), row[1]))
    apart = and_list([percent_text(part, whole) for part in parts])
    return f"{sentence} They are furthest apart in {name}: {apart}."


def flow_chart(
    mapping_set: MappingSet,
    mappings: Iterable[Mapping],
    catalogue: Catalogue,
    covering: Mapping_[str, Iterable[str]],
    noun: Noun,
) -> Chart | None:
    """From capabilities, or from groups of several, to the tactics of the techniques that they cover.

    Args:
        mapping_set: the set.
        mappings: its mappings to techniques of the release.
        catalogue: the release.
        covering: covered technique → ids of the capabilities that cover it.
        noun: the word for capabilities.

    Returns:
        The chart; None if there is so little to show that a table says the same.
    """
    reach, what = _reach(mapping_set, mappings, covering, noun)
    ranked = sorted(reach, key=lambda label: (-len(reach[label]), label))
    if len(ranked) < _FEWEST or len(covering) < _FEWEST_TECHNIQUES:
        return None
    # The rest is one source more, if it is more than one.
    named = ranked if len(ranked) == _SOURCES + 1 else ranked[:_SOURCES]
    sources = [(label, reach[label]) for label in named]
    if rest := ranked[len(named) :]:
        sources.append((f"{len(rest):,} other {what}", set[str]().union(*(reach[label] for label in rest))))
    active = [technique for technique in catalogue.techniques.values() if technique.active]
    every = [(tactic.name, {t.id for t in active if tactic.shortname in t.tactics}) for tactic in catalogue.tactics]
    tactics = [(name, ids) for name, ids in every if ids]
    links = tuple(tuple(len(own & ids) for _, ids in tactics) for _, own in sources)
    colors = (*_COLORS, *([SEVERAL] * len(sources)))
    plot = Flow(
        tuple((label, f"{len(own):,}", color) for (label, own), color in zip(sources, colors, strict=False)),
        tuple((name, len(ids & covering.keys()), len(ids)) for name, ids in tactics),
        links,
        ("technique or sub-technique", "techniques and sub-techniques"),
        (noun.covered, f"not {noun.covered}"),
        "" if noun.threat else UNCOVERED,
    )
    most = max(links[0])
    caption = (
        f"{_reached(plot, len(covering), len(active))} {ranked[0]} {noun.cover}s the most: "
        f"{len(reach[ranked[0]]):,}, {most} of them in {tactics[links[0].index(most)][0]}. A ribbon is as wide as "
        f"the number of techniques; those of several tactics or {what} are in several ribbons. A bar at the right "
        f"is as long as its tactic has techniques."
    )
    table = _flow_table(plot, what, [len(own) for _, own in sources], (len(covering), len(active)))
    return Chart(plot, f"From {what} to tactics", caption, table)


def _reached(plot: Flow, count: int, total: int) -> str:
    """How many of all techniques are reached, and the tactic with most that are not, if that is a shortcoming."""
    words, others = plot.reached
    text = f"{count:,} of {total:,} techniques and sub-techniques {'is' if count == 1 else 'are'} {words}."
    if not plot.rest:
        return text
    name, reached, whole = max(plot.targets, key=lambda target: target[2] - target[1])
    return f"{text} Most are open in {name}: {whole - reached:,} of {whole:,} {others}."


def _flow_table(plot: Flow, what: str, sizes: list[int], totals: tuple[int, int]) -> Table:
    """The numbers of a flow: a row per source, then how much of each target is reached and how much is not."""
    count, total = totals
    columns = (
        [*column, reached, whole - reached]
        for column, (_, reached, whole) in zip(zip(*plot.links, strict=True), plot.targets, strict=True)
    )
    fields = [
        Field(what, [*(label for label, _, _ in plot.sources), *plot.reached]),
        Field("all", [*sizes, count, total - count], "number"),
        *(Field(name, column, "number") for (name, _, _), column in zip(plot.targets, columns, strict=True)),
    ]
    return table_of("flow", "", fields)


def _reach(
    mapping_set: MappingSet, mappings: Iterable[Mapping], covering: Mapping_[str, Iterable[str]], noun: Noun
) -> tuple[dict[str, set[str]], str]:
    """Label → techniques of each capability; or of each group, if there are several of several capabilities."""
    capabilities = {capability.id: capability for capability in mapping_set.capabilities}
    groups: dict[tuple[str, str], set[str]] = {}
    for mapping in mappings:
        own = groups_of(mapping, capabilities)
        # Techniques that are rolled up have no mapping of their own: they are in all groups of the capability.
        for technique in (mapping.technique, ""):
            groups.setdefault((technique, mapping.capability), set()).update(own)
    pairs = [(technique, capability) for technique, ids in covering.items() for capability in ids]
    of_pair = {pair: groups.get(pair) or groups.get(("", pair[1]), set()) for pair in pairs}
    used = set[str]().union(*of_pair.values())
    by_group = all(of_pair.values()) and _FEWEST <= len(used) <= len({capability for _, capability in pairs}) / 2
    names = capability_labels(mapping_set)
    if by_group:
        names = labels({group: mapping_set.groups.get(group, group) for group in sorted(used)})
    reach: dict[str, set[str]] = {}
    for technique, capability in pairs:
        for source in of_pair[technique, capability] if by_group else (capability,):
            reach.setdefault(names.get(source, source), set()).add(technique)
    return reach, "groups" if by_group else noun.plural
