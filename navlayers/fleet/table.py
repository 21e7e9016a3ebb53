"""A fleet as one table: Parquet, CSV or DuckDB with a column of tenants."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import msgspec

from navlayers._text.spelling import compact, suggestion
from navlayers._text.wording import quoted
from navlayers.errors import InputError, Place, Problem, UsageError
from navlayers.fleet import cells
from navlayers.fleet.csv_files import csv_header, csv_source
from navlayers.fleet.engine import DUCKDB, error_reason, parquet
from navlayers.fleet.places import lines, row_groups
from navlayers.fleet.rule import MEASURES, scored_column
from navlayers.fleet.table_files import DATABASES, PARQUET, TEXT
from navlayers.mapping.formats.table_columns import header_words
from navlayers.mapping.model import CATEGORIES, SEGMENT_FIELDS
from navlayers.scoring.options import UNSPECIFIED
from navlayers.tables.sql import exact_path, identifier, string

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from navlayers.attack.domains import Domain
    from navlayers.fleet.engine import Engine
    from navlayers.scoring.options import ScoreOptions

_NEEDED = {"tenant": "tenants", "capability": "capabilities", "technique": "techniques"}
_WORDS = {
    "tenant": ("tenant", "tenants", "tenantid", "tenantname"),
    "capability": ("capability", *header_words("capability_id")),
    "technique": ("technique", *header_words("attack_object_id")),
    "category": header_words("score_category"),
    "score": header_words("score_value"),
}
"""Content of a column → headers that mean it."""

_TEXTS = {
    word
    for field in (
        "attack_object_name",
        "capability_description",
        "capability_group",
        "references",
        "comments",
        "author",
    )
    for word in header_words(field)
}
"""Headers of columns that matter to no score."""

_CELLS = ("capability", "technique", "category", "score")
_ROW = "row_"
"""Start of the names of columns with the number and the cells of a row, where its place is asked for."""

_MOST_PLACES = 20
_FEW_PLACES = 3


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
        self._named = {**named, **({"tenant": tenant} if tenant else {})}
        try:
            self._table = self._open()
        except InputError:
            raise
        except Exception as error:
            raise InputError(Problem(f"cannot be read: {error_reason(error)}", self.place)) from error
        self.columns = self._find()

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
                self._rows(f"CREATE TEMP VIEW fleet_text AS FROM {csv_source(paths[0])}")
                return self._engine.table("fleet_text")
            delimiter, _ = csv_header(paths[0])
            return self._engine.read_csv(paths[0], header=True, sep=delimiter, escape='"', mode="FAILFAST")
        if self._name != DUCKDB:
            raise InputError(Problem(f"{self._name} reads no database of DuckDB", self.place, "Parquet or CSV"))
        self._engine.raw_sql(f"ATTACH {string(paths[0])} AS fleet (READ_ONLY)")
        # A view may read any file or address.
        listed = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'fleet'"
        tables = {
            str(name): f"fleet.{identifier(schema)}.{identifier(name)}"
            for schema, name in self._rows(f"{listed} ORDER BY ALL")
        }
        technique = self._named.get("technique")
        fitting = []
        for name, table in tables.items():
            fields = self._fields(table)
            if technique in fields or (technique is None and _column(fields, _WORDS["technique"])):
                fitting.append(name)
        chosen = "mappings" if "mappings" in fitting else fitting[0] if len(fitting) == 1 else None
        if chosen is None:
            named = ", ".join(tables) or "no tables"
            expected = (
                f"one table with a column {technique or 'technique'}, or a table mappings; views are not read"
            )
            hint = "" if technique else "name the column with --columns technique=COLUMN"
            raise InputError(Problem(f"has {named}", self.place, expected, hint))
        # Ibis 12 finds no tables of attached databases in DuckDB 2.
        self._rows(f"CREATE TEMP VIEW fleet_mappings AS FROM {tables[chosen]}")
        return self._engine.table("fleet_mappings")

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return list(self._engine.raw_sql(sql).fetchall())

    def _fields(self, table: str) -> list[str]:
        return [str(row[0]) for row in self._rows(f"DESCRIBE {table}")]

    def _find(self) -> dict[str, str]:
        columns = self._table.columns
        found = {}
        for content, known in _WORDS.items():
            column = _column(columns, known)
            if column is not None:
                found[content] = column
        problems = []
        for word, column in self._named.items():
            content = "score" if word == "value" else word
            if content not in _WORDS:
                raise UsageError(Problem(f"--columns {word}", expected=", ".join(_WORDS)))
            if column not in columns:
                hint = suggestion(column, columns)
                expected = ", ".join(columns)
                raise UsageError(Problem(f"no column {quoted(column)}", self.place, expected, hint))
            found[content] = column
        for content, what in _NEEDED.items():
            if content not in found:
                option = "--tenant COLUMN" if content == "tenant" else f"--columns {content}=COLUMN"
                segment = _column(columns, SEGMENT_FIELDS) if content == "tenant" else None
                near = suggestion(content, columns)
                hint = f"{near} name it with {option}".lstrip()
                if segment is not None:
                    # A cell may name several segments, and a row without one holds for all.
                    hint = f"--tenant {segment} reads each text of {segment} as one tenant"
                expected = f"a column {content} among {', '.join(columns)}"
                problems.append(Problem(f"no column of {what}", self.place, expected, hint))
        if problems:
            raise InputError(problems)
        return found

    @property
    def notices(self) -> list[Problem]:
        """The notice of columns that are not read, unless the user names columns."""
        taken = set(self.columns.values())
        unread = [column for column in self._table.columns if column not in taken and compact(column) not in _TEXTS]
        if not unread or (set(self._named) > {"tenant"} and "score" in self.columns):
            return []
        hint = "" if "score" in self.columns else "--columns score=COLUMN reads a column of scores"
        return [Problem(f"columns not read: {', '.join(unread)}", self.place, hint=hint)]

    def techniques(self) -> list[str]:
        """The distinct texts of the column of techniques."""
        column = self._table[self.columns["technique"]].cast("string")
        return self._texts(self._table.select(text=column))

    def ratings(self, options: ScoreOptions) -> list[str]:
        """The distinct texts of the column of scores that are no plain numbers; without a column of texts, none."""
        if not self._has_ratings:
            return []
        texts = self._table.select(text=self._table[self.columns["score"]].cast("string"))
        return self._texts(texts if cells.scale_of(options).numbers else texts.filter(~_plain(texts.text)))

    @property
    def _has_ratings(self) -> bool:
        """Whether scores are text."""
        return "score" in self.columns and not self._table[self.columns["score"]].type().is_numeric()

    @staticmethod
    def _texts(texts: Any) -> list[str]:
        found = texts.distinct().to_pyarrow()["text"].to_pylist()
        return sorted(text for text in found if text is not None and text.strip())

    def mappings(self, options: ScoreOptions, techniques: Any, ratings: Any) -> Any:
        """All rows with the columns of `navlayers.fleet.rule.scores`, and what is known of each.

        `known` rows count; an `inactive` id is not active in the release; a `blank` row names no technique, and in
        one with a `fault` something is wrong. A row that names several techniques becomes several. Rows without a
        tenant are left out.

        Args:
            options: scale and worth of scores.
            techniques: the texts of techniques as `navlayers.fleet.cells.TECHNIQUES`.
            ratings: the texts of scores as `navlayers.fleet.cells.SCORES`.
        """
        read = self._read(self._table, options, techniques, ratings)
        names = ("tenant", "capability", "technique", "category", "score", "domain", "inactive")
        return read.select(*names, "known", "blank", "fault")

    def _read(self, table: Any, options: ScoreOptions, techniques: Any, ratings: Any) -> Any:
        """`mappings` of a table, with its own columns `row_…`."""
        rows = self._written(table)
        both = rows.left_join(techniques, "written", rname="technique_{name}")
        score = both.number
        odd = both.odd | both.wrong.fill_null(False)
        if self._has_ratings:
            both = both.left_join(ratings, "rating", rname="rating_{name}")
            score = both.value
            odd = both.odd | both.wrong.fill_null(False) | both.rating_wrong.fill_null(False)
            if not cells.scale_of(options).numbers:
                plain = _plain(both.rating)
                cast = ibis.ifelse(plain, both.rating.strip(), "0").cast("float64")
                score = ibis.ifelse(plain, cast, score)
                odd |= plain & (score > 100)
        blank = both.wrong.isnull()
        # A technique without a capability is one that was looked at, unless the row rates it.
        odd |= both.capability.isnull() & ~blank & (score.notnull() | (both.category != UNSPECIFIED))
        known = both.technique.notnull() & both.capability.notnull()
        if options.worth is not None:
            score = score.fill_null(float(options.worth))
        return both.mutate(score=score, known=known, blank=blank, fault=odd)

    def _written(self, table: Any) -> Any:
        """The rows of a table that have a tenant: texts as they are written, numbers, and whether a cell is odd."""
        columns = self.columns
        category, text = ibis.literal(UNSPECIFIED), ibis.null("string")
        wrong: Any = ibis.literal(False)
        number = ibis.null("float64")
        if "category" in columns:
            word = table[columns["category"]].cast("string").strip().lower()
            category = ibis.ifelse(word.isnull() | (word == ""), UNSPECIFIED, word)
            wrong = ~category.isin([*CATEGORIES, UNSPECIFIED])
        if "score" in columns:
            raw = table[columns["score"]]
            if raw.type().is_numeric():
                number = raw.cast("float64")
                # Statistics of Parquet ignore NaN, so that an engine may take every value to be inside.
                inside = (number.between(0, 100) & ~number.isnan()).fill_null(False)
                wrong |= raw.notnull() & ~inside
                # Engines may round all values, even if tenants are left out later.
                number = ibis.ifelse(inside, number, ibis.null("float64"))
            else:
                text = raw.cast("string")
        rows = table.select(
            tenant=table[columns["tenant"]].cast("string"),
            capability=table[columns["capability"]].cast("string").strip().nullif(""),
            written=table[columns["technique"]].cast("string"),
            category=category,
            number=number,
            rating=text,
            odd=wrong,
            **{name: table[name] for name in table.columns if name.startswith(_ROW)},
        )
        return rows.filter(rows.tenant.notnull() & (rows.tenant != ""))

    def tenants(self, mappings: Any, domains: Sequence[str]) -> Any:
        """A row per tenant: its numbers, which categories it scores, and its domains.

        The numbers are of rows, of those that are wrong, count (`kept`) or name no technique (`blank`), of
        capabilities and of inactive techniques, and the highest score.
        """
        rated = mappings.score.notnull() & ~mappings.blank
        marks = {scored_column(c): (rated & (mappings.category == c)).cast("int64").max() > 0 for c in MEASURES}
        counts = {
            "rows": mappings.count(),
            "faults": mappings.fault.fill_null(True).cast("int64").sum(),
            "kept": mappings.known.cast("int64").sum(),
            "blank": mappings.blank.cast("int64").sum(),
            "capabilities": mappings.capability.nunique(where=mappings.known),
            "inactive": mappings.inactive.nunique(),
            "highest": mappings.score.max(),
        }
        there = {domain: (mappings.domain == domain).fill_null(False).cast("int64").max() > 0 for domain in domains}
        return mappings.group_by("tenant").agg(**counts, **marks, **there).order_by("tenant")

    def faults(
        self, options: ScoreOptions, techniques: Any, ratings: Any, domains: Sequence[Domain]
    ) -> list[tuple[str, Problem]]:
        """The first wrong rows with their tenants: at a line, or with the row and row group of a Parquet file."""
        found = []
        for where, row in self._first(_MOST_PLACES, options, techniques, ratings, "fault"):
            there = {name: row[f"{_ROW}{name}"] for name in _CELLS if f"{_ROW}{name}" in row}
            content = ", ".join("nothing" if cell is None else str(cell)[:60] for cell in there.values())
            problem = where(content)
            if fault := cells.fault(there, domains, options):
                message = f"{problem.message}: {fault.message}"
                problem = msgspec.structs.replace(fault, message=message, place=problem.place)
            found.append((str(row["tenant"]), problem))
        return found

    def inactive_places(self, options: ScoreOptions, techniques: Any, ratings: Any) -> list[Problem]:
        """The first rows whose techniques are not active."""
        rows = self._first(_FEW_PLACES, options, techniques, ratings, "inactive")
        return [where(f"{row['inactive']} of tenant {row['tenant']}") for where, row in rows]

    def _first(
        self, count: int, options: ScoreOptions, techniques: Any, ratings: Any, mark: str
    ) -> list[tuple[Callable[[str], Problem], dict[str, Any]]]:
        """The first rows with a mark, each with a function that places a text; none of an engine without order."""
        if self._name != DUCKDB or Path(self._files[0]).suffix.lower() in DATABASES:
            return []
        is_parquet = Path(self._files[0]).suffix.lower() in PARQUET
        own = {name: self.columns[name] for name in _CELLS if name in self.columns}
        named = ", ".join(f"{identifier(column)} AS {_ROW}{name}" for name, column in own.items())
        result: list[tuple[Callable[[str], Problem], dict[str, Any]]] = []
        for path in self._files:
            rows_of, number = "fleet_text", "row_number() OVER () - 1"
            if is_parquet:
                form = "hive_partitioning = false"
                if "file_row_number" not in map(str.lower, self._table.columns):
                    form, number = f"{form}, file_row_number = true", "file_row_number"
                rows_of = f"read_parquet({string(exact_path(path))}, {form})"
            source = f"SELECT *, {named}, {number} AS {_ROW} FROM {rows_of}"
            self._rows(f"CREATE OR REPLACE TEMP VIEW fleet_rows AS {source}")
            read = self._read(self._engine.table("fleet_rows"), options, techniques, ratings)
            marked = read.filter(read[mark] if mark == "fault" else read[mark].notnull())
            marked = marked.select("tenant", "inactive", *(c for c in read.columns if c.startswith(_ROW)))
            rows = marked.order_by(_ROW).limit(count - len(result)).to_pyarrow().to_pylist()
            if not rows:
                continue
            numbers = [row[_ROW] for row in rows]
            texts = [str(row[f"{_ROW}technique"] or "") for row in rows]
            places = row_groups(path, numbers) if is_parquet else lines(path, numbers, texts)
            for row, (line, words) in zip(rows, places, strict=True):
                result.append((partial(_placed, Place(path, line), words), row))
            if len(result) >= count:
                break
        return result

    def without_tenant(self) -> int:
        """The number of rows without a tenant."""
        tenant = self._table[self.columns["tenant"]].cast("string")
        blank = (tenant.isnull() | (tenant == "")).cast("int64").sum()
        return int(self._table.aggregate(blank=blank).to_pyarrow().to_pylist()[0]["blank"] or 0)


def _column(columns: Sequence[str], words: Sequence[str]) -> str | None:
    """The column with the first of the words that one has."""
    by_name = {compact(column): column for column in reversed(columns)}
    return next((by_name[word] for word in words if word in by_name), None)


def _placed(place: Place, words: str, text: str) -> Problem:
    return Problem(f"{words}: {text}" if words else text, place)


def _plain(text: Any) -> Any:
    """Whether a text is a plain number."""
    return text.strip().re_search(r"^(0|[1-9][0-9]*)(\.[0-9]+)?$").fill_null(False)
