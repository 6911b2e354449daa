"""Compiles `vocabulary.toml` and the user's own words into plain data, from which a vocabulary is quickly made.

Every phrase of the file, whether it names a value, opens a negation, gives context or is a look-alike, is spelled out
in all its forms. That takes ten times as long as reading the result, so `vocabulary` caches it: this code runs once for
each vocabulary and each version of this package.
"""

from __future__ import annotations

import itertools
import json
import re
import tomllib
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.prompts.inflection import inflect
from catalog.prompts.matcher import (
    ALONE,
    ANYWHERE,
    BESIDE,
    COMPOUND,
    CONTEXT,
    FIELD,
    HYPHENATED,
    LOOKALIKE,
    NEAR,
    NEGATOR,
    NO_CONTEXT,
    NO_NEGATOR,
    OPEN,
    OUTSIDE,
    UPPER,
    VALUE,
    Entry,
    group,
)
from catalog.prompts.tokens import SENTENCE_ENDS, UNKNOWN, Alphabet
from catalog.prompts.vocabulary import read_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_MODES = {"forms": ANYWHERE, "near": NEAR, "field": FIELD, "upper": UPPER, "alone": ALONE, "beside": BESIDE}
_SPANISH_FORMS = {"ar": ("a", "an", "ando"), "er": ("e", "en", "iendo"), "ir": ("e", "en", "iendo")}
_DICTIONARY_ENDINGS = frozenset("うくぐすつぬぶむる")
_NO_NOUNS = frozenset(
    {
        "a", "about", "above", "across", "ahead", "alongside", "along", "and", "around", "at", "away", "behind",
        "below", "beneath", "beside", "between", "by", "closer", "down", "for", "from", "her", "him", "his", "in",
        "into", "it", "its", "left", "like", "nearer", "of", "off", "on", "onto", "our", "out", "over", "past",
        "right", "round", "sideways", "somewhere", "the", "their", "them", "through", "to", "together", "under", "up",
        "upon", "us", "with",
    }
)  # fmt: skip
_ALTERNATIVES = re.compile(r"\{([^{}]*)\}")


def compile_vocabulary(own_words: Mapping[str, Any]) -> dict[str, Any]:
    """The data that `vocabulary` makes a vocabulary from, fit for JSON; `own_words` are facet → value → forms."""
    data = tomllib.loads(Path(__file__).with_name("vocabulary.toml").read_text("utf-8"))
    return _compile(_merge(data, own_words))


