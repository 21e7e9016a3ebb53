"""The parts of OSCAL files that tell which controls are implemented, and how."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

STATUSES = ("implemented", "alternative", "partial", "planned", "not-applicable")
"""The states of a control that OSCAL names; any other one is kept as it is."""

_STATUS = "implementation-status"
_REVISION = re.compile(r"(?:(?<![a-z])rev(?:ision)?[ ._-]*|800-53[-_ ]?r)([45])(?![0-9])", re.IGNORECASE)


class _Part(msgspec.Struct, frozen=True, rename="kebab"):
    pass


class Property(_Part, frozen=True):
    """A name with a value."""

    name: str
    value: str


class _State(_Part, frozen=True):
    state: str


class _Component(_Part, frozen=True):
    implementation_status: _State | None = None
    props: list[Property] = []

    @property
    def states(self) -> Iterator[str]:
        """Its states, as written."""
        if self.implementation_status is not None:
            yield self.implementation_status.state
        yield from (one.value for one in self.props if one.name == _STATUS)


class _Statement(_Part, frozen=True):
    by_components: list[_Component] = []
    props: list[Property] = []


class Requirement(_Part, frozen=True):
    """A control that is implemented, and the states that it, its statements and their components have."""

    control_id: str
    props: list[Property] = []
    by_components: list[_Component] = []
    statements: list[_Statement] = []

    @property
    def states(self) -> list[str]:
        """The states, as written."""
        props = [*self.props, *(one for part in self.statements for one in part.props)]
        own = [one.value for one in props if one.name == _STATUS]
        components = [*self.by_components, *(each for part in self.statements for each in part.by_components)]
        return [*own, *(state for each in components for state in each.states)]


class _Link(_Part, frozen=True):
    href: str = ""


class _Resource(_Part, frozen=True):
    uuid: str
    title: str = ""
    description: str = ""
    rlinks: list[_Link] = []


class _BackMatter(_Part, frozen=True):
    resources: list[_Resource] = []


class _Metadata(_Part, frozen=True):
    title: str
    last_modified: str = ""


class _Matching(_Part, frozen=True):
    pattern: Annotated[str, msgspec.Meta(max_length=100)] = ""


class _Selection(_Part, frozen=True):
    with_ids: list[str] = []
    matching: list[_Matching] = []


class _Import(_Part, frozen=True):
    href: str = ""
    include_all: dict[str, object] | None = None
    include_controls: list[_Selection] = []
    exclude_controls: list[_Selection] = []


class _Implementation(_Part, frozen=True):
    source: str = ""
    implemented_requirements: list[Requirement] = []


class _Holder(_Part, frozen=True):
    control_implementations: list[_Implementation] = []


class Document(_Part, frozen=True):
    """A system security plan, component definition or profile: what of it counts here."""

    metadata: _Metadata
    back_matter: _BackMatter = _BackMatter()
    import_profile: _Link | None = None
    control_implementation: _Implementation | None = None
    components: list[_Holder] = []
    capabilities: list[_Holder] = []
    imports: Annotated[list[_Import], msgspec.Meta(max_length=1_000)] = []

    @property
    def requirements(self) -> list[Requirement]:
        """The controls that it implements, in its order."""
        holders = [*self.components, *self.capabilities]
        parts = [self.control_implementation] if self.control_implementation else []
        parts += [part for holder in holders for part in holder.control_implementations]
        return [one for part in parts for one in part.implemented_requirements]

    @property
    def patterns(self) -> set[str]:
        """The patterns of ids by which a profile chooses controls or leaves them out."""
        return _patterns(one for part in self.imports for one in (*part.include_controls, *part.exclude_controls))

    def chosen(self, known: Iterable[str], plain: Callable[[str], str]) -> list[str]:
        """The controls that a profile chooses: those that it names, and those of a catalog that it means otherwise.

        Args:
            known: the ids of the catalog in OSCAL's spelling.
            plain: an id in this spelling.

        Returns:
            Their ids in this spelling.
        """
        names: dict[str, None] = {}
        fitting = {pattern: {id_ for id_ in known if fnmatchcase(id_, pattern)} for pattern in self.patterns}
        for part in self.imports:
            left_out = {id_ for pattern in _patterns(part.exclude_controls) for id_ in fitting[pattern]}
            named = [plain(id_) for one in part.include_controls for id_ in one.with_ids]
            fits = {id_ for pattern in _patterns(part.include_controls) for id_ in fitting[pattern]}
            every = part.include_all is not None or not part.include_controls
            meant = [id_ for id_ in known if every or id_ in fits]
            excluded = left_out | {plain(id_) for one in part.exclude_controls for id_ in one.with_ids}
            names |= dict.fromkeys(id_ for id_ in (*named, *meant) if id_ not in excluded)
        return [*names]

    @property
    def revision(self) -> str:
        """The revision of NIST 800-53 that its links or titles name, "rev4" or "rev5"; "" if none does."""
        links = [part.href for part in self.imports]
        links += [
            part.source for each in (*self.components, *self.capabilities) for part in each.control_implementations
        ]
        links += [self.import_profile.href] if self.import_profile else []
        resources = {f"#{one.uuid}": one for one in self.back_matter.resources}
        texts = [*links, self.metadata.title]
        for link in dict.fromkeys(links):
            if one := resources.get(link):
                texts += [one.title, one.description, *(rlink.href for rlink in one.rlinks)]
        found = {match[1] for text in texts for match in _REVISION.finditer(text)}
        return f"rev{found.pop()}" if len(found) == 1 else ""


def _patterns(selections: Iterable[_Selection]) -> set[str]:
    return {match.pattern.casefold() for one in selections for match in one.matching}


def status_of(states: Iterable[str]) -> str:
    """The state of a control whose statements and components have several; "" if none has any.

    Only what is implemented throughout is implemented: beside something else that is not, it is partial.
    """
    found = {state.strip().casefold() for state in states} - {"not-applicable"}
    if not found:
        return "not-applicable" if {*states} else ""
    if len(found) == 1:
        return found.pop()
    if found <= {"implemented", "alternative"}:
        return "implemented"
    return "partial" if found & {"implemented", "alternative", "partial"} else "planned"
