"""Facets that a user gives, as JSON says them: `{"style": "noir", "client": ["acme", "globex"]}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from catalog.errors import ConfigError
from catalog.redaction import redact_text

FACET_NAME = "[a-z0-9_]{1,64}"
MAX_FACETS = 100
MAX_VALUES = 50  # of one facet
MAX_VALUE = 200  # characters

_NAME = re.compile(FACET_NAME)
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_GIVEN = "given"


class Given(NamedTuple):
    """The facets that fit, and for each that does not, the reason."""

    facets: Mapping[str, tuple[str, ...]]
    faults: tuple[str, ...] = ()


def read_given(facets: object) -> Given:
    """The facets of an object from name to text, or to a list of texts; an empty list takes a facet back.

    A video's list of facets, as a library writes it, is read too: only its given facets, not those of its prompt.
    """
    if isinstance(facets, list) and all(map(_is_record, facets)):
        facets = _gather(facets)
    if not isinstance(facets, Mapping):
        return Given({}, () if facets is None else ("facets is not an object of facet -> text or list of texts",))
    if len(facets) > MAX_FACETS:
        return Given({}, (f"{len(facets)} facets are given, more than {MAX_FACETS}",))
    checked: dict[str, tuple[str, ...]] = {}
    faults = []
    for name, values in facets.items():
        try:
            checked[_check_name(name)] = _read_values(values)
        except ValueError as error:
            faults.append(f"facet {str(name)[:64]!a}: {error}")
    return Given(checked, tuple(faults))


def require_given(facets: object) -> Mapping[str, tuple[str, ...]]:
    """The facets that a program or a command line gives; raises ConfigError where any of them does not fit."""
    given = read_given(facets)
    if given.faults:
        raise ConfigError("; ".join(given.faults[:3]))
    return given.facets


def is_facet_name(text: str) -> bool:
    """Whether a facet may have this name."""
    return _NAME.fullmatch(text) is not None


def _check_name(name: object) -> str:
    if not isinstance(name, str) or not is_facet_name(name):
        raise ValueError("a name is lower-case letters, digits and _, at most 64")
    return name


def _read_values(given: object) -> tuple[str, ...]:
    values = given if isinstance(given, list | tuple) else [given]
    if len(values) > MAX_VALUES:
        raise ValueError(f"{len(values)} values, more than {MAX_VALUES}")
    return tuple(dict.fromkeys(map(_read_value, values)))


def _read_value(given: object) -> str:
    if not isinstance(given, str):
        raise ValueError("a value is not text")  # noqa: TRY004 - one class for all that does not fit
    value = redact_text(" ".join(given.split()))
    if not value:
        raise ValueError("a value is empty")
    if len(value) > MAX_VALUE:
        raise ValueError(f"a value has {len(value)} characters, more than {MAX_VALUE}")
    if _UNPRINTABLE.search(value):
        raise ValueError("a value has control characters")
    return value


def _is_record(item: object) -> bool:
    return isinstance(item, Mapping) and {"name", "value", "origin"} <= item.keys() and isinstance(item["name"], str)


def _gather(records: list[Any]) -> dict[str, list[Any]]:
    facets: dict[str, list[Any]] = {}
    for record in records:
        if record["origin"] == _GIVEN:
            facets.setdefault(record["name"], []).append(record["value"])
    return facets
