"""The sets of a site: their titles, numbers, mappings and files."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from navlayers._text.numbers import percent
from navlayers.attack.domains import DOMAIN_NAMES
from navlayers.errors import InputError, Place, Problem
from navlayers.layer.weakest_tactic import NONE, Hole, weakest
from navlayers.mapping.model import groups_of
from navlayers.pages.show.rows import mapped_rows
from navlayers.scoring.comments import IdAndName, labels
from navlayers.scoring.stats import Stats, TacticStats, set_stats, tactic_stats
from navlayers.website.downloads import Downloads, LayerFile
from navlayers.website.matrix import covered

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.mapping.find import Source
    from navlayers.mapping.load import Prepared
    from navlayers.mapping.model import MappingSet
    from navlayers.pages.show.results import MappingRow, SetHead
    from navlayers.pages.show.set_index import IndexedSet
    from navlayers.website.pages import SetAddresses


_HINT = (
    "name the mapping sets that the layer was built from; `navlayers report` and `navlayers compare` accept layers"
)


def sets_of(
    read: Iterable[Prepared], skipped: Iterable[Problem], sources: Sequence[Source]
) -> tuple[list[Prepared], tuple[Problem, ...]]:
    """The mapping sets among the inputs, and notices about skipped layers and files.

    Raises:
        InputError: an input is a layer, or no input is a mapping set.
    """
    in_folders = {source.path for source in sources if source.origin == "folder"}
    read = list(read)
    sets = [item for item in read if item.format != "layer"]
    layers = [item for item in read if item.format == "layer"]
    refuse_layers(layer for layer in layers if layer.path not in in_folders)
    message = "skipped: a layer, not a mapping set"
    notices = (*(Problem(message, Place(str(layer.path))) for layer in layers), *skipped)
    if not sets and notices:
        raise InputError([Problem("no mapping set among these files", hint=_HINT), *notices])
    return sets, notices


def refuse_layers(sets: Iterable[Prepared]) -> None:
    """Refuse layers.

    Raises:
        InputError: there are some.
    """
    message = "a layer has scores but no mappings, so a site cannot show it"
    problems = [
        Problem(message, Place(str(item.path)), expected="mapping sets", hint=_HINT)
        for item in sets
        if item.format == "layer"
    ]
    if problems:
        raise InputError(problems)


class Table(NamedTuple):
    """Mappings or non-mappable records of one set; `scored`: with columns for categories, values and scores."""

    head: SetHead
    rows: tuple[MappingRow, ...]
    scored: bool


def table(head: SetHead, rows: Iterable[MappingRow]) -> Table:
    """A table of rows."""
    rows = tuple(rows)
    scored = any(row.category or row.value or (row.score is not None and not head.counts) for row in rows)
    return Table(head, rows, scored)


class Counted(NamedTuple):
    """A capability or group in a list: its coverage, and the path of its layer, "" for none."""

    named: IdAndName
    mappings: int
    techniques: int
    subtechniques: int
    layer: str
    groups: tuple[IdAndName, ...] = ()
    capabilities: int = 1
    unique: int = 0


class Share(NamedTuple):
    """Numbers of techniques and sub-techniques; `total` counts both in the release."""

    techniques: int
    subtechniques: int
    total: int

    @classmethod
    def from_ids(cls, ids: Iterable[str], total: int) -> Share:
        """The share of these ids."""
        # T1078.004: only ids of sub-techniques contain a period.
        subs = ["." in identifier for identifier in ids]
        return cls(len(subs) - sum(subs), sum(subs), total)

    @property
    def number(self) -> int:
        """Techniques and sub-techniques together."""
        return self.techniques + self.subtechniques

    @property
    def percent(self) -> str:
        """The share in percent, with one decimal."""
        return f"{percent(self.number, self.total):.1f}"


class SiteSet:
    """A set with the data that several of its pages share."""

    def __init__(self, item: IndexedSet, read: MappingSet, title: str, addresses: SetAddresses) -> None:
        """`item`: the set at the release of the site; `read`: the set as its file has it."""
        self.indexed = item
        self.name = item.name
        self.title = title
        self.addresses = addresses
        self.head = item.head
        self.downloads = Downloads(item, read, addresses)

    @property
    def version(self) -> str:
        """The version of its framework; dates as 2025-01-31."""
        return self.indexed.set.shown_version

    @property
    def release(self) -> str:
        """The ATT&CK release of its pages."""
        return self.indexed.catalogue.title

    @property
    def word(self) -> str:
        """What its techniques are: "covered", or "mapped" of a set without scores or of threats."""
        return "mapped" if self.head.counts else self.head.noun.covered

    @cached_property
    def method(self) -> str:
        """How its scores are computed."""
        return " ".join(self.head.method)

    @cached_property
    def _rows(self) -> dict[tuple[str, str], list[MappingRow]]:
        """Its mappings by kind and id, as `mappings` takes them."""
        rows: dict[tuple[str, str], list[MappingRow]] = {}
        for technique in sorted(self.indexed.mappings):
            for mapping, row in mapped_rows(technique, self.indexed):
                groups = [("groups", group) for group in groups_of(mapping, self.indexed.capabilities)]
                for key in [("techniques", technique), ("capabilities", mapping.capability), *groups]:
                    rows.setdefault(key, []).append(row)
        return rows

    def mappings(self, kind: Literal["techniques", "capabilities", "groups"], identifier: str) -> Table:
        """The mappings of a technique, a capability, or the capabilities of a group."""
        return table(self.head, self._rows.get((kind, identifier), ()))

    def all_mappings(self) -> Table:
        """Every mapping, capability by capability."""
        capabilities = sorted(key for key in self._rows if key[0] == "capabilities")
        return table(self.head, (row for key in capabilities for row in self._rows[key]))

    @cached_property
    def stats(self) -> Stats:
        """Its numbers."""
        return set_stats(self.indexed.set, self.indexed.catalogue)

    @cached_property
    def active(self) -> int:
        """The number of active techniques and sub-techniques of its release."""
        return sum(technique.active for technique in self.indexed.catalogue.techniques.values())

    @cached_property
    def covered(self) -> Share:
        """Its share of its release."""
        return self.share(covered(self.indexed.scored.scores))

    @cached_property
    def _tactics(self) -> tuple[TacticStats, ...]:
        return tactic_stats(set(covered(self.indexed.scored.scores)), self.indexed.catalogue)

    @cached_property
    def ratios(self) -> dict[str, str]:
        """Tactic id → "5/10": its techniques and sub-techniques that the set maps, and all."""
        tactics = zip(self.indexed.catalogue.tactics, self._tactics, strict=True)
        return {tactic.id: f"{share.mapped}/{share.total}" for tactic, share in tactics}

    @cached_property
    def hole(self) -> Hole:
        """Its biggest hole; a set of threats has none."""
        if self.head.noun.threat:
            return NONE
        return weakest(((share.name, share.mapped, share.total) for share in self._tactics), self.word)

    def share(self, techniques: Iterable[str]) -> Share:
        """The share of these techniques in its release."""
        return Share.from_ids(techniques, self.active)

    @cached_property
    def groups(self) -> dict[str, IdAndName]:
        """Its groups by id, those with names first."""
        return {
            group: IdAndName(group, self.indexed.set.groups.get(group, group)) for group in group_ids(self.indexed)
        }

    @cached_property
    def group_labels(self) -> dict[str, str]:
        """Group id → label."""
        return labels({group: label.name for group, label in self.groups.items()})

    def capability(self, identifier: str) -> IdAndName:
        """A capability with its name."""
        return IdAndName(identifier, self.indexed.names.get(identifier, identifier))

    def layer(self, kind: str, identifier: str) -> LayerFile | None:
        """The layer of a category, group or capability."""
        return self.downloads.layers.get((kind, identifier))

    def counted_capabilities(self) -> list[Counted]:
        """Its capabilities by id."""
        return [self._counted(identifier) for identifier in sorted(self.indexed.capabilities)]

    def _counted(self, identifier: str) -> Counted:
        capability = self.indexed.capabilities[identifier]
        stats = self.indexed.stats.get(identifier)
        layer = self.layer("capabilities", identifier)
        return Counted(
            named=IdAndName(identifier, capability.name),
            groups=tuple(self.groups[group] for group in dict.fromkeys(capability.groups)),
            mappings=len(self.mappings("capabilities", identifier).rows),
            techniques=stats.techniques if stats else 0,
            subtechniques=stats.subtechniques if stats else 0,
            unique=stats.unique if stats else 0,
            layer=layer.path if layer else "",
        )

    def counted_groups(self) -> list[Counted]:
        """Its groups in the order that the set declares."""
        return [self._counted_group(group) for group in self.groups]

    def _counted_group(self, group: str) -> Counted:
        share = self.share(covered(self.indexed.scored.scores_of(self.indexed.grouped.get(group, []))))
        layer = self.layer("groups", group)
        return Counted(
            named=self.groups[group],
            capabilities=len(self.indexed.members.get(group, ())),
            mappings=len(self.mappings("groups", group).rows),
            techniques=share.techniques,
            subtechniques=share.subtechniques,
            layer=layer.path if layer else "",
        )


def group_ids(item: IndexedSet) -> tuple[str, ...]:
    """The declared groups of a set, then the other groups that its capabilities and mappings name."""
    used = {group for capability in item.set.capabilities for group in capability.groups}
    used |= {group for mapping in item.set.mappings for group in groups_of(mapping, item.capabilities)}
    return (*item.set.groups, *sorted(used - item.set.groups.keys()))


def titles(sets: Sequence[IndexedSet]) -> list[str]:
    """The names of the sets; equal ones get their domain added, or their version, or else their file's name."""
    plain = [item.set.name for item in sets]
    pairs = list(zip(plain, sets, strict=True))
    by_domain = [f"{title} ({DOMAIN_NAMES[item.set.domain]})" for title, item in pairs]
    by_version = [item.set.name_and_version for item in sets]
    by_name = [f"{title} ({item.name})" for title, item in pairs]
    return _where_alone(plain, _where_alone(by_domain, _where_alone(by_version, by_name)))


def _where_alone(names: Sequence[str], others: Sequence[str]) -> list[str]:
    """The names; duplicates are replaced by the others."""
    times = Counter(names)
    return [name if times[name] == 1 else other for name, other in zip(names, others, strict=True)]
