"""Rows as tables of Arrow, which engines read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable


def arrow_table(rows: Iterable[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    """A table of rows, or an empty one without."""
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table([pa.array(c, field.type) for c, field in zip(columns, schema, strict=True)], schema=schema)
