"""Remarks for the author of a query: why it finds nothing, and what facets cannot find yet."""

from __future__ import annotations

from difflib import get_close_matches
from itertools import chain, islice
from typing import TYPE_CHECKING

from catalog.reading.names import has_videos
from catalog.reading.prompts import is_inheritance_due, remark_on_due
from catalog.records import TERMINAL_STATUSES, UNFINISHED_STATUSES
from catalog.search.completions import list_values
from catalog.search.facets import NARROWER
from catalog.search.fields import shorten
from catalog.search.names import remark_on_names
from catalog.search.nothing import remark_on_parts
from catalog.search.query import list_terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from catalog.database import Reader
    from catalog.search.fields import Field, Fields
    from catalog.search.query import Node, Term

_REMARKS = 3
_VALUES = 500  # values of a field among which the nearest is looked for
_STATUSES = (*sorted(TERMINAL_STATUSES), *UNFINISHED_STATUSES)
_JOINTS = str.maketrans("", "", " -_")


def remark_on_nothing(
    connection: Reader, query: Node | None, fields: Fields, count: Callable[[Node], int]
) -> list[str]:
    """Why a query finds nothing: what in it is likely to be a slip, or which part of it leaves no video.

    `count` tells how many videos a part of the query finds by itself.
    """
    if query is None or not has_videos(connection):
        return []
    wanted = [term for term, is_negated in list_terms(query) if not is_negated]
    slips = chain(remark_on_names(connection, wanted, fields), _remark_on_values(connection, wanted, fields))
    found = list(islice(slips, _REMARKS))
    parts = remark_on_parts(connection, query, fields, count, {term for term, _ in found})
    return list(islice(chain((remark for _, remark in found), parts), _REMARKS))


def remark_on_facets(
    connection: Reader, query: Node | None, fields: Fields, counted: Sequence[Field] = ()
) -> list[str]:
    """That not all prompts have been read, where a query or a count is about what prompts ask for."""
    named = (fields.find(name) for term, _ in list_terms(query) for name in _list_named(term))
    asked = [field for field in chain(named, counted) if field and field.is_prompt_facet]
    remarks = remark_on_due(connection) if asked else []
    if any(field.is_effective for field in asked) and is_inheritance_due(connection):
        remarks.append("not all is known of what remixes inherit: `catalog reindex --facets` finds it out")
    return remarks


def _list_named(term: Term) -> list[str]:
    """The fields that a term is about."""
    if term.name in {"has", "missing"}:
        return [value.text for value in term.values]
    return [term.name] if term.name else []


def _remark_on_values(connection: Reader, terms: Sequence[Term], fields: Fields) -> Iterator[tuple[Term, str]]:
    """The terms with a value that no video has, and a remark on it with the nearest that one has."""
    for term, name, value, nearest in list_near_values(connection, terms, fields):
        yield term, f"no video has {name} {shorten(value)}: did you mean {shorten(nearest)}?"


def list_near_values(connection: Reader, terms: Sequence[Term], fields: Fields) -> Iterator[tuple[Term, str, str, str]]:
    """The terms with a value that no video has: with the field's name, the value, and the nearest that a video has."""
    for term in terms:
        field = fields.find(term.name) if term.name else None
        if field is None or field.kind not in {"text", "facet", "tag"}:
            continue
        for value in (value.text for value in term.values if not value.is_prefix):
            known = _list_known(connection, field, value)
            near = get_close_matches(_fold(value), map(_fold, known), n=1, cutoff=0.7)
            if near and not any(_is_same(field, value, text) for text in known):
                yield term, field.name, value, next(text for text in known if _fold(text) == near[0])


def _list_known(connection: Reader, field: Field, value: str) -> list[str]:
    """What the field can be asked for, of a tag that is written with its key the values of that key."""
    key, equals, _ = value.partition("=") if field.kind == "tag" else ("", "", "")
    values = islice(list_values(connection, field, f"{key}{equals}" if equals else "", _VALUES), _VALUES)
    known = [text for text in values if field.kind != "tag" or text[-1:] != "="]
    return [*known, *NARROWER] if field.is_prompt_facet else [*known, *(_STATUSES if field.name == "status" else ())]


def _is_same(field: Field, some: str, other: str) -> bool:
    """Whether a query takes both for the same value: only facets disregard blanks and hyphens."""
    return _fold(some) == _fold(other) if field.is_prompt_facet else some.lower() == other.lower()


def _fold(value: str) -> str:
    return value.lower().translate(_JOINTS)
