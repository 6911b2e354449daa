"""One clause on a field into one condition of SQL: a function for each kind of field."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.errors import QueryError
from catalog.records import utc_text
from catalog.search.facets import escape, with_any, with_phrases, with_values
from catalog.search.fields import CLAIMS, FIELDS, shorten, unknown_name
from catalog.search.values import number_bounds, time_bounds
from catalog.wire.values import read_number, read_seed, readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from catalog.search.fields import Field, Fields
    from catalog.search.grammar import Clause
    from catalog.search.values import Bound


_PARAMETER_TEXT = "CASE parameter.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE parameter.atom || '' END"
_PARAMETER_IS_NUMBER = "parameter.type IN ('integer', 'real') AND parameter.atom = ?"


EXPIRING = "expiring"  # the one claim that depends on the time


class Setting(NamedTuple):
    """Where and when a query is asked: the fields of the library, and the time that `-7d` counts from."""

    fields: Fields
    now: datetime


class Condition(NamedTuple):
    """SQL and the values of its question marks: a test on a row of `videos`, or the SELECT of a set of `id`s."""

    sql: str
    values: list[Any]
    is_set: bool = False


def condition(field: Field, clause: Clause, setting: Setting) -> Condition:
    """The condition that a clause sets on a field; raises QueryError for a value that the field cannot have."""
    return _KINDS[field.kind](field, clause, setting)


def choices(clause: Clause) -> list[str]:
    """The alternatives of a clause: `failed,expired` are two values, anything in quotes is one."""
    if clause.is_quoted or clause.is_prefix:
        return [clause.text]
    return [part for part in clause.text.split(",") if part] or [clause.text]


def contains(column: str, text: str) -> Condition:
    """The condition that a column contains this text, without regard to ASCII case."""
    return Condition(f"{column} LIKE ? ESCAPE '\\'", [f"%{escape(text)}%"])


def _text(field: Field, clause: Clause, _: Setting) -> Condition:
    return _equals(field.sql, choices(clause), is_prefix=clause.is_prefix)


def _name(_: Field, clause: Clause, __: Setting) -> Condition:
    from catalog.search.names import with_name

    return with_name(clause)


def _size(field: Field, clause: Clause, _: Setting) -> Condition:
    columns = (field.sql, "videos.size_text")
    values = [value.replace("×", "x") for value in choices(clause)]
    return _any(_equals(column, values, is_prefix=clause.is_prefix) for column in columns)


def _passage(field: Field, clause: Clause, _: Setting) -> Condition:
    return contains(field.sql, clause.text)


def _number(field: Field, clause: Clause, _: Setting) -> Condition:
    return _bounded(field, clause, number_bounds, "write a number, such as 8, >=8 or 4..12")


def _time(field: Field, clause: Clause, setting: Setting) -> Condition:
    advice = "write a date, such as 2026-10-05, >=2026-10 or -7d.."
    return _bounded(field, clause, lambda text: time_bounds(text, setting.now), advice)


def _bounded(field: Field, clause: Clause, read: Callable[[str], list[Bound]], advice: str) -> Condition:
    """The condition for a number or a time; `*` alone asks for any value, and is refused after one."""
    if clause.is_prefix and not clause.text:
        return Condition(f"{field.sql} IS NOT NULL", [])
    values = [f"{clause.text}*"] if clause.is_prefix else choices(clause)
    try:
        return _any([_within(field.sql, read(value)) for value in values])
    except ValueError as error:
        raise QueryError(
            f"cannot read {shorten(str(clause))} at character {clause.position + 1}: {advice}",
            position=clause.position,
        ) from error


def _within(column: str, bounds: list[Bound]) -> Condition:
    tests = " AND ".join(f"{column} {operator} ?" for operator, _ in bounds)
    return Condition(tests, [value for _, value in bounds])


def _tag(_: Field, clause: Clause, __: Setting) -> Condition:
    key, equals, value = clause.text.partition("=")
    tests = [_equals("tags.key", [key], is_prefix=clause.is_prefix and not equals)]
    if equals:
        tests.append(_equals("tags.value", [value], is_prefix=clause.is_prefix))
    sql = " AND ".join(test.sql for test in tests)
    values = [value for test in tests for value in test.values]
    return Condition(f"SELECT tags.video_id AS id FROM tags WHERE {sql}", values, is_set=True)


def _seed(field: Field, clause: Clause, _: Setting) -> Condition:
    """The condition that the seed is one of these numbers, however they are written."""
    values = [readable(value, read_seed) or value for value in choices(clause)]
    return _equals(field.sql, values, is_prefix=clause.is_prefix)


def _parameter(field: Field, clause: Clause, _: Setting) -> Condition:
    """The condition that a parameter of this name is there or, after `=`, has the value, a number however written."""
    key, equals, value = clause.text.partition("=")
    tests = [_equals("parameter.key", [key.strip().replace("-", "_")], is_prefix=clause.is_prefix and not equals)]
    if equals:
        texts = choices(clause._replace(text=value)) if value else [""]
        numbers = [] if clause.is_prefix else [readable(text, read_number) for text in texts]
        same = [Condition(_PARAMETER_IS_NUMBER, [number]) for number in numbers if number is not None]
        texts += [f"{number:g}" for number in numbers if number is not None]
        tests.append(_any([_equals(_PARAMETER_TEXT, texts, is_prefix=clause.is_prefix), *same]))
    sql = " AND ".join(f"({test.sql})" for test in tests)
    values = [value for test in tests for value in test.values]
    return Condition(f"EXISTS (SELECT 1 FROM json_each({field.sql}) AS parameter WHERE {sql})", values)


def _facet(field: Field, clause: Clause, _: Setting) -> Condition:
    return Condition(*with_values(field.name, choices(clause), is_prefix=clause.is_prefix), is_set=True)


def _phrase(field: Field, clause: Clause, _: Setting) -> Condition:
    return Condition(*with_phrases(field.name, choices(clause), is_prefix=clause.is_prefix), is_set=True)


def _presence(_: Field, clause: Clause, setting: Setting) -> Condition:
    field = setting.fields.find(clause.text)
    if field is None or not field.has_value:
        names = [name for name in setting.fields.list_names() if name not in FIELDS or FIELDS[name].has_value]
        raise unknown_name("field", clause.text, names, position=clause.position)
    if field.is_prompt_facet:
        return Condition(*with_any(field.name), is_set=True)
    return Condition(f"{field.sql} IS NOT NULL", [])


def _claim(_: Field, clause: Clause, setting: Setting) -> Condition:
    name = clause.text.lower()
    if name == EXPIRING:
        from catalog.reading.expiry import EXPIRING_WITHIN, expiring

        now, soon = (utc_text(setting.now + timedelta(seconds=seconds)) for seconds in (0, EXPIRING_WITHIN))
        return Condition(expiring("?", "?"), [now, soon, now, soon])
    if name not in CLAIMS:
        raise unknown_name("claim", clause.text, [*CLAIMS, EXPIRING], position=clause.position)
    return Condition(CLAIMS[name], [])


def _equals(column: str, values: list[str], *, is_prefix: bool) -> Condition:
    """The column is one of the values, or begins with the only one, without regard to ASCII case."""
    if is_prefix:
        return Condition(f"{column} LIKE ? ESCAPE '\\'", [f"{escape(values[0])}%"])
    return Condition(f"{column} COLLATE NOCASE IN ({', '.join('?' * len(values))})", list(values))


def _any(conditions: Iterable[Condition]) -> Condition:
    alternatives = list(conditions)
    sql = " OR ".join(f"({alternative.sql})" for alternative in alternatives)
    return Condition(sql, [value for alternative in alternatives for value in alternative.values])


_KINDS: dict[str, Callable[[Field, Clause, Setting], Condition]] = {
    "text": _text,
    "name": _name,
    "size": _size,
    "passage": _passage,
    "words": _passage,
    "number": _number,
    "time": _time,
    "seed": _seed,
    "parameter": _parameter,
    "tag": _tag,
    "facet": _facet,
    "phrase": _phrase,
    "presence": _presence,
    "claim": _claim,
}
