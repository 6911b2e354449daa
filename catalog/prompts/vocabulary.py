"""The vocabulary as prompts are read with it: facets, fields and grammar, and what finds every phrase.

It is made from plain data that `compiler` writes and `cache` keeps: the same data, and so the same vocabulary, whether
it was compiled just now or by an earlier process.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from catalog.prompts.cache import cache_folder, make_key, read_cached, write_cached
from catalog.prompts.matcher import Entry, Matcher
from catalog.prompts.tokens import Alphabet, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Context:
    """How far the words reach that make a `near` form count."""

    after: int = 0
    before: int = 0
    clause: bool = False
    topic: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Field:
    """What a label or a JSON key is about, and so which facets its text may give."""

    name: str
    bare: frozenset[str] = frozenset()
    only: frozenset[str] | None = None
    never: frozenset[str] = frozenset()
    opens: str = ""
    says: str = ""
    role: str = ""

    def allows(self, facet: str) -> bool:
        """Whether text of this field may give the facet."""
        return facet not in self.never and (self.only is None or facet in self.only)


PROSE = Field("prose")


@dataclass(frozen=True, slots=True)
class Grammar:
    """Classes of words as strings of their characters, and where a clause ends."""

    camera_objects: str
    determiners: str
    copulas: str
    stops: str
    audio_carriers: str
    of_people: str
    commands: str
    lone_moves: str
    given_names: str
    far: str
    nothing: frozenset[str]
    none: frozenset[str]
    spanish: frozenset[str]
    english: frozenset[str]
    neighbours: frozenset[str]
    katakana: frozenset[str]
    of: str
    breaks: re.Pattern[str]
    turn: re.Pattern[str]
    negation_ends: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Facets, values, forms, fields and their relations, ready for reading prompts.

    `revision` changes with the words, and only with them. Values in `kept_broad` stay beside a narrower one. The words
    for open facets, `open_words`, are a matcher of their own, for few texts need them.
    """

    revision: str
    facets: tuple[str, ...]
    values: Mapping[str, tuple[str, ...]]
    broader: Mapping[str, frozenset[str]]
    kept_broad: frozenset[str]
    hides: Mapping[str, frozenset[str]]
    contexts: Mapping[str, Context]
    fields: Mapping[str, Field]
    grammar: Grammar
    alphabet: Alphabet
    phrases: Matcher = field(repr=False)
    open_words: Matcher = field(repr=False)

    def find_field(self, label: str, parent: str = "") -> Field | None:
        """The field that a label or a key names, alone or in parts ("Lighting + palette"); None for other words."""
        return _find_field(self, label, parent)


def load(extra: Mapping[str, Any] | None = None) -> Vocabulary:
    """The built-in vocabulary, or one with the user's facets and words added.

    `extra` is facet → value → forms, where forms are a list or a table like the file's (`forms`, `near`, `field`); a
    new facet may be named.
    """
    return load_through(cache_folder(), extra) if extra else _load_builtin()


@cache
def _load_builtin() -> Vocabulary:
    return load_through(cache_folder())


def load_through(folder: Path | None, extra: Mapping[str, Any] | None = None) -> Vocabulary:
    """The vocabulary, from the cache folder where an earlier process compiled it, else compiled and cached there."""
    own_words = json.dumps(extra or {}, default=_to_plain)
    key = make_key(own_words)
    data = read_cached(folder, key)
    if data is None:
        from catalog.prompts.compiler import compile_vocabulary

        data = compile_vocabulary(json.loads(own_words))
        write_cached(folder, key, data)
    return _make(data)


def _to_plain(value: Any) -> Any:
    return dict(value) if hasattr(value, "items") else list(value)


def _make(data: Mapping[str, Any]) -> Vocabulary:
    """The vocabulary of the compiler's data."""
    fields = [_make_field(row) for row in data["fields"]]
    entries = [Entry(*row) for row in data["entries"]]
    return Vocabulary(
        revision=data["revision"],
        facets=tuple(data["values"]),
        values={facet: tuple(values) for facet, values in data["values"].items()},
        broader=_sets(data["broader"]),
        kept_broad=frozenset(data["kept"]),
        hides=_sets(data["hides"]),
        contexts={
            facet: Context(after, before, clause, frozenset(topic))
            for facet, (after, before, clause, topic) in data["contexts"].items()
        },
        fields={label: fields[number] for label, number in data["labels"].items()},
        grammar=_make_grammar(data["grammar"]),
        alphabet=Alphabet(data["words"]),
        phrases=Matcher(data["phrases"], entries),
        open_words=Matcher(data["open_words"], entries),
    )


def _sets(table: Mapping[str, Sequence[str]]) -> dict[str, frozenset[str]]:
    return {name: frozenset(names) for name, names in table.items()}


def _make_field(row: Mapping[str, Any]) -> Field:
    sets = {name: frozenset(row[name]) for name in ("bare", "only", "never") if name in row}
    return Field(**{**row, **sets})


def _make_grammar(table: Mapping[str, Any]) -> Grammar:
    patterns = {name: re.compile(table[name]) for name in ("breaks", "turn", "negation_ends")}
    sets = {
        name: frozenset(table[name]) for name in ("nothing", "none", "spanish", "english", "neighbours", "katakana")
    }
    return Grammar(**{**table, **patterns, **sets})


_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SEPARATORS = re.compile(r"[/+&,|]|\band\b|\by\b|と")


_FORBIDS = re.compile(
    r"(?:please |things to |what to )?(?:avoid|exclude|do not|dont|must not|never|negative|not wanted|no)\b"
)


def read_label(text: str) -> str:
    """A label or a key as its words: `keyLight`, `Key light:` and `key_light` are one."""
    return " ".join(words(_CAMEL.sub(" ", text).replace("_", " ")))


def _find_field(vocabulary: Vocabulary, label: str, parent: str) -> Field | None:
    name = read_label(label)
    if not name or len(name) > 60:
        return None
    fields = vocabulary.fields
    field = fields.get(f"{read_label(parent)}.{name}") if parent else None
    return field or fields.get(name) or _find_by_parts(fields, label, name)


def _find_by_parts(fields: Mapping[str, Field], label: str, name: str) -> Field | None:
    """The field of a label that is known only in part: before a bracket, by what it forbids, or both of its halves."""
    if "(" in label and (field := fields.get(read_label(label.partition("(")[0]))):
        return field
    if _FORBIDS.match(name):
        return fields.get("avoid")
    parts = [fields.get(read_label(part)) for part in _SEPARATORS.split(label.replace("_", " "))]
    if len(parts) < 2 or not all(parts):
        return None
    return _join([part for part in parts if part and part.role != "ignore"] or [part for part in parts if part])


def _join(fields: Sequence[Field]) -> Field:
    """One field about several subjects: it allows what any of them allows."""
    first = fields[0]
    limits = [part.only for part in fields]
    return Field(
        "+".join(part.name for part in fields),
        frozenset().union(*(part.bare for part in fields)),
        None if None in limits else frozenset().union(*(limit or () for limit in limits)),
        frozenset.intersection(*(part.never for part in fields)),
        next((part.opens for part in fields if part.opens), ""),
        first.says,
        first.role,
    )
