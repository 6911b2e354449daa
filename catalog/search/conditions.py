"""One term on a field into one condition of SQL: a function for each kind of field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.bitmaps import SAID
from catalog.search.condition import (
    Condition,
    Setting,
    Unreadable,
    all_of,
    any_of,
    contains,
    equals,
    is_one_of,
    negated,
    with_text,
)
from catalog.search.facets import with_any, with_phrases, with_values
from catalog.search.fields import FIELDS, explain_name, shorten
from catalog.search.query import Value
from catalog.search.texts import accept_texts
from catalog.search.values import Bound, number_bounds, time_bounds
from catalog.wire.values import read_number, read_seed, readable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from catalog.database import Reader
    from catalog.search.fields import Field
    from catalog.search.query import Term


_PARAMETER_TEXT = "CASE parameter.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE parameter.atom || '' END"
_PARAMETER_IS_NUMBER = "parameter.type IN ('integer', 'real') AND parameter.atom = ?"
_NUMBER_ADVICE = "write a number, such as 8, >=8 or 4..12"
_TIME_ADVICE = "write a date, such as 2026-10-05, >=2026-10 or -7d.."


_KEYS = """
WITH RECURSIVE keys(key) AS (
    SELECT min(key) FROM tags UNION ALL SELECT (SELECT min(tags.key) FROM tags WHERE tags.key > keys.key)
    FROM keys WHERE keys.key IS NOT NULL
)
SELECT key FROM keys WHERE key IS NOT NULL
"""


_IN_COLLECTION = (
    "SELECT collection_videos.video_id AS id FROM collections CROSS JOIN collection_videos "
    "ON collection_videos.collection_id = collections.id WHERE {test}"
)


def condition(field: Field, term: Term, setting: Setting) -> Condition:
    """The condition that a term sets on a field; raises Unreadable for a value that the field cannot have."""
    return _KINDS[field.kind](field, term, setting)


def _text(field: Field, term: Term, _: Setting) -> Condition:
    return equals(field.sql, term.values)


def _name(_: Field, term: Term, __: Setting) -> Condition:
    from catalog.search.names import with_name

    return with_name(term)


def _own_id(_: Field, term: Term, __: Setting) -> Condition:
    from catalog.search.names import with_own_id

    return with_own_id(term)


def _size(field: Field, term: Term, _: Setting) -> Condition:
    values = [with_text(value, value.text.replace("×", "x")) for value in term.values]
    return any_of(equals(column, values) for column in (field.sql, "videos.size_text"))


def _passage(field: Field, term: Term, _: Setting) -> Condition:
    return any_of(contains(field.sql, value.text) for value in term.values)


def _number(field: Field, term: Term, setting: Setting) -> Condition:
    return _bounded(field, term, setting, number_bounds, _NUMBER_ADVICE)


def _time(field: Field, term: Term, setting: Setting) -> Condition:
    def read(text: str) -> list[Bound]:
        return time_bounds(text, setting.now, is_ahead=field.is_ahead)

    return _bounded(field, term, setting, read, _TIME_ADVICE)


def _bounded(field: Field, term: Term, setting: Setting, read: Callable[[str], list[Bound]], advice: str) -> Condition:
    """The condition for a number or a time; `*` alone asks for any value."""
    tests = []
    for value in term.values:
        if value.is_prefix and not value.text:
            tests.append(Condition(f"{field.sql} IS NOT NULL", []))
            continue
        try:
            bounds = read(f"{value.text}{'*' * value.is_prefix}")
        except ValueError as error:
            raise Unreadable(f"cannot read {shorten(str(value))} as {field.name}: {advice}") from error
        if _is_empty(bounds):
            setting.notes.append(f"{shorten(f'{field.name}:{value}')} finds nothing: its end is before its beginning")
        tests.append(_within(field.sql, bounds))
    return any_of(tests)


def _is_empty(bounds: Sequence[Bound]) -> bool:
    """Whether no value is within the bounds."""
    if len(bounds) < 2:
        return False
    (above, low), (below, high) = bounds
    return low > high or (low == high and {above, below} != {">=", "<="})  # type: ignore[operator]  # of one kind


def _within(column: str, bounds: list[Bound]) -> Condition:
    tests = " AND ".join(f"{column} {operator} ?" for operator, _ in bounds)
    return Condition(tests, [value for _, value in bounds])


def _tag(_: Field, term: Term, setting: Setting) -> Condition:
    """The videos with one of the tags: first the keys that are meant, then the values of each, by their index."""
    known = list_keys(setting.connection)
    values: dict[tuple[str, ...], list[Value]] = {}
    keys: dict[str, None] = {}
    for written in term.values:
        key, sign, value = written.text.partition("=")
        accepts = accept_texts([Value(key, is_prefix=written.is_prefix and not sign)])
        meant = tuple(filter(accepts, known))
        if sign:
            values.setdefault(meant, []).append(with_text(written, value))
        else:
            keys |= dict.fromkeys(meant)
    tests = [is_one_of("tags.key", keys)] if keys or not values else []
    tests += [all_of([is_one_of("tags.key", meant), equals("tags.value", texts)]) for meant, texts in values.items()]
    selects = [f"SELECT tags.video_id AS id FROM tags WHERE {test.sql}" for test in tests]
    return Condition(" UNION ALL ".join(selects), [value for test in tests for value in test.values], is_set=True)


def list_keys(connection: Reader) -> list[str]:
    """The keys of all tags, from one to the next of their index."""
    return [row[0] for row in connection.execute(_KEYS)]


def _seed(field: Field, term: Term, _: Setting) -> Condition:
    """The condition that the seed is one of these numbers, however they are written."""
    values = [with_text(value, readable(value.text, read_seed) or value.text) for value in term.values]
    return equals(field.sql, values)


def _parameter(field: Field, term: Term, _: Setting) -> Condition:
    """The condition that a parameter of this name is there or, after `=`, has the value, a number however written.

    Values after a comma are of the same name, unless they have one of their own.
    """
    tests, last = [], ""
    for written in term.values:
        name, sign, value = written.text.partition("=")
        if last and not sign:
            name, sign, value = last, "=", written.text
        elif sign:
            last = name
        key = name.strip().replace("-", "_")
        parts = [equals("parameter.key", [Value(key, is_prefix=written.is_prefix and not sign)])]
        if sign:
            parts.append(_parameter_value(with_text(written, value)))
        tests.append(all_of(parts))
    test = any_of(tests)
    return Condition(f"EXISTS (SELECT 1 FROM json_each({field.sql}) AS parameter WHERE {test.sql})", test.values)


def _parameter_value(value: Value) -> Condition:
    number = None if value.is_prefix else readable(value.text, read_number)
    if number is None:
        return equals(_PARAMETER_TEXT, [value])
    texts = [Value(value.text), Value(f"{number:g}")]
    return any_of([equals(_PARAMETER_TEXT, texts), Condition(_PARAMETER_IS_NUMBER, [number])])


def _facet(field: Field, term: Term, _: Setting) -> Condition:
    return Condition(*with_values(field.name, term.values, is_exact=term.is_exact), is_set=True)


def _phrase(field: Field, term: Term, _: Setting) -> Condition:
    return Condition(*with_phrases(field.name, term.values, is_exact=term.is_exact), is_set=True)


def _relation(_: Field, term: Term, __: Setting) -> Condition:
    test = equals("links.relation", term.values)
    return Condition(f"SELECT links.child_id AS id FROM links WHERE {test.sql}", test.values, is_set=True)


def _file(_: Field, term: Term, __: Setting) -> Condition:
    from catalog.search.files import BY_FILE, with_endings

    name = equals("file_places.name", with_endings(term.values))
    sha256 = equals("files.sha256", [with_text(value, value.text.lower()) for value in term.values])
    sql = BY_FILE.format(name=name.sql, sha256=sha256.sql)
    return Condition(sql, [*name.values, *sha256.values], is_set=True)


def _mismatch(_: Field, term: Term, __: Setting) -> Condition:
    from catalog.search.files import having, read_mismatches

    try:
        names = read_mismatches(term.values)
    except ValueError as error:
        raise Unreadable(str(error)) from error
    return Condition(" UNION ALL ".join(map(having, names)), [], is_set=True)


def _input(field: Field, term: Term, _: Setting) -> Condition:
    from catalog.search.files import BY_INPUT

    name = equals("video_inputs.name", term.values)
    parent = equals("links.parent_remote_id", term.values)
    sql = BY_INPUT.format(role=field.name, name=name.sql, parent=parent.sql)
    return Condition(sql, [*name.values, *parent.values], is_set=True)


def _credentials(field: Field, term: Term, _: Setting) -> Condition:
    from catalog.search.credentials import with_credentials

    try:
        sql, values = with_credentials(field.name, term.values, is_exact=term.is_exact)
    except ValueError as error:
        raise Unreadable(str(error)) from error
    return Condition(sql, values, is_set=True)


def _collection(_: Field, term: Term, __: Setting) -> Condition:
    """The condition that a collection has one of the paths, or lies below one."""
    whole = [value for value in term.values if not value.is_prefix]
    below = [Value(f"{value.text}/", is_prefix=True) for value in whole]
    test = equals("collections.path", [*term.values, *below])
    return Condition(_IN_COLLECTION.format(test=test.sql), test.values, is_set=True)


def _saved(_: Field, __: Term, ___: Setting) -> Condition:
    raise AssertionError("a saved search is compiled in the place of its name")


def _mark(field: Field, term: Term, _: Setting) -> Condition:
    from catalog.search.marks import having_marks, read_marks

    try:
        values = read_marks(field.name, term.values)
    except ValueError as error:
        raise Unreadable(str(error)) from error
    return Condition(having_marks(field.name, values), [], is_set=True)


def _kin(field: Field, term: Term, setting: Setting) -> Condition:
    from catalog.search.kin import with_kin

    return with_kin(field.name, term, setting)


def _depth(_: Field, term: Term, __: Setting) -> Condition:
    from catalog.search.kin import with_depth

    spans = []
    for value in term.values:
        try:
            spans.append(number_bounds(f"{value.text}{'*' * value.is_prefix}"))
        except ValueError as error:
            raise Unreadable(f"cannot read {shorten(str(value))} as depth: {_NUMBER_ADVICE}") from error
    return with_depth(spans)


def _presence(_: Field, term: Term, setting: Setting) -> Condition:
    return any_of(_has_value(value.text, setting) for value in term.values)


def _absence(_: Field, term: Term, setting: Setting) -> Condition:
    return any_of(_lacks_value(value.text, setting) for value in term.values)


def _lacks_value(name: str, setting: Setting) -> Condition:
    """The test that the value is missing; for `file`, that held bytes are missing from every place."""
    field = setting.fields.find(name)
    if field and field.kind == "file":
        return _has_file("missing")
    return negated(_has_value(name, setting))


def _has_file(state: str) -> Condition:
    from catalog.search.files import having

    return Condition(f"videos.id IN ({having(state)})", [])


def _has_value(name: str, setting: Setting) -> Condition:
    field = setting.fields.find(name)
    if field is None or not field.has_value:
        names = [name for name in setting.fields.list_names() if name not in FIELDS or FIELDS[name].has_value]
        raise Unreadable(explain_name("field", name, names))
    if field.kind == "file":
        return _has_file("held")
    if field.kind == "credentials":
        from catalog.search.credentials import having_credentials

        return Condition(f"videos.id IN ({having_credentials(field.name)})", [])
    if field.kind == "mark":
        from catalog.search.marks import having_marks

        return Condition(f"videos.id IN ({having_marks(field.name)})", [])
    if field.is_prompt_facet:
        sql, values = with_any(field.name)
        return Condition(f"videos.id IN ({sql})", values)
    if field.kind == "collection":
        return Condition("EXISTS (SELECT 1 FROM collection_videos WHERE video_id = videos.id)", [])
    if field.name in SAID:
        test = f"annotations.video_id = videos.id AND {SAID[field.name]}"
        return Condition(f"EXISTS (SELECT 1 FROM annotations WHERE {test})", [])
    return Condition(f"{field.sql} IS NOT NULL", [])


def _claim(_: Field, term: Term, setting: Setting) -> Condition:
    return any_of(_holds(value.text.lower(), setting.now) for value in term.values)


def _holds(name: str, now: datetime) -> Condition:
    from catalog.search.claims import CLAIMS, make_claim

    if name not in CLAIMS:
        raise Unreadable(explain_name("claim", name, CLAIMS))
    return Condition(*make_claim(name, now))


_KINDS: dict[str, Callable[[Field, Term, Setting], Condition]] = {
    "text": _text,
    "name": _name,
    "own_id": _own_id,
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
    "relation": _relation,
    "file": _file,
    "mismatch": _mismatch,
    "input": _input,
    "credentials": _credentials,
    "collection": _collection,
    "saved": _saved,
    "mark": _mark,
    "kin": _kin,
    "depth": _depth,
    "presence": _presence,
    "absence": _absence,
    "claim": _claim,
}
