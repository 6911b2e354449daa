"""A term on a countable field as a choice among the values that the field has: the bitmaps of these are its answer.

It says of a value what `conditions` says of a row. A field whose values have no bitmaps has no picks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from catalog.bitmaps import COLLECTION, COLUMNS, FILE, HAS, INHERITED, JUDGEMENTS, PRESENT, SAID
from catalog.records import TERMINAL_STATUSES, UNFINISHED_STATUSES
from catalog.search.conditions import list_keys
from catalog.search.facets import accept_folded
from catalog.search.files import STATES, read_mismatches
from catalog.search.texts import accept_texts
from catalog.search.values import COMPARE, number_bounds

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from catalog.search.condition import Setting
    from catalog.search.fields import Field
    from catalog.search.query import Term, Value


class Pick(NamedTuple):
    """The videos that have one of the values of `field`, or one that it `accepts`; with `is_missing`, all others."""

    field: str
    values: Collection[str] = ()
    accepts: Callable[[str], bool] | None = None
    is_missing: bool = False


_CLAIMS = {
    "unfinished": Pick("status", tuple(UNFINISHED_STATUSES)),
    "terminal": Pick("status", tuple(TERMINAL_STATUSES)),
    "remix": Pick("relation", ("remix",)),
    "root": Pick(HAS, ("relation",), is_missing=True),
    "gone": Pick(HAS, ("gone_at",)),
    "deleted": Pick(HAS, ("deleted_at",)),
    **{name: Pick(FILE, (name,)) for name in STATES},
}
_PRESENT = PRESENT.keys() | SAID.keys()
_TIMED = frozenset({"expiring", "stalled"})


def pick(field: Field, term: Term, setting: Setting) -> tuple[Pick, ...] | None:
    """The picks of a term that its field can read; None where the bitmaps do not answer it."""
    if make := _KINDS.get(field.kind):
        return make(field, term, setting)
    if field.name in _PRESENT and all(value.is_prefix and not value.text for value in term.values):
        return (Pick(HAS, (field.name,)),)
    if field.name not in COLUMNS and field.name not in JUDGEMENTS:
        return None
    accepts = _accept_numbers(term.values) if field.kind == "number" else accept_texts(term.values)
    return (Pick(field.name, accepts=accepts),)


def _pick_presence(field: Field, term: Term, setting: Setting) -> tuple[Pick, ...]:
    is_missing = field.kind == "absence"
    named = (setting.fields.find(value.text) for value in term.values)
    return tuple(
        Pick(FILE, ("missing" if is_missing else "held",))
        if known.kind == "file"
        else Pick(HAS, list_fields(known), is_missing=is_missing)
        for known in named
        if known
    )


def _pick_claims(_: Field, term: Term, __: Setting) -> tuple[Pick, ...] | None:
    names = [value.text.lower() for value in term.values]
    if _TIMED.intersection(names):
        return None
    return tuple(_CLAIMS.get(name, Pick("status", (name,))) for name in names)


def _pick_facet(field: Field, term: Term, _: Setting) -> tuple[Pick, ...]:
    accepts = accept_folded(term.values, is_exact=term.is_exact)
    return tuple(Pick(name, accepts=accepts) for name in list_fields(field))


def list_fields(field: Field) -> tuple[str, ...]:
    """The fields of bitmaps that a field stands for, each with the values that videos have."""
    return (field.plain, f"{INHERITED}{field.plain}") if field.is_effective else (field.name,)


def _pick_relation(_: Field, term: Term, __: Setting) -> tuple[Pick, ...]:
    return (Pick("relation", accepts=accept_texts(term.values)),)


def _pick_mismatch(_: Field, term: Term, __: Setting) -> tuple[Pick, ...]:
    return (Pick(FILE, read_mismatches(term.values)),)


def _pick_credentials(field: Field, term: Term, _: Setting) -> tuple[Pick, ...]:
    from catalog.search.credentials import accept_credentials

    return (Pick(field.name, accepts=accept_credentials(field.name, term.values, is_exact=term.is_exact)),)


def _pick_collection(_: Field, term: Term, __: Setting) -> tuple[Pick, ...]:
    return (Pick(COLLECTION, accepts=accept_texts(term.values)),)


def _pick_marks(field: Field, term: Term, _: Setting) -> tuple[Pick, ...]:
    from catalog.search.marks import read_marks

    return (Pick(field.name, read_marks(field.name, term.values)),)


def _pick_size(_: Field, term: Term, __: Setting) -> tuple[Pick, ...]:
    accepts = accept_texts(term.values, lambda text: text.replace("×", "x"))
    return (Pick("size", accepts=accepts), Pick("size_text", accepts=accepts))


def _pick_keys(_: Field, term: Term, setting: Setting) -> tuple[Pick, ...] | None:
    """The keys of tags that the term is about, None where it is about their values too, of which there are many."""
    if any("=" in value.text for value in term.values):
        return None
    accepts = accept_texts(term.values)
    return (Pick("tag_key", tuple(filter(accepts, list_keys(setting.connection)))),)


def _accept_numbers(values: Iterable[Value]) -> Callable[[str], bool]:
    """Whether a text is a number within one of the values, each of which is a number, a range or `*`."""
    spans = [
        () if value.is_prefix and not value.text else number_bounds(f"{value.text}{'*' * value.is_prefix}")
        for value in values
    ]

    def accepts(text: str) -> bool:
        number = float(text)
        return any(all(COMPARE[sign](number, end) for sign, end in bounds) for bounds in spans)

    return accepts


_KINDS: dict[str, Callable[[Field, Term, Setting], tuple[Pick, ...] | None]] = {
    "presence": _pick_presence,
    "absence": _pick_presence,
    "claim": _pick_claims,
    "facet": _pick_facet,
    "tag": _pick_keys,
    "relation": _pick_relation,
    "mismatch": _pick_mismatch,
    "credentials": _pick_credentials,
    "collection": _pick_collection,
    "mark": _pick_marks,
    "size": _pick_size,
}
