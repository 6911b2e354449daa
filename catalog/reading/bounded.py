"""One query of a visitor's, answered within bounds of time, of rows and of size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.database import interrupted_after
from catalog.errors import QueryError

if TYPE_CHECKING:
    from catalog.database import Parameters, Reader

_SMALL = 8  # bytes that a number is taken for


class BoundedAnswer(NamedTuple):
    """The names of the columns and the rows, of which there are more where `is_cut`."""

    names: list[str]
    rows: list[tuple[Any, ...]]
    is_cut: bool


def answer_bounded(
    connection: Reader,
    sql: str,
    parameters: Parameters,
    *,
    seconds: float,
    max_rows: int | None,
    max_size: int,
    max_values: int,
) -> BoundedAnswer:
    """The answer to one query, cut after `max_rows`.

    Raises QueryError for one of more than `max_size` bytes or `max_values` values, and the driver's OperationalError,
    `interrupted`, for one that takes longer than so many seconds.
    """
    rows: list[tuple[Any, ...]] = []
    size = 0
    with interrupted_after(connection, seconds):
        cursor: Any = connection.execute(sql, parameters)
        names = [column[0] for column in cursor.description or ()]
        for row in cursor:
            if len(rows) == max_rows:
                cursor.close()
                return BoundedAnswer(names, rows, is_cut=True)
            rows.append(tuple(row))
            size += sum(len(value) if isinstance(value, str | bytes) else _SMALL for value in row)
            if size > max_size:
                raise QueryError(f"the answer has more than {max_size >> 20} MB: ask for fewer rows or columns")
            if len(rows) * len(names) > max_values:
                raise QueryError(f"the answer has more than {max_values:,} values: ask for fewer rows or columns")
    return BoundedAnswer(names, rows, is_cut=False)
