"""The inputs of a fleet that is one table: its tenants, from a look at all of its rows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow.parquet as pq

from navlayers import attack
from navlayers._text.wording import quantity, quoted
from navlayers.attack.domains import DOMAINS
from navlayers.attack.versions import LATEST
from navlayers.errors import InputError, NavlayersError, Place, Problem, ScopeError, UsageError
from navlayers.fleet import cells, rule
from navlayers.fleet.engine import parquet
from navlayers.fleet.inputs import Batch, FleetInputs, catalogues_of, grouped, state_name
from navlayers.fleet.record import TenantRecord
from navlayers.fleet.score import is_whole_file
from navlayers.fleet.table import FleetTable
from navlayers.mapping.formats import value_rules
from navlayers.mapping.formats.metadata import LEAST_SHARE, domain_counts, refuse_other_domain
from navlayers.mapping.formats.source import MAX_BYTES
from navlayers.mapping.ranges import doubtful
from navlayers.mapping.replacements import MOST_LISTED, inactive_ids, not_active
from navlayers.scoring.options import UNSPECIFIED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from navlayers.attack import Catalogue
    from navlayers.attack.domains import Domain
    from navlayers.fleet.options import FleetOptions
    from navlayers.fleet.table_files import TableFiles


def of_table(engine: Any, files: TableFiles, state: Path, options: FleetOptions) -> FleetInputs:
    """The tenants of a table."""
    _refuse(options)
    scope = options.reading.scope
    fleet = FleetTable(engine, options.engine, files.paths, options.tenant, options.reading.columns)
    key = (
        files.content,
        fleet.columns,
        options.scoring,
        options.attack_version,
        options.reading.metadata,
        str(scope),
    )
    name = state_name("table", *key, *map(str, attack.releases()))
    known, techniques = state / name.replace(".parquet", ".json"), state / name
    ratings = state / state_name("table", "ratings", *key)
    whole = is_whole_file(techniques, cells.TECHNIQUES) and is_whole_file(ratings, cells.SCORES)
    found = (_known(known) if whole else None) or _look(engine, fleet, (techniques, ratings), options)
    known.write_bytes(msgspec.json.encode(found))
    catalogues = catalogues_of(found.releases, options)
    texts = (parquet(engine, [techniques]), parquet(engine, [ratings]))
    mappings = fleet.mappings(options.scoring, *texts)
    records = found.records
    batches = []
    counted = [record for record in records if not record.problems]
    bad = [record.name for record in records if record.problems]
    for group in grouped(counted):
        first, last = group[0].name, group[-1].name
        file = state / state_name("scores", *key, found.releases, first, last)
        part = mappings.filter(mappings.known)
        if len(counted) > len(group) or bad:
            part = part.filter(part.tenant.between(first, last))
        if inside := [name for name in bad if first < name < last]:
            part = part.filter(~part.tenant.isin(inside))
        batches.append(Batch(file, partial(_same, part), tuple(group), sum(record.mappings for record in group)))
    used = {known.name, techniques.name, ratings.name}
    return FleetInputs(records, batches, catalogues, list(found.notices), len(records), used, {})


class _Table(msgspec.Struct, frozen=True):
    """What is known of a table: its tenants, the release of each domain, what the user should know."""

    records: tuple[TenantRecord, ...]
    releases: dict[str, str]
    notices: tuple[Problem, ...]


def _known(path: Path) -> _Table | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Table)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _look(engine: Any, fleet: FleetTable, files: tuple[Path, Path], options: FleetOptions) -> _Table:
    """The tenants of a table, from a look at all of its rows; what its texts mean is written to files."""
    texts = fleet.techniques()
    catalogues = tuple(_releases_of(fleet, texts, options))
    techniques = cells.technique_rows(texts, catalogues)
    pq.write_table(techniques, files[0])
    words = fleet.ratings(options.scoring)
    pq.write_table(cells.score_rows(words, options.scoring), files[1])
    known = (options.scoring, parquet(engine, [files[0]]), parquet(engine, [files[1]]))
    domains = [catalogue.domain for catalogue in catalogues]
    rows = fleet.tenants(fleet.mappings(*known), domains).to_pyarrow().to_pylist()
    faults = fleet.faults(*known, domains) if any(row["faults"] for row in rows) else []
    notices = [*fleet.notices]
    if blank := fleet.without_tenant():
        notices.append(Problem(f"{quantity(blank, 'row')} without a tenant left out", fleet.place))
    if blank := sum(row["blank"] for row in rows):
        notices.append(Problem(f"{quantity(blank, 'row')} without a technique left out", fleet.place))
    if inactive := sorted({*techniques["inactive"].drop_null().to_pylist()}):
        places = fleet.inactive_places(*known)
        notices.append(_inactive(inactive, catalogues, places, fleet))
    spaced = [row["tenant"] for row in rows if row["tenant"] != row["tenant"].strip()]
    if spaced:
        message = f"{quantity(len(spaced), 'name')} of tenants with spaces around, such as {quoted(spaced[0])}"
        notices.append(Problem(message, fleet.place, hint="names are read as they are written"))
    numbers = [row["highest"] for row in rows if row["highest"] is not None and not row["faults"]]
    likely = None if words or options.scoring.worth is not None else doubtful(numbers)
    if likely is not None:
        message = f"no score is above {likely[1]:g}, and scores are read as 0–100"
        notices.append(Problem(message, fleet.place, hint="bring them to 0–100 if they have another range"))
    releases = {str(each.domain): each.version for each in catalogues}
    records = tuple(_of_row(row, releases, options, faults, fleet) for row in rows)
    return _Table(records, releases, tuple(notices))


def _inactive(
    ids: Sequence[str], catalogues: Sequence[Catalogue], places: Sequence[Problem], fleet: FleetTable
) -> Problem:
    """The notice of techniques that are active in no release of the fleet, with the first places."""
    owner = {
        id_: next((c for c in catalogues if c.whole.get(id_)), catalogues[0]).whole for id_ in ids[:MOST_LISTED]
    }
    listed = "; ".join(str(each) for id_, whole in owner.items() for each in inactive_ids([id_], whole))
    more = f"; and {len(ids) - MOST_LISTED:,} more" if len(ids) > MOST_LISTED else ""
    first = "; ".join(f"{problem.place}: {problem.message}" for problem in places)
    title = " and ".join(f"{catalogue.domain} {catalogue.version}" for catalogue in catalogues)
    return Problem(f"{not_active(title)}: {listed}{more}", fleet.place, hint=f"first: {first}" if first else "")


def _refuse(options: FleetOptions) -> None:
    """Refuse options that are about files of mapping sets.

    Raises:
        UsageError: there are some.
    """
    reading, scope = options.reading, options.reading.scope
    given: dict[str, object] = {
        "--from": reading.format,
        "--score-range": reading.score_range,
        "--max-size": reading.max_bytes != MAX_BYTES,
        "--lenient": reading.lenient,
        **{f"--meta {name}": True for name in reading.metadata if name != "domain"},
    }
    if scope is not None:
        given |= {"--where": scope.where, "--segment": scope.segments, "--scope asset:FILE": scope.assets}
        given |= {
            "--evidence": scope.evidence,
            "--max-age": scope.max_age is not None,
            "--discount": scope.discount,
            "--score-by": scope.score_by,
        }
    if refused := [option for option, value in given.items() if value]:
        message = f"{refused[0]} has no effect on a table of tenants"
        raise UsageError(Problem(message, hint="filter or convert the table first, or give a folder of sets"))


def _releases_of(fleet: FleetTable, texts: Sequence[str], options: FleetOptions) -> Iterator[Catalogue]:
    """The release of each domain that the techniques of a table are of, apart from a few strays.

    Raises:
        InputError: no technique is known.
        UsageError: the domain that the user gives is unknown, or that of none.
    """
    ids = cells.ids(texts)
    counts = domain_counts(ids)
    stated: Domain | None = None
    if "domain" in options.reading.metadata:
        stated, issue = value_rules.domain(options.reading.metadata["domain"])
        if stated is None and issue is not None:
            raise UsageError(cells.problem(issue).at(Place("--meta domain")))
    if not counts:
        written = ", ".join(map(quoted, texts[:3])) or "nothing"
        column = fleet.columns["technique"]
        message = f"no technique of ATT&CK in column {quoted(column)}, which has {written}"
        hint = "name the column of techniques with --columns technique=COLUMN"
        raise InputError(Problem(message, fleet.place, value_rules.TECHNIQUE_EXPECTED, hint))
    if stated is not None:
        refuse_other_domain(stated, ids, fleet.place)
    outside: list[ScopeError] = []
    some = False
    for domain in DOMAINS:
        if domain == stated or (stated is None and counts.get(domain, 0) >= LEAST_SHARE * len(ids)):
            wanted = options.attack_version
            try:
                found = attack.find(domain, wanted)
            except NavlayersError:
                if domain == max(counts, key=lambda each: counts[each]):
                    raise
                found = attack.find(domain, None, own=wanted or LATEST)
            try:
                yield attack.restricted(found.catalogue, options.reading.scope)
                some = True
            except ScopeError as error:
                outside.append(error)
    if outside and not some:
        raise outside[0]


def _same(expression: Any, _engine: Any) -> Any:
    return expression


def _of_row(
    row: Mapping[str, Any],
    releases: Mapping[str, str],
    options: FleetOptions,
    faults: Sequence[tuple[str, Problem]],
    fleet: FleetTable,
) -> TenantRecord:
    name = row["tenant"]
    problems: list[Problem] = []
    if row["faults"]:
        mine = [fault for tenant, fault in faults if tenant == name]
        more = row["faults"] - len(mine)
        problems = [*mine, *([Problem(quantity(more, "wrong row"), fleet.place, count=more)] if more else [])]
    categories = tuple(c for c in rule.MEASURES if row[rule.scored_column(c)])
    weights = options.scoring.weights
    if weights and not problems:
        named = [category for category in categories if category != UNSPECIFIED]
        if lacking := [category for category in named if category not in weights]:
            message = f"the weights lack {', '.join(lacking)}, which it scores"
            problems.append(Problem(message, hint="add " + ",".join(f"{each}=0" for each in lacking)))
        elif named and not any(weights[category] for category in named):
            problems.append(Problem("every category that it scores has weight 0"))
    # Without a known technique, the domain is that of the table.
    there = {domain: release for domain, release in releases.items() if row[domain]} or dict(
        [*releases.items()][:1]
    )
    return TenantRecord(
        name=name,
        role="control",
        releases=there,
        scale="0–100" if categories else "",
        capabilities=row["capabilities"],
        mappings=row["kept"],
        techniques_left_out=row["inactive"],
        scores=categories,
        problems=tuple(problems),
    )
