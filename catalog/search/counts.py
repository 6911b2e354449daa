"""How many of the matches of a query have which value: all facets and the total in one walk over the matches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.records import FacetCount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from catalog.database import Reader
    from catalog.search.fields import Field
    from catalog.search.plan import Plan

Counts = dict[str, tuple[FacetCount, ...]]

_PROMPT_FACETS = """
SELECT facet, value, count FROM (
    SELECT facet, value, count, row_number() OVER (PARTITION BY facet ORDER BY count DESC, value) AS rank FROM (
        SELECT facet_values.facet, facet_values.value, count(DISTINCT video_facets.video_id) AS count
        FROM facet_values CROSS JOIN video_facets ON video_facets.value_id = facet_values.id
        WHERE facet_values.facet IN ({marks})
        AND +video_facets.video_id IN (SELECT id FROM hits)
        GROUP BY facet_values.id
    )
) WHERE rank <= {limit:d}
"""


def count_matches(connection: Reader, plan: Plan) -> int:
    """How many videos match, exactly."""
    return int(connection.execute(f"SELECT count(*) FROM ({plan.select()})", plan.parameters).fetchone()[0])


def count_values(connection: Reader, plan: Plan, facets: Sequence[Field], limit: int) -> tuple[int, Counts]:
    """The number of matches, and for each facet its `limit` most frequent values: by count, then by value.

    The matches are collected once, with the columns that the facets need; each facet is counted over that, those of
    prompts all together.
    """
    columns = {field.name: f"f{number}" for number, field in enumerate(facets) if _is_column(field)}
    prompt_facets = [field.name for field in facets if field.is_prompt_facet]
    hits = plan.select(*(f"{field.facet} AS {columns[field.name]}" for field in facets if field.name in columns))
    parts = ["SELECT NULL AS facet, NULL AS value, count(*) AS count FROM hits"]
    parts += [f"SELECT * FROM ({_count(field, columns, limit)})" for field in facets if not field.is_prompt_facet]
    parameters = [*plan.parameters]
    if prompt_facets:
        parts.append(_PROMPT_FACETS.format(marks=", ".join("?" * len(prompt_facets)), limit=limit))
        parameters += prompt_facets
    sql = f"WITH hits AS MATERIALIZED ({hits}) {' UNION ALL '.join(parts)}"
    total, *rows = connection.execute(sql, parameters).fetchall()
    counts: dict[str, list[FacetCount]] = {field.name: [] for field in facets}
    for name, value, count in rows:
        counts[name].append(FacetCount(_text(value), count))
    return total[2], {name: tuple(values) for name, values in counts.items()}


def _is_column(field: Field) -> bool:
    return field.kind != "tag" and not field.is_prompt_facet


def _count(field: Field, columns: Mapping[str, str], limit: int) -> str:
    """The counts of one facet, as rows of (name of the facet, value, count)."""
    if field.kind == "tag":
        values = f"SELECT DISTINCT tags.video_id, {field.facet} AS value FROM hits JOIN tags ON tags.video_id = hits.id"
    else:
        column = columns[field.name]
        values = f"SELECT {column} AS value FROM hits{'' if field.counts_missing else f' WHERE {column} IS NOT NULL'}"
    return (
        f"SELECT '{field.name}' AS facet, value, count(*) AS count FROM ({values}) GROUP BY value "
        f"ORDER BY count DESC, value NULLS LAST LIMIT {limit:d}"
    )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
