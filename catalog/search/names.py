"""The names of videos as fields of the language: `id:video_9b9b` and `ref:studio:video_9b9b` find what begins so.

Nothing is an error here: several videos may fit, and where none does, a remark names the nearest.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from catalog.reading.names import SOURCES, find_nearest, find_written, list_spans
from catalog.search.condition import Condition
from catalog.search.fields import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from catalog.database import Reader
    from catalog.search.fields import Fields
    from catalog.search.query import Term, Value

_SPANS = f"""
FROM json_each(?) AS span
CROSS JOIN ({SOURCES}) AS present ON present.source BETWEEN span.value ->> 0 AND span.value ->> 1
"""
_WITHIN = "BETWEEN span.value ->> 2 AND span.value ->> 3"
_OWN = f"""
SELECT video.id {_SPANS}
CROSS JOIN videos AS video ON video.source = present.source AND video.remote_id {_WITHIN}
"""
_ALIASED = f"""
SELECT other.video_id AS id {_SPANS}
CROSS JOIN video_aliases AS other ON other.source = present.source AND other.alias {_WITHIN}
"""


def with_name(term: Term) -> Condition:
    """The videos with a name that begins so or, in quotation marks or after `:=`, is exactly so."""
    return Condition(f"SELECT id FROM ({_OWN} UNION ALL {_ALIASED})", _list_spans(term), is_set=True)


def has_name(connection: Reader, term: Term) -> bool:
    """Whether a video has such a name."""
    sql = f"SELECT 1 FROM ({_OWN} UNION ALL {_ALIASED}) LIMIT 1"
    return connection.execute(sql, _list_spans(term)).fetchone() is not None


def _list_spans(term: Term) -> list[str]:
    spans = [span for value in term.values for span in list_spans(value.text, is_exact=_is_whole(term, value))]
    return [json.dumps(spans)] * 2


def with_own_id(term: Term) -> Condition:
    """The videos whose own id is exactly so or, with `*`, begins so."""
    spans = [span for value in term.values for span in list_spans(value.text, is_exact=not value.is_prefix)]
    return Condition(_OWN, [json.dumps(spans)], is_set=True)


def remark_on_names(connection: Reader, terms: Iterable[Term], fields: Fields) -> Iterator[tuple[Term, str]]:
    """The terms with a name that fits no video, and a remark on it with the nearest name."""
    for term in terms:
        field = fields.find(term.name) if term.name else None
        if field is None or field.kind != "name":
            continue
        for value in term.values:
            is_whole = _is_whole(term, value)
            if find_written(connection, value.text, is_exact=is_whole) is None:
                nearest = find_nearest(connection, value.text)
                hint = f": did you mean {shorten(nearest, 160)}?" if nearest else ""
                yield (
                    term,
                    f"no video has a name that {'is' if is_whole else 'begins with'} {shorten(value.text)}{hint}",
                )


def _is_whole(term: Term, value: Value) -> bool:
    return term.is_exact or (value.is_quoted and not value.is_prefix)
