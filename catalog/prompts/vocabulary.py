"""The vocabulary as data: reads `vocabulary.toml`, adds the user's own words, and compiles both into one automaton.

Every phrase of the file, whether it names a value, opens a negation, gives context or is a look-alike, is one entry of
the automaton, so that a prompt is read once. A user's words are a mapping of the file's own shape, facet → value →
forms; a new facet may be named.
"""

from __future__ import annotations

import itertools
import json
import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

import ahocorasick

from catalog.prompts.inflection import inflect
from catalog.prompts.tokens import SENTENCE_ENDS, Alphabet, spell, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

OPEN_FACETS = ("subject", "action", "setting", "dialogue")

ANYWHERE, NEAR, FIELD, UPPER, ALONE, HYPHENATED = range(6)  # when a form counts
VALUE, CONTEXT, NO_CONTEXT, NEGATOR, NO_NEGATOR, LOOKALIKE = range(6)  # what a phrase does

_MODES = {"forms": ANYWHERE, "near": NEAR, "field": FIELD, "upper": UPPER, "alone": ALONE}
_ALTERNATIVES = re.compile(r"\{([^{}]*)\}")


class Entry(NamedTuple):
    """What one phrase does: its kind, the facet and value it speaks of, and when it counts."""

    kind: int
    facet: str = ""
    value: str = ""
    mode: int = ANYWHERE
    language: str = "en"


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
    nothing: frozenset[str]
    of: str
    breaks: re.Pattern[str]
    turn: re.Pattern[str]
    negation_ends: re.Pattern[str]
    spanish: frozenset[str] = frozenset({"de", "la", "el", "con", "una", "un", "en", "los", "las", "y", "del", "al"})


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Facets, values, forms, fields and their relations, ready for reading prompts.

    `revision` is the same for the same words, and another one for others.
    """

    revision: str
    facets: tuple[str, ...]
    values: Mapping[str, tuple[str, ...]]
    broader: Mapping[str, frozenset[str]]
    kept: frozenset[str]
    hides: Mapping[str, frozenset[str]]
    contexts: Mapping[str, Context]
    fields: Mapping[str, Field]
    grammar: Grammar
    alphabet: Alphabet
    automaton: Any = field(repr=False)

    def find_field(self, label: str, parent: str = "") -> Field | None:
        """The field that a label or a key names, alone or in parts ("Lighting + palette"); None for other words."""
        return _find_field(self, label, parent)


def load(extra: Mapping[str, Any] | None = None) -> Vocabulary:
    """The built-in vocabulary, or one with the user's facets and words added.

    `extra` is facet → value → forms, where forms are a list or a table like the file's (`forms`, `near`, `field`).
    """
    return _compile(_merge(_read(), extra)) if extra else _load_builtin()


@cache
def _load_builtin() -> Vocabulary:
    return _compile(_read())


def _read() -> dict[str, Any]:
    return tomllib.loads(files("catalog.prompts").joinpath("vocabulary.toml").read_text("utf-8"))


def _merge(data: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    for facet, values in extra.items():
        known = data["facets"].setdefault(facet, {})
        for value, forms in values.items():
            table = dict(forms) if hasattr(forms, "items") else {"forms": [forms] if isinstance(forms, str) else forms}
            mine = known.setdefault(value, {})
            for mode, phrases in table.items():
                mine[mode] = [*mine.get(mode, ()), *phrases]
    return data


def expand(form: str, macros: Mapping[str, str]) -> Iterator[str]:
    """Every phrase that a form stands for: alternatives in braces, macros, and the inflections of `verb+`."""
    for name, body in macros.items():
        form = form.replace("{" + name + "}", "{" + body + "}")
    parts = _ALTERNATIVES.split(form)
    choices = [part.split("|") if index % 2 else [part] for index, part in enumerate(parts)]
    for chosen in itertools.product(*choices):
        tokens = "".join(chosen).split()
        yield from map(" ".join, itertools.product(*(_inflect(token) for token in tokens)))


def _inflect(token: str) -> Sequence[str]:
    if token.endswith("*"):
        return token[:-1], token[:-1] + "s"
    if not token.endswith("+"):
        return (token,)
    return inflect(token[:-1])


class _Phrases:
    """Phrases on their way into the automaton, by their characters."""

    def __init__(self, macros: Mapping[str, str]) -> None:
        self.alphabet = Alphabet()
        self.macros = macros
        self.entries: dict[str, list[Entry]] = {}

    def add(self, forms: Iterable[str], entry: Entry, *, plural: bool = False) -> None:
        for form in forms:
            for phrase in expand(form, self.macros):
                self._put(phrase, entry)
                if plural and " " in phrase and phrase[-1].isalpha() and phrase[-1] != "s" and phrase.isascii():
                    self._put(phrase + "s", entry)

    def _put(self, phrase: str, entry: Entry) -> None:
        code = self.alphabet.encode(phrase)
        if not code:
            return
        known = self.entries.setdefault(code, [])
        if entry not in known:
            known.append(entry)

    def build(self) -> Any:
        automaton = ahocorasick.Automaton()
        for code, entries in self.entries.items():
            automaton.add_word(spell(code), _payload(code, entries))
        automaton.make_automaton()
        return automaton


class Phrase(NamedTuple):
    """Everything one phrase does: the values it may name, the facets it is context of, and its other effects."""

    length: int
    values: tuple[Entry, ...]
    contexts: tuple[str, ...]
    effects: tuple[Entry, ...]


def _payload(code: str, entries: Sequence[Entry]) -> Phrase:
    return Phrase(
        len(code),
        tuple(entry for entry in entries if entry.kind == VALUE),
        tuple(entry.facet for entry in entries if entry.kind == CONTEXT),
        tuple(entry for entry in entries if entry.kind not in (VALUE, CONTEXT)),
    )


def _compile(data: dict[str, Any]) -> Vocabulary:
    phrases = _Phrases(data["macros"])
    for facet, values in data["facets"].items():
        for value, table in values.items():
            _add_value(phrases, facet, value, table)
    for facet, table in data["context"].items():
        phrases.add(table["words"], Entry(CONTEXT, facet))
        phrases.add(table.get("not", ()), Entry(NO_CONTEXT, facet))
    for group in data["lookalikes"].values():
        for facet in group["facets"]:
            for phrase in group["phrases"]:
                phrases.add([phrase], Entry(LOOKALIKE, facet, mode=HYPHENATED if "-" in phrase else ANYWHERE))
    _add_negation(phrases, data["negation"])
    grammar = _grammar(phrases.alphabet, data)
    contexts = {
        facet: Context(
            table.get("after", 0),
            table.get("before", 0),
            table.get("clause", False),
            frozenset("".join(phrases.alphabet.encode(word) for word in table.get("topic", ()))),
        )
        for facet, table in data["context"].items()
    }
    return Vocabulary(
        revision=blake2b(json.dumps(data, sort_keys=True).encode(), digest_size=8).hexdigest(),
        facets=tuple(data["facets"]),
        values={facet: tuple(values) for facet, values in data["facets"].items()},
        broader={name: frozenset(narrow) for name, narrow in data["broader"].items()},
        kept=frozenset(data["both"]["keep"]),
        hides=_hides(data["hides"]),
        contexts=contexts,
        fields=_fields(data["fields"]),
        grammar=grammar,
        alphabet=phrases.alphabet,
        automaton=phrases.build(),
    )


def _hides(table: Mapping[str, Sequence[str]]) -> dict[str, frozenset[str]]:
    hidden = {facet: frozenset({facet}) for facet in table["within"]}
    return hidden | {name: frozenset(names) for name, names in table.items() if name != "within"}


def _add_value(phrases: _Phrases, facet: str, value: str, table: Mapping[str, Sequence[str]]) -> None:
    for key, forms in table.items():
        language, _, suffix = key.partition("_")
        if key in _MODES:
            phrases.add(forms, Entry(VALUE, facet, value, _MODES[key]), plural=_MODES[key] != UPPER)
        else:
            phrases.add(forms, Entry(VALUE, facet, value, NEAR if suffix == "near" else ANYWHERE, language))


def _add_negation(phrases: _Phrases, table: Mapping[str, Sequence[str]]) -> None:
    phrases.add(table["words"], Entry(NEGATOR))
    phrases.add(table["not"], Entry(NO_NEGATOR))
    for key in ("zh", "es", "ja_after"):
        phrases.add(table[key], Entry(NEGATOR, language=key))


def _grammar(alphabet: Alphabet, data: Mapping[str, Any]) -> Grammar:
    table = data["grammar"]
    codes = {name: "".join(map(alphabet.encode, listed)) for name, listed in table.items()}
    ends = re.escape(SENTENCE_ENDS + ";")
    turn = f"[{codes['conjunctions']}][{codes['subjects']}]"
    buts = "".join(map(alphabet.encode, data["negation"]["but"]))
    return Grammar(
        camera_objects=codes["camera_objects"],
        determiners=codes["determiners"],
        copulas=codes["copulas"],
        stops=codes["stops"],
        audio_carriers=codes["audio_carriers"],
        nothing=frozenset(table["nothing"]),
        of=alphabet.encode("of"),
        breaks=re.compile(f"[{ends}{codes['breakers']}]|{turn}"),
        turn=re.compile(turn),
        negation_ends=re.compile(f'[{ends}:("\\-,{buts}]'),
    )


def _fields(table: Mapping[str, Any]) -> dict[str, Field]:
    known: dict[str, Field] = {}
    for name, row in table.items():
        only = row.get("only")
        made = Field(
            name,
            frozenset(row.get("bare", ())),
            None if only is None else frozenset(only),
            frozenset(row.get("never", ())),
            row.get("opens", ""),
            row.get("says", ""),
            row.get("role", ""),
        )
        for label in row["labels"]:
            parent, _, child = label.rpartition(".")
            known.setdefault(f"{_label(parent)}.{_label(child)}" if parent else _label(label), made)
    return known


_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SEPARATORS = re.compile(r"[/+&,|]|\band\b|\by\b|と")


def _label(text: str) -> str:
    return " ".join(words(_CAMEL.sub(" ", text).replace("_", " ")))


def _find_field(vocabulary: Vocabulary, label: str, parent: str) -> Field | None:
    name = _label(label)
    if not name or len(name) > 60:
        return None
    known = vocabulary.fields
    found = known.get(f"{_label(parent)}.{name}") if parent else None
    found = found or known.get(name)
    if found is None and "(" in label:
        found = known.get(_label(label.partition("(")[0]))
    if found is None:
        parts = [known.get(_label(part)) for part in _SEPARATORS.split(label.replace("_", " "))]
        if len(parts) > 1 and all(parts):
            found = _join([part for part in parts if part])
    return found


def _join(fields: Sequence[Field]) -> Field:
    """One field about several things: it allows what any of them allows."""
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
