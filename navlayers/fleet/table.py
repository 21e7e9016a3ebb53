"""A fleet as one table: Parquet, CSV or DuckDB with a column of tenants."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from navlayers._text.spelling import compact, suggestion
from navlayers._text.wording import quoted
from navlayers.errors import InputError, Place, Problem, UsageError
from navlayers.fleet.engine import DUCKDB, literal, parquet
from navlayers.fleet.rule import MEASURES, scored_column
from navlayers.fleet.table_files import DATABASES, PARQUET, TEXT
from navlayers.mapping.formats.table_columns import header_words
from navlayers.mapping.model import CATEGORIES, SEGMENT_FIELDS
from navlayers.mapping.ranges import with_words
from navlayers.scoring.options import UNSPECIFIED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from navlayers.attack import Catalogue
    from navlayers.fleet.engine import Engine
    from navlayers.scoring.options import ScoreOptions

_NEEDED = {"tenant": "tenants", "capability": "capabilities", "technique": "techniques"}
_MOST_PLACES = 20


class FleetTable:
    """The mappings of all tenants in a table, as `navlayers.fleet.rule` takes them.

    `columns` has its columns by their content.
    """

    def __init__(
        self, engine: Engine, name: str, files: Sequence[str], tenant: str | None, named: Mapping[str, str]
    ) -> None:
        """Open a table.

        Args:
            engine: the engine.
            name: the engine's name.
            files: the files of the table.
            tenant: its column of tenants; None finds it.
            named: content → the column that has it.

        Raises:
            InputError: it cannot be read, or lacks a column.
        """
        self._files, self._engine, self._name = files, engine, name
        try:
            self._table = self._open()
        except InputError:
            raise
        except Exception as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise InputError(Problem(f"cannot be read: {reason}", self.place)) from error
        self.columns = self._find({**named, **({"tenant": tenant} if tenant else {})})

    @property
    def place(self) -> Place:
        """The first file."""
        return Place(self._files[0])

    def _open(self) -> Any:
        ending = Path(self._files[0]).suffix.lower()
        paths = [str(Path(path).resolve()) for path in self._files]
        if ending in PARQUET:
            return parquet(self._engine, paths)
        if ending in TEXT:
            if self._name == DUCKDB:
                return self._engine.read_csv(literal(paths[0]), all_varchar=True, hive_partitioning=False)
            return self._engine.read_csv(paths[0], header=True)
        if self._name != DUCKDB:
            raise InputError(Problem(f"{self._name} reads no database of DuckDB", self.place, "Parquet or CSV"))
        quoted_path = paths[0].replace("'", "''")
        self._engine.raw_sql(f"ATTACH '{quoted_path}' AS fleet (READ_ONLY)")
        # A view may read any file or address.
        listed = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'fleet'"
        tables = {
            str(name): f"fleet.{_name(schema)}.{_name(name)}"
            for schema, name in self._rows(f"{listed} ORDER BY ALL")
        }
        fitting = [name for name, table in tables.items() if "technique" in map(compact, self._fields(table))]
        chosen = "mappings" if "mappings" in fitting else fitting[0] if len(fitting) == 1 else None
        if chosen is None:
            named = ", ".join(tables) or "no tables"
            expected = "one table with a column technique, or a table mappings; views are not read"
            raise InputError(Problem(f"has {named}", self.place, expected))
        # Ibis 12 finds no tables of attached databases in DuckDB 2.
        self._rows(f"CREATE TEMP VIEW fleet_mappings AS FROM {tables[chosen]}")
        return self._engine.table("fleet_mappings")

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return list(self._engine.raw_sql(sql).fetchall())

    def _fields(self, table: str) -> list[str]:
        return [str(row[0]) for row in self._rows(f"DESCRIBE {table}")]

    def _find(self, named: Mapping[str, str]) -> dict[str, str]:
        by_name = {compact(column): column for column in reversed(self._table.columns)}
        words = {
            "tenant": ("tenant", "tenantid", "tenantname", *SEGMENT_FIELDS),
            "capability": ("capability", *header_words("capability_id")),
            "technique": ("technique", *header_words("attack_object_id")),
            "category": header_words("score_category"),
            "score": header_words("score_value"),
        }
        found = {}
        for content, known in words.items():
            column = next((by_name[word] for word in known if word in by_name), None)
            if column is not None:
                found[content] = column
        problems = []
        for word, column in named.items():
            content = "score" if word == "value" else word
            if content not in words:
                raise UsageError(Problem(f"--columns {word}", expected=", ".join(words)))
            if column not in self._table.columns:
                hint = suggestion(column, self._table.columns)
                expected = ", ".join(self._table.columns)
                raise UsageError(Problem(f"no column {quoted(column)}", self.place, expected, hint))
            found[content] = column
        for content, what in _NEEDED.items():
            if content not in found:
                near = suggestion(content, self._table.columns)
                option = "--tenant COLUMN" if content == "tenant" else f"--columns {content}=COLUMN"
                name = f"name it with {option}"
                expected = f"a column {content} among {', '.join(self._table.columns)}"
                problems.append(Problem(f"no column of {what}", self.place, expected, f"{near} {name}".lstrip()))
        if problems:
            raise InputError(problems)
        return found

    def techniques(self) -> list[str]:
        """The distinct ids of techniques."""
        column = self._table[self.columns["technique"]].cast("string").strip().upper()
        found = self._table.select(id=column).distinct().to_pyarrow()["id"].to_pylist()
        return [each for each in found if each]

    def mappings(self, options: ScoreOptions, techniques: Any) -> Any:
        """All rows with the columns of `navlayers.fleet.rule.scores`, and `fault` and `known`.

        `fault` is true of a row whose capability, technique, category or score is wrong, `known` of one whose
        technique is active in the release. Rows without a tenant are left out.

        Args:
            options: scale and worth of scores.
            techniques: a table with `written`, an id, and `technique`, the active one that it is today.
        """
        table, columns = self._table, self.columns
        tenant = table[columns["tenant"]].cast("string")
        capability = table[columns["capability"]].cast("string")
        written = table[columns["technique"]].cast("string").strip().upper()
        category, score = ibis.literal(UNSPECIFIED), ibis.null("float64")
        wrong: Any = capability.isnull() | written.isnull()
        if "category" in columns:
            text = table[columns["category"]].cast("string").strip().lower()
            category = ibis.ifelse(text.isnull() | (text == ""), UNSPECIFIED, text)
            wrong |= ~category.isin([*CATEGORIES, UNSPECIFIED])
        if "score" in columns:
            raw = table[columns["score"]]
            score, odd = _number(raw, options)
            wrong |= odd
        if options.worth is not None:
            score = score.fill_null(float(options.worth))
        rows = table.select(
            tenant=tenant, capability=capability, written=written, category=category, score=score, fault=wrong
        )
        rows = rows.filter(rows.tenant.notnull() & (rows.tenant != ""))
        joined = rows.left_join(techniques, "written")
        return joined.select(
            "tenant", "capability", "technique", "category", "score", "fault", known=joined.technique.notnull()
        )

    def tenants(self, mappings: Any) -> Any:
        """A row per tenant: number of rows, of faults, of rows that count, and which categories it scores."""
        rated = mappings.score.notnull()
        marks = {scored_column(c): (rated & (mappings.category == c)).cast("int64").max() > 0 for c in MEASURES}
        counts = {
            "rows": mappings.count(),
            "faults": mappings.fault.fill_null(True).cast("int64").sum(),
            "kept": mappings.known.cast("int64").sum(),
        }
        return mappings.group_by("tenant").agg(**counts, **marks).order_by("tenant")

    def faults(self, options: ScoreOptions) -> list[Problem]:
        """The first wrong rows, with the row and the row group of a Parquet file."""
        if self._name != DUCKDB or Path(self._files[0]).suffix.lower() in DATABASES:
            return []
        columns = self.columns
        names = {content: _name(column) for content, column in columns.items()}
        wrong = [f"{names['capability']} IS NULL", f"{names['technique']} IS NULL"]
        if "category" in columns:
            known = ", ".join(f"'{c}'" for c in ("", *CATEGORIES, UNSPECIFIED))
            wrong.append(f"lower(trim({names['category']}::VARCHAR)) NOT IN ({known})")
        if "score" in columns:
            words = with_words({}, options.scale)
            listed = ", ".join("'" + word.lower().replace("'", "''") + "'" for word in ("", *words))
            text = f"lower(trim({names['score']}::VARCHAR))"
            wrong.append(
                f"({text} NOT IN ({listed}) AND NOT coalesce(TRY_CAST({text} AS DOUBLE) BETWEEN 0 AND 100, false))"
            )
        fields = [
            names["tenant"],
            *(names[c] for c in ("capability", "technique", "category", "score") if c in columns),
        ]
        parquet = Path(self._files[0]).suffix.lower() in PARQUET
        problems = []
        for path in self._files:
            file = "'" + literal(path).replace("'", "''") + "', hive_partitioning = false"
            numbered = f"(SELECT *, row_number() OVER () - 1 AS row FROM read_csv({file}, all_varchar = true))"
            source = f"read_parquet({file}, file_row_number = true)" if parquet else numbered
            row_number = "file_row_number" if parquet else "row"
            condition = " OR ".join(wrong)
            sql = f"SELECT {row_number}, {', '.join(fields)} FROM {source} WHERE {condition}"
            sql += f" ORDER BY 1 LIMIT {_MOST_PLACES}"
            rows = self._rows(sql)
            starts = _row_groups(path) if parquet and rows else []
            for row, tenant, *cells in rows:
                group = next((n for n in reversed(range(len(starts))) if starts[n] <= row), None)
                where = f"row {row + 1:,}" + ("" if group is None else f", row group {group + 1:,}")
                content = ", ".join("nothing" if cell is None else str(cell)[:60] for cell in cells)
                expected = "capability, technique, a category or none, a score of the scale, 0-100, or none"
                problems.append(Problem(f"{where}, tenant {tenant}: {content}", Place(path), expected))
            if len(problems) >= _MOST_PLACES:
                break
        return problems[:_MOST_PLACES]

    def without_tenant(self) -> int:
        """The number of rows without a tenant."""
        tenant = self._table[self.columns["tenant"]].cast("string")
        blank = (tenant.isnull() | (tenant == "")).cast("int64").sum()
        return int(self._table.aggregate(blank=blank).to_pyarrow().to_pylist()[0]["blank"] or 0)


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _row_groups(path: str) -> list[int]:
    """The first row of each row group."""
    metadata = pq.ParquetFile(path).metadata
    starts, total = [], 0
    for group in range(metadata.num_row_groups):
        starts.append(total)
        total += metadata.row_group(group).num_rows
    return starts


def _number(raw: Any, options: ScoreOptions) -> tuple[Any, Any]:
    """The scores of a column, and whether a value is not one."""
    if raw.type().is_numeric():
        number = raw.cast("float64")
        return number, raw.notnull() & ~number.between(0, 100).fill_null(False)
    text = raw.cast("string").strip().lower()
    words = {word.lower(): float(score) for word, score in with_words({}, options.scale).items()}
    plain = text.re_search(r"^(0|[1-9][0-9]*)(\.[0-9]+)?$")
    number = ibis.ifelse(plain, ibis.ifelse(plain, text, "0").cast("float64"), ibis.null("float64"))
    number = ibis.cases(*((text == word, ibis.literal(score)) for word, score in words.items()), else_=number)
    empty = text.isnull() | (text == "")
    return number, ~empty & ~number.between(0, 100).fill_null(False)


def technique_rows(catalogues: Sequence[Catalogue]) -> pa.Table:
    """`written`, an id of a release, and `technique`, the active one that it is or that replaces it."""
    found: dict[str, str] = {}
    for catalogue in catalogues:
        for id_ in catalogue.whole.techniques:
            end = catalogue.whole.resolve(id_)[-1]
            # A few ids are revoked in one domain and active in another.
            if catalogue.is_active(end) and (end == id_ or id_ not in found):
                found[id_] = end
    columns = {"written": [*found], "technique": [*found.values()]}
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