def _merge(data: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    for facet, values in extra.items():
        merged = data["facets"].setdefault(facet, {})
        for value, forms in values.items():
            table = dict(forms) if hasattr(forms, "items") else {"forms": [forms] if isinstance(forms, str) else forms}
            modes = merged.setdefault(value, {})
            for mode, phrases in table.items():
                modes[mode] = [*modes.get(mode, ()), *phrases]
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


def _has_plural(phrase: str) -> bool:
    """Whether a form of several words may end in a noun: "wide shot", not "drifting past" or "pan left"."""
    _, _, last = phrase.rpartition(" ")
    return (
        last != phrase
        and last[-1].isalpha()
        and phrase.isascii()
        and not last.endswith(("s", "ing", "ed"))
        and last not in _NO_NOUNS
    )


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
                if plural and _has_plural(phrase):
                    self._put(phrase + "s", entry)

    def _put(self, phrase: str, entry: Entry) -> None:
        code = self.alphabet.encode(phrase)
        if not code:
            return
        entries = self.entries.setdefault(code, [])
        if entry not in entries:
            entries.append(entry)

    def group(self) -> dict[str, Any]:
        """Every entry once, and the phrases that name a value or have an effect apart from words for open facets."""
        numbers: dict[Entry, int] = {}
        phrases: dict[str, list[int]] = {}
        open_words: dict[str, list[int]] = {}
        for code, entries in self.entries.items():
            for entry in entries:
                table = open_words if entry.kind == OPEN else phrases
                table.setdefault(code, []).append(numbers.setdefault(entry, len(numbers)))
        return {"entries": list(numbers), "phrases": group(phrases), "open_words": group(open_words)}


def _compile(data: dict[str, Any]) -> dict[str, Any]:
    phrases = _Phrases(data["macros"])
    for facet, values in data["facets"].items():
        for value, table in values.items():
            _add_value(phrases, facet, value, table)
    for facet, table in data["context"].items():
        phrases.add(table["words"], Entry(CONTEXT, facet))
        phrases.add(table.get("not", ()), Entry(NO_CONTEXT, facet))
    for similar in data["lookalikes"].values():
        for facet in similar["facets"]:
            for phrase in similar["phrases"]:
                mode = OUTSIDE if similar.get("outside") else HYPHENATED if "-" in phrase else ANYWHERE
                phrases.add([phrase], Entry(LOOKALIKE, facet, mode=mode, language=similar.get("language", "en")))
    for language, words in data["compounds"].items():
        phrases.add(words.split(), Entry(COMPOUND, language=language))
    for language, table in data["open"].items():
        _add_open_words(phrases, language, table)
    _add_negation(phrases, data["negation"])
    encode = phrases.alphabet.encode
    grammar = _grammar(phrases.alphabet, data)
    contexts = {
        facet: (
            table.get("after", 0),
            table.get("before", 0),
            table.get("clause", False),
            "".join(map(encode, table.get("topic", ()))),
        )
        for facet, table in data["context"].items()
    }
    labels, fields = _fields(data["fields"])
    return {
        "revision": blake2b(json.dumps(data, sort_keys=True).encode(), digest_size=8).hexdigest(),
        "values": {facet: list(values) for facet, values in data["facets"].items()},
        "broader": data["broader"],
        "kept": data["both"]["keep"],
        "hides": _hides(data["hides"]),
        "contexts": contexts,
        "fields": fields,
        "labels": labels,
        "grammar": grammar,
        "words": list(phrases.alphabet.codes),
        **phrases.group(),
    }


def _add_open_words(phrases: _Phrases, language: str, table: Mapping[str, str]) -> None:
    for facet in ("subject", "action", "setting"):
        for word, base in _open_words(facet, table):
            phrases.add([word], Entry(OPEN, facet, base, language=language))


def _open_words(facet: str, table: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The words of a language for an open facet, each with its base where it is a form of another word.

    A Japanese verb is followed by its other forms ("歩く 歩い 歩き"), Spanish ones are listed by their infinitive.
    """
    if facet == "action" and facet in table:
        yield from _verb_forms(table[facet].split())
        return
    if facet in table:
        yield from ((word, "") for word in table[facet].split())
        return
    for verb in table["verbs"].split():
        stem, ending = verb[:-2], verb[-2:]
        yield from ((stem + form, "") for form in _SPANISH_FORMS.get(ending, ()))
    yield from ((word, "") for word in table["irregular"].replace(";", " ").split())


def _verb_forms(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Chinese and Japanese verbs with their bases: 歩い with 歩く, 坐着 with 坐."""
    base = ""
    for word in words:
        if word[-1] in _DICTIONARY_ENDINGS:
            base = word
        is_form = base[:1] == word[0] and "\u3040" <= word[-1] <= "\u30ff"
        yield word, base if is_form else word.rstrip("着在") or word


def _hides(table: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    return {facet: [facet] for facet in table["within"]} | {
        name: names for name, names in table.items() if name != "within"
    }


def _add_value(phrases: _Phrases, facet: str, value: str, table: Mapping[str, Sequence[str]]) -> None:
    for key, forms in table.items():
        language, _, suffix = key.partition("_")
        if key in _MODES:
            phrases.add(forms, Entry(VALUE, facet, value, _MODES[key]), plural=_MODES[key] not in (UPPER, NEAR, BESIDE))
        else:
            phrases.add(forms, Entry(VALUE, facet, value, NEAR if suffix == "near" else ANYWHERE, language))


def _add_negation(phrases: _Phrases, table: Mapping[str, Sequence[str]]) -> None:
    phrases.add(table["words"], Entry(NEGATOR))
    phrases.add(table["not"], Entry(NO_NEGATOR))
    for key in ("zh", "es", "ja_after", "en_over", "zh_over", "ja_over", "es_over"):
        phrases.add(table[key], Entry(NEGATOR, language=key))


def _grammar(alphabet: Alphabet, data: Mapping[str, Any]) -> dict[str, Any]:
    table = data["grammar"]
    codes = {name: "".join(map(alphabet.encode, listed)) for name, listed in table.items()}
    ends = re.escape(SENTENCE_ENDS + ";")
    turn = f"[{codes['conjunctions']}][{codes['subjects']}]"
    buts = "".join(map(alphabet.encode, data["negation"]["but"]))
    return {
        "camera_objects": codes["camera_objects"],
        "determiners": codes["determiners"],
        "copulas": codes["copulas"],
        "stops": codes["stops"],
        "audio_carriers": codes["audio_carriers"],
        "nothing": [*table["none"], *table["nothing"]],
        "none": table["none"],
        **{name: words.split() for name, words in data["languages"].items()},
        "of": alphabet.encode("of"),
        "of_people": codes["of_people"],
        "commands": codes["commands"],
        "lone_moves": codes["lone_moves"],
        "given_names": codes["given_names"],
        "far": codes["far"],
        "breaks": f"[{ends}{codes['breakers']}]|{turn}|[{codes['meanwhile']}]{re.escape(UNKNOWN)}",
        "turn": turn,
        "negation_ends": f'[{ends}:("\\-,{buts}]',
    }


def _fields(table: Mapping[str, Any]) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """The number of the field that each label names, and the fields."""
    labels: dict[str, int] = {}
    fields: list[dict[str, Any]] = []
    for name, row in table.items():
        for label in row["labels"]:
            parent, _, child = label.rpartition(".")
            key = f"{read_label(parent)}.{read_label(child)}" if parent else read_label(label)
            labels.setdefault(key, len(fields))
        fields.append({"name": name} | {key: value for key, value in row.items() if key != "labels"})
    return labels, fields
