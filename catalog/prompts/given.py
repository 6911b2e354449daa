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


def read_given(told: object) -> Given:
    """What an object of facet to text, or to a list of texts, gives; an empty list takes a facet back.

    The list of facets that a library tells of a video is read too: what was given there, not what its prompt said.
    """
    if isinstance(told, list) and all(_is_record(one) for one in told):
        told = _gather(told)
    if not isinstance(told, Mapping):
        return Given({}, () if told is None else ("facets is no object of facet -> text or list of texts",))
    if len(told) > MAX_FACETS:
        return Given({}, (f"{len(told)} facets are given, more than {MAX_FACETS}",))
    facets: dict[str, tuple[str, ...]] = {}
    faults = []
    for name, values in told.items():
        try:
            facets[_check_name(name)] = _read_values(values)
        except ValueError as error:
            faults.append(f"facet {str(name)[:64]!a}: {error}")
    return Given(facets, tuple(faults))


def require_given(told: object) -> Mapping[str, tuple[str, ...]]:
    """The same, of facets that a program or a command line names; raises ConfigError where anything does not fit."""
    given = read_given(told)
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


def _read_values(told: object) -> tuple[str, ...]:
    values = told if isinstance(told, list | tuple) else [told]
    if len(values) > MAX_VALUES:
        raise ValueError(f"{len(values)} values, more than {MAX_VALUES}")
    return tuple(dict.fromkeys(map(_read_value, values)))


def _read_value(told: object) -> str:
    if not isinstance(told, str):
        raise ValueError("a value is no text")  # noqa: TRY004 - one class for all that does not fit
    value = redact_text(" ".join(told.split()))
    if not value:
        raise ValueError("a value is empty")
    if len(value) > MAX_VALUE:
        raise ValueError(f"a value has {len(value)} characters, more than {MAX_VALUE}")
    if _UNPRINTABLE.search(value):
        raise ValueError("a value has control characters")
    return value


def _is_record(one: object) -> bool:
    return isinstance(one, Mapping) and {"name", "value", "origin"} <= one.keys() and isinstance(one["name"], str)


def _gather(records: list[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for one in records:
        if one["origin"] == _GIVEN:
            found.setdefault(one["name"], []).append(one["value"])
    return found
